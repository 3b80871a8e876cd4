"""Sonnet's dropout, a module that draws its own random keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk


def dropout(
    key: jax.Array, rate: Any, x: jax.Array, noise_shape: Sequence[Any] | None = None
) -> jax.Array:
    """TensorFlow's dropout: what is kept is multiplied by ``1 / (1 - rate)``.

    Args:
      key: a random key.
      rate: probability of zeroing, in [0, 1).
      x: any shape, floating dtype.
      noise_shape: shape of the draws, broadcasting against ``x``; a None entry stands
        for the axis of ``x``.

    Raises:
      ValueError: ``rate`` outside of [0, 1).
    """
    if not isinstance(rate, jax.core.Tracer):
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be in the range [0, 1), got {rate}")
        if rate == 0:
            return x
    shape = x.shape
    if noise_shape is not None:
        shape = tuple(
            x.shape[i] if n is None else int(n) for i, n in enumerate(noise_shape)
        )
    kept = jax.random.uniform(key, shape, x.dtype) >= jnp.asarray(rate, x.dtype)
    return jnp.where(kept, x * jnp.asarray(1 / (1 - rate), x.dtype), 0)


class Dropout(hk.Module):
    """Zeroes elements at random in training, scaling up the others.

    Draws a key by ``hk.next_rng_key()`` in each training call. No parameters; the bit
    streams of TensorFlow are not reproduced.
    """

    def __init__(
        self,
        rate: Any,
        noise_shape: Sequence[Any] | None = None,
        seed: int | None = None,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          rate: probability of zeroing, in [0, 1).
          noise_shape: shape of the draws, see ``dropout``.
          seed: folded into the keys.
          name: of the module.
        """
        super().__init__(name=name)
        self._seed = seed
        self._rate, self._noise_shape = rate, noise_shape

    def __call__(self, x: jax.Array, is_training: bool | jax.Array) -> jax.Array:
        """Any shape, the same shape out; ``is_training`` may be traced.

        Raises:
          ValueError: a rate outside of [0, 1), in training.
        """
        traced = isinstance(is_training, jax.core.Tracer)
        if not traced and not is_training:
            return x
        key = hk.next_rng_key()
        if self._seed is not None:
            key = jax.random.fold_in(key, self._seed)
        dropped = dropout(key, self._rate, jnp.asarray(x), self._noise_shape)
        return jnp.where(is_training, dropped, x) if traced else dropped
