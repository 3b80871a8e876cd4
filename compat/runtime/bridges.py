"""Legacy code and Haiku, each inside the other.

    to_haiku(f)            legacy module or function → (init, apply), pure
    in_transform(model)    legacy module as a Haiku module, inside hk.transform
    from_haiku(transformed) transformed function → module with variables, in legacy code
    pure(f)                function of JAX arrays → function of tensors, seen by tapes

All rest on frames: while the Python model runs, its variables hold the values that are
handed in. Pure code is 32-bit, as JAX is by default: 64-bit values become 32-bit where
they leave legacy code.
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compat.runtime import nest
from compat.runtime.frames import Frame
from compat.runtime.plans import Plan, run
from compat.runtime.random import SOURCE, next_key
from compat.runtime.staging import stage
from compat.runtime.tensor import Tensor, Tracer, convert, is_tensor, lift
from compat.runtime.variable import Variable

_NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32"}


def narrowed(array: Any) -> Any:
    """An array in 32 bits, if it has 64."""
    name = _NARROW.get(getattr(array, "dtype", np.dtype(bool)).name)
    return array if name is None else array.astype(name)


def _tensors(value: Any) -> Any:
    """A nest with its arrays as tensors."""
    return nest.map_structure(
        lambda v: convert(v) if isinstance(v, jax.Array | np.ndarray | Tensor) else v,
        value,
    )


def _arrays(value: Any) -> Any:
    """A nest with its tensors as 32-bit arrays."""
    return nest.map_structure(
        lambda v: narrowed(convert(v)._array) if is_tensor(v) else v, value
    )


class Names:
    """(module, name) of variables, as in Haiku's parameters; each pair once.

    A variable "mlp/linear_0/w:0" is ("mlp/linear_0", "w").
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, str]] = {}
        self._used: collections.Counter[tuple[str, str]] = collections.Counter()

    def of(self, variable: Variable) -> tuple[str, str]:
        """The pair of a variable."""
        found = self._known.get(id(variable))
        if found is None:
            module, _, name = variable.name.split(":")[0].rpartition("/")
            module = module or "~"
            count = self._used[module, name]
            self._used[module, name] += 1
            found = (f"{module}_{count}" if count else module, name)
            self._known[id(variable)] = found
        return found


class _Bridge(Frame):
    """A frame in which variables have the values of parameters and state."""

    def next_key(self, seed: int | None = None) -> Any:
        if self.key is None:
            raise ValueError(
                "the legacy code draws random numbers: give apply a random key"
            )
        return super().next_key(seed)

    def meet(self, variable: Variable) -> Tensor:
        if isinstance(self.outer, Frame):
            return self.outer.get(variable)
        return variable._value


def _raw_key(rng: Any) -> Any:
    if rng is None:
        return None
    if jnp.issubdtype(getattr(rng, "dtype", np.dtype(int)), jax.dtypes.prng_key):
        return jax.random.key_data(rng)
    if isinstance(rng, int):
        return jax.random.key_data(jax.random.key(rng))
    return rng


class Legacy:
    """Legacy code and the variables it uses, once they are known.

    Args:
      function: a module, or a function that uses some.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.variables: list[Variable] | None = None
        self.names = Names()

    def build(self, rng: Any, args: Any, kwargs: Any) -> None:
        """Makes the variables that the code makes when first called, runs nothing."""
        if self.variables is not None:
            return
        flat = nest.flatten((args, kwargs))
        places = [
            i
            for i, v in enumerate(flat)
            if isinstance(v, jax.Array | np.ndarray | Tensor)
        ]

        def body(*tensors: Tensor) -> None:
            filled = list(flat)
            for place, tensor in zip(places, tensors, strict=True):
                filled[place] = tensor
            args_, kwargs_ = nest.pack_sequence_as((args, kwargs), filled)
            self.function(*args_, **kwargs_)

        inputs = [getattr(flat[p], "_array", flat[p]) for p in places]
        with _seeded(_raw_key(rng)):
            staged = stage(body, inputs, creates=True, name="compat.to_haiku")
        captured = [c for c in staged.captures if isinstance(c, Variable)]
        known = {id(v) for v in captured}
        made = [v for v in staged.created if id(v) not in known]
        self.variables = [*captured, *made]
        for variable in self.variables:
            self.names.of(variable)

    def run(self, values: Sequence[Any], rng: Any, args: Any, kwargs: Any) -> Any:
        """(result, new values) with these values in the variables' places."""
        with jax.enable_x64(True):
            frame = _Bridge(_raw_key(rng))
            for variable, value in zip(self.variables, values, strict=True):
                frame.give(variable, jnp.asarray(value).astype(variable.dtype.numpy))
            with frame.current():
                out = self.function(*_tensors(args), **_tensors(kwargs))
                out = _arrays(out)
            after = [narrowed(frame.get(v)._array) for v in self.variables]
        return out, after


class _seeded:
    """Inside, the host's random numbers follow from a key."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def __enter__(self) -> None:
        self._saved = dict(SOURCE.__dict__)
        if self._key is not None and not isinstance(self._key, Tracer):
            first, second = (int(k) for k in np.asarray(self._key).ravel()[-2:])
            SOURCE.reset(first << 32 | second)

    def __exit__(self, *exc: Any) -> None:
        SOURCE.__dict__.update(self._saved)


def to_haiku(function: Callable[..., Any]) -> Any:
    """A legacy module, or function over modules, as a pure pair (init, apply).

    Args:
      function: takes and returns tensors; arrays are given and returned here.

    Returns:
      `haiku_core.TransformedWithState`: `init(rng, *args) → (params, state)`, the
      trainable variables by name and the others; `apply(params, state, rng, *args) →
      (result, state)`. Variables that exist already keep their values in `init`.

    Raises:
      ValueError: `apply` before `init`; random numbers drawn without a key.
    """
    import haiku_core as hk

    legacy = Legacy(function)

    def split(values: Sequence[Any]) -> tuple[dict, dict]:
        params: dict[str, dict[str, Any]] = {}
        state: dict[str, dict[str, Any]] = {}
        for variable, value in zip(legacy.variables, values, strict=True):
            module, name = legacy.names.of(variable)
            side = params if variable.trainable else state
            side.setdefault(module, {})[name] = value
        return params, state

    def init(rng: Any, *args: Any, **kwargs: Any) -> tuple[dict, dict]:
        legacy.build(rng, args, kwargs)
        return split([narrowed(v._value._array) for v in legacy.variables])

    def apply(params: Any, state: Any, rng: Any, *args: Any, **kwargs: Any) -> Any:
        if legacy.variables is None:
            raise ValueError("compat.to_haiku: call init before apply")
        values = []
        for variable in legacy.variables:
            module, name = legacy.names.of(variable)
            values.append((params if variable.trainable else state)[module][name])
        out, after = legacy.run(values, rng, args, kwargs)
        return out, split(after)[1]

    return hk.TransformedWithState(init, apply)


def in_transform(model: Callable[..., Any], name: str | None = None, haiku=None) -> Any:
    """A legacy module as a Haiku module; to be made inside `hk.transform`.

    Args:
      model: a legacy module; its trainable variables become parameters, the others
        state.
      name: the Haiku module's name; by default the legacy one's.
      haiku: the Haiku package; `haiku_core` by default.
    """
    if haiku is None:
        import haiku_core as haiku
    legacy = _of_model(model)

    class LegacyModule(haiku.Module):
        """A legacy module, its variables held by Haiku."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            legacy.build(None, args, kwargs)
            values = [self._value(v) for v in legacy.variables]
            out, after = legacy.run(values, haiku.maybe_next_rng_key(), args, kwargs)
            for variable, value in zip(legacy.variables, after, strict=True):
                if not variable.trainable:
                    haiku.set_state(self._key(variable), value)
            return out

        def _key(self, variable: Variable) -> str:
            return "/".join(legacy.names.of(variable))

        def _value(self, variable: Variable) -> Any:
            own = narrowed(variable._value._array)
            get = haiku.get_parameter if variable.trainable else haiku.get_state
            return get(self._key(variable), own.shape, own.dtype, init=lambda s, d: own)

    return LegacyModule(name=name or getattr(model, "name", None) or "legacy")


_legacies: dict[int, tuple[Any, Legacy]] = {}


def _of_model(model: Any) -> Legacy:
    """One record for each model: it is asked for anew at each trace."""
    found = _legacies.get(id(model))
    if found is None or found[0] is not model:
        found = _legacies[id(model)] = (model, Legacy(model))
    return found[1]


def from_haiku(transformed: Any, name: str = "haiku_function") -> Any:
    """A transformed Haiku function as a Sonnet module with variables.

    Args:
      transformed: what `hk.transform` or `hk.transform_with_state` gives.
      name: the module's name.

    Returns:
      A `compat.sonnet.Module`, called with tensors. Its variables are made by `init` at
      the first call: parameters are trainable, state is not, and is assigned to.
    """
    from compat import sonnet

    class HaikuModule(sonnet.Module):
        """A Haiku function whose parameters are variables."""

        def __init__(self) -> None:
            super().__init__(name=name)
            self._parameters: Any = None
            self._state: Any = None

        def _build(self, tensors: Sequence[Tensor]) -> None:
            with jax.ensure_compile_time_eval(), jax.enable_x64(False):
                blank = [
                    jnp.zeros(t._array.shape, narrowed(t._array).dtype)
                    if isinstance(t._array, Tracer)
                    else narrowed(t._array)
                    for t in tensors
                ]
                key = jnp.asarray(SOURCE.key(None))
                made = transformed.init(key, *blank)
            self._stateful = hasattr(transformed, "apply") and _has_state(transformed)
            params, state = made if self._stateful else (made, {})
            self._parameters = _variables(params, True)
            self._state = _variables(state, False)

        def __call__(self, *args: Any) -> Any:
            tensors = [convert(a) for a in args]
            if self._parameters is None:
                self._build(tensors)
            params, params_def = jax.tree_util.tree_flatten(self._parameters)
            state, state_def = jax.tree_util.tree_flatten(self._state)
            plan = _haiku_plan(transformed, params_def, state_def, self._stateful)
            values = [v._read() for v in (*params, *state)]
            out, after = run(plan, [next_key(), *values, *tensors])
            for variable, value in zip(state, after, strict=True):
                variable.assign(value)
            return out

    return HaikuModule()


def _has_state(transformed: Any) -> bool:
    return "WithState" in type(transformed).__name__


def _variables(values: Any, trainable: bool) -> Any:
    """Nested dicts with their arrays as variables, named by their paths."""

    def made(path: Any, value: Any) -> Variable:
        name = "/".join(str(getattr(p, "key", p)) for p in path)
        return Variable(Tensor(lift(value)), trainable=trainable, name=name)

    return jax.tree_util.tree_map_with_path(made, values)


@functools.lru_cache(256)
def _haiku_plan(transformed: Any, params_def, state_def, stateful: bool) -> Plan:
    count, more = params_def.num_leaves, state_def.num_leaves

    def haiku_function(key: Any, *arrays: Any) -> Any:
        params = params_def.unflatten(arrays[:count])
        state = state_def.unflatten(arrays[count : count + more])
        inputs = [narrowed(a) for a in arrays[count + more :]]
        with jax.enable_x64(False):
            if stateful:
                out, after = transformed.apply(params, state, key, *inputs)
            else:
                out, after = transformed.apply(params, key, *inputs), state
        return out, jax.tree_util.tree_leaves(after)

    return Plan(haiku_function, "haiku function")


def pure(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of JAX arrays as a function of tensors.

    Tapes differentiate through it, `tf.function` compiles it with the rest. Arguments
    that are tensors or arrays (in any nest) are given as arrays; others are constants.
    """

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        flat = nest.flatten((args, kwargs))
        marks = [
            _HERE if is_tensor(v) or isinstance(v, np.ndarray | np.generic) else v
            for v in flat
        ]
        tensors = [convert(v) for v, m in zip(flat, marks, strict=True) if m is _HERE]
        structure = nest.pack_sequence_as((args, kwargs), marks)
        key = (function, repr(nest.structure_of(structure)), _key_of(marks))
        plan = _pure_plans.get(key)
        if plan is None:
            plan = _pure_plans[key] = Plan(
                _spread(function, structure, marks),
                getattr(function, "__name__", "compat.pure"),
            )
        return run(plan, tensors)

    return wrapped


_HERE = object()
_pure_plans: dict[Any, Plan] = {}


def _key_of(marks: list[Any]) -> Any:
    try:
        key = tuple((type(m), m) for m in marks)
        hash(key)
        return key
    except TypeError:
        return tuple(id(m) for m in marks)


def _spread(function: Callable[..., Any], structure: Any, marks: list[Any]) -> Any:
    def pure_function(*arrays: Any) -> Any:
        given = iter(arrays)
        filled = [next(given) if m is _HERE else m for m in marks]
        args, kwargs = nest.pack_sequence_as(structure, filled)
        wide = any(a.dtype.name in _NARROW for a in arrays)
        with jax.enable_x64(wide):
            return function(*args, **kwargs)

    return pure_function
