"""What a Haiku program holds: its parameters and state, and the modules they sit in.

The program's ``init`` runs once on abstract values. Its result says which parameters
and state exist; interceptors see the modules come to life, and the modules' attributes
(looked at when all is done) give each one its path from the outermost.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from migrate.checkpoint._src.keys import PARAMS, STATE, Key, Leaf

Path = tuple[str, ...]


@dataclasses.dataclass(eq=False)
class Found:
    """A module that the program made.

    Attributes:
      module: The module itself.
      name: Haiku's full name for it.
      prefix: What leads its collections (see `Key`).
      children: (attribute path, module) for each module among its attributes.
      values: (attribute path, key) for each parameter or state among its attributes.
    """

    module: Any
    name: str
    prefix: str = ""
    children: list[tuple[Path, Found]] = dataclasses.field(default_factory=list)
    values: list[tuple[Path, Key]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Trace:
    """A program's arrays and modules.

    Attributes:
      leaves: Every array that ``init`` gives.
      modules: Every module, in order of creation.
      roots: The modules that no other module holds.
    """

    leaves: dict[Key, Leaf] = dataclasses.field(default_factory=dict)
    modules: list[Found] = dataclasses.field(default_factory=list)
    roots: list[Found] = dataclasses.field(default_factory=list)


# Attributes that the framework itself puts on a module.
_OWN = frozenset(
    {"_submodules", "_auto_repr", "_constructed", "module_name", "name", "_name"}
)


def items_of(container: Any) -> Iterator[tuple[str, Any]]:
    """The members of a container under the names that TensorFlow tracks them by."""
    if isinstance(container, Mapping):
        yield from ((str(name), value) for name, value in container.items())
    elif isinstance(container, tuple) and hasattr(container, "_fields"):
        yield from zip(container._fields, container, strict=True)
    elif isinstance(container, list | tuple):
        yield from ((str(index), value) for index, value in enumerate(container))


def wrapped(value: Any, hk: Any) -> Iterator[tuple[str, Any]]:
    """What is inside of Haiku's wrappers, which are modules in Sonnet only."""
    wrappers = {hk.BatchApply: "module", hk.Deferred: "_target"}
    if type(value) in wrappers:
        for member in vars(value).values():
            if isinstance(member, hk.Module) or type(member) in wrappers:
                yield wrappers[type(value)], member


def _blank(create: Callable, shape: Any, dtype: Any, init: Any, context: Any) -> Any:
    """Takes the place of initializers, whose values nobody looks at."""
    del create, init, context
    return jax.lax.broadcast(np.zeros((), dtype), shape)


class Recorder:
    """Sees the modules and the values of parameters while a program is traced.

    Args:
      hk: The Haiku that the program uses.
      prefix: What leads the collections of what is found.
      on_other: Is shown every attribute that is no module and no array, with the
        module that holds it and the path there; true if it took care of it.
    """

    def __init__(
        self,
        hk: Any,
        prefix: str = "",
        on_other: Callable[[Found, Path, Any], bool] | None = None,
    ):
        self._hk = hk
        self._prefix = prefix
        self._on_other = on_other
        self._found: dict[int, Found] = {}
        self._values: dict[int, tuple[Any, Key]] = {}
        self._inside = False

    def __enter__(self) -> Recorder:
        self._context = self._hk.intercept_methods(self._intercept)
        self._context.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self._context.__exit__(*error)

    def _intercept(self, call: Callable, args, kwargs, context) -> Any:
        module = context.module
        if id(module) not in self._found:
            self._found[id(module)] = Found(module, "", self._prefix)
        if self._inside:
            return call(*args, **kwargs)
        self._inside = True
        try:
            with (
                self._hk.custom_creator(_blank, params=True, state=True),
                self._hk.custom_getter(self._getter(PARAMS), params=True, state=False),
                self._hk.custom_getter(self._getter(STATE), params=False, state=True),
            ):
                return call(*args, **kwargs)
        finally:
            self._inside = False

    def _getter(self, collection: str) -> Callable:
        def getter(get: Callable, value: Any, context) -> Any:
            result = get(value)
            module, _, name = context.full_name.rpartition("/")
            # Holding the value keeps its id from being used again.
            key = Key(self._prefix + collection, module, name)
            self._values[id(result)] = (result, key)
            return result

        return getter

    def finish(self, leaves: Mapping[Key, Leaf]) -> Trace:
        """Relates the modules to each other, once the program has run."""
        for found in self._found.values():
            found.name = found.module.module_name
        trace = Trace(dict(leaves), list(self._found.values()))
        held: set[int] = set()
        for found in trace.modules:
            for attribute, value in vars(found.module).items():
                if attribute not in _OWN:
                    self._relate(found, (attribute,), value, set())
            held.update(id(child) for _, child in found.children)
        trace.roots = [found for found in trace.modules if id(found) not in held]
        return trace

    def _relate(self, found: Found, path: Path, value: Any, seen: set[int]) -> None:
        if id(value) in self._found and isinstance(value, self._hk.Module):
            found.children.append((path, self._found[id(value)]))
        elif id(value) in self._values:
            found.values.append((path, self._values[id(value)][1]))
        elif self._on_other is not None and self._on_other(found, path, value):
            pass
        elif id(value) not in seen:
            for name, member in (*items_of(value), *wrapped(value, self._hk)):
                seen.add(id(value))
                self._relate(found, (*path, name), member, seen)


def leaves_of(tree: Mapping, collection: str) -> dict[Key, Leaf]:
    """The leaves of a two-level dictionary of parameters or state."""
    return {
        Key(collection, module, name): Leaf(tuple(value.shape), np.dtype(value.dtype))
        for module, entries in tree.items()
        for name, value in entries.items()
    }


def _is_array(value: Any) -> bool:
    return isinstance(value, jax.ShapeDtypeStruct | np.ndarray | np.generic | jax.Array)


def trace(program: Any, args: tuple, kwargs: Mapping[str, Any], hk: Any) -> Trace:
    """Traces a program's ``init`` without computing anything.

    Args:
      program: A function that makes and calls modules, or a transformed one (anything
        with ``init``).
      args: Its inputs: arrays or `jax.ShapeDtypeStruct`, in any nesting; other values
        are passed as they are.
      kwargs: Inputs by name.
      hk: The Haiku that the program uses.
    """
    if not hasattr(program, "init"):
        program = hk.transform_with_state(program)
    flat, structure = jax.tree.flatten((args, dict(kwargs)))
    dynamic = [value for value in flat if _is_array(value)]

    def init(key, values):
        values = iter(values)
        merged = [next(values) if _is_array(value) else value for value in flat]
        positional, named = jax.tree.unflatten(structure, merged)
        return program.init(key, *positional, **named)

    key = jax.eval_shape(lambda: jax.random.PRNGKey(0))
    with Recorder(hk) as recorder:
        result = jax.eval_shape(init, key, dynamic)
    params, state = result if isinstance(result, tuple) else (result, {})
    found = {**leaves_of(params, PARAMS), **leaves_of(state, STATE)}
    return recorder.finish(found)
