"""Embeddings of integer ids."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import Ignored, Static, T, module
from compat.runtime import dtypes
from compat.runtime.dtypes import float32
from compat.runtime.errors import InvalidArgumentError
from compat.runtime.tensor import Tensor, Tracer, convert
from compat.runtime.variable import Variable
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Initializer, TruncatedNormal
from compat.sonnet._src.layer import layer
from compat.sonnet._src.variants import takes_the_same
from haiku_core import layers


@layer(rows=True)
def _rows(table: T, ids: T):
    return layers.embedding_lookup(table, ids)


@layer()
def _rows_of_all(table: T, ids: T):
    """The same, with a dense gradient."""
    return layers.embedding_lookup(table, ids)


@layer()
def _all_within(ids: T, size: Static):
    return jnp.all((ids >= 0) & (ids < size))


def lookup(table: Any, ids: Any, densify: bool = False) -> Tensor:
    """Rows of `table` [V, D]; [...] to [..., D].

    Args:
      table: a tensor or variable.
      ids: integers.
      densify: whether the gradient by the table is dense, not `tf.IndexedSlices`.

    Raises:
      InvalidArgumentError: an id is outside [0, V), where ids are known.
    """
    ids, size = convert(ids), int(table.shape[0])
    if not isinstance(ids._array, Tracer) and not _all_within(ids, size):
        raise InvalidArgumentError(f"embedding ids must be in [0, {size}), got {ids!r}")
    return _rows_of_all(table, ids) if densify else _rows(table, ids)


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
        if vocab_size is None and existing_vocab is None:
            raise ValueError("Must provide one of vocab_size or existing_vocab.")
        if existing_vocab is None:
            if embed_dim is None:
                embed_dim = default_dim(vocab_size)
            init = TruncatedNormal() if initializer is None else initializer
            table = init([vocab_size, embed_dim], dtype)
        elif vocab_size or embed_dim or initializer:
            raise ValueError(
                "If `existing_vocab` is provided, none of `vocab_size`, "
                "`embedding_dim`, `initializer` are needed."
            )
        else:
            table = convert(existing_vocab, dtypes.as_dtype(dtype).numpy)
            vocab_size, embed_dim = table.shape
        self.vocab_size = vocab_size
        self.embed_dim = embed_dim
        self.densify_gradients = densify_gradients
        self.embeddings = Variable(table, trainable=trainable, name="embeddings")

    def __call__(self, inputs: Any) -> Tensor:
        """Ids [...] to rows [..., embed_dim]."""
        return lookup(self.embeddings, inputs, self.densify_gradients)


def default_dim(vocab_size: int) -> int:
    """The width of a table whose width isn't given: 6 vocab_size**(1/4), rounded.

    Raises:
      ValueError: the size isn't positive.
    """
    if not vocab_size or vocab_size <= 0:
        raise ValueError(f"Invalid vocab_size {vocab_size}.")
    return round(6.0 * math.sqrt(math.sqrt(vocab_size)))


# Sonnet's optimizers move only the rows that a batch looks up, unless told otherwise.
_DENSE = "gradients are dense: optimizers with momentum move all rows at each step"
_PLAIN = (
    "embed_dim is given and existing_vocab is omitted and trainable is default "
    "and dtype is default"
)


@Embed.entry.when(f"densify_gradients == True and {_PLAIN}")
def _(vocab_size=None, embed_dim=None, initializer=None, name=None):
    return hk.Embed(vocab_size, embed_dim, w_init=initializer, name=name)


@Embed.entry.when(_PLAIN, because=_DENSE)
def _(vocab_size=None, embed_dim=None, initializer=None, name=None):
    return hk.Embed(vocab_size, embed_dim, w_init=initializer, name=name)


takes_the_same(Embed.entry, "hk.sonnet.Embed", because=_DENSE)
