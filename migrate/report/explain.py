"""What is known of one rule or one legacy name, for `sonnet2haiku explain`."""

from __future__ import annotations

import difflib
import inspect

from rich.console import Console
from rich.text import Text

from migrate.errors import UserError
from migrate.report import rules
from migrate.report.text import line

_OUTCOMES = {
    "op": "a function with a counterpart on JAX",
    "module": "a class of Sonnet's with a counterpart in Haiku",
    "value": "replaced by an expression",
    "structural": "handled by a rule of the rewriter",
    "stays": "left as it is on purpose",
    "manual": "left for a person",
}


def print_explanation(target: Console, name: str) -> None:
    """Prints all that is known.

    Raises:
      UserError: neither a rule nor a name of the dictionary.
    """
    if name.upper() in rules.codes():
        _print_rule(target, name.upper())
        return
    from compat import dictionary, legacy  # noqa: F401  (fills the dictionary)
    from migrate.analysis.imports import canonical

    entry = dictionary.find(canonical(name))
    if entry is None or entry.name.count(".") == 1 and entry.name.endswith(".*"):
        known = [*dictionary.names(), *rules.codes()]
        close = difflib.get_close_matches(canonical(name), known, 3)
        hint = f"close: {', '.join(close)}" if close else "`sonnet2haiku rules`"
        raise UserError(f"{name}: neither a rule nor a name known here", hint)
    for part in _lines(entry):
        line(target, *part)


def _print_rule(target: Console, code: str) -> None:
    known = rules.as_dict(code)
    target.print(Text.assemble((code, "bold"), f"  {known['title']}"))
    target.print()
    line(target, known["explanation"])
    if known.get("example"):
        target.print()
        line(target, inspect.cleandoc(known["example"]), "cyan")


def _lines(entry) -> list[tuple[str, str]]:
    """Text and style, line by line."""
    out = [(entry.name, "bold")]
    if len(entry.names) > 1:
        out.append((f"also: {', '.join(entry.names[1:])}", ""))
    out.append((f"{_OUTCOMES[entry.outcome]}", ""))
    if entry.signature is not None:
        out += [("", ""), (f"{entry.name}{_signature(entry)}", "cyan")]
    if entry.outcome in ("op", "module"):
        out += [("", ""), *_spellings(entry)]
    if entry.spelling:
        out.append((f"becomes: {entry.spelling}", "green"))
    if entry.rule:
        out.append(
            (f"the rule {entry.rule!r}; `sonnet2haiku rules` lists the codes", "")
        )
    if entry.because:
        out.append((f"because: {entry.because}", ""))
    if entry.instead:
        out.append((f"do instead: {entry.instead}", ""))
    return out


def _signature(entry) -> str:
    plain = [
        p.replace(annotation=inspect.Parameter.empty)
        for p in entry.signature.parameters.values()
    ]
    return str(inspect.Signature(plain))


def _spellings(entry) -> list[tuple[str, str]]:
    import ast

    from compat.dictionary import expressions

    out = []
    for way in entry.ways():
        expression = expressions.returned(way.fn)
        written = ast.unparse(expression) if expression is not None else "…"
        when = f"exact if {way.guard}" if way.guard else "always exact"
        if way.because:
            when = f"{'if ' + way.guard if way.guard else 'always'}; but {way.because}"
        out += [(f"  {written}", "green"), (f"      {when}", "dim")]
    if entry.outcome == "op" and entry.helper:
        out.append(("otherwise: a function in _tf_ops.py with the exact behaviour", ""))
    elif not out:
        out.append(("no spelling yet: left for a person", "red"))
    return out
