"""Writes the tables of legacy names in docs/: `python -m compat.dictionary.docs`."""

from __future__ import annotations

import ast
import pathlib
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from compat.dictionary import expressions
from compat.dictionary.registry import Entry, Spelling, entries

DOCS = pathlib.Path(__file__).parents[2] / "docs"


class Page(NamedTuple):
    """One page: what its names are called, and its tables by the names' beginning."""

    subject: str
    families: dict[str, str]


PAGES = {
    "ops.md": Page(
        "TensorFlow",
        {
            "tf.": "TensorFlow names",
            "Tensor.": "Methods and operators of tensors",
            "Variable.": "Methods of variables",
            "GradientTape.": "Methods of gradient tapes",
            "TensorShape.": "Methods of shapes",
            "DType.": "Attributes of dtypes",
        },
    ),
    "sonnet.md": Page("Sonnet", {"snt.": "Sonnet names"}),
    "trfl.md": Page("TRFL", {"trfl.": "TRFL names"}),
}
HEAD = """# What becomes of each {subject} name

Written by `python -m compat.dictionary.docs` from the dictionary that the rewriter and
`compat` read; a test fails when it is stale.

What a name becomes:

- **an expression**: shown as it is written in migrated code, the first whose condition
  holds; a caveat in parentheses says in what small way it is not exact.
- **a helper**: where no expression applies, a small function with the exact behaviour
  of the original is written into the migrated code.
- **a rule**: the code around it is turned as a whole.
- **stays**: it is left as it is, on purpose.
- **by hand**: a person must look; what to do instead is said.

"""


def page(name: str) -> str:
    """The text of the page of that file name."""
    import compat.legacy  # noqa: F401  (fills the dictionary)

    subject, families = PAGES[name]
    listed = [e for e in entries() if e.name.startswith(tuple(families))]
    parts = [HEAD.format(subject=subject), _summary(listed)]
    for prefix, title in families.items():
        rows = [e for e in listed if e.name.startswith(prefix)]
        parts.append(f"## {title}\n\n{_table(rows)}\n")
    return "\n".join(parts).rstrip() + "\n"


def _summary(listed: Iterable[Entry]) -> str:
    """How many names have which outcome; `tf.x.*` counts as one name."""
    counts = Counter()
    for entry in listed:
        counts[_outcome(entry)] += len(entry.names)
    lines = ["| outcome | names |", "|---|---|"]
    lines += [f"| {outcome} | {count} |" for outcome, count in sorted(counts.items())]
    return "\n".join(lines) + "\n"


def _outcome(entry: Entry) -> str:
    return {
        "op": "expression or helper" if entry.ways() else "helper",
        "value": "expression",
        "structural": "rule",
        "stays": "stays",
        "manual": "by hand",
        "module": "expression",
    }[entry.outcome]


def _table(rows: list[Entry]) -> str:
    lines = ["| name | becomes | notes |", "|---|---|---|"]
    for entry in sorted(rows, key=lambda e: e.name):
        names = "<br>".join(f"`{n}`" for n in entry.names)
        lines.append(f"| {names} | {_becomes(entry)} | {_notes(entry)} |")
    return "\n".join(lines) + "\n"


def _becomes(entry: Entry) -> str:
    if entry.outcome == "value":
        return _code(entry.spelling)
    if entry.outcome == "structural":
        return f"rule *{entry.rule}*"
    if entry.outcome in ("stays", "manual"):
        return "stays" if entry.outcome == "stays" else "by hand"
    shown = [_spelled(s) for s in entry.ways()]
    if entry.helper and (not entry.ways() or entry.ways()[-1].guard is not None):
        shown.append("else a helper" if shown else "a helper")
    return "<br>".join(shown) or "by hand"


def _spelled(spelling: Spelling) -> str:
    text = _code(ast.unparse(expressions.returned(spelling.fn)))
    if spelling.guard is not None:
        text += f" if {_escaped(spelling.guard)}"
    return text + (f" ({_escaped(spelling.because)})" if spelling.because else "")


def _notes(entry: Entry) -> str:
    notes = [entry.because]
    if entry.fn is not None:
        first = (entry.fn.__doc__ or "").strip().splitlines()
        notes.insert(0, first[0] if first else "")
    if entry.instead:
        notes.append(f"Instead: {entry.instead}")
    sentences = [n[0].upper() + n[1:].rstrip(".") + "." for n in notes if n]
    return _escaped(" ".join(sentences))


def _code(text: str) -> str:
    for wide, narrow in (("int64", "int32"), ("float64", "float32")):
        text = text.replace(f"jnp.{wide}", f"jnp.{narrow}")
    return "`" + text.replace("|", "\\|") + "`"


def _escaped(text: str) -> str:
    """For a cell of a table; code between backticks shows what it says."""
    parts = text.replace("|", "\\|").split("`")
    parts[::2] = [p.replace("*", "\\*").replace("_", "\\_") for p in parts[::2]]
    return "`".join(parts)


def main() -> None:
    """Writes the pages where they are kept."""
    for name in PAGES:
        (DOCS / name).write_text(page(name), encoding="utf-8")
        print(f"wrote docs/{name}")


if __name__ == "__main__":
    main()
