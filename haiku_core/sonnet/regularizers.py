"""Sonnet's penalties on lists of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp


class Regularizer:
    """The base: a penalty is ``scale`` times a sum over the arrays.

    A call with a list of arrays returns a scalar, zero for an empty list.
    """

    _one: Callable[[jax.Array], jax.Array]

    def __init__(self, scale: Any):
        """Takes the settings.

        Args:
          scale: a factor, not negative.

        Raises:
          ValueError: a negative factor.
        """
        if not isinstance(scale, jax.core.Tracer) and scale < 0:
            raise ValueError("scale must be >=0")
        self.scale = scale

    def __repr__(self) -> str:
        return f"{type(self).__name__}(scale={self.scale})"

    def __call__(self, tensors: Sequence[jax.Array]) -> jax.Array:
        """Returns the penalty."""
        if not len(tensors):
            return jnp.zeros_like(self.scale)
        return self.scale * sum(self._one(jnp.asarray(t)) for t in tensors)


class L1(Regularizer):
    """The sum of absolute values."""

    def _one(self, t: jax.Array) -> jax.Array:
        return jnp.sum(jnp.abs(t))


class L2(Regularizer):
    """The sum of squares."""

    def _one(self, t: jax.Array) -> jax.Array:
        return jnp.sum(jnp.square(t))


class OffDiagonalOrthogonal(Regularizer):
    """Squares of the off-diagonal products of columns (Brock et al., 1809.11096)."""

    def __repr__(self) -> str:
        return f"Orthogonal(scale={self.scale})"

    def _one(self, t: jax.Array) -> jax.Array:
        if t.ndim < 2:
            raise ValueError(f"arrays must have rank 2 at least, got shape {t.shape}")
        w = t.reshape(-1, t.shape[-1])
        squares = jnp.square(w.T @ w)
        return jnp.sum(squares) - jnp.trace(squares)
