"""Multi-head attention."""

from __future__ import annotations

import warnings
from typing import Any

import jax
from jax import lax

from haiku_core._src.initializers import VarianceScaling
from haiku_core._src.linear import Linear
from haiku_core._src.module import Module
from haiku_core._src.naming import transparent
from haiku_core._src.typing import Initializer
from haiku_core.layers._src.attention import attention


class MultiHeadAttention(Module):
    """Attention in several heads at once (Vaswani et al. 2017, arXiv 1706.03762).

    Submodules: the projections ``query``, ``key``, ``value`` and, of the result,
    ``linear``.
    """

    def __init__(
        self,
        num_heads: int,
        key_size: int,
        w_init_scale: float | None = None,
        *,
        w_init: Initializer | None = None,
        with_bias: bool = True,
        b_init: Initializer | None = None,
        value_size: int | None = None,
        model_size: int | None = None,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          num_heads: number of heads, H.
          key_size: length of keys and queries in a head, K.
          w_init_scale: deprecated: scale of a VarianceScaling, in place of ``w_init``.
          w_init: of all weights.
          with_bias: whether the projections have biases.
          b_init: of all biases; default zeros.
          value_size: length of values in a head, V; default K.
          model_size: length of the outputs; default ``K * H``.
          name: of the module.

        Raises:
          ValueError: both or neither of ``w_init_scale`` and ``w_init``.
        """
        super().__init__(name)
        if w_init_scale is not None:
            warnings.warn(
                "w_init_scale is deprecated: pass an initializer as w_init instead, "
                "say hk.initializers.VarianceScaling(scale).",
                DeprecationWarning,
                stacklevel=2,
            )
            if w_init and w_init_scale:
                raise ValueError("Please provide only `w_init`, not `w_init_scale`.")
            w_init = w_init or VarianceScaling(w_init_scale)
        elif w_init is None:
            raise ValueError(
                "Please provide a weight initializer: `w_init`. It will become "
                "mandatory once `w_init_scale` is fully deprecated."
            )
        self.w_init, self.b_init, self.with_bias = w_init, b_init, with_bias
        self.key_size, self.num_heads = key_size, num_heads
        self.model_size = model_size or num_heads * key_size
        self.value_size = value_size or key_size

    def __call__(
        self,
        query: jax.Array,
        key: jax.Array,
        value: jax.Array,
        mask: jax.Array | None = None,
    ) -> jax.Array:
        """Attends from each query to all keys.

        Args:
          query: ``[..., T', D_q]``.
          key: ``[..., T, D_k]``.
          value: ``[..., T, D_v]``.
          mask: broadcasts against ``[..., H, T', T]``; where it is false, no
            attention is paid.

        Returns:
          ``[..., T', model_size]``.

        Raises:
          ValueError: the mask's rank isn't that of the inputs plus one.
        """
        heads = self._linear_projection
        queries = heads(query, self.key_size, "query")
        keys = heads(key, self.key_size, "key")
        values = heads(value, self.value_size, "value")
        out = attention(queries, keys, values, mask)
        shape = out.shape
        out = lax.reshape(out, (*shape[:-2], shape[-2] * shape[-1]))
        return _linear(self, self.model_size)(out)

    @transparent
    def _linear_projection(
        self, x: jax.Array, head_size: int, name: str | None = None
    ) -> jax.Array:
        y = _linear(self, self.num_heads * head_size, name)(x)
        return lax.reshape(y, (*x.shape[:-1], self.num_heads, head_size))


def _linear(module: Any, size: int, name: str | None = None) -> Linear:
    return Linear(size, module.with_bias, module.w_init, module.b_init, name)
