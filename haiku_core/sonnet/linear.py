"""Sonnet's parallel linear layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk

Initializer = Callable[[Any, Any], jax.Array]


class ParallelLinears(hk.Module):
    """N linear layers side by side, the n-th on the n-th slice of the first axis.

    Parameters: ``w`` ``[N, I, O]`` and ``b`` ``[N, 1, O]``, in the inputs' dtype.
    """

    def __init__(
        self,
        output_size: int,
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          output_size: length O of the outputs.
          with_bias: whether there is a ``b``.
          w_init: default truncated normal, standard deviation 1 / sqrt(I).
          b_init: default zeros.
          name: of the module.

        Raises:
          ValueError: ``b_init`` given, but no bias.
        """
        super().__init__(name=name)
        if b_init is not None and not with_bias:
            raise ValueError("When not using a bias the b_init must be None.")
        self.output_size, self.with_bias = output_size, with_bias
        self.w_init, self.b_init = w_init, b_init or jnp.zeros
        self.input_size: int | None = None

    def __call__(self, inputs: jax.Array) -> jax.Array:
        """``[N, B, I]`` -> ``[N, B, O]``.

        Raises:
          ValueError: inputs of another rank.
        """
        x = jnp.asarray(inputs)
        if x.ndim != 3:
            raise ValueError(f"inputs must have rank 3, got shape {x.shape}")
        number, _, size = x.shape
        self.input_size = size
        init = self.w_init or hk.initializers.TruncatedNormal(1.0 / math.sqrt(size))
        w = hk.get_parameter("w", (number, size, self.output_size), x.dtype, init)
        out = jnp.matmul(x, w)
        if not self.with_bias:
            return out
        shape = (number, 1, self.output_size)
        return out + hk.get_parameter("b", shape, x.dtype, self.b_init)
