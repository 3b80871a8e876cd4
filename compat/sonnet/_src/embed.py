"""Embeddings of integer ids."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import Ignored, module
from compat.sonnet._src.base import Module, float32
from compat.sonnet._src.initializers import Initializer


@module("snt.Embed")
class Embed(Module):
    """Rows of the table `embeddings` [vocab_size, embed_dim] by their number.

    The table is made at once: from `existing_vocab`, or by an initializer (truncated
    normal of deviation 1). Without `embed_dim` it is 6 vocab_size**(1/4), rounded.
    """

    def __init__(
        self,
        vocab_size: int | None = None,
        embed_dim: int | None = None,
        existing_vocab: Any = None,
        densify_gradients: Ignored = False,
        initializer: Initializer | None = None,
        trainable: bool = True,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name=name)


@Embed.entry.when(
    "embed_dim is given and existing_vocab is None and trainable is default "
    "and dtype is default"
)
def _(vocab_size=None, embed_dim=None, initializer=None, name=None):
    return hk.Embed(vocab_size, embed_dim, w_init=initializer, name=name)


@Embed.entry.when()
def _(
    vocab_size=None,
    embed_dim=None,
    existing_vocab=None,
    initializer=None,
    trainable=True,
    dtype=jnp.float32,
    name=None,
):
    return hk.sonnet.Embed(
        vocab_size=vocab_size,
        embed_dim=embed_dim,
        existing_vocab=existing_vocab,
        initializer=initializer,
        trainable=trainable,
        dtype=dtype,
        name=name,
    )
