"""Sonnet's embeddings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk

Initializer = Callable[[Any, Any], jax.Array]


class Embed(hk.Module):
    """A vector for each of ``vocab_size`` ids.

    Parameter: ``embeddings`` ``[vocab_size, embed_dim]``; state of that name if it
    isn't trained. Ids out of range give not-a-number (Sonnet raises on a CPU and
    gives zeros on a GPU).
    """

    def __init__(
        self,
        vocab_size: int | None = None,
        embed_dim: int | None = None,
        existing_vocab: Any = None,
        densify_gradients: bool = False,
        initializer: Initializer | None = None,
        trainable: bool = True,
        dtype: Any = jnp.float32,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          vocab_size: number of ids.
          embed_dim: length of a vector; default ``round(6 * vocab_size ** 0.25)``.
          existing_vocab: initial vectors, in place of the sizes and an initializer.
          densify_gradients: without effect: gradients are dense in JAX.
          initializer: default truncated normal, standard deviation 1.
          trainable: whether the vectors are a parameter.
          dtype: of the vectors.
          name: of the module.

        Raises:
          ValueError: neither ``vocab_size`` nor ``existing_vocab``, or the latter with
            what it replaces.
        """
        super().__init__(name=name)
        if existing_vocab is not None:
            if vocab_size or embed_dim or initializer:
                raise ValueError(
                    "If `existing_vocab` is provided, none of `vocab_size`, "
                    "`embed_dim`, `initializer` are needed."
                )
            given = jnp.asarray(existing_vocab, dtype)
            vocab_size, embed_dim = given.shape
            initializer = lambda shape, dtype: given  # noqa: E731
        elif vocab_size is None:
            raise ValueError("Must provide one of vocab_size or existing_vocab.")
        elif embed_dim is None:
            if vocab_size <= 0:
                raise ValueError(f"Invalid vocab_size {vocab_size}.")
            embed_dim = round(6.0 * vocab_size**0.25)
        self.vocab_size = vocab_size
        self.embed_dim = embed_dim
        self.densify_gradients = densify_gradients
        self._initializer = initializer or hk.initializers.TruncatedNormal()
        self._trainable = trainable
        self._dtype = dtype

    @property
    def embeddings(self) -> jax.Array:
        """All vectors, ``[vocab_size, embed_dim]``."""
        get = hk.get_parameter if self._trainable else hk.get_state
        shape = (self.vocab_size, self.embed_dim)
        return get("embeddings", shape, self._dtype, init=self._initializer)

    def __call__(self, inputs: Any) -> jax.Array:
        """Ints ``[...]`` -> ``[..., embed_dim]``."""
        ids = jnp.asarray(inputs)
        # Negative ids would count from the end, which they don't in TensorFlow.
        ids = jnp.where(ids < 0, self.vocab_size, ids)
        table = jnp.asarray(self.embeddings)
        return table.at[ids].get(mode="fill", fill_value=jnp.nan)
