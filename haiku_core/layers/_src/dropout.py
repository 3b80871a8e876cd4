"""Dropout: zeroing elements at random, scaling what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from haiku_core.layers._src.arrays import constant


def dropout(
    rng: jax.Array, rate: Any, x: jax.Array, broadcast_dims: Sequence[int] = ()
) -> jax.Array:
    """Zeroes each element with probability ``rate``, scales the rest by 1/(1-rate).

    Srivastava et al. 2014 (jmlr.org/papers/v15/srivastava14a.html), in the form that
    keeps the mean.

    Args:
      rng: a random key.
      rate: in ``[0, 1)``; may be traced, then it is not checked.
      x: any shape.
      broadcast_dims: axes along which all elements share one draw.

    Raises:
      ValueError: ``rate`` outside ``[0, 1)``, or an axis that ``x`` lacks.
    """
    if not isinstance(rate, jax.core.Tracer):
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be in [0, 1), got {rate}.")
        if rate == 0:
            return x
    ndim = x.ndim
    for dim in broadcast_dims:
        if not -ndim <= dim < ndim:
            raise ValueError(
                f"Broadcast dimension does not exist. Got dimension {dim} for shape "
                f"{list(x.shape)}."
            )
    shared = {dim % ndim for dim in broadcast_dims}
    shape = tuple(1 if i in shared else n for i, n in enumerate(x.shape))
    kept = 1.0 - rate
    mask = jax.random.bernoulli(rng, kept, shape)
    if shared:
        mask = jnp.broadcast_to(mask, x.shape)
    return mask * x / kept


def noise_dropout(
    key: jax.Array, rate: Any, x: jax.Array, noise_shape: Sequence[Any] | None = None
) -> jax.Array:
    """Dropout as TensorFlow defines it: scale first, and a shape for the noise.

    The kept elements are ``x * (1 / (1 - rate))`` (``dropout`` divides: the last bit
    may differ), and what is dropped is exactly zero, also where ``x`` is not finite.

    Args:
      key: a random key.
      rate: in ``[0, 1)``.
      x: any shape, floating dtype.
      noise_shape: shape of the draws, broadcasting against ``x``; None entries mean
        the axis of ``x``.

    Raises:
      ValueError: ``rate`` outside ``[0, 1)``.
    """
    if not isinstance(rate, jax.core.Tracer):
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be in [0, 1), got {rate}.")
        if rate == 0:
            return x
    if noise_shape is None:
        shape = x.shape
    else:
        shape = tuple(
            x.shape[i] if n is None else int(n) for i, n in enumerate(noise_shape)
        )
    kept = jax.random.uniform(key, shape, x.dtype) >= rate
    scale = constant(1 / (1 - rate), x.dtype)
    return jnp.where(kept, x * scale, constant(0, x.dtype))
