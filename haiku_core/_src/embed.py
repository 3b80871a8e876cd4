"""Embeddings of integer ids."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from haiku_core._src.initializers import TruncatedNormal
from haiku_core._src.module import Module
from haiku_core._src.typing import Initializer
from haiku_core._src.variables import get_parameter
from haiku_core.layers._src.embed import embedding_lookup, embedding_matmul


class EmbedLookupStyle(enum.Enum):
    """How ``Embed`` finds its rows: by indexing, or as a one-hot matrix product."""

    ARRAY_INDEX = 1
    ONE_HOT = 2


class Embed(Module):
    """A trained vector for each of ``vocab_size`` ids.

    Parameter: ``embeddings`` ``[vocab_size, embed_dim]``, float32.
    """

    def __init__(
        self,
        vocab_size: int | None = None,
        embed_dim: int | None = None,
        embedding_matrix: np.ndarray | jax.Array | None = None,
        w_init: Initializer | None = None,
        lookup_style: str | EmbedLookupStyle = "ARRAY_INDEX",
        name: str | None = None,
        precision: jax.lax.Precision = jax.lax.Precision.HIGHEST,
    ):
        """Takes the settings.

        Args:
          vocab_size: number of ids.
          embed_dim: length of a vector.
          embedding_matrix: initial vectors, in place of the two sizes and ``w_init``.
          w_init: default truncated normal, standard deviation 1.
          lookup_style: see ``EmbedLookupStyle``; a string names a member.
          name: of the module.
          precision: of the matrix product, in the style ONE_HOT.

        Raises:
          ValueError: neither a matrix nor both sizes, or sizes that aren't the
            matrix's.
        """
        super().__init__(name)
        if embedding_matrix is not None:
            matrix = jnp.asarray(embedding_matrix)
            for name_, size, actual in (
                ("vocab_size", vocab_size, matrix.shape[0]),
                ("embed_dim", embed_dim, matrix.shape[1]),
            ):
                if size and size != actual:
                    raise ValueError(
                        f"An `embedding_matrix` was supplied but the `{name_}` of "
                        f"{size} was not consistent with its shape {matrix.shape}."
                    )
            vocab_size, embed_dim = matrix.shape
            w_init = lambda shape, dtype: matrix  # noqa: E731
        elif not (vocab_size and embed_dim):
            raise ValueError(
                "hk.Embed must be supplied either with an initial `embedding_matrix` "
                "or with `embed_dim` and `vocab_size`."
            )
        self.embed_dim = embed_dim
        self.vocab_size = vocab_size
        self.w_init = w_init or TruncatedNormal()
        self.precision = precision
        self.lookup_style = lookup_style

    @property
    def embeddings(self) -> jax.Array:
        """All vectors, ``[vocab_size, embed_dim]``."""
        shape = (self.vocab_size, self.embed_dim)
        return get_parameter("embeddings", shape, init=self.w_init)

    def __call__(
        self,
        ids: jax.Array | Sequence[int],
        lookup_style: str | EmbedLookupStyle | None = None,
        precision: Any = None,
    ) -> jax.Array:
        """Ints ``[...]`` -> vectors ``[..., embed_dim]``.

        Args:
          ids: in ``[0, vocab_size)``.
          lookup_style, precision: in place of the constructor's.

        Raises:
          ValueError: the ids aren't integers.
          NotImplementedError, AttributeError: an unknown style.
        """
        ids = jnp.asarray(ids)
        if not jnp.issubdtype(ids.dtype, jnp.integer):
            raise ValueError(
                "hk.Embed's __call__ method must take an array of integer dtype but "
                f"was called with an array of {ids.dtype}"
            )
        style = lookup_style or self.lookup_style
        if isinstance(style, str):
            style = getattr(EmbedLookupStyle, style.upper())
        if style == EmbedLookupStyle.ONE_HOT:
            if precision is None:
                precision = self.precision
            return embedding_matmul(self.embeddings, ids, precision)
        if style == EmbedLookupStyle.ARRAY_INDEX:
            return embedding_lookup(jnp.asarray(self.embeddings), ids)
        raise NotImplementedError(f"{style} is not supported by hk.Embed.")
