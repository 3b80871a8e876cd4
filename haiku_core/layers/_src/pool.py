"""Max and average pooling over windows."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def max_pool(
    x: jax.Array, window: Sequence[int], strides: Sequence[int], padding: str
) -> jax.Array:
    """The largest element of each window; padding never wins.

    Args:
      x: any shape, floating dtype.
      window, strides: one number per axis of ``x``.
      padding: ``"SAME"`` or ``"VALID"``.
    """
    return lax.reduce_window(
        x, -jnp.inf, lax.max, tuple(window), tuple(strides), padding
    )


def avg_pool(
    x: jax.Array, window: Sequence[int], strides: Sequence[int], padding: str
) -> jax.Array:
    """The mean of each window, taken over the elements that lie inside ``x``.

    Args:
      x: any shape, floating dtype.
      window, strides: one number per axis of ``x``.
      padding: ``"SAME"`` or ``"VALID"``.
    """
    window, strides = tuple(window), tuple(strides)
    totals = lax.reduce_window(x, 0.0, lax.add, window, strides, padding)
    if padding == "VALID":
        return totals / np.prod(window)
    inside = [n if w != 1 else 1 for n, w in zip(x.shape, window, strict=True)]
    ones = lax.full(inside, 1, x.dtype)
    return totals / lax.reduce_window(ones, 0.0, lax.add, window, strides, padding)
