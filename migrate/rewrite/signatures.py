"""The `def` lines of functions that are written out: their parameters as text."""

from __future__ import annotations

import ast
import re

from compat.dictionary import Entry, Ignored
from migrate.rewrite.narrowing import narrowed

WIDTH = 88


def unannotated(arguments: ast.arguments) -> ast.arguments:
    """A copy of the parameters without their annotations."""
    copy = ast.parse(f"def f({ast.unparse(arguments)}): pass").body[0].args
    for argument in ast.walk(copy):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return copy


def parameters(entry: Entry, node: ast.FunctionDef) -> ast.arguments:
    """The parameters of an op without those at the end that change nothing."""
    arguments = unannotated(node.args)
    used = {
        n.id for part in node.body for n in ast.walk(part) if isinstance(n, ast.Name)
    }
    if arguments.vararg is None:
        plain = arguments.args
        while plain and entry.kinds.get(plain[-1].arg) is Ignored:
            if plain[-1].arg in used:
                break
            if arguments.defaults:
                arguments.defaults.pop()
            plain.pop()
    for i in reversed(range(len(arguments.kwonlyargs))):
        name = arguments.kwonlyargs[i].arg
        if entry.kinds.get(name) is Ignored and name not in used:
            del arguments.kwonlyargs[i], arguments.kw_defaults[i]
    return arguments


def signature(name: str, parameters: ast.arguments) -> str:
    """The `def` line, over several lines where it is long."""
    listed = _quoted(parameters)
    line = f"def {name}({listed}):\n"
    if len(line) <= WIDTH + 1:
        return line
    if len(f"    {listed}") <= WIDTH:
        return f"def {name}(\n    {listed}\n):\n"
    return (
        f"def {name}(\n" + "".join(f"    {p},\n" for p in _split(parameters)) + "):\n"
    )


def _quoted(parameters: ast.arguments) -> str:
    """The parameters as text, in double quotes, defaults narrowed."""
    text = re.sub(r"'([^'\"\\]*)'", r'"\1"', ast.unparse(parameters))
    return re.sub(r"\bjnp\.(\w+)", lambda m: f"jnp.{narrowed(m[1])}", text)


def _split(parameters: ast.arguments) -> list[str]:
    text, parts, depth, start = _quoted(parameters), [], 0, 0
    for i, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()]
