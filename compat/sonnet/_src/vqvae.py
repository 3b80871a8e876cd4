"""Vector quantisation (van den Oord et al. 2017, 1711.00937)."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
from jax import lax

import haiku_core as hk
from compat.dictionary import Static, T, module
from compat.runtime.control_flow import cond
from compat.runtime.dtypes import float32
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable
from compat.sonnet._src.base import Module
from compat.sonnet._src.embed import lookup
from compat.sonnet._src.initializers import VarianceScaling, Zeros
from compat.sonnet._src.layer import layer
from compat.sonnet._src.metrics import ExponentialMovingAverage
from compat.sonnet._src.variants import takes_the_same
from haiku_core import layers


def _quantized(inputs, embeddings, commitment_cost, train_codes):
    if inputs.shape[-1] != embeddings.shape[0]:
        size = embeddings.shape[0]
        raise ValueError(
            f"the inputs have {math.prod(inputs.shape)} values in vectors of "
            f"{inputs.shape[-1]}, but the requested shape has vectors of {size}"
        )
    found = layers.nearest_codes(inputs.reshape(-1, embeddings.shape[0]), embeddings)
    indices = found.indices.astype("int64").reshape(inputs.shape[:-1])
    codes = layers.embedding_lookup(embeddings.T, indices)
    loss = commitment_cost * jnp.mean((lax.stop_gradient(codes) - inputs) ** 2)
    if train_codes:
        loss = jnp.mean((codes - lax.stop_gradient(inputs)) ** 2) + loss
    return {
        "quantize": layers.straight_through(inputs, codes),
        "loss": loss,
        "perplexity": layers.perplexity(jnp.mean(found.one_hot, 0)),
        "encodings": found.one_hot,
        "encoding_indices": indices,
        "distances": found.distances,
    }


@layer("inputs", "embeddings", "commitment_cost")
def _quantize(inputs: T, embeddings: T, commitment_cost: T):
    return _quantized(inputs, embeddings, commitment_cost, True)


@layer("inputs", "embeddings", "commitment_cost")
def _quantize_only(inputs: T, embeddings: T, commitment_cost: T):
    return _quantized(inputs, embeddings, commitment_cost, False)


@layer("inputs", "encodings")
def _assigned(inputs: T, encodings: T):
    """(number, sum) of the vectors of each code."""
    flat = inputs.reshape(-1, inputs.shape[-1])
    return jnp.sum(encodings, 0), flat.T @ encodings


@layer("sizes", "sums")
def _centres(sizes: T, sums: T, *, epsilon: Static):
    """The codes: means, the numbers smoothed (Laplace) against codes without any."""
    total = jnp.sum(sizes)
    smoothed = (sizes + epsilon) / (total + sizes.shape[0] * epsilon) * total
    return sums / smoothed


@layer()
def _transposed(x: T):
    return x.T


class _Quantizer(Module):
    """What the quantizers share: the codes, `embeddings` [embedding_dim, codes]."""

    def _make(
        self, dim: int, count: int, commitment_cost: Any, dtype: Any, trainable: bool
    ) -> None:
        self.embedding_dim = dim
        self.num_embeddings = count
        self.commitment_cost = commitment_cost
        init = VarianceScaling(distribution="uniform")
        self.embeddings = Variable(
            init([dim, count], dtype), trainable=trainable, name="embeddings"
        )

    def quantize(self, encoding_indices: Any) -> Tensor:
        """The codes of given numbers: [...] to [..., embedding_dim]."""
        return lookup(_transposed(self.embeddings), encoding_indices)


@module("snt.nets.VectorQuantizer")
class VectorQuantizer(_Quantizer):
    """The nearest of learnt code vectors (van den Oord et al. 2017, 1711.00937)."""

    def __init__(
        self,
        embedding_dim: int,
        num_embeddings: int,
        commitment_cost: float,
        dtype: Any = float32,
        name: str = "vector_quantizer",
    ):
        super().__init__(name=name)
        self._make(embedding_dim, num_embeddings, commitment_cost, dtype, True)

    def __call__(self, inputs: Any, is_training: Any) -> dict[str, Tensor]:
        """Codes for vectors [..., embedding_dim].

        Returns:
          "quantize", the codes in the shape of the inputs, with the inputs' gradient;
          "loss", which draws codes and inputs together; "perplexity", how many codes
          are in use; "encodings" [vectors, codes], one-hot; "encoding_indices" [...],
          int64; "distances" [vectors, codes], squared.
        """
        del is_training
        return _quantize(inputs, self.embeddings, self.commitment_cost)


@VectorQuantizer.entry.when()
def _(embedding_dim, num_embeddings, commitment_cost, dtype=jnp.float32, name=None):
    return hk.nets.VectorQuantizer(
        embedding_dim, num_embeddings, commitment_cost, dtype=dtype, name=name
    )


@module("snt.nets.VectorQuantizerEMA")
class VectorQuantizerEMA(_Quantizer):
    """`VectorQuantizer` whose codes follow the inputs by moving averages."""

    def __init__(
        self,
        embedding_dim: int,
        num_embeddings: int,
        commitment_cost: float,
        decay: float,
        epsilon: float = 1e-5,
        dtype: Any = float32,
        name: str = "vector_quantizer_ema",
    ):
        super().__init__(name=name)
        if not 0 <= decay <= 1:
            raise ValueError("decay must be in range [0, 1]")
        self.decay = decay
        self.epsilon = epsilon
        self._make(embedding_dim, num_embeddings, commitment_cost, dtype, False)
        self.ema_cluster_size = ExponentialMovingAverage(decay, name="ema_cluster_size")
        self.ema_cluster_size.initialize(Zeros()([num_embeddings], dtype))
        self.ema_dw = ExponentialMovingAverage(decay, name="ema_dw")
        self.ema_dw.initialize(self.embeddings)

    def __call__(self, inputs: Any, is_training: Any) -> dict[str, Tensor]:
        """As `VectorQuantizer`; in training the codes follow the inputs.

        The loss draws the inputs to the codes only.
        """
        inputs = convert(inputs)
        result = _quantize_only(inputs, self.embeddings, self.commitment_cost)
        cond(
            is_training,
            lambda: self._follow(inputs, result["encodings"]),
            lambda: None,
        )
        return result

    def _follow(self, inputs: Tensor, encodings: Tensor) -> None:
        sizes, sums = _assigned(inputs, encodings)
        sizes, sums = self.ema_cluster_size(sizes), self.ema_dw(sums)
        self.embeddings.assign(_centres(sizes, sums, epsilon=self.epsilon))


takes_the_same(VectorQuantizerEMA.entry, "hk.nets.VectorQuantizerEMA", name="None")
