"""What ``rlax`` and ``rlax._src.*`` are while upstream's tests run.

Public names are forwarded to the implementation under test. Private ones may be
imported, and fail the case that uses them with `PrivateName`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.abc
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

from tests.conformance.rlax.upstream import SetUpError, Upstream

BANNED = ("rlax", "distrax", "tensorflow_probability", "tensorflow", "haiku", "chex")


class PrivateName(Exception):
    """A test used a name that RLax does not export."""


class _Private:
    """Stands for a private name: may be held, not used."""

    def __init__(self, where: str, note: Callable[[str], None]) -> None:
        self.__dict__.update(_where=where, _note=note)
        self.__dict__["__name__"] = where

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._note(self._where)
        raise PrivateName(self._where)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        self._note(self._where)
        raise PrivateName(f"{self._where}.{name}")


class Adapter:
    """Modules that forward to an implementation, and a log of what was asked of them.

    Attributes:
      current: the case that runs, or the file that loads.
      touched, private: case → the public and private names that it used.
    """

    def __init__(
        self, impl: Any, upstream: Upstream, mutate: dict[str, float] | None = None
    ) -> None:
        self.impl, self.upstream = impl, upstream
        self.current = ""
        self.touched: dict[str, set[str]] = {}
        self.private: dict[str, set[str]] = {}
        self._mutants = {
            name: mutant(getattr(impl, name), factor)
            for name, factor in (mutate or {}).items()
        }

    def look_up(self, module: str, name: str) -> Any:
        """A name of ``rlax._src.<module>``, or of ``rlax`` where that is empty."""
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        owner = self.upstream.owner.get(name)
        if owner is not None and module in ("", owner):
            self.touched.setdefault(self.current, set()).add(name)
            if name in self._mutants:
                return self._mutants[name]
            return getattr(self.impl, name)  # AttributeError here fails the case
        where = ".".join(["rlax", *(["_src", module] if module else []), name])
        self._note_private(where)
        return _Private(where, self._note_private)

    def _note_private(self, where: str) -> None:
        self.private.setdefault(self.current, set()).add(where)

    def install(self) -> None:
        """Puts the modules in the place of the real ones."""
        for name in list(sys.modules):
            if name == "rlax" or name.startswith("rlax."):
                del sys.modules[name]
        top, src = self._module("rlax", ""), types.ModuleType("rlax._src")
        src.__path__ = []
        top._src = src
        sys.modules.update({"rlax": top, "rlax._src": src})
        for short in self.upstream.modules():
            made = self._module(f"rlax._src.{short}", short)
            sys.modules[made.__name__] = made
            setattr(src, short, made)

    def _module(self, full: str, short: str) -> types.ModuleType:
        made = types.ModuleType(full)
        made.__path__ = []
        made.__version__ = self.upstream.version
        made.__getattr__ = functools.partial(self.look_up, short)
        made.__dir__ = lambda: sorted(
            name
            for name, owner in self.upstream.owner.items()
            if short in ("", owner) and hasattr(self.impl, name)
        )
        return made


def mutant(value: Any, factor: float) -> Any:
    """A function, class or tuple of functions whose numbers come out changed.

    Every float ``x`` becomes ``x * factor + (factor - 1)``, ints are off by one and
    truth values are turned round. A suite that does not notice does not pin it.
    """
    import jax
    import numpy as np

    def changed(leaf: Any) -> Any:
        try:
            kind = np.result_type(leaf)
        except TypeError:
            return of_function(leaf) if callable(leaf) else leaf
        if np.issubdtype(kind, np.floating) or kind == jax.numpy.bfloat16:
            return leaf * factor + (factor - 1.0)
        if np.issubdtype(kind, np.integer):
            return leaf + 1
        if np.issubdtype(kind, np.bool_):
            return jax.numpy.logical_not(leaf)
        return leaf

    def of_function(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function, assigned=("__name__", "__doc__"), updated=())
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return jax.tree.map(changed, function(*args, **kwargs))

        return wrapped

    if isinstance(value, type):
        members = {
            name: of_function(member)
            for name, member in vars(value).items()
            if isinstance(member, types.FunctionType)
            and (name == "__call__" or not name.startswith("_"))
        }
        return type(value.__name__, (value,), members)
    if isinstance(value, tuple) and hasattr(value, "_replace"):
        return type(value)(*[of_function(f) if callable(f) else f for f in value])
    return of_function(value) if callable(value) else value


class _Ban(importlib.abc.MetaPathFinder):
    """While it is installed, these packages do not exist."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        if fullname.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{fullname} is banned here", name=fullname)


def implementation(name: str) -> types.ModuleType:
    """Imports the implementation, which must not lean on RLax or what is under it.

    Raises:
      SetUpError: it cannot be imported without.
    """
    if name == "rlax":
        return importlib.import_module(name)
    ban = _Ban(BANNED)
    sys.meta_path.insert(0, ban)
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise SetUpError(f"cannot import {name}: {error}") from error
    finally:
        sys.meta_path.remove(ban)
