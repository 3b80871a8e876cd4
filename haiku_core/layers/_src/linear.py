"""Linear layers: matrix products and biases."""

from __future__ import annotations

from typing import Any

import jax
from jax import lax

from haiku_core.layers._src.arrays import add_vector, promote


def linear(
    x: jax.Array, w: jax.Array, b: jax.Array | None = None, *, precision: Any = None
) -> jax.Array:
    """``x @ w + b`` over the last axis of ``x``.

    Args:
      x: ``[..., I]``, rank 1 at least.
      w: ``[I, O]``.
      b: ``[O]``, or None for no bias.
      precision: passed to ``lax.dot_general``.

    Returns:
      ``[..., O]`` in the common dtype of the arguments.
    """
    if x.dtype != w.dtype:
        x, w = promote(x, w)
    out = lax.dot_general(x, w, (((x.ndim - 1,), (0,)), ((), ())), precision, x.dtype)
    return out if b is None else add_vector(out, b)


def bias(x: jax.Array, b: jax.Array, multiplier: Any = None) -> jax.Array:
    """``x + b``, or ``x + b * multiplier``.

    Args:
      x: any shape.
      b: broadcasts against ``x`` from the right, rank not above that of ``x``.
      multiplier: a scalar or an array that broadcasts against ``x``.

    Returns:
      An array of ``x``'s shape.
    """
    if multiplier is None:
        if b.ndim == 0:
            x, b = promote(x, b)
            return lax.add(x, lax.broadcast_in_dim(b, x.shape, ()))
        return add_vector(x, b)
    first = x.ndim - b.ndim
    b = lax.broadcast_in_dim(b, x.shape, tuple(range(first, x.ndim)))
    return x + b * multiplier


def parallel_linears(
    x: jax.Array, w: jax.Array, b: jax.Array | None = None
) -> jax.Array:
    """``N`` linear layers side by side, each on its own slice of the first axis.

    Args:
      x: ``[N, B, I]``.
      w: ``[N, I, O]``.
      b: ``[N, 1, O]`` or None.

    Returns:
      ``[N, B, O]``.
    """
    x, w = promote(x, w)
    out = lax.dot_general(x, w, (((2,), (1,)), ((0,), (0,))), None, x.dtype)
    return out if b is None else add_vector(out, b)
