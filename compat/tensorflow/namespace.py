"""The namespaces `tf`, `tf.math`, `tf.nn`, …, made of the names that are known.

A name is looked for among the runtime's exports, then among the dictionary's ops. One
that neither has raises an error that says so, and what to do.
"""

from __future__ import annotations

import functools
import importlib
import importlib.abc
import importlib.machinery
import pkgutil
import sys
import types
from collections.abc import Callable
from typing import Any

from compat import dictionary
from compat.runtime import operators, places
from compat.runtime.errors import MissingNameError
from compat.runtime.export import EXPORTS

VERSION = "2.21.0"  # what programs that ask are told: the release followed here
_ROOT = __name__.rpartition(".")[0]


@functools.cache
def _load() -> None:
    """Imports all that files names."""
    from compat import runtime

    for found in pkgutil.iter_modules(runtime.__path__, f"{runtime.__name__}."):
        importlib.import_module(found.name)
    operators.load_ops()


@functools.cache
def known() -> frozenset[str]:
    """All names that resolve, without "tf."."""
    _load()
    ops = {n for e in dictionary.entries() if e.fn is not None for n in e.names}
    names = ops | set(EXPORTS)
    return frozenset(n.removeprefix("tf.") for n in names if n.startswith("tf."))


@functools.cache
def _spaces() -> frozenset[str]:
    """All dotted prefixes of known names."""
    spaces = set()
    for name in known():
        while "." in name:
            name = name.rpartition(".")[0]
            spaces.add(name)
    return frozenset(spaces)


class Namespace(types.ModuleType):
    """One namespace below `tf`; a module, so that it can be imported from."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{_ROOT}.{path}", f"Names below tf.{path}.")
        self.__path__: list[str] = []
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") and name != "__version__":
            raise AttributeError(name)
        value = VERSION if name == "__version__" else lookup(f"{self._path}.{name}")
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return _children(f"{self._path}.")


def _children(prefix: str) -> list[str]:
    return sorted(
        {n[len(prefix) :].split(".")[0] for n in known() if n.startswith(prefix)}
    )


@functools.cache
def space(path: str) -> Namespace:
    """The namespace of a dotted path, in `sys.modules` for import statements."""
    made = Namespace(path)
    sys.modules[made.__name__] = made
    return made


def lookup(path: str) -> Any:
    """What a dotted path below `tf` stands for.

    Raises:
      MissingNameError: nothing.
    """
    _load()
    name = f"tf.{path}"
    if name in EXPORTS:
        return EXPORTS[name]
    entry = dictionary.find(name)
    if entry is not None and entry.fn is not None and name in entry.names:
        return operators.tf_op(name)
    if path in _spaces():
        return space(path)
    for older in ("compat.v2", "compat.v1"):
        if path in ("compat", older):
            return space(path)
        if path.startswith(f"{older}."):
            return lookup(path.removeprefix(f"{older}."))
    raise MissingNameError(name, reason(entry), places.here())


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets import statements find namespaces: `import compat.tensorflow.nn`."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """The spec of a namespace; None for all other modules."""
        inner = fullname.removeprefix(f"{_ROOT}.")
        if inner == fullname:
            head, _, inner = fullname.partition(".")
            if not inner or sys.modules.get(head) is not sys.modules.get(_ROOT):
                return None
        if inner.startswith("_") or inner in _FILES:
            return None
        try:
            found = lookup(inner)
        except MissingNameError:
            return None
        if not isinstance(found, Namespace):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: Any) -> Namespace:
        """The namespace."""
        inner = spec.name.removeprefix(f"{_ROOT}.")
        return lookup(inner if inner != spec.name else inner.partition(".")[2])

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing is left to do."""


# Namespaces in `sys.modules` from the start: programs may alias this package there.
_IMPORTED = (
    "compat",
    "compat.v1",
    "compat.v2",
    "data",
    "nn",
    "python",
    "python.eager",
    "python.eager.context",
)
_FILES = ("namespace",)  # the real modules beside the namespaces


def reason(entry: dictionary.Entry | None) -> str:
    """What is known of a name that is not there, and what to do."""
    if entry is not None and (entry.because or entry.instead):
        text = entry.because or "it is not supported"
        return f"{text}; {entry.instead}" if entry.instead else text
    return (
        "it is not supported. compat.missing(path) lists all such names of a program; "
        "a module that needs them can keep TensorFlow: compat.install(exclude=[…])"
    )


def root(name: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of the top module."""

    def getattribute(attribute: str) -> Any:
        if attribute.startswith("_") and attribute != "__version__":
            raise AttributeError(attribute)
        value = VERSION if attribute == "__version__" else lookup(attribute)
        setattr(sys.modules[name], attribute, value)
        return value

    for path in _IMPORTED:
        space(path)
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
    return getattribute, lambda: _children("")
