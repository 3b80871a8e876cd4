"""The user's classes and imports over several files: who inherits from whom."""

from __future__ import annotations

import ast
import dataclasses
import os
import pathlib
from collections.abc import Iterable

from migrate.analysis.imports import canonical, names_in


@dataclasses.dataclass
class Summary:
    """What other files may want to know of one file.

    Attributes:
      names: local name → dotted name, for imports.
      classes: class name → dotted names of its bases, as written in the file.
      owners: classes that hold tapes or optimizers, so are no plain modules.
      values: names of the functions, and of other values, at the top level.
      folder: the parts of the path it lies in; empty for a text.
      relative: whether it imports by `from .`.
      stars: dotted names of the modules that it imports all names of.
    """

    names: dict[str, str]
    classes: dict[str, list[str]]
    owners: set[str]
    values: set[str] = dataclasses.field(default_factory=set)
    folder: tuple[str, ...] = ()
    relative: bool = False
    stars: list[str] = dataclasses.field(default_factory=list)


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
    relative = False
    stars: list[str] = []
    tree = ast.parse(text)
    values: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            values.add(node.name)
        elif isinstance(node, ast.Assign):
            values.update(t.id for t in node.targets if isinstance(t, ast.Name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if package else []
            if node.level:
                relative = True
                parts = parts[: len(parts) - (node.level - 1)]
            else:
                parts = []
            base = ".".join([*parts, node.module] if node.module else parts)
            for alias in node.names:
                if alias.name == "*":
                    stars.append(base)
                else:
                    names[alias.asname or alias.name] = f"{base}.{alias.name}"
        elif isinstance(node, ast.ClassDef):
            bases = [dotted(b) for b in node.bases]
            classes[node.name] = [b for b in bases if b]
            if _owns(node):
                owners.add(node.name)
    return Summary(names, classes, owners, values, relative=relative, stars=stars)


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` as text, its subscript aside; None for anything but such names."""
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
    return trains({n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)})


def trains(attributes: set[str]) -> bool:
    """Whether a class trains: then it owns networks and is none itself.

    One that only differentiates by arrays which it watches does not.

    Args:
      attributes: the names of all attributes that its code uses.
    """
    if "optimizers" in attributes:
        return True
    by_variables = attributes & {"trainable_variables", "apply", "apply_gradients"}
    return "GradientTape" in attributes and (
        "watch" not in attributes or bool(by_variables)
    )


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

    A file is found by the name that the `__init__.py` files around it give it, and by
    the end of its path: many projects import from folders that have none.

    Args:
      paths: Python files; those that can't be read or parsed are left out here (the
        rewrite of each reports why).
    """

    def __init__(self, paths: Iterable[str | os.PathLike] = ()):
        self._summaries: dict[str, Summary] = {}  # by path without its ending
        self._keys: dict[str, list[str]] = {}  # dotted name → such paths
        self._sorts: dict[tuple[str, tuple[str, ...]], str | None] = {}
        for path in paths:
            try:
                raw = pathlib.Path(path).read_bytes()
                if pathlib.Path(path).name == "__init__.py" or b"import" in raw:
                    self.enter(path, self.summary(path, raw))
            except (OSError, SyntaxError, ValueError, RecursionError):
                continue

    def summary(self, path: str | os.PathLike, raw: bytes) -> Summary:
        """Reads a file, without entering it.

        Raises:
          SyntaxError, ValueError, RecursionError: it can't be parsed.
        """
        is_package = pathlib.Path(path).name == "__init__.py"
        return summarize(raw.decode("utf-8-sig"), module_name(path), is_package)

    def enter(self, path: str | os.PathLike, summary: Summary) -> None:
        """Enters the summary of a file."""
        parts = _parts(path)
        summary.folder = parts[:-1]
        self._enter(summary, parts[:-1] if parts[-1] == "__init__" else parts)

    def add(self, name: str, summary: Summary) -> None:
        """Enters the summary of a text, under the dotted name it is imported by."""
        self._enter(summary, tuple(name.split(".")))

    def _enter(self, summary: Summary, parts: tuple[str, ...]) -> None:
        key = "/".join(parts)
        if key not in self._summaries:
            for start in range(len(parts)):
                tail = ".".join(parts[start:])
                self._keys.setdefault(tail, []).append(key)
        self._summaries[key] = summary
        self._sorts.clear()

    def module(self, name: str, near: tuple[str, ...] = ()) -> Summary | None:
        """The file that a dotted name may import: of several, the closest one.

        Args:
          name: such as `models.base`.
          near: the folder of the importing file.
        """
        keys = self._keys.get(name, ())
        if len(keys) > 1:
            keys = sorted(keys, key=lambda key: (-_shared(key, near), len(key)))
        return self._summaries[keys[0]] if keys else None

    def origin(
        self, name: str, near: tuple[str, ...] = ()
    ) -> tuple[Summary, str] | None:
        """The file that defines a dotted name, and its name there.

        Re-exports are followed. None for what no file of the project defines.
        """
        for _ in range(8):
            module, _, leaf = name.rpartition(".")
            summary = self.module(module, near)
            if summary is None:
                return None
            if leaf in summary.classes or leaf in summary.values:
                return summary, leaf
            if leaf not in summary.names:
                return self._through_stars(summary, leaf)
            name, near = summary.names[leaf], summary.folder
        return None

    def _through_stars(self, summary: Summary, leaf: str) -> tuple[Summary, str] | None:
        for base in summary.stars:
            if self.module(base, summary.folder) is not summary:
                found = self.origin(f"{base}.{leaf}", summary.folder)
                if found is not None:
                    return found
        return None

    def exports(self, name: str, near: tuple[str, ...] = ()) -> set[str]:
        """The names that a star import from a module binds, as far as known."""
        usual = canonical(name)
        if usual.partition(".")[0] == "snt":
            return set(names_in(usual))
        summary = self.module(name, near)
        if summary is None:
            return set()
        found = {*summary.classes, *summary.values, *summary.names}
        for base in summary.stars:
            if self.module(base, summary.folder) is not summary:
                found |= self.exports(base, summary.folder)
        return {n for n in found if not n.startswith("_")}

    def package_of(self, path: str | os.PathLike) -> str | None:
        """The package that files import one without `__init__.py` from, if any.

        Dotted, or "." where the files of its folder import each other so.
        """
        parts = _parts(path)
        own = self._summaries.get("/".join(parts))
        if own is None:
            return None
        found: dict[str, int] = {}
        for summary in self._summaries.values():
            if summary.relative and summary.folder == own.folder:
                return "."
            names = summary.names.values()
            for full in {*names, *(name.rpartition(".")[0] for name in names)}:
                if self.module(full, summary.folder) is own:
                    found[full] = found.get(full, 0) + 1
        if not found:
            return None
        most = max(found, key=lambda full: (found[full], -len(full)))
        return most.rpartition(".")[0] or None

    def module_classes(self) -> set[str]:
        """The names of all classes in it that become Haiku modules or own networks."""
        return {
            leaf
            for summary in self._summaries.values()
            for leaf in summary.classes
            if class_sort(self, summary, leaf) is not None
        }

    def sort_of(self, name: str, near: tuple[str, ...] = ()) -> str | None:
        """'module' or 'owner' for a class of the project or of Sonnet, else None.

        Args:
          name: a dotted name, in full or usual spelling.
          near: the folder of the file that uses it.
        """
        key = (name, near)
        if key not in self._sorts:
            self._sorts[key] = None  # a cycle of bases ends here
            self._sorts[key] = self._sort(name, near)
        return self._sorts[key]

    def _sort(self, name: str, near: tuple[str, ...]) -> str | None:
        usual = canonical(name)
        if usual in ROOTS or is_library_module(usual) or _is_haiku_module(usual):
            return "module"
        found = self.origin(name, near)
        if found is None or found[1] not in found[0].classes:
            return None
        return class_sort(self, *found)

    def seen_from(self, path: str | os.PathLike) -> View:
        """The project as the names in one file mean it."""
        return View(self, _parts(path)[:-1])


@dataclasses.dataclass(frozen=True)
class View:
    """A project as seen from the files of one folder."""

    project: Project
    folder: tuple[str, ...]

    def sort_of(self, name: str) -> str | None:
        """As `Project.sort_of`."""
        return self.project.sort_of(name, self.folder)

    def origin(self, name: str) -> tuple[Summary, str] | None:
        """As `Project.origin`."""
        return self.project.origin(name, self.folder)

    def exports(self, name: str) -> set[str]:
        """As `Project.exports`."""
        return self.project.exports(name, self.folder)

    def uses(self, name: str) -> bool:
        """Whether an imported name is a file of the project, or such a class in one."""
        known = self.project.module(name, self.folder)
        return known is not None or self.sort_of(name) is not None


def _parts(path: str | os.PathLike) -> tuple[str, ...]:
    return pathlib.Path(os.path.abspath(path)).with_suffix("").parts[1:]


def _shared(key: str, folder: tuple[str, ...]) -> int:
    """How many folders a file and another folder have in common, from the root."""
    own = key.split("/")[:-1]
    return len(os.path.commonprefix([own, list(folder)]))


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
            sort = project.sort_of(full, summary.folder)
        elif base in summary.classes and base != leaf:
            sort = class_sort(project, summary, base)
        else:
            sorts = [
                project.sort_of(f"{s}.{base}", summary.folder) for s in summary.stars
            ]
            sort = next(filter(None, sorts), None)
        if sort is not None:
            return "owner" if leaf in summary.owners else sort
    return None
