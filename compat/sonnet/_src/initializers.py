"""Initial values of variables: callables of a shape and a dtype."""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import haiku_core as hk
from compat.dictionary import Ignored, Kind, Static, T, module, value
from compat.runtime import dtypes
from compat.runtime.random import SOURCE, next_key
from compat.runtime.shapes import static_shape
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert, lift
from compat.sonnet._src.layer import layer
from haiku_core._src.initializers import fans

_SEED = "the seed is dropped: values come from the random key given to init"
_KIND = Kind("function", detail="initializer")


# The standard deviation of a unit normal cut at two deviations.
_TRUNCATED_STDDEV = 0.87962566103423978


@layer()
def _filled(value: T, *, shape: Static):
    return jnp.broadcast_to(value, shape)


@layer()
def _eye(gain: T, *, shape: Static):
    return gain * jnp.broadcast_to(jnp.eye(*shape[-2:], dtype=gain.dtype), shape)


@layer()
def _uniform(rng: T, low: T, high: T, *, shape: Static):
    if jnp.issubdtype(low.dtype, jnp.integer):
        return jax.random.randint(rng, shape, low, high, low.dtype)
    return jax.random.uniform(rng, shape, low.dtype, low, high)


@layer()
def _normal(rng: T, mean: T, stddev: T, *, shape: Static):
    return mean + stddev * jax.random.normal(rng, shape, mean.dtype)


@layer()
def _truncated_normal(rng: T, mean: T, stddev: T, *, shape: Static):
    # Drawn in float32 at least: 16 bits are too few for the inverse error function.
    wide = jnp.promote_types(mean.dtype, jnp.float32)
    drawn = jax.random.truncated_normal(rng, -2.0, 2.0, shape, wide)
    return mean + stddev * drawn.astype(mean.dtype)


@layer()
def _orthogonal(rng: T, gain: T, *, shape: Static):
    columns = shape[-1]
    rows = int(np.prod(shape[:-1]))
    tall = (max(rows, columns), min(rows, columns))
    q, r = jnp.linalg.qr(jax.random.normal(rng, tall, gain.dtype))
    q = q * jnp.sign(jnp.diagonal(r))  # makes the factors unique, q uniform
    return gain * jnp.reshape(q.T if rows < columns else q, shape)


def _numeric(dtype: Any) -> np.dtype:
    of = dtypes.as_dtype(dtype)
    if not (of.is_floating or of.is_integer):
        raise ValueError(f"Expected integer or floating point type, got {of}")
    return of.numpy


def _floating(dtype: Any) -> np.dtype:
    of = dtypes.as_dtype(dtype)
    if not of.is_floating:
        raise ValueError(f"Expected floating point type, got {of}")
    return of.numpy


def _matrix_shape(shape: Any) -> tuple[int, ...]:
    shape = static_shape(shape)
    if len(shape) < 2:
        raise ValueError("The tensor to initialize must be at least two-dimensional")
    return shape


def _key(seed: int | None) -> Tensor:
    """A random key: a fresh one, or the one that belongs to a seed.

    Inside a trace a seed always gives its first key: the initial values are then the
    same whether a variable is made in a tf.function or outside.
    """
    if seed is None or STATE.frame is None:
        return next_key(seed)
    return Tensor(lift(SOURCE.seeded_key(int(seed))))


class Initializer(abc.ABC):
    """Something that makes a tensor of a given shape and dtype."""

    @abc.abstractmethod
    def __call__(self, shape: Sequence[int], dtype: Any) -> Any:
        """A tensor of `shape` and `dtype`."""


value(
    "snt.initializers.Initializer",
    spelling="hk.initializers.Initializer",
    returns=Kind("class"),
)


@module("snt.initializers.Zeros", returns=_KIND)
class Zeros(Initializer):
    """All zeros, of any numeric dtype."""

    def __call__(self, shape: Sequence[int], dtype: Any) -> Tensor:
        """Zeros."""
        return _filled(convert(0, _numeric(dtype)), shape=static_shape(shape))


@Zeros.entry.when()
def _():
    return jnp.zeros


@module("snt.initializers.Ones", returns=_KIND)
class Ones(Initializer):
    """All ones, of any numeric dtype."""

    def __call__(self, shape: Sequence[int], dtype: Any) -> Tensor:
        """Ones."""
        return _filled(convert(1, _numeric(dtype)), shape=static_shape(shape))


@Ones.entry.when()
def _():
    return jnp.ones


@module("snt.initializers.Constant", returns=_KIND)
class Constant(Initializer):
    """One number everywhere, of any numeric dtype."""

    def __init__(self, value: float | int):
        if not np.isscalar(value):
            raise TypeError(
                f"Invalid type for value: {type(value)} (a Python number is expected)."
            )
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any) -> Tensor:
        """The number, everywhere."""
        value = convert(self.value, _numeric(dtype))
        return _filled(value, shape=static_shape(shape))


@Constant.entry.when()
def _(value):
    return hk.initializers.Constant(value)


@module("snt.initializers.RandomUniform", returns=_KIND)
class RandomUniform(Initializer):
    """Uniform in [minval, maxval), of any numeric dtype."""

    def __init__(self, minval: float = 0, maxval: float = 1, seed: Ignored = None):
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any) -> Tensor:
        """Fresh draws; of an integer dtype `maxval` is excluded."""
        dtype = _numeric(dtype)
        bounds = (convert(v, dtype) for v in (self.minval, self.maxval))
        return _uniform(_key(self.seed), *bounds, shape=static_shape(shape))


@RandomUniform.entry.when("seed is omitted")
def _(minval=0, maxval=1):
    return hk.initializers.RandomUniform(minval=minval, maxval=maxval)


@RandomUniform.entry.when(because=_SEED)
def _(minval=0, maxval=1):
    return hk.initializers.RandomUniform(minval=minval, maxval=maxval)


@module("snt.initializers.RandomNormal", returns=_KIND)
class RandomNormal(Initializer):
    """Normal with a mean and a standard deviation, of a floating dtype."""

    def __init__(self, mean: float = 0.0, stddev: float = 1.0, seed: Ignored = None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any) -> Tensor:
        """Fresh draws."""
        dtype = _floating(dtype)
        moments = (convert(v, dtype) for v in (self.mean, self.stddev))
        return _normal(_key(self.seed), *moments, shape=static_shape(shape))


@RandomNormal.entry.when("seed is omitted")
def _(mean=0.0, stddev=1.0):
    return hk.initializers.RandomNormal(mean=mean, stddev=stddev)


@RandomNormal.entry.when(because=_SEED)
def _(mean=0.0, stddev=1.0):
    return hk.initializers.RandomNormal(mean=mean, stddev=stddev)


@module("snt.initializers.TruncatedNormal", returns=_KIND)
class TruncatedNormal(Initializer):
    """Normal, drawn again where it is more than two deviations from the mean.

    `stddev` is that of the normal before truncation.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 1.0, seed: Ignored = None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any) -> Tensor:
        """Fresh draws."""
        dtype = _floating(dtype)
        moments = (convert(v, dtype) for v in (self.mean, self.stddev))
        return _truncated_normal(_key(self.seed), *moments, shape=static_shape(shape))


@TruncatedNormal.entry.when("seed is omitted")
def _(mean=0.0, stddev=1.0):
    return hk.initializers.TruncatedNormal(mean=mean, stddev=stddev)


@TruncatedNormal.entry.when(because=_SEED)
def _(mean=0.0, stddev=1.0):
    return hk.initializers.TruncatedNormal(mean=mean, stddev=stddev)


@module("snt.initializers.Identity", returns=_KIND)
class Identity(Initializer):
    """`gain` on the diagonal of the last two axes, zero elsewhere."""

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any) -> Tensor:
        """The (rectangular) identity times `gain`, for rank 2 and more."""
        shape = _matrix_shape(shape)
        return _eye(convert(self.gain, _numeric(dtype)), shape=shape)


@Identity.entry.when()
def _(gain=1.0):
    return hk.initializers.Identity(gain=gain)


@module("snt.initializers.Orthogonal", returns=_KIND)
class Orthogonal(Initializer):
    """A random orthogonal matrix times `gain` (Saxe et al. 2013, 1312.6120).

    Axes but the last are taken together as the rows; where there are more rows than
    columns it is the columns that are orthonormal, otherwise the rows.
    """

    def __init__(self, gain: float = 1.0, seed: Ignored = None):
        self.gain = gain
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any) -> Tensor:
        """A fresh orthogonal matrix, for rank 2 and more."""
        gain = convert(self.gain, _floating(dtype))
        return _orthogonal(_key(self.seed), gain, shape=_matrix_shape(shape))


@Orthogonal.entry.when("seed is omitted")
def _(gain=1.0):
    return hk.initializers.Orthogonal(scale=gain)


@Orthogonal.entry.when(because=_SEED)
def _(gain=1.0):
    return hk.initializers.Orthogonal(scale=gain)


@module("snt.initializers.VarianceScaling", returns=_KIND)
class VarianceScaling(Initializer):
    """Variance `scale` over the fan: Glorot, He and LeCun are cases of it.

    `mode` names the fan: "fan_in", "fan_out" or their mean "fan_avg". With
    "truncated_normal" the deviation is corrected for what the truncation takes away.
    """

    _MODES = ("fan_in", "fan_out", "fan_avg")
    _DISTRIBUTIONS = ("uniform", "truncated_normal", "normal")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Ignored = None,
    ):
        if scale <= 0.0:
            raise ValueError(f"`scale` must be positive, got {scale}.")
        if mode not in self._MODES:
            raise ValueError(f"Invalid `mode` {mode!r}: it is one of {self._MODES}.")
        distribution = distribution.lower()
        if distribution not in self._DISTRIBUTIONS:
            raise ValueError(
                f"Invalid `distribution` {distribution!r}: it is one of "
                f"{self._DISTRIBUTIONS}."
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any) -> Tensor:
        """Fresh draws."""
        dtype = _floating(dtype)
        shape = static_shape(shape)
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out}.get(
            self.mode, (fan_in + fan_out) / 2
        )
        variance = self.scale / max(1.0, fan)
        key = _key(self.seed)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            bounds = (convert(v, dtype) for v in (-limit, limit))
            return _uniform(key, *bounds, shape=shape)
        stddev = math.sqrt(variance)
        draw = _normal
        if self.distribution == "truncated_normal":
            stddev, draw = stddev / _TRUNCATED_STDDEV, _truncated_normal
        return draw(key, convert(0.0, dtype), convert(stddev, dtype), shape=shape)


@VarianceScaling.entry.when("seed is omitted")
def _(scale=1.0, mode="fan_in", distribution="truncated_normal"):
    return hk.initializers.VarianceScaling(
        scale=scale, mode=mode, distribution=distribution
    )


@VarianceScaling.entry.when(because=_SEED)
def _(scale=1.0, mode="fan_in", distribution="truncated_normal"):
    return hk.initializers.VarianceScaling(
        scale=scale, mode=mode, distribution=distribution
    )


def or_zeros(init: Initializer | None) -> Initializer:
    """The initializer given, else zeros."""
    return Zeros() if init is None else init


def refuse_b_init(b_init: Initializer | None) -> None:
    """Raises ValueError for a `b_init` where there is to be no bias."""
    if b_init is not None:
        raise ValueError("When not using a bias the b_init must be None.")


def scale_and_offset(
    create_scale: bool,
    create_offset: bool,
    scale_init: Initializer | None,
    offset_init: Initializer | None,
) -> tuple[Initializer | None, Initializer | None]:
    """The initializers of a normalisation's scale and offset; None where it has none.

    Raises:
      ValueError: an initializer for a variable that isn't created.
    """
    if not create_scale and scale_init is not None:
        raise ValueError("Cannot set `scale_init` if `create_scale=False`.")
    if not create_offset and offset_init is not None:
        raise ValueError("Cannot set `offset_init` if `create_offset=False`.")
    scale = (Ones() if scale_init is None else scale_init) if create_scale else None
    return scale, or_zeros(offset_init) if create_offset else None
