"""Moments, and the normalisations built on them.

Two libraries, two formulas: where Haiku and TensorFlow compute the same quantity by
different arithmetic there are two functions, so that each can be exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from haiku_core.layers._src.arrays import accumulator, along, constant, kept, size_of

Axes = Sequence[int]


def mean(x: jax.Array, axes: Axes) -> jax.Array:
    """The mean over ``axes`` (counted from the front), which stay as unit axes.

    16-bit floats are summed in float32, as in ``jnp.mean``.
    """
    dtype = x.dtype
    wide = accumulator(dtype)
    if wide is None:
        return jnp.mean(x, tuple(axes), keepdims=True)
    if wide != dtype:
        x = lax.convert_element_type(x, wide)
    total = kept(lax.reduce_sum(x, tuple(axes)), x.shape, axes)
    out = lax.div(total, constant(float(size_of(x.shape, axes)), wide))
    return out if wide == dtype else lax.convert_element_type(out, dtype)


def moments(x: jax.Array, axes: Axes) -> tuple[jax.Array, jax.Array]:
    """Mean and variance in two passes: the mean of the squared differences.

    16-bit floats are computed in float32 and rounded at the end.

    Args:
      x: any shape.
      axes: axes to reduce, counted from the front.

    Returns:
      (mean, variance), both with unit axes where ``x`` was reduced.
    """
    dtype = x.dtype
    axes = tuple(axes)
    wide = accumulator(dtype)
    if wide is None:
        return jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)
    if wide != dtype:
        x = lax.convert_element_type(x, wide)
    count = constant(float(size_of(x.shape, axes)), wide)
    centre = lax.div(kept(lax.reduce_sum(x, axes), x.shape, axes), count)
    squares = lax.square(lax.sub(x, centre))
    spread = lax.div(kept(lax.reduce_sum(squares, axes), x.shape, axes), count)
    if wide != dtype:
        centre = lax.convert_element_type(centre, dtype)
        spread = lax.convert_element_type(spread, dtype)
    return centre, spread


def raw_moments(x: jax.Array, axes: Axes) -> tuple[jax.Array, jax.Array]:
    """Mean of ``x`` and mean of its squares, for averaging over replicas.

    ``variance_from_raw`` turns the pair into a variance. One pass over the data, at
    the price of cancellation where the mean is large against the spread.
    """
    return mean(x, axes), mean(lax.square(x), axes)


def variance_from_raw(centre: jax.Array, mean_of_squares: jax.Array) -> jax.Array:
    """E[x^2] - E[x]^2; may come out slightly negative by rounding."""
    return lax.sub(mean_of_squares, lax.square(centre))


def bessel(variance: jax.Array, count: int) -> jax.Array:
    """The unbiased variance ``variance * n / (n - 1)`` of a biased one of n values.

    For n = 1, where there is none, the result is ``variance`` itself, as in
    TensorFlow's fused batch normalisation.
    """
    return lax.mul(variance, constant(count / max(count - 1, 1), variance.dtype))


def normalize(
    x: jax.Array,
    centre: jax.Array,
    variance: jax.Array,
    eps: Any,
    scale: jax.Array | None = None,
    offset: jax.Array | None = None,
) -> jax.Array:
    """``(x - mean) * (scale / sqrt(variance + eps)) + offset``.

    Args:
      x: any shape.
      centre, variance: of ``x``'s rank, broadcasting against it.
      eps: added to the variance.
      scale, offset: rank at most ``x``'s, broadcasting from the right; None: left out.
    """
    inv = lax.rsqrt(lax.add(variance, constant(eps, variance.dtype)))
    ndim = x.ndim
    if scale is not None:
        inv = _times(along(scale, ndim, -1), inv)
    out = _times(_minus(x, centre), inv)
    return out if offset is None else _plus(out, along(offset, ndim, -1))


def batch_normalization(
    x: jax.Array,
    centre: jax.Array,
    variance: jax.Array,
    eps: Any,
    scale: jax.Array | None = None,
    offset: jax.Array | None = None,
) -> jax.Array:
    """The same by TensorFlow's arithmetic: ``x * inv + (offset - mean * inv)``.

    This is what ``tf.nn.batch_normalization`` evaluates; it rounds otherwise than
    ``normalize`` does. Arguments as there.
    """
    inv = lax.rsqrt(lax.add(variance, constant(eps, variance.dtype)))
    ndim = x.ndim
    if scale is not None:
        inv = _times(inv, along(scale, ndim, -1))
    shift = _times(centre, inv)
    if offset is None:
        return _minus(_times(x, inv), shift)
    return _plus(_times(x, inv), _minus(along(offset, ndim, -1), shift))


def layer_norm(
    x: jax.Array,
    axes: Axes,
    eps: Any,
    scale: jax.Array | None = None,
    offset: jax.Array | None = None,
) -> jax.Array:
    """Normalises each example over ``axes`` (Ba et al. 2016, arXiv 1607.06450).

    Args:
      x: any shape.
      axes: axes to take together, counted from the front.
      eps: added to the variance.
      scale, offset: rank at most ``x``'s, broadcasting from the right; None: left out.
    """
    centre, variance = moments(x, axes)
    return normalize(x, centre, variance, eps, scale, offset)


def layer_norm_one_pass(
    x: jax.Array,
    axes: Axes,
    eps: Any,
    scale: jax.Array | None = None,
    offset: jax.Array | None = None,
) -> jax.Array:
    """``layer_norm`` with the variance computed as E[x^2] - E[x]^2."""
    centre, squares = raw_moments(x, axes)
    variance = variance_from_raw(centre, squares)
    return normalize(x, centre, variance, eps, scale, offset)


def rms_norm(
    x: jax.Array, axes: Axes, eps: Any, scale: jax.Array | None = None
) -> jax.Array:
    """``x * scale / sqrt(mean(x^2) + eps)`` (Zhang and Sennrich 2019, 1910.07467)."""
    inv = mean(lax.square(x), axes)
    inv = lax.rsqrt(lax.add(inv, constant(eps, inv.dtype)))
    if scale is not None:
        x = _times(x, along(scale, x.ndim, -1))
    return _times(x, inv)


def group_shape(
    shape: Sequence[int], groups: int, axes: Axes, channels_last: bool
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shape with the channel axis split into (groups, channels of a group).

    Args:
      shape: shape of the inputs.
      groups: number of groups.
      axes: axes that are normalised together, counted from the front; the channel
        axis among them stands for the channels of one group.
      channels_last: which axis holds the channels: the last one or axis 1.

    Returns:
      (shape, axes), both of the rank after the split.

    Raises:
      ValueError: ``groups`` doesn't divide the channels.
    """
    channel = len(shape) - 1 if channels_last else 1
    size, rest = divmod(shape[channel], groups)
    if rest:
        raise ValueError(
            "The number of channels must be divisible by the number of groups, was "
            f"channels={shape[channel]}, groups={groups}"
        )
    split = (*shape[:channel], groups, size, *shape[channel + 1 :])
    return split, tuple(a + 1 if a >= channel else a for a in axes)


def group_norm(
    x: jax.Array,
    groups: int,
    axes: Axes,
    eps: Any,
    scale: jax.Array | None = None,
    offset: jax.Array | None = None,
    *,
    channels_last: bool = True,
) -> jax.Array:
    """Normalises groups of channels (Wu and He 2018, arXiv 1803.08494).

    Args:
      x: ``[N, *spatial, C]`` or ``[N, C, *spatial]``.
      groups: divides C.
      axes, channels_last: see ``group_shape``.
      eps: added to the variance.
      scale, offset: ``[C]`` or, channels first, ``[C, 1, ...]``; None: left out.

    Raises:
      ValueError: ``groups`` doesn't divide the channels.
    """
    shape, axes = group_shape(x.shape, groups, axes, channels_last)
    split = lax.reshape(x, shape)
    centre, variance = moments(split, axes)
    inv = lax.rsqrt(lax.add(variance, constant(eps, variance.dtype)))
    out = lax.reshape(lax.mul(lax.sub(split, centre), inv), x.shape)
    channel = -1 if channels_last else 1
    if scale is not None:
        out = _times(out, along(scale, x.ndim, channel))
    if offset is not None:
        out = _plus(out, along(offset, x.ndim, channel))
    return out


# Operands of one dtype (nearly always) are bound by lax, others promoted by jnp.
def _times(a: jax.Array, b: jax.Array) -> jax.Array:
    return lax.mul(a, b) if a.dtype == b.dtype else jnp.multiply(a, b)


def _plus(a: jax.Array, b: jax.Array) -> jax.Array:
    return lax.add(a, b) if a.dtype == b.dtype else jnp.add(a, b)


def _minus(a: jax.Array, b: jax.Array) -> jax.Array:
    return lax.sub(a, b) if a.dtype == b.dtype else jnp.subtract(a, b)
