"""Sonnet's vector quantisers.

Needs the sibling file ``metrics.py``.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import haiku_core as hk

from .metrics import ExponentialMovingAverage


def _uniform() -> Any:
    return hk.initializers.VarianceScaling(distribution="uniform")


def _nearest(module: Any, inputs: jax.Array, codes: jax.Array) -> dict[str, Any]:
    """What both quantisers return, but for the loss."""
    flat = jnp.reshape(inputs, (-1, module.embedding_dim))
    distances = (
        jnp.sum(flat**2, axis=1, keepdims=True)
        - 2 * jnp.matmul(flat, codes)
        + jnp.sum(codes**2, axis=0, keepdims=True)
    )
    indices = jnp.argmin(distances, axis=1)
    one_hot = jax.nn.one_hot(indices, module.num_embeddings, dtype=distances.dtype)
    use = jnp.mean(one_hot, axis=0)
    return {
        "flat": flat,
        "distances": distances,
        "encodings": one_hot,
        "encoding_indices": jnp.reshape(indices, inputs.shape[:-1]),
        "perplexity": jnp.exp(-jnp.sum(use * jnp.log(use + 1e-10))),
    }


def _rows(codes: jax.Array, indices: Any) -> jax.Array:
    return jnp.take(codes.T, jnp.asarray(indices), axis=0)


class VectorQuantizer(hk.Module):
    """Replaces vectors by the nearest of trained codes (arXiv 1711.00937).

    Parameter: ``embeddings`` ``[embedding_dim, num_embeddings]``.
    """

    def __init__(
        self,
        embedding_dim: int,
        num_embeddings: int,
        commitment_cost: Any,
        dtype: Any = jnp.float32,
        name: str = "vector_quantizer",
    ):
        """Takes the settings.

        Args:
          embedding_dim: length D of a vector.
          num_embeddings: number K of codes.
          commitment_cost: weight of the loss that draws the inputs to the codes.
          dtype: of the codes.
          name: of the module.
        """
        super().__init__(name=name)
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.commitment_cost = commitment_cost
        self._dtype = dtype

    @property
    def embeddings(self) -> jax.Array:
        """The codes, ``[D, K]``."""
        shape = (self.embedding_dim, self.num_embeddings)
        return hk.get_parameter("embeddings", shape, self._dtype, init=_uniform())

    def __call__(self, inputs: jax.Array, is_training: Any) -> dict[str, jax.Array]:
        """Quantises ``[..., D]``, N vectors in all; ``is_training`` is not used.

        Returns:
          ``quantize`` ``[..., D]``, with the gradient of the inputs; ``loss``;
          ``perplexity``; ``encodings`` ``[N, K]``, one-hot; ``encoding_indices``
          ``[...]``; ``distances`` ``[N, K]``, squared.
        """
        del is_training
        out = _nearest(self, inputs, self.embeddings)
        out.pop("flat")
        quantized = self.quantize(out["encoding_indices"])
        commitment = jnp.mean((lax.stop_gradient(quantized) - inputs) ** 2)
        codebook = jnp.mean((quantized - lax.stop_gradient(inputs)) ** 2)
        out["loss"] = codebook + self.commitment_cost * commitment
        out["quantize"] = inputs + lax.stop_gradient(quantized - inputs)
        return out

    def quantize(self, encoding_indices: Any) -> jax.Array:
        """Indices ``[...]`` -> codes ``[..., D]``."""
        return _rows(self.embeddings, encoding_indices)


class VectorQuantizerEMA(hk.Module):
    """``VectorQuantizer`` whose codes are moving averages of their vectors.

    State: ``embeddings`` ``[D, K]``, and ``counter``, ``hidden`` and ``average`` of the
    submodules ``ema_cluster_size`` and ``ema_dw``. No parameters.
    """

    def __init__(
        self,
        embedding_dim: int,
        num_embeddings: int,
        commitment_cost: Any,
        decay: float,
        epsilon: float = 1e-5,
        dtype: Any = jnp.float32,
        name: str = "vector_quantizer_ema",
    ):
        """Takes the settings.

        Args:
          decay: of the averages, in [0, 1].
          epsilon: keeps the sizes of clusters from zero.
          embedding_dim, num_embeddings, commitment_cost, dtype, name: see
            ``VectorQuantizer``.

        Raises:
          ValueError: ``decay`` outside of [0, 1].
        """
        super().__init__(name=name)
        if not 0 <= decay <= 1:
            raise ValueError("decay must be in range [0, 1]")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.commitment_cost = commitment_cost
        self.decay = decay
        self.epsilon = epsilon
        self._dtype = dtype
        self.ema_cluster_size = ExponentialMovingAverage(decay, "ema_cluster_size")
        self.ema_dw = ExponentialMovingAverage(decay, "ema_dw")

    @property
    def embeddings(self) -> jax.Array:
        """The codes, ``[D, K]``."""
        shape = (self.embedding_dim, self.num_embeddings)
        return hk.get_state("embeddings", shape, self._dtype, init=_uniform())

    def __call__(
        self, inputs: jax.Array, is_training: bool | jax.Array
    ) -> dict[str, jax.Array]:
        """Quantises ``[..., D]``; in training (may be traced) moves the codes too.

        Returns:
          As ``VectorQuantizer``; the loss has only the part that draws the inputs to
          the codes.
        """
        codes = self.embeddings
        self.ema_cluster_size.initialize(jnp.zeros(codes.shape[1:], codes.dtype))
        self.ema_dw.initialize(codes)
        out = _nearest(self, inputs, codes)
        flat = out.pop("flat")
        quantized = self.quantize(out["encoding_indices"])
        commitment = jnp.mean((lax.stop_gradient(quantized) - inputs) ** 2)
        if isinstance(is_training, jax.core.Tracer):
            hk.cond(
                is_training,
                lambda a: _move(self, *a),
                lambda a: None,
                (flat, out["encodings"]),
            )
        elif is_training:
            _move(self, flat, out["encodings"])
        out["loss"] = self.commitment_cost * commitment
        out["quantize"] = inputs + lax.stop_gradient(quantized - inputs)
        return out

    def quantize(self, encoding_indices: Any) -> jax.Array:
        """Indices ``[...]`` -> codes ``[..., D]``."""
        return _rows(self.embeddings, encoding_indices)


def _move(module: Any, vectors: jax.Array, one_hot: jax.Array) -> None:
    sizes = module.ema_cluster_size(jnp.sum(one_hot, axis=0))
    sums = module.ema_dw(jnp.matmul(vectors.T, one_hot))
    total = jnp.sum(sizes)
    share = (sizes + module.epsilon) / (total + module.num_embeddings * module.epsilon)
    hk.set_state("embeddings", sums / (share * total)[None])
