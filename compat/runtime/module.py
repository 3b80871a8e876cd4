"""`tf.Module`: names its variables and finds them again."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compat.runtime import names
from compat.runtime.export import export
from compat.runtime.tensor import Tensor
from compat.runtime.variable import Variable

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*$")


def snake_case(name: str) -> str:
    """A class name as an attribute would be written: "LayerNorm" → "layer_norm"."""
    spaced = re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", name)
    return spaced.lower()


@export("tf.Module")
class Module:
    """A named container of variables and of other modules.

    Args:
      name: a Python identifier; by default the class's name in snake case.

    Raises:
      ValueError: the name is no identifier.
    """

    # Attributes that `_flatten` leaves out, as programs may extend it.
    _TF_MODULE_IGNORED_PROPERTIES = frozenset()

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = snake_case(type(self).__name__)
        elif not _IDENTIFIER.match(name):
            raise ValueError(
                f"{name!r} is not a valid module name. Module names must be valid "
                "Python identifiers (e.g. a valid class name)."
            )
        self._name = name
        with names.name_scope(name) as scope:
            self._scope_name = scope

    @property
    def name(self) -> str:
        """The name given, without scopes."""
        return self._name

    @property
    def name_scope(self) -> names.name_scope:
        """A context manager of this module's name scope."""
        if not hasattr(self, "_scope_name"):
            raise AttributeError(
                f"{type(self).__name__}.__init__ must call super().__init__() first"
            )
        return names.name_scope(self._scope_name)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All variables below, in the order of sorted attribute names."""
        return tuple(self._flatten(predicate=_is_variable))

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """Those that are trainable."""
        return tuple(self._flatten(predicate=_is_trainable))

    @property
    def non_trainable_variables(self) -> tuple[Variable, ...]:
        """Those that are not."""
        return tuple(v for v in self.variables if not v.trainable)

    @property
    def submodules(self) -> tuple[Module, ...]:
        """All modules below, breadth first."""
        return tuple(self._flatten(predicate=_is_module))

    def _flatten(
        self,
        recursive: bool = True,
        predicate: Callable[[Any], bool] | None = None,
        attribute_traversal_key: Callable[[str], Any] | None = None,
        with_path: bool = False,
        expand_composites: bool = False,
    ) -> Iterator[Any]:
        """Walks the attributes; yields each object for which `predicate` holds once.

        Direct attributes come before those of submodules.
        """
        del expand_composites
        if predicate is None:
            predicate = _always
        return _walk(
            self,
            recursive,
            predicate,
            attribute_traversal_key,
            with_path,
            (),
            {id(self)},
        )

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Decorates a method to run inside the module's name scope."""

        @functools.wraps(method)
        def scoped(self: Any, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return scoped


def _always(value: Any) -> bool:
    return True


def _is_variable(value: Any) -> bool:
    return isinstance(value, Variable)


def _is_trainable(value: Any) -> bool:
    return isinstance(value, Variable) and value.trainable


def _is_module(value: Any) -> bool:
    return isinstance(value, Module)


def _leaves(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The leaves of a nest in an attribute, with their paths."""
    if isinstance(value, Tensor | Variable | Module | str | bytes):
        yield path, value
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for field in value._fields:
            yield from _leaves(getattr(value, field), (*path, field))
    elif isinstance(value, list | tuple):
        for i, child in enumerate(value):
            yield from _leaves(child, (*path, i))
    elif isinstance(value, Mapping):
        try:
            keys = sorted(value)
        except TypeError:  # keys of several types: no order to flatten them in
            keys = list(value)
        for key in keys:
            yield from _leaves(value[key], (*path, key))
    elif hasattr(type(value), "__attrs_attrs__"):
        for a in type(value).__attrs_attrs__:
            yield from _leaves(getattr(value, a.name), (*path, a.name))
    else:
        yield path, value


def _walk(
    module: Module,
    recursive: bool,
    predicate: Callable[[Any], bool],
    order: Callable[[str], Any] | None,
    with_path: bool,
    prefix: tuple[Any, ...],
    seen: set[int],
) -> Iterator[Any]:
    submodules = []
    attributes = {
        k: v
        for k, v in vars(module).items()
        if k not in module._TF_MODULE_IGNORED_PROPERTIES
    }
    for key in sorted(attributes, key=order):
        for path, leaf in _leaves(attributes[key], (*prefix, key)):
            if id(leaf) in seen:
                continue
            if isinstance(leaf, Variable | Module):
                seen.add(id(leaf))
            if predicate(leaf):
                yield (path, leaf) if with_path else leaf
            if recursive and isinstance(leaf, Module):
                submodules.append((path, leaf))
    for path, submodule in submodules:
        yield from _walk(submodule, True, predicate, order, with_path, path, seen)
