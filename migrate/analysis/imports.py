"""What a file's names mean: its imports, and legacy names in their usual spelling."""

from __future__ import annotations

import builtins
import dataclasses
import functools
from collections.abc import Callable, Iterable

import libcst as cst

from compat import dictionary
from migrate.analysis import trees

_PACKAGES = {
    "tensorflow": "tf",
    "tensorflow.compat.v2": "tf",
    "sonnet": "snt",
    "sonnet.v2": "snt",
    "trfl": "trfl",
    "tensorflow_probability": "tfp",
    "haiku": "hk",
    "haiku_core": "hk",
}
LEGACY = ("tf", "snt", "trfl")


def canonical(name: str) -> str:
    """The usual spelling of a dotted name: `tensorflow.math.log` → `tf.math.log`.

    Names of Sonnet's source modules become the public ones they are exported as.
    """
    for package in sorted(_PACKAGES, key=len, reverse=True):
        if name == package or name.startswith(package + "."):
            rest = name[len(package) :]
            short = _PACKAGES[package] + rest
            if short.startswith("snt.src."):
                return _public(short)
            return short
    return name


def _public(name: str) -> str:
    """`snt.src.nets.mlp.MLP` → `snt.nets.MLP`, if such a public name is known."""
    parts = name.split(".")[2:]
    leaf = parts[-1]
    folders = [p for p in parts[:-1]]
    tries = [f"snt.{'.'.join(parts)}"]
    tries += [f"snt.{folder}.{leaf}" for folder in reversed(folders)]
    tries.append(f"snt.{leaf}")
    for candidate in tries:
        if dictionary.find(candidate) is not None:
            return candidate
    return name


@dataclasses.dataclass
class Imports:
    """The names that a module's imports bind.

    Attributes:
      names: local name → full dotted name of what it stands for.
    """

    names: dict[str, str]

    @classmethod
    def of(
        cls,
        module: cst.Module,
        package: str = "",
        exports: Callable[[str], Iterable[str]] = lambda name: (),
    ) -> Imports:
        """Collects the imports of a module, those inside functions included.

        Args:
          module: the parsed file.
          package: the dotted package the file lies in, for relative imports.
          exports: the names that a star import from a dotted module binds.
        """
        names: dict[str, str] = {}
        starred: dict[str, str] = {}
        for node in trees.walk(module):
            if isinstance(node, cst.Import):
                for alias in node.names:
                    full = trees.dotted(alias.name)
                    if alias.asname is not None:
                        names[alias.asname.name.value] = full
                    else:
                        names[full.partition(".")[0]] = full.partition(".")[0]
            elif isinstance(node, cst.ImportFrom):
                base = from_module(node, package)
                if isinstance(node.names, cst.ImportStar):
                    starred.update({n: f"{base}.{n}" for n in exports(base)})
                    continue
                for alias in node.names:
                    local = (
                        alias.asname.name.value if alias.asname else alias.name.value
                    )
                    names[local] = f"{base}.{alias.name.value}"
        if starred:
            own = trees.names_bound(module)
            names = {**{n: f for n, f in starred.items() if n not in own}, **names}
        _follow_aliases(module, names)
        return cls(names)

    def resolve(
        self, node: cst.CSTNode, shadowed: set[str] | None = None
    ) -> str | None:
        """The dotted name an expression stands for in its usual spelling.

        None where it is no dotted name, or its first part is a local variable.
        """
        name = trees.dotted(node)
        if name is None:
            return None
        first, _, rest = name.partition(".")
        if first not in self.names or (shadowed and first in shadowed):
            return None
        full = self.names[first] + ("." + rest if rest else "")
        return canonical(full)


def _follow_aliases(module: cst.Module, names: dict[str, str]) -> None:
    """Module-level `tfd = tfp.distributions` is an import by another name."""
    for statement in module.body:
        for target, full in namespace_aliases(statement, names):
            names[target] = full


def namespace_aliases(
    statement: cst.CSTNode, names: dict[str, str]
) -> list[tuple[str, str]]:
    """The names that a statement gives to namespaces such as `snt.initializers`."""
    found = []
    if not isinstance(statement, cst.SimpleStatementLine):
        return found
    for small in statement.body:
        if not (isinstance(small, cst.Assign) and len(small.targets) == 1):
            continue
        target, value = small.targets[0].target, trees.dotted(small.value)
        if not isinstance(target, cst.Name) or value is None:
            continue
        first, _, rest = value.partition(".")
        if first not in names:
            continue
        full = names[first] + (f".{rest}" if rest else "")
        if _is_namespace(canonical(full)):
            found.append((target.value, full))
    return found


def _is_namespace(name: str) -> bool:
    """Whether a legacy name in usual spelling holds other names."""
    if name.partition(".")[0] == "tfp":
        return name.rpartition(".")[2].islower()
    return name in LEGACY or name in _namespaces()


def names_in(name: str) -> list[str]:
    """The names right below a legacy namespace, `Linear` and so on of `snt`."""
    start = f"{name}."
    found = (n.removeprefix(start) for n in dictionary.names() if n.startswith(start))
    return [n for n in found if n.isidentifier() and not hasattr(builtins, n)]


@functools.cache
def _namespaces() -> frozenset[str]:
    """`tf.nn`, `snt.initializers` and so on, of all names in the dictionary."""
    names = set(dictionary.names())
    parts = [name.split(".") for name in names]
    above = {".".join(p[:end]) for p in parts for end in range(2, len(p))}
    return frozenset(name for name in above - names if name.startswith(("tf.", "snt.")))


def from_module(node: cst.ImportFrom, package: str) -> str:
    """The absolute dotted module of a `from … import`."""
    module = trees.dotted(node.module) if node.module is not None else ""
    if not node.relative:
        return module
    parts = package.split(".") if package else []
    parts = parts[: len(parts) - (len(node.relative) - 1)]
    return ".".join([*parts, module] if module else parts)
