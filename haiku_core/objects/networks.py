"""Haiku modules outside of transforms, with their variables in boxes."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import haiku_core as hk

from .boxes import Array, Box, Recorder, as_array, concrete, is_array, is_tracer
from .keys import static_key
from .randomness import fresh_key, inside_transform, next_rng_key, stream
from .variables import Variables

_Path = tuple[str | int, ...]


def network(factory: Callable[[], Any]) -> Any:
    """The module that `factory` makes: as it is inside a transform, else a `Network`.

    Code that may run on both sides (a function that builds a torso for a module and
    for a script) says `network(lambda: hk.Linear(10))` and serves both.
    """
    return factory() if inside_transform() else Network(factory)


class Network:
    """A Haiku module outside a transform, with its parameters and state in boxes.

    Calls, other methods, submodules and plain attributes are those of the module.
    Variables are made at the first call that needs them, as in Sonnet, also when that
    call is being traced. Networks kept as attributes of the module are found and count
    among its variables; a deep copy copies them too.

    Args:
      factory: makes the module; called again for each trace.
    """

    def __init__(self, factory: Callable[[], Any]):
        self._factory = factory
        self._params: dict[str, dict[str, Box]] = {}
        self._state: dict[str, dict[str, Box]] = {}
        # What made the variables: the kind of call → its path and abstract inputs.
        self._created: dict[Any, tuple[_Path, tuple, dict]] = {}
        self._copies: dict[Network, Network] = {}
        self._transformed: dict[_Path, Any] = {}
        self._inner: tuple[Network, ...] | None = None

    # ------------------------------------------------------------------- variables
    @property
    def params(self) -> dict[str, dict[str, Array]]:
        """The parameters as Haiku has them; assign such a dict to load others."""
        return _values(self._params)

    @params.setter
    def params(self, values: Mapping[str, Mapping[str, Array]]) -> None:
        _load(self._params, values, True)

    @property
    def state(self) -> dict[str, dict[str, Array]]:
        """The state as Haiku has it; assign such a dict to load another."""
        return _values(self._state)

    @state.setter
    def state(self, values: Mapping[str, Mapping[str, Array]]) -> None:
        _load(self._state, values, False)

    @property
    def trainable_variables(self) -> Variables:
        """The boxes of the parameters, also of networks inside. Looked up when used."""
        return Variables([(self, True)])

    @property
    def variables(self) -> Variables:
        """The boxes of parameters and state, also of networks inside."""
        return Variables([(self, False)])

    def _boxes(self, trainable_only: bool) -> Iterator[Box]:
        groups = [self._params] if trainable_only else [self._params, self._state]
        for group in groups:
            for module in group.values():
                yield from module.values()
        for inner in self._networks():
            yield from inner._boxes(trainable_only)

    def _networks(self) -> tuple[Network, ...]:
        if self._inner is None:
            found: dict[Network, None] = {}
            walk_networks(self._skeleton(()), lambda n: found.setdefault(n))
            self._inner = tuple(found)
        return self._inner

    # ----------------------------------------------------------------------- calls
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(("__call__",), args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_factory" not in self.__dict__:
            raise AttributeError(name)
        return self._view((name,))

    def _view(self, path: _Path) -> Any:
        """The attribute at `path`: modules and methods as views, the rest as it is."""
        try:
            found = self._skeleton(path)
        except (AttributeError, LookupError) as error:
            if isinstance(error, KeyError):
                raise
            # Sonnet's layers have their variables as attributes, Haiku's have not.
            box = self._find_box(path)
            if box is not None:
                return box
            raise AttributeError(f"the network's module: {error}") from None
        if isinstance(found, hk.Module) or callable(found):
            return _View(self, path)
        if isinstance(found, list | tuple) and _holds_module(found):
            return [self._view((*path, i)) for i in range(len(found))]
        if is_tracer(found):
            return self._box_of(path)
        return found

    def _box_of(self, path: _Path) -> Box:
        box = self._find_box(path)
        if box is None:
            raise AttributeError(
                f"{'.'.join(map(str, path))} is no variable of the network"
            )
        return box

    def _find_box(self, path: _Path) -> Box | None:
        """The variable that an attribute of a module is called like."""
        try:
            owner = self._skeleton(path[:-1])
        except (AttributeError, LookupError):
            return None
        name = str(path[-1])
        for group in (self._params, self._state):
            boxes = group.get(getattr(owner, "module_name", ""), {})
            for candidate in (name, name.lstrip("_")):
                if candidate in boxes:
                    return boxes[candidate]
        return None

    def _skeleton(self, path: _Path) -> Any:
        """What lies at `path` in a module made for looking at, not for calling."""
        made = []

        def build():
            made.append(functools.reduce(_step, path, self._build()))

        with Recorder(restore=True):
            init = hk.transform_with_state(build).init
            jax.eval_shape(init, np.zeros(2, np.uint32))
        return made[-1]

    def _build(self) -> Any:
        module = self._factory()
        if self._copies:
            module = _replace_networks(module, self._copies)
        return module

    def _pure(self, path: _Path) -> Any:
        if path not in self._transformed:

            def run(*args, **kwargs):
                method = functools.reduce(_step, path, self._build())
                return method(*args, **kwargs)

            self._transformed[path] = hk.transform_with_state(run)
        return self._transformed[path]

    def _call(self, path: _Path, args: tuple, kwargs: dict) -> Any:
        args, kwargs = jax.tree.map(as_array, (args, kwargs))
        pure = self._pure(path)
        kind = (path, static_key((args, kwargs)))
        if kind not in self._created:
            self._create(pure, args, kwargs)
            self._created[kind] = (path, *jax.tree.map(_abstract, (args, kwargs)))
            self._inner = None
        state = self.state
        out, new = pure.apply(self.params, state, next_rng_key(), *args, **kwargs)
        for module, entries in new.items():
            for name, value in entries.items():
                if value is not state[module][name]:
                    self._state[module][name].value = value
        return out

    def _create(self, pure: Any, args: tuple, kwargs: dict) -> None:
        """Makes the variables that this call needs and that aren't there yet.

        Traced arguments stand for arrays of their shape, filled with zeros; what the
        call writes to other boxes is taken back.
        """
        leaves, tree = jax.tree.flatten((args, kwargs))
        dynamic = [i for i, leaf in enumerate(leaves) if is_array(leaf)]

        def init(key, arrays):
            filled = list(leaves)
            for i, array in zip(dynamic, arrays, strict=True):
                filled[i] = array
            args, kwargs = jax.tree.unflatten(tree, filled)
            return pure.init(key, *args, **kwargs)

        with jax.ensure_compile_time_eval(), Recorder(restore=True) as recorder:
            recorder.before.update({b: concrete(b) for b in stream})
            arrays = [_stand_in(leaves[i]) for i in dynamic]
            key = fresh_key()
            params, state = jax.jit(init)(key, arrays)
        _load(self._params, _missing(params, self._params), True)
        _load(self._state, _missing(state, self._state), False)

    def __deepcopy__(self, memo: dict) -> Network:
        new = Network(self._factory)
        memo[id(self)] = new
        new._params = copy.deepcopy(self._params, memo)
        new._state = copy.deepcopy(self._state, memo)
        new._created = dict(self._created)
        new._copies = {
            original: copy.deepcopy(self._copies.get(original, original), memo)
            for original in {*self._copies, *self._originals()}
        }
        return new

    def _originals(self) -> tuple[Network, ...]:
        return () if self._copies else self._networks()

    def __repr__(self) -> str:
        count = sum(len(m) for m in self._params.values())
        return f"Network({count} parameters)"


def _abstract(leaf: Any) -> Any:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) if is_array(leaf) else leaf


def _stand_in(leaf: Any) -> Array:
    return jnp.zeros(leaf.shape, leaf.dtype) if is_tracer(leaf) else leaf


def _values(boxes: dict[str, dict[str, Box]]) -> dict[str, dict[str, Array]]:
    return {m: {n: b.value for n, b in entries.items()} for m, entries in boxes.items()}


def _missing(values: Mapping, boxes: Mapping) -> dict[str, dict[str, Array]]:
    found = {
        m: {n: v for n, v in entries.items() if n not in boxes.get(m, ())}
        for m, entries in values.items()
    }
    return {m: entries for m, entries in found.items() if entries}


def _load(boxes: dict, values: Mapping, trainable: bool) -> None:
    for module, entries in values.items():
        for name, value in entries.items():
            box = boxes.setdefault(module, {}).get(name)
            if box is None:
                boxes[module][name] = Box(
                    jax.tree.map(jnp.asarray, value),
                    None,
                    trainable,
                    f"{module}/{name}",
                )
            else:
                box.assign(value)


def _step(value: Any, step: str | int | _Apply) -> Any:
    if isinstance(step, _Apply):
        return lambda: step.function(value)
    return value[step] if isinstance(step, int) else getattr(value, step)


def _holds_module(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_module, value))
    return isinstance(value, hk.Module)


def walk_networks(value: Any, found: Callable[[Network], Any], seen=None) -> None:
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Network):
        found(value)
    elif isinstance(value, hk.Module):
        for item in list(vars(value).values()):
            walk_networks(item, found, seen)
    elif isinstance(value, list | tuple | dict):
        items = value.values() if isinstance(value, dict) else value
        for item in items:
            walk_networks(item, found, seen)


def _replace_networks(value: Any, copies: Mapping[Network, Network], seen=None) -> Any:
    """`value` with the networks inside replaced by their copies, modules in place."""
    seen = {} if seen is None else seen
    if isinstance(value, Network):
        return copies.get(value, value)
    if isinstance(value, hk.Module) and id(value) not in seen:
        seen[id(value)] = value
        for name, item in list(vars(value).items()):
            new = _replace_networks(item, copies, seen)
            if new is not item:
                object.__setattr__(value, name, new)
    elif type(value) in (list, tuple):
        new = type(value)(_replace_networks(v, copies, seen) for v in value)
        return (
            new if any(a is not b for a, b in zip(new, value, strict=True)) else value
        )
    elif type(value) is dict:
        new = {k: _replace_networks(v, copies, seen) for k, v in value.items()}
        return new if any(new[k] is not value[k] for k in value) else value
    return value


class _View:
    """A method or a submodule of a network, at a path of attributes."""

    def __init__(self, owner: Network, path: _Path):
        self._owner, self._path = owner, path

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._owner._call(self._path, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("variables", "trainable_variables"):
            prefix = self._owner._skeleton(self._path).module_name
            return [
                box
                for box in getattr(self._owner, name)
                if box.name.startswith(f"{prefix}/")
            ]
        return self._owner._view((*self._path, name))


def inside(net: Network, function: Callable[[Any], Any]) -> Any:
    """Calls `function` with the module itself, inside its transform.

    For what Haiku does with a module rather than with its output:

        outputs, state = inside(net, lambda core: hk.dynamic_unroll(core, xs, state))
    """
    return net._call((_Apply(function),), (), {})


class _Apply:
    """A step of a path that calls a function with what lies there."""

    def __init__(self, function: Callable[[Any], Any]):
        self.function = function


def build(net: Network, *args: Any, **kwargs: Any) -> Any:
    """Makes a network's variables from example inputs, without running it.

    Args:
      net: the network.
      *args: arrays, `jax.ShapeDtypeStruct`s, or shapes (tuples of ints, float32; None
        stands for 1), possibly nested.

    Returns:
      The shapes and dtypes of what the call would return.
    """

    def is_shape(x: Any) -> bool:
        return isinstance(x, tuple | list) and all(
            n is None or isinstance(n, int) for n in x
        )

    def example(x: Any) -> Any:
        if is_shape(x):
            return jax.ShapeDtypeStruct(known(x), np.float32)
        if isinstance(x, jax.ShapeDtypeStruct):
            return jax.ShapeDtypeStruct(known(x.shape), x.dtype)
        return x

    def known(shape: Any) -> list[int]:
        return [1 if n is None else n for n in shape]

    args, kwargs = jax.tree.map(example, (args, kwargs), is_leaf=is_shape)
    leaves, structure = jax.tree.flatten((args, kwargs))
    dynamic = [i for i, x in enumerate(leaves) if hasattr(x, "shape")]

    def call(arrays):
        for i, array in zip(dynamic, arrays, strict=True):
            leaves[i] = array
        args, kwargs = jax.tree.unflatten(structure, leaves)
        return net(*args, **kwargs)

    with Recorder(restore=True):
        return jax.eval_shape(call, [leaves[i] for i in dynamic])
