"""The user's classes and imports over several files: who inherits from whom."""

from __future__ import annotations

import ast
import dataclasses
import os
import pathlib
from collections.abc import Iterable

from migrate.analysis.imports import canonical


@dataclasses.dataclass
class Summary:
    """What other files may want to know of one file.

    Attributes:
      names: local name → dotted name, for imports.
      classes: class name → dotted names of its bases, as written in the file.
      owners: classes that hold tapes or optimizers, so are no plain modules.
    """

    names: dict[str, str]
    classes: dict[str, list[str]]
    owners: set[str]


def module_name(path: str | os.PathLike) -> str:
    """The dotted module a file is imported as, by the `__init__.py` around it."""
    path = pathlib.Path(path)
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists() and folder.name:
        parts.append(folder.name)
        folder = folder.parent
    return ".".join(reversed(parts))


def summarize(text: str, name: str = "", is_package: bool = False) -> Summary:
    """Reads the imports and classes of a source text.

    Raises:
      SyntaxError: it is no Python 3.
    """
    package = name if is_package else name.rpartition(".")[0]
    names: dict[str, str] = {}
    classes: dict[str, list[str]] = {}
    owners: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if package else []
            if node.level:
                parts = parts[: len(parts) - (node.level - 1)]
            else:
                parts = []
            base = ".".join([*parts, node.module] if node.module else parts)
            for alias in node.names:
                names[alias.asname or alias.name] = f"{base}.{alias.name}"
        elif isinstance(node, ast.ClassDef):
            bases = [_dotted(b) for b in node.bases]
            classes[node.name] = [b for b in bases if b]
            if _owns(node):
                owners.add(node.name)
    return Summary(names, classes, owners)


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Subscript):
        node = node.value
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def _owns(node: ast.ClassDef) -> bool:
    """Whether a class trains: then it owns networks and is none itself."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr in (
            "GradientTape",
            "optimizers",
        ):
            return True
    return False


ROOTS = frozenset(
    {
        "snt.Module",
        "tf.Module",
        "hk.Module",
        "hk.RNNCore",
        "snt.RNNCore",
        "snt.UnrolledRNN",
        "snt.TrainableRNN",
        "tf.keras.layers.Layer",
        "tf.keras.Model",
    }
)


class Project:
    """An index of the files that are migrated together.

    Args:
      paths: Python files; those that can't be read or parsed are left out here (the
        rewrite of each reports why).
    """

    def __init__(self, paths: Iterable[str | os.PathLike] = ()):
        self._summaries: dict[str, Summary] = {}
        self._sorts: dict[str, str | None] = {}
        for path in paths:
            try:
                raw = pathlib.Path(path).read_bytes()
                package = pathlib.Path(path).name == "__init__.py"
                if package or b"import" in raw:
                    name = module_name(path)
                    self.add(name, summarize(raw.decode("utf-8-sig"), name, package))
            except (OSError, SyntaxError, ValueError, RecursionError):
                continue

    def add(self, name: str, summary: Summary) -> None:
        """Enters the summary of a module under its dotted name."""
        self._summaries[name] = summary
        self._sorts.clear()

    def where(self, name: str) -> tuple[Summary, str] | None:
        """The file and local name behind a dotted name, re-exports followed."""
        for _ in range(8):
            module, _, leaf = name.rpartition(".")
            summary = self._summaries.get(module)
            if summary is None:
                return None
            if leaf in summary.classes:
                return summary, leaf
            if leaf not in summary.names:
                return None
            name = summary.names[leaf]
        return None

    def sort_of(self, name: str) -> str | None:
        """'module' or 'owner' for a class of the project or of Sonnet, else None.

        Args:
          name: a dotted name, in full or usual spelling.
        """
        if name not in self._sorts:
            self._sorts[name] = None  # a cycle of bases ends here
            self._sorts[name] = self._sort(name)
        return self._sorts[name]

    def _sort(self, name: str) -> str | None:
        usual = canonical(name)
        if usual in ROOTS or is_library_module(usual) or _is_haiku_module(usual):
            return "module"
        found = self.where(name)
        if found is None:
            return None
        summary, leaf = found
        return class_sort(self, summary, leaf)

    def knows(self, name: str) -> bool:
        """Whether the dotted name is a class of the project."""
        return self.where(name) is not None


def is_library_module(name: str) -> bool:
    """Whether a name in usual spelling is one of Sonnet's module classes."""
    from compat import dictionary

    if not name.startswith("snt."):
        return False
    entry = dictionary.find(name)
    return (
        entry is not None
        and entry.outcome == "module"
        and getattr(entry.returns, "sort", "") == "module"
    )


def _is_haiku_module(name: str) -> bool:
    """Whether a name such as `hk.DeepRNN` is a module class of Haiku's."""
    if not name.startswith("hk."):
        return False
    import haiku_core

    found: object = haiku_core
    for part in name.split(".")[1:]:
        found = getattr(found, part, None)
    return isinstance(found, type) and issubclass(found, haiku_core.Module)


def class_sort(project: Project, summary: Summary, leaf: str) -> str | None:
    """'module' or 'owner' for a class in a summarized file, else None."""
    for base in summary.classes[leaf]:
        first, _, rest = base.partition(".")
        if first in summary.names:
            full = summary.names[first] + ("." + rest if rest else "")
            sort = project.sort_of(full)
        elif base in summary.classes and base != leaf:
            sort = class_sort(project, summary, base)
        else:
            sort = None
        if sort is not None:
            return "owner" if leaf in summary.owners else sort
    return None
