"""Vector quantisation layers."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from haiku_core._src.initializers import VarianceScaling
from haiku_core._src.module import Module
from haiku_core._src.moving_averages import ExponentialMovingAverage
from haiku_core._src.variables import get_parameter, get_state, set_state
from haiku_core.layers._src.embed import (
    Codes,
    embedding_lookup,
    nearest_codes,
    perplexity,
    straight_through,
)

_init = VarianceScaling(distribution="uniform")


def _result(
    module: Any, inputs: jax.Array, codes: Codes, quantized: jax.Array, loss: jax.Array
) -> dict[str, jax.Array]:
    use = jnp.mean(codes.one_hot, axis=0)
    if module.cross_replica_axis:
        use = lax.pmean(use, module.cross_replica_axis)
    return {
        "quantize": straight_through(inputs, quantized),
        "loss": loss,
        "perplexity": perplexity(use),
        "encodings": codes.one_hot,
        "encoding_indices": codes.indices.reshape(inputs.shape[:-1]),
        "distances": codes.distances,
    }


def _distance(a: jax.Array, b: jax.Array) -> jax.Array:
    return jnp.mean(jnp.square(a - b))


def _rows(embeddings: jax.Array, indices: jax.Array) -> jax.Array:
    return embedding_lookup(jnp.asarray(embeddings).T, jnp.asarray(indices))


class VectorQuantizer(Module):
    """Replaces vectors by the nearest of trained codes (van den Oord et al. 2017,
    arXiv 1711.00937).

    Parameter: ``embeddings`` ``[embedding_dim, num_embeddings]``.
    """

    def __init__(
        self,
        embedding_dim: int,
        num_embeddings: int,
        commitment_cost: float,
        dtype: Any = jnp.float32,
        name: str | None = None,
        cross_replica_axis: str | None = None,
    ):
        """Takes the settings.

        Args:
          embedding_dim: length D of a vector.
          num_embeddings: number K of codes.
          commitment_cost: weight of the loss that draws the inputs to the codes.
          dtype: of the codes.
          name: of the module.
          cross_replica_axis: name of a mapped axis over which the use of the codes is
            averaged.
        """
        super().__init__(name)
        self.cross_replica_axis = cross_replica_axis
        self.commitment_cost = commitment_cost
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self._embedding_dtype = dtype

    @property
    def embeddings(self) -> jax.Array:
        """The codes, ``[D, K]``."""
        shape = (self.embedding_dim, self.num_embeddings)
        return get_parameter("embeddings", shape, self._embedding_dtype, _init)

    def __call__(self, inputs: jax.Array, is_training: bool) -> dict[str, jax.Array]:
        """Quantises ``[..., D]``.

        Args:
          inputs: the vectors, N in all.
          is_training: not used.

        Returns:
          ``quantize`` ``[..., D]``, with the gradient of the inputs; ``loss``;
          ``perplexity``; ``encodings`` ``[N, K]``, one-hot; ``encoding_indices``
          ``[...]``; ``distances`` ``[N, K]``, squared.
        """
        del is_training
        flat = jnp.reshape(inputs, (-1, self.embedding_dim))
        codes = nearest_codes(flat, self.embeddings)
        quantized = self.quantize(codes.indices.reshape(inputs.shape[:-1]))
        to_codes = _distance(lax.stop_gradient(quantized), inputs)
        to_inputs = _distance(quantized, lax.stop_gradient(inputs))
        loss = to_inputs + self.commitment_cost * to_codes
        return _result(self, inputs, codes, quantized, loss)

    def quantize(self, encoding_indices: jax.Array) -> jax.Array:
        """Indices ``[...]`` -> codes ``[..., D]``."""
        return _rows(self.embeddings, encoding_indices)


class VectorQuantizerEMA(Module):
    """``VectorQuantizer`` with codes that follow the mean of their vectors.

    The codes are moving averages (van den Oord et al. 2017, appendix A.1), not
    trained by gradients. State: ``embeddings`` ``[D, K]`` and the averages
    ``ema_cluster_size`` and ``ema_dw``.
    """

    def __init__(
        self,
        embedding_dim: int,
        num_embeddings: int,
        commitment_cost: float,
        decay: float,
        epsilon: float = 1e-5,
        dtype: Any = jnp.float32,
        cross_replica_axis: str | None = None,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          decay: of the averages, in [0, 1].
          epsilon: keeps the sizes of clusters from zero.
          cross_replica_axis: name of a mapped axis over which vectors are counted
            together.
          embedding_dim, num_embeddings, commitment_cost, dtype, name: see
            ``VectorQuantizer``.

        Raises:
          ValueError: ``decay`` outside [0, 1].
        """
        super().__init__(name)
        if not 0 <= decay <= 1:
            raise ValueError("decay must be in range [0, 1]")
        self.cross_replica_axis = cross_replica_axis
        self.commitment_cost, self.decay = commitment_cost, decay
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.epsilon = epsilon
        self._dtype = dtype
        self._ema_cluster_size = ExponentialMovingAverage(
            decay, name="ema_cluster_size"
        )
        self._ema_dw = ExponentialMovingAverage(decay, name="ema_dw")

    @property
    def embeddings(self) -> jax.Array:
        """The codes, ``[D, K]``."""
        shape = (self.embedding_dim, self.num_embeddings)
        return get_state("embeddings", shape, self._dtype, _init)

    @property
    def ema_cluster_size(self) -> ExponentialMovingAverage:
        """The average of the numbers of vectors at each code, ``[K]``."""
        self._ema_cluster_size.initialize((self.num_embeddings,), self._dtype)
        return self._ema_cluster_size

    @property
    def ema_dw(self) -> ExponentialMovingAverage:
        """The average of the sums of vectors at each code, ``[D, K]``."""
        shape = (self.embedding_dim, self.num_embeddings)
        self._ema_dw.initialize(shape, self._dtype)
        return self._ema_dw

    def __call__(self, inputs: jax.Array, is_training: bool) -> dict[str, jax.Array]:
        """Quantises ``[..., D]``; ``is_training``: moves the codes too.

        Returns:
          As ``VectorQuantizer``; the loss has only the part that draws the inputs to
          the codes.
        """
        flat = jnp.reshape(inputs, (-1, self.embedding_dim))
        codes = nearest_codes(flat, self.embeddings)
        quantized = self.quantize(codes.indices.reshape(inputs.shape[:-1]))
        to_codes = _distance(lax.stop_gradient(quantized), inputs)
        if is_training:
            counts = jnp.sum(codes.one_hot, axis=0)
            sums = jnp.matmul(flat.T, codes.one_hot)
            if self.cross_replica_axis:
                counts, sums = lax.psum((counts, sums), self.cross_replica_axis)
            counts = self.ema_cluster_size(counts)
            sums = self.ema_dw(sums)
            # Laplace smoothing: no code's share is zero, the total stays.
            total = jnp.sum(counts)
            smooth = total + self.num_embeddings * self.epsilon
            counts = (counts + self.epsilon) / smooth * total
            set_state("embeddings", sums / counts.reshape(1, -1))
        loss = self.commitment_cost * to_codes
        return _result(self, inputs, codes, quantized, loss)

    def quantize(self, encoding_indices: jax.Array) -> jax.Array:
        """Indices ``[...]`` -> codes ``[..., D]``."""
        return _rows(self.embeddings, encoding_indices)
