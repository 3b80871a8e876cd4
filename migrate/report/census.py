"""Counts legacy names in a source text, independently of the rewriter.

The rewriter's findings say what it saw; this says what is there. Reports and tests
hold one against the other.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator

from migrate.analysis.imports import LEGACY, canonical


@dataclasses.dataclass(frozen=True, order=True)
class Reference:
    """One use of a legacy name: line from 1, column from 0, usual spelling."""

    line: int
    column: int
    name: str


def references(text: str) -> list[Reference]:
    """All uses of imported legacy names, in order; the imports themselves aside.

    Raises:
      SyntaxError: the text is no Python 3.
    """
    tree = ast.parse(text)
    names = _imported(tree)
    return sorted(_uses(tree, names))


def _imported(tree: ast.AST) -> dict[str, str]:
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return {
        local: full
        for local, full in names.items()
        if canonical(full).partition(".")[0] in LEGACY
    }


def _uses(tree: ast.AST, names: dict[str, str]) -> Iterator[Reference]:
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        parts, inner = [], node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            if inner.id in names and isinstance(inner.ctx, ast.Load):
                full = ".".join([names[inner.id], *reversed(parts)])
                yield Reference(node.lineno, node.col_offset, canonical(full))
            if inner is node or parts:
                continue
        stack.extend(ast.iter_child_nodes(node))


def marked_lines(text: str, mark: str) -> set[int]:
    """The lines that belong to a statement below a comment that holds `mark`."""
    lines = text.split("\n")
    marked: set[int] = set()
    starts = []
    for i, line in enumerate(lines, 1):
        if mark in line and line.lstrip().startswith("#"):
            j = i + 1
            while j <= len(lines) and lines[j - 1].lstrip().startswith(("#",)):
                j += 1
            starts.append(j)
    wanted = set(starts)
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.stmt):
            continue
        first = min([node.lineno, *(d.lineno for d in _decorators(node))])
        if first in wanted:
            # Of a compound statement the head is marked, its body is not.
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno
            marked.update(range(first, max(last, node.lineno) + 1))
    return marked


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return getattr(node, "decorator_list", [])
