"""Scaled dot-product attention over several heads."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax

from haiku_core.layers._src.arrays import constant


def softmax(x: jax.Array) -> jax.Array:
    """The softmax over the last axis, shifted by its maximum against overflow."""
    last = x.ndim - 1
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return jax.nn.softmax(x)
    kept = (*x.shape[:-1], 1)
    dims = tuple(range(last))
    peak = lax.broadcast_in_dim(lax.reduce_max(x, (last,)), kept, dims)
    weights = lax.exp(lax.sub(x, lax.stop_gradient(peak)))
    total = jnp.sum(weights, axis=-1, keepdims=True)
    return lax.div(weights, total)


def attention(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    mask: jax.Array | None = None,
) -> jax.Array:
    """Vaswani et al. 2017 (arXiv 1706.03762), section 3.2.1.

    Args:
      query: ``[..., T', H, K]``.
      key: ``[..., T, H, K]``.
      value: ``[..., T, H, V]``.
      mask: broadcasts against ``[..., H, T', T]``; where it is false, no attention
        is paid. None: everything is seen.

    Returns:
      ``[..., T', H, V]``.

    Raises:
      ValueError: the mask's rank isn't that of the logits.
    """
    size = query.shape[-1]
    plain = (
        query.dtype == key.dtype == value.dtype
        and query.shape[:-3] == key.shape[:-3] == value.shape[:-3]
    )
    n = query.ndim - 3
    lead = tuple(range(n))
    if plain:
        logits = lax.dot_general(
            query,
            key,
            (((n + 2,), (n + 2,)), ((*lead, n + 1), (*lead, n + 1))),
            None,
            query.dtype,
        )
    else:
        logits = jnp.einsum("...thd,...Thd->...htT", query, key)
    logits = logits / constant(math.sqrt(size), key.dtype)
    if mask is not None:
        if mask.ndim != logits.ndim:
            raise ValueError(
                f"Mask dimensionality {mask.ndim} must match logits dimensionality "
                f"{logits.ndim}."
            )
        logits = jnp.where(mask, logits, -1e30)
    weights = softmax(logits)
    if not plain:
        return jnp.einsum("...htT,...Thd->...thd", weights, value)
    out = lax.dot_general(
        value,
        weights,
        (((n,), (n + 2,)), ((*lead, n + 1), (*lead, n))),
        None,
        value.dtype,
    )
    return lax.transpose(out, (*lead, n + 2, n, n + 1))
