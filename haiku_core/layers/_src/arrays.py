"""Small array helpers that the layer functions share.

The layer functions are traced far more often than their arithmetic is changed, and
a ``jax.numpy`` call costs two to four times the Python of the ``lax`` primitive that
it ends in. So the common case (equal dtypes, known shapes) goes straight to ``lax``
and everything else takes the ``jax.numpy`` way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

# dtype -> dtype in which sums are accumulated, as jax.numpy does.
_ACCUMULATORS = {
    np.dtype("float32"): np.dtype("float32"),
    np.dtype("float64"): np.dtype("float64"),
    np.dtype(jnp.bfloat16): np.dtype("float32"),
    np.dtype("float16"): np.dtype("float32"),
}


def as_array(x: Any) -> jax.Array:
    """``x`` itself when it is a JAX array or tracer, else ``jnp.asarray(x)``."""
    return x if isinstance(x, jax.Array) else jnp.asarray(x)


def promote(x: jax.Array, *others: jax.Array) -> tuple[jax.Array, ...]:
    """Brings the arrays to one dtype by JAX's promotion rules."""
    dtype = x.dtype
    for other in others:
        if other.dtype != dtype:
            break
    else:
        return (x, *others)
    arrays = tuple(map(jnp.asarray, (x, *others)))
    dtype = jnp.result_type(*arrays)
    return tuple(lax.convert_element_type(a, dtype) for a in arrays)


def along(v: jax.Array, ndim: int, axis: int) -> jax.Array:
    """A vector (or an array that broadcasts already) laid along ``axis`` of ``ndim``.

    ``v`` of rank 1 gets unit axes everywhere but at ``axis``; ``v`` of higher rank
    gets leading unit axes, as in NumPy broadcasting.
    """
    rank = v.ndim
    if rank == ndim:
        return v
    if rank == 1:
        shape = [1] * ndim
        shape[axis] = v.shape[0]
        return lax.broadcast_in_dim(v, shape, (axis % ndim,))
    shape = (1,) * (ndim - rank) + v.shape
    return lax.broadcast_in_dim(v, shape, tuple(range(ndim - rank, ndim)))


def add_vector(x: jax.Array, v: jax.Array, axis: int = -1) -> jax.Array:
    """``x + v`` with ``v`` along ``axis`` (rank 1) or broadcast from the right."""
    if x.dtype != v.dtype:
        x, v = promote(x, v)
    shape = x.shape
    ndim = len(shape)
    rank = v.ndim
    if rank == 1:
        dims: tuple[int, ...] = (axis % ndim,)
    else:
        dims = tuple(range(ndim - rank, ndim))
    return lax.add(x, lax.broadcast_in_dim(v, shape, dims))


def constant(value: Any, dtype: Any) -> Any:
    """``value`` in ``dtype``: a NumPy scalar for a number, else a JAX conversion.

    A NumPy scalar becomes a literal of the traced program; converting by JAX would
    run or trace an operation for it.
    """
    if isinstance(value, (float, int)):
        return np.asarray(value, dtype)[()]
    return lax.convert_element_type(value, dtype)


def positive_axes(axes: Sequence[int], ndim: int) -> tuple[int, ...]:
    """Axes counted from the front, in the given order."""
    return tuple(a % ndim for a in axes)


def kept(reduced: jax.Array, shape: Sequence[int], axes: Sequence[int]) -> jax.Array:
    """Puts unit axes back where ``axes`` of ``shape`` were reduced away."""
    full = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return lax.broadcast_in_dim(
        reduced, full, tuple(i for i in range(len(shape)) if i not in axes)
    )


def size_of(shape: Sequence[int], axes: Sequence[int]) -> int:
    """Number of elements that a reduction over ``axes`` takes together."""
    count = 1
    for a in axes:
        count *= shape[a]
    return count


def accumulator(dtype: Any) -> Any:
    """The dtype in which sums of ``dtype`` are taken; None: leave it to jax.numpy."""
    return _ACCUMULATORS.get(dtype)
