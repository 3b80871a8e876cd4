"""`tf.random`: distributions, stateless forms, generators; and `tf.nn.dropout`."""

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
from compat.runtime.random import SOURCE, mixed, next_key
from compat.runtime.shapes import static_shape
from compat.runtime.tensor import Tensor, Tracer, convert, is_tensor, lift
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


def _gamma(key: Any, shape: Any, dtype: Any, alpha: Any, beta: Any) -> Any:
    whole = (*shape, *jnp.broadcast_shapes(alpha.shape, beta.shape))
    return jax.random.gamma(key, alpha.astype(dtype), whole, dtype) / beta.astype(dtype)


def _poisson(key: Any, shape: Any, dtype: Any, rate: Any) -> Any:
    return jax.random.poisson(key, rate, (*shape, *rate.shape)).astype(dtype)


def _categorical(key: Any, shape: Any, dtype: Any, logits: Any) -> Any:
    (count,) = shape
    drawn = jax.random.categorical(key, logits[:, None], -1, (logits.shape[0], count))
    return drawn.astype(dtype)


def _shuffle(key: Any, shape: Any, dtype: Any, value: Any) -> Any:
    return jax.random.permutation(key, value)


@export("tf.random.normal")
def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Dtype = "float32",
    seed: Any = None,
    name: Any = None,
) -> Tensor:
    """Normally distributed numbers."""
    return _draw(_normal, next_key(seed), shape, dtype, mean, stddev)


@export("tf.random.truncated_normal")
def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Dtype = "float32",
    seed: Any = None,
    name: Any = None,
) -> Tensor:
    """Normally distributed numbers within two standard deviations of the mean."""
    return _draw(_truncated, next_key(seed), shape, dtype, mean, stddev)


@export("tf.random.uniform")
def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Dtype = "float32",
    seed: Any = None,
    name: Any = None,
) -> Tensor:
    """Numbers in [minval, maxval); integers need `maxval`.

    Raises:
      ValueError: an integer dtype without `maxval`.
    """
    return _uniform_of(next_key(seed), shape, minval, maxval, dtype)


def _uniform_of(
    key: Tensor, shape: Any, minval: Any, maxval: Any, dtype: Dtype
) -> Tensor:
    kind = dtypes.as_dtype(dtype)
    if maxval is None:
        if kind.is_integer:
            raise ValueError("Must specify maxval for integer dtype")
        maxval = 1
    return _draw(_uniform, key, shape, kind, minval, maxval)


@export("tf.random.gamma")
def gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Dtype = "float32",
    seed: Any = None,
    name: Any = None,
) -> Tensor:
    """Gamma distributed numbers, of shape `shape` + that of the parameters."""
    beta = 1.0 if beta is None else beta
    return _draw(_gamma, next_key(seed), shape, dtype, alpha, beta)


@export("tf.random.poisson")
def poisson(
    shape: Any, lam: Any, dtype: Dtype = "float32", seed: Any = None, name: Any = None
) -> Tensor:
    """Poisson distributed numbers, of shape `shape` + that of the rate."""
    return _draw(_poisson, next_key(seed), shape, dtype, convert(lam))


@export("tf.random.categorical", "tf.compat.v1.multinomial")
def categorical(
    logits: Any,
    num_samples: Any,
    dtype: Dtype = None,
    seed: Any = None,
    name: Any = None,
) -> Tensor:
    """[batch, num_samples] classes drawn by [batch, classes] logits; int64."""
    kind = "int64" if dtype is None else dtype
    count = (int(num_samples),)
    return _draw(_categorical, next_key(seed), count, kind, convert(logits))


@export("tf.random.shuffle")
def shuffle(value: Any, seed: Any = None, name: Any = None) -> Tensor:
    """The rows in random order."""
    value = convert(value)
    return _draw(_shuffle, next_key(seed), (), value.dtype, value)


def _seed_key(seed: Any) -> Tensor:
    """The key of a stateless op: two integers, which may be traced."""
    seed = convert(seed)
    if tuple(seed.shape) != (2,):
        raise ValueError(f"seed must have shape [2], not {seed.shape}")
    if isinstance(seed._array, Tracer):
        return run(_TO_KEY, [seed])
    return Tensor(lift(mixed(3, *np.asarray(seed._array).tolist())))


_TO_KEY = Plan(
    lambda s: jax.random.fold_in(
        jax.random.fold_in(jnp.zeros(2, "uint32"), s[0].astype("uint32")),
        s[1].astype("uint32"),
    ),
    "seed",
)


@export("tf.random.stateless_normal")
def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Dtype = "float32",
    name: Any = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Normally distributed numbers, a function of the seed."""
    return _draw(_normal, _seed_key(seed), shape, dtype, mean, stddev)


@export("tf.random.stateless_truncated_normal")
def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Dtype = "float32",
    name: Any = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Normally distributed numbers near the mean, a function of the seed."""
    return _draw(_truncated, _seed_key(seed), shape, dtype, mean, stddev)


@export("tf.random.stateless_uniform")
def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Dtype = "float32",
    name: Any = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Numbers in [minval, maxval), a function of the seed."""
    if minval is None and maxval is None:
        return _draw(_full_range, _seed_key(seed), shape, dtype)
    return _uniform_of(_seed_key(seed), shape, minval, maxval, dtype)


@export("tf.random.stateless_categorical")
def stateless_categorical(
    logits: Any, num_samples: Any, seed: Any, dtype: Dtype = "int64", name: Any = None
) -> Tensor:
    """Classes drawn by logits, a function of the seed."""
    count = (int(num_samples),)
    return _draw(_categorical, _seed_key(seed), count, dtype, convert(logits))


@export("tf.random.experimental.stateless_shuffle")
def stateless_shuffle(value: Any, seed: Any, alg: Any = None, name: Any = None) -> Any:
    """The rows in random order, a function of the seed."""
    value = convert(value)
    return _draw(_shuffle, _seed_key(seed), (), value.dtype, value)


_SPLIT = {}


@export("tf.random.split", "tf.random.experimental.stateless_split")
def split(seed: Any, num: int = 2, alg: Any = None) -> Tensor:
    """[num, 2] new seeds, a function of the seed; int32."""
    if num not in _SPLIT:
        _SPLIT[num] = Plan(
            lambda k: jax.random.split(k, num).view("int32"), "tf.random.split"
        )
    return run(_SPLIT[num], [_seed_key(seed)])


@export("tf.random.fold_in", "tf.random.experimental.stateless_fold_in")
def fold_in(seed: Any, data: Any, alg: Any = None) -> Tensor:
    """A new seed of two int32, a function of the seed and `data`."""
    return run(_FOLD, [_seed_key(seed), convert(data)])


_FOLD = Plan(
    lambda k, d: jax.random.fold_in(k, d.astype("uint32")).view("int32"),
    "tf.random.fold_in",
)


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


@export("tf.nn.dropout")
def dropout(
    x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: Any = None
) -> Tensor:
    """`x` with elements zeroed by chance and the others scaled by 1/(1 - rate).

    Args:
      x: floats.
      rate: the chance of zero, in [0, 1).
      noise_shape: the shape of the mask, broadcast to that of `x`.
      seed: the op's seed.

    Raises:
      ValueError: `x` has no floats, or a rate outside [0, 1).
    """
    return _dropout(x, rate, noise_shape, lambda: next_key(seed))


@export("tf.nn.experimental.stateless_dropout")
def stateless_dropout(
    x: Any,
    rate: Any,
    seed: Any,
    rng_alg: Any = None,
    noise_shape: Any = None,
    name: Any = None,
) -> Tensor:
    """`dropout` as a function of the seed."""
    return _dropout(x, rate, noise_shape, lambda: _seed_key(seed))


def _dropout(x: Any, rate: Any, noise_shape: Any, key: Callable[[], Tensor]) -> Tensor:
    x = convert(x)
    if not x.dtype.is_floating:
        raise ValueError(
            f"x has to be a floating point tensor since it's going to be scaled. Got "
            f"a {x.dtype} tensor instead."
        )
    if not is_tensor(rate):
        if not 0 <= rate < 1:
            raise ValueError(
                f"rate must be a scalar tensor or a float in [0, 1): {rate}"
            )
        if rate == 0:
            return x
    shape = tuple(x.shape)
    if noise_shape is not None:
        given = [None if d is None else int(d) for d in noise_shape]
        shape = tuple(s if n is None else n for s, n in zip(shape, given, strict=True))
    rate = convert(rate, None, x.dtype.numpy)
    return run(_dropping(shape), [key(), x, rate])


@functools.cache
def _dropping(shape: tuple[int, ...]) -> Plan:
    def dropout(key: Any, x: Any, rate: Any) -> Any:
        rate = rate.astype(x.dtype)
        chance = jax.random.uniform(key, shape, _wide(x.dtype))
        kept = x / (1 - rate)
        return jnp.where(chance >= rate.astype(chance.dtype), kept, jnp.zeros_like(x))

    return Plan(dropout, "tf.nn.dropout")
