"""`tf.random.Generator` and the global seed; the ops are in the dictionary."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compat.runtime import dtypes
from compat.runtime.export import export
from compat.runtime.plans import Plan, run
from compat.runtime.random import SOURCE
from compat.runtime.shapes import static_shape
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable

Dtype = Any


@export("tf.random.set_seed", "tf.compat.v1.set_random_seed")
def set_seed(seed: int) -> None:
    """Starts the global sequence of random numbers anew."""
    SOURCE.reset(int(seed))


@functools.cache
def _plan(sample: Callable[..., Any], shape: Any, dtype: np.dtype, extra: Any) -> Plan:
    """The plan of `sample(key, shape, dtype, *parameters, *extra)`."""

    def pure(key: Any, *parameters: Any) -> Any:
        return sample(key, shape, dtype, *parameters, *extra)

    pure.__name__ = sample.__name__.strip("_")
    return Plan(pure, f"tf.random.{pure.__name__}")


def _draw(
    sample: Callable[..., Any],
    key: Tensor,
    shape: Any,
    dtype: Dtype,
    *parameters: Any,
    extra: tuple[Any, ...] = (),
) -> Tensor:
    numpy = dtypes.as_dtype(dtype).numpy
    plan = _plan(sample, static_shape(shape), numpy, extra)
    given = [convert(p, None, numpy) for p in parameters]
    return run(plan, [key, *given])


def _wide(dtype: np.dtype) -> np.dtype:
    """The dtype to sample in: 16-bit floats are sampled in 32 bits."""
    return np.dtype(np.float32) if dtype.itemsize < 4 else dtype


def _normal(key: Any, shape: Any, dtype: Any, mean: Any, stddev: Any) -> Any:
    sample = jax.random.normal(key, shape, _wide(dtype)).astype(dtype)
    return sample * stddev.astype(dtype) + mean.astype(dtype)


def _truncated(key: Any, shape: Any, dtype: Any, mean: Any, stddev: Any) -> Any:
    sample = jax.random.truncated_normal(key, -2.0, 2.0, shape, _wide(dtype))
    return sample.astype(dtype) * stddev.astype(dtype) + mean.astype(dtype)


def _uniform(key: Any, shape: Any, dtype: Any, low: Any, high: Any) -> Any:
    low, high = low.astype(dtype), high.astype(dtype)
    if jnp.issubdtype(dtype, jnp.integer):
        return jax.random.randint(key, shape, low, high, dtype)
    unit = jax.random.uniform(key, shape, _wide(dtype)).astype(dtype)
    return unit * (high - low) + low


def _full_range(key: Any, shape: Any, dtype: Any) -> Any:
    return jax.lax.bitcast_convert_type(
        jax.random.bits(key, shape, f"uint{dtype.itemsize * 8}"), dtype
    )


def _uniform_of(
    key: Tensor, shape: Any, minval: Any, maxval: Any, dtype: Dtype
) -> Tensor:
    kind = dtypes.as_dtype(dtype)
    if maxval is None:
        if kind.is_integer:
            raise ValueError("Must specify maxval for integer dtype")
        maxval = 1
    return _draw(_uniform, key, shape, kind, minval, maxval)


@export("tf.random.Generator", "tf.random.experimental.Generator")
class Generator:
    """A stream of random numbers with a state of its own, in a variable.

    Args:
      copy_from: a generator whose state is taken.
      state: an integer or [n] integers.
      alg: has no effect.
    """

    def __init__(self, copy_from: Any = None, state: Any = None, alg: Any = None):
        if copy_from is not None:
            state = copy_from.state
        values = np.atleast_1d(np.asarray(0 if state is None else state))
        padded = np.resize(values.astype(np.int64), 3) if values.size else values
        if values.size < 3:
            padded[values.size :] = 0
        self._state_var = Variable(padded, name="StateVar", trainable=False)
        self._alg = alg

    @classmethod
    def from_seed(cls, seed: int, alg: Any = None) -> Generator:
        """A generator that starts from the seed."""
        return cls(state=[seed, 0, 0])

    @classmethod
    def from_state(cls, state: Any, alg: Any = None) -> Generator:
        """A generator with that state."""
        return cls(state=state)

    @classmethod
    def from_key_counter(cls, key: int, counter: Any, alg: Any = None) -> Generator:
        """A generator with that key and counter."""
        return cls(state=[key, *np.atleast_1d(counter)[:2]])

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """A generator with a state from the system's entropy."""
        return cls(state=np.random.default_rng().integers(0, 2**62, 3))

    @property
    def state(self) -> Variable:
        """The state, three int64."""
        return self._state_var

    @property
    def key(self) -> Tensor:
        """The first part of the state."""
        return self._state_var[0]

    @property
    def algorithm(self) -> Any:
        """What was given as `alg`."""
        return self._alg

    def reset(self, state: Any) -> None:
        """Sets the state."""
        self._state_var.assign(Generator(state=state).state.value())

    def reset_from_seed(self, seed: int) -> None:
        """Sets the state from a seed."""
        self.reset([seed, 0, 0])

    def skip(self, delta: int) -> None:
        """Passes over `delta` draws."""
        state = self._state_var.value()
        step = np.array([0, 1, 0], np.int64) * int(delta)
        self._state_var.assign(state + step)

    def split(self, count: int = 1) -> list[Generator]:
        """New generators, independent of this one and of each other."""
        made = []
        for _ in range(count):
            key = np.asarray(self._key()._array).astype(np.int64)
            made.append(Generator(state=[key[0] << 31 | key[1] >> 1, 0, 0]))
        return made

    def make_seeds(self, count: int = 1) -> Tensor:
        """[2, count] int64 seeds."""
        return _draw(_full_range, self._key(), (2, count), "int64")

    def _key(self) -> Tensor:
        key = run(_STATE_KEY, [self._state_var.value()])
        self.skip(1)
        return key

    def normal(
        self,
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Dtype = "float32",
        name: Any = None,
    ) -> Tensor:
        """Normally distributed numbers."""
        return _draw(_normal, self._key(), shape, dtype, mean, stddev)

    def truncated_normal(
        self,
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Dtype = "float32",
        name: Any = None,
    ) -> Tensor:
        """Normally distributed numbers within two standard deviations."""
        return _draw(_truncated, self._key(), shape, dtype, mean, stddev)

    def uniform(
        self,
        shape: Any,
        minval: Any = 0,
        maxval: Any = None,
        dtype: Dtype = "float32",
        name: Any = None,
    ) -> Tensor:
        """Numbers in [minval, maxval)."""
        return _uniform_of(self._key(), shape, minval, maxval, dtype)

    def uniform_full_int(self, shape: Any, dtype: Dtype = "uint64", name: Any = None):
        """Integers from the whole range of the dtype."""
        return _draw(_full_range, self._key(), shape, dtype)


_STATE_KEY = Plan(
    lambda s: jax.random.fold_in(
        jax.random.fold_in(
            jax.random.fold_in(jnp.zeros(2, "uint32"), s[0].astype("uint32")),
            (s[0] >> 32).astype("uint32"),
        ),
        s[1].astype("uint32"),
    ),
    "generator state",
)

_global: list[Generator] = []


@export("tf.random.get_global_generator", "tf.random.experimental.get_global_generator")
def get_global_generator() -> Generator:
    """The generator shared by a program."""
    if not _global:
        _global.append(Generator.from_non_deterministic_state())
    return _global[0]


@export("tf.random.set_global_generator", "tf.random.experimental.set_global_generator")
def set_global_generator(generator: Generator) -> None:
    """Replaces it."""
    _global[:] = [generator]


@export("tf.random.create_rng_state", "tf.random.experimental.create_rng_state")
def create_rng_state(seed: Any, alg: Any = None) -> Tensor:
    """A generator's state from a seed."""
    return Generator(state=seed).state.value()
