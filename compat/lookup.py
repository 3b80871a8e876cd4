"""`missing`: the names of a program that compat does not have, before it runs."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import os
import pathlib
from collections.abc import Iterator

from compat.hook import LEGACY


@dataclasses.dataclass(frozen=True)
class Missing:
    """One use of a name that is not there.

    Attributes:
      name: the dotted name, such as "tf.keras.layers.Dense".
      file: the path of the file.
      line: the line, from 1.
      reason: what is known of it, and what to do.
    """

    name: str
    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.name}: {self.reason}"


_SHORT = {"tensorflow": "tf", "sonnet": "snt", "trfl": "trfl"}


def missing(path: str | os.PathLike[str]) -> list[Missing]:
    """The legacy names that a file, or the files of a folder, use and compat lacks.

    Files are read, not run. Only names that can be seen from the imports are judged.

    Raises:
      FileNotFoundError: there is no such path.
    """
    root = pathlib.Path(path)
    if not root.exists():
        raise FileNotFoundError(f"there is no {root}")
    files = [root] if root.is_file() else sorted(root.rglob("*.py"))
    found: list[Missing] = []
    for file in files:
        found += _in_file(file)
    return found


def _in_file(file: pathlib.Path) -> Iterator[Missing]:
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError as error:
        yield Missing("(file)", str(file), error.lineno or 0, f"not read: {error.msg}")
        return
    aliases, imports = _aliases(tree)
    uses = [*imports, *_uses(tree, aliases)]
    for name, line in sorted(set(uses), key=lambda use: (use[1], use[0])):
        reason = _reason(name)
        if reason is not None:
            head, _, rest = name.partition(".")
            shown = f"{_SHORT[head]}.{rest}" if rest else _SHORT[head]
            yield Missing(shown, str(file), line, reason)


def _legacy(name: str) -> bool:
    return name.partition(".")[0] in LEGACY


def _aliases(tree: ast.AST) -> tuple[dict[str, str], list[tuple[str, int]]]:
    """What names in the file stand for, and the names that imports themselves use."""
    aliases: dict[str, str] = {}
    used: list[tuple[str, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if not _legacy(alias.name):
                    continue
                used.append((alias.name, node.lineno))
                if alias.asname:
                    aliases[alias.asname] = alias.name
                else:
                    head = alias.name.partition(".")[0]
                    aliases[head] = head
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if not _legacy(node.module or ""):
                continue
            for alias in node.names:
                if alias.name == "*":
                    used.append((node.module, node.lineno))
                    continue
                name = f"{node.module}.{alias.name}"
                used.append((name, node.lineno))
                aliases[alias.asname or alias.name] = name
    return aliases, used


def _uses(tree: ast.AST, aliases: dict[str, str]) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of each longest attribute chain on an alias."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or id(node) in inner:
            continue
        parts: list[str] = []
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            inner.add(id(base))
            parts.append(base.attr)
            base = base.value
        if isinstance(base, ast.Name) and base.id in aliases:
            yield ".".join([aliases[base.id], *reversed(parts)]), node.lineno


def _reason(name: str) -> str | None:
    """Why a dotted name does not resolve; None if it does.

    What comes after a class, function or constant (`tf.float32.max`) is not judged.
    """
    head, *parts = name.split(".")
    thing = importlib.import_module(f"compat.{head}")
    for part in parts:
        if not isinstance(thing, type(os)):
            return None
        try:
            thing = getattr(thing, part)
        except AttributeError as error:
            try:
                thing = importlib.import_module(f"{thing.__name__}.{part}")
            except ImportError:
                return _short(error, head)
    return None


def _short(error: AttributeError, head: str) -> str:
    from compat.runtime.errors import MissingNameError

    if isinstance(error, MissingNameError):
        return error.reason
    return f"compat.{head} does not have it"
