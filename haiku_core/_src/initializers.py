"""Initial values of parameters and state: ``init(shape, dtype) -> array``.

For one random key the values are those of dm-haiku, to the bit.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from haiku_core._src.keys import next_rng_key
from haiku_core._src.typing import Initializer
from haiku_core.layers._src.arrays import constant

# Standard deviation of a standard normal distribution cut off at -2 and 2.
_CUT_NORMAL_STDDEV = 0.87962566103423978


class Constant:
    """One given value everywhere.

    Args:
      constant: a number, or an array that broadcasts to the shape asked for.
    """

    def __init__(self, constant: float | int | complex | np.ndarray | jax.Array):
        self.constant = constant

    def __call__(self, shape: Sequence[int], dtype: Any) -> jax.Array:
        value = jnp.asarray(self.constant)
        return jnp.broadcast_to(value, shape).astype(dtype)


class RandomNormal:
    """Independent normal values.

    Args:
      stddev: their standard deviation.
      mean: their mean.
    """

    def __init__(self, stddev: Any = 1.0, mean: Any = 0.0):
        self.stddev = stddev
        self.mean = mean

    def __call__(self, shape: Sequence[int], dtype: Any) -> jax.Array:
        draws = jax.random.normal(next_rng_key(), shape, dtype)
        return constant(self.mean, dtype) + constant(self.stddev, dtype) * draws


class TruncatedNormal:
    """Normal values from which those outside of two bounds are drawn again.

    For complex dtypes the real and the imaginary part are such values.

    Args:
      stddev: standard deviation before truncation.
      mean: mean before truncation.
      lower, upper: the bounds, in standard deviations from the mean.
    """

    def __init__(
        self,
        stddev: float | jax.Array = 1.0,
        mean: float | complex | jax.Array = 0.0,
        lower: float | jax.Array = -2.0,
        upper: float | jax.Array = 2.0,
    ):
        self.lower, self.upper = lower, upper
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Sequence[int], dtype: Any) -> jax.Array:
        real = jnp.finfo(dtype).dtype
        paired = jnp.issubdtype(dtype, jnp.complexfloating)
        draws = jax.random.truncated_normal(
            next_rng_key(),
            self.lower,
            self.upper,
            (2, *shape) if paired else shape,
            real,
        )
        if paired:
            draws = draws[0] + 1j * draws[1]
        return constant(self.stddev, real) * draws + constant(self.mean, dtype)


class RandomUniform:
    """Independent values, uniform on an interval.

    Args:
      minval: its lower end, included.
      maxval: its upper end, excluded.
    """

    def __init__(self, minval: Any = 0.0, maxval: Any = 1.0):
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape: Sequence[int], dtype: Any) -> jax.Array:
        key = next_rng_key()
        return jax.random.uniform(key, shape, dtype, self.minval, self.maxval)


def fans(
    shape: Sequence[int], fan_in_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """How many inputs an output of the weights sees, and the other way round.

    Args:
      shape: shape of the weights, ``[..., in, out]``; the leading axes of rank 3 and
        more are the receptive field.
      fan_in_axes: for rank 3 and more, the axes that count as inputs.
    """
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    if len(shape) > 2 and fan_in_axes is not None:
        inputs = math.prod(shape[i] for i in fan_in_axes)
        others = [n for i, n in enumerate(shape) if i not in fan_in_axes]
        return inputs, math.prod(others)
    *field, inputs, outputs = shape
    seen = math.prod(field)
    return inputs * seen, outputs * seen


class VarianceScaling:
    """Random values whose variance fits the number of inputs or outputs.

    The variance is ``scale / n``, where n is the fan that ``mode`` names (at least
    1): He et al. 2015 (arXiv 1502.01852) is scale 2, Glorot and Bengio 2010
    (proceedings.mlr.press/v9/glorot10a) is mode ``fan_avg``.

    Args:
      scale: not negative.
      mode: ``fan_in``, ``fan_out`` or ``fan_avg``.
      distribution: ``truncated_normal`` (cut at two standard deviations and widened
        to the variance wanted), ``normal`` or ``uniform``.
      fan_in_axes: see ``fans``; None: all axes but the last.

    Raises:
      ValueError: an argument is none of the above.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        fan_in_axes: Sequence[int] | None = None,
    ):
        if scale < 0:
            raise ValueError("`scale` must be a positive float.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode!r}")
        if distribution.lower() not in ("normal", "truncated_normal", "uniform"):
            raise ValueError(f"Invalid `distribution` argument: {distribution!r}")
        self.scale = scale
        self.mode = mode
        self.distribution = distribution.lower()
        self.fan_in_axes = fan_in_axes

    def __call__(self, shape: Sequence[int], dtype: Any) -> jax.Array:
        inputs, outputs = fans(shape, self.fan_in_axes)
        if self.mode == "fan_avg":
            fan = (inputs + outputs) / 2.0
        else:
            fan = inputs if self.mode == "fan_in" else outputs
        variance = self.scale / max(1.0, fan)
        draw: Initializer
        if self.distribution == "uniform":
            limit = np.sqrt(3.0 * variance)
            draw = RandomUniform(-limit, limit)
        elif self.distribution == "normal":
            draw = RandomNormal(np.sqrt(variance))
        else:
            cut = np.asarray(_CUT_NORMAL_STDDEV, dtype=dtype)
            draw = TruncatedNormal(np.sqrt(variance) / cut)
        return draw(shape, dtype)


class UniformScaling:
    """Uniform values that keep the scale of a linear layer's inputs.

    Sussillo and Abbott 2014 (arXiv 1412.6558): the interval is symmetric, of half
    width ``scale * sqrt(3 / n)`` for n inputs.

    Args:
      scale: a factor, for the non-linearity that follows.
    """

    def __init__(self, scale: Any = 1.0):
        self.scale = scale

    def __call__(self, shape: Sequence[int], dtype: Any) -> jax.Array:
        limit = np.sqrt(3 / np.prod(shape[:-1])) * self.scale
        return RandomUniform(-limit, limit)(shape, dtype)


class Orthogonal:
    """A random matrix with orthonormal rows or columns (Saxe et al., 1312.6120).

    Args:
      scale: a factor.
      axis: the axis that becomes the rows; all others are taken together.
    """

    def __init__(self, scale: Any = 1.0, axis: int = -1):
        self.scale = scale
        self.axis = axis

    def __call__(self, shape: Sequence[int], dtype: Any) -> jax.Array:
        if len(shape) < 2:
            raise ValueError("Orthogonal initializer requires at least a 2D shape.")
        others = list(shape)
        rows = others.pop(self.axis)
        columns = math.prod(others)
        tall = (max(rows, columns), min(rows, columns))
        draws = jax.random.normal(next_rng_key(), tall, dtype)
        q, r = jnp.linalg.qr(draws)
        # Signs of r's diagonal make the distribution uniform (Mezzadri 2007).
        q = q * jnp.sign(jnp.diag(r))[None]
        if rows < columns:
            q = q.T
        q = jnp.moveaxis(q.reshape(rows, *others), 0, self.axis)
        return constant(self.scale, dtype) * q


class Identity:
    """An identity matrix in the last two axes, for all leading indices alike.

    Args:
      gain: a factor.
    """

    def __init__(self, gain: float | np.ndarray | jax.Array = 1.0):
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any) -> jax.Array:
        shape = tuple(shape)
        if len(shape) < 2:
            raise ValueError("Identity initializer requires at least a 2D shape.")
        eye = jnp.broadcast_to(jnp.eye(*shape[-2:], dtype=dtype), shape)
        return constant(self.gain, dtype) * eye


@functools.cache
def fan_in_normal(fan_in: int) -> TruncatedNormal:
    """The default for weights: standard deviation ``1 / sqrt(fan_in)``."""
    return TruncatedNormal(1.0 / math.sqrt(fan_in))
