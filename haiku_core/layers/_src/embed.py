"""Rows of a table by integer ids, and vector quantisation."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax


def embedding_lookup(table: jax.Array, ids: jax.Array) -> jax.Array:
    """``table[ids]``: ``[V, D]`` and ``[...]`` give ``[..., D]``."""
    return table[ids,]


def embedding_matmul(table: jax.Array, ids: jax.Array, precision: Any) -> jax.Array:
    """The same as a product with one-hot rows, which accelerators may prefer.

    Ids outside ``[0, V)`` give zeros.
    """
    rows = jax.nn.one_hot(ids, table.shape[0])
    return jnp.dot(rows, table, precision=precision)


class Codes(NamedTuple):
    """What ``nearest_codes`` finds for ``N`` vectors and ``K`` codes."""

    distances: jax.Array  # [N, K], squared
    indices: jax.Array  # [N]
    one_hot: jax.Array  # [N, K]


def nearest_codes(vectors: jax.Array, codes: jax.Array) -> Codes:
    """The nearest column of ``codes`` for each row of ``vectors``.

    Args:
      vectors: ``[N, D]``.
      codes: ``[D, K]``.
    """
    lengths = jnp.sum(lax.square(vectors), axis=1, keepdims=True)
    code_lengths = jnp.sum(lax.square(codes), axis=0, keepdims=True)
    distances = lengths - 2 * jnp.matmul(vectors, codes) + code_lengths
    indices = jnp.argmax(-distances, axis=1)
    picked = jax.nn.one_hot(indices, codes.shape[1], dtype=distances.dtype)
    return Codes(distances, indices, picked)


def perplexity(probabilities: jax.Array) -> jax.Array:
    """``exp`` of the entropy of a distribution ``[K]``: how many codes are in use."""
    return jnp.exp(-jnp.sum(probabilities * jnp.log(probabilities + 1e-10)))


def straight_through(x: jax.Array, quantized: jax.Array) -> jax.Array:
    """``quantized`` with the gradient of ``x`` (Bengio et al. 2013, 1308.3432)."""
    return x + lax.stop_gradient(quantized - x)
