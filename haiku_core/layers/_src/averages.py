"""One step of a moving average, and power iteration."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from haiku_core.layers._src.arrays import constant


def ema_step(
    counter: jax.Array,
    hidden: jax.Array,
    value: jax.Array,
    decay: Any,
    *,
    zero_debias: bool = True,
    warmup: bool = False,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Haiku's exponential moving average: ``hidden * decay + value * (1 - decay)``.

    Args:
      counter: int, updates so far (negative while warming up).
      hidden: the biased average, of ``value``'s shape.
      value: the new value.
      decay: in [0, 1]; a number or an array.
      zero_debias: divide the average by ``1 - decay ** counter`` (Kingma and Ba 2014,
        arXiv 1412.6980, section 3), which takes out the start from zero.
      warmup: take the value as it is while the new counter is not positive.

    Returns:
      (counter, hidden, average) after the step.
    """
    dtype = value.dtype
    counter = lax.add(counter, constant(1, counter.dtype))
    decay = constant(decay, dtype)
    one = constant(1, dtype)
    if warmup:
        decay = jnp.where(counter <= 0, constant(0, dtype), decay)
    hidden = _blend(hidden, decay, value, one - decay)
    if not zero_debias:
        return counter, hidden, hidden
    bias = lax.sub(one, lax.pow(decay, counter))
    return counter, hidden, lax.div(hidden, _like(bias, hidden))


def sonnet_ema_step(
    counter: jax.Array, hidden: jax.Array, value: jax.Array, decay: Any
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Sonnet's moving average: ``hidden - (hidden - value) * (1 - decay)``, debiased.

    The same average as ``ema_step`` by other roundings.

    Args:
      counter: int, updates so far.
      hidden: the biased average, of ``value``'s shape and dtype.
      value: the new value.
      decay: in [0, 1]; a number or an array.

    Returns:
      (counter, hidden, average) after the step.
    """
    dtype = value.dtype
    counter = lax.add(counter, constant(1, counter.dtype))
    step = constant(1 - decay, dtype)
    hidden = lax.sub(hidden, lax.mul(lax.sub(hidden, value), step))
    power = lax.pow(constant(decay, dtype), lax.convert_element_type(counter, dtype))
    return counter, hidden, lax.div(hidden, lax.sub(constant(1.0, dtype), power))


def _blend(hidden: jax.Array, decay: Any, value: jax.Array, rest: Any) -> jax.Array:
    if hidden.dtype == value.dtype and hidden.shape == value.shape:
        return lax.add(lax.mul(hidden, decay), lax.mul(value, rest))
    return hidden * decay + value * rest


def _like(x: jax.Array, target: jax.Array) -> jax.Array:
    if x.dtype == target.dtype:
        return x
    return lax.convert_element_type(x, target.dtype)


def l2_normalize(
    x: jax.Array, axis: int | None = None, eps: float = 1e-12
) -> jax.Array:
    """``x / sqrt(sum(x^2) + eps)`` over ``axis`` (None: all axes)."""
    return x * lax.rsqrt(jnp.sum(x * x, axis=axis, keepdims=True) + eps)


def power_iteration(
    matrix: jax.Array, u: jax.Array, steps: int, eps: float
) -> tuple[jax.Array, jax.Array]:
    """Estimates the largest singular value (Miyato et al. 2018, arXiv 1802.05957).

    Args:
      matrix: ``[m, n]``.
      u: ``[1, n]``, the estimate of the right singular vector.
      steps: iterations, at least 1.
      eps: keeps the norms away from zero.

    Returns:
      (sigma, u): a scalar and the new ``[1, n]`` estimate. Gradients pass through
      ``matrix`` in sigma only, not through the vectors.

    Raises:
      ValueError: ``steps`` below 1.
    """
    if steps < 1:
        raise ValueError(f"Power iteration needs at least 1 step, got {steps}.")
    for _ in range(steps):
        v = l2_normalize(u @ matrix.T, eps=eps)
        u = l2_normalize(v @ matrix, eps=eps)
    u, v = lax.stop_gradient((u, v))
    return ((v @ matrix) @ u.T)[0, 0], u
