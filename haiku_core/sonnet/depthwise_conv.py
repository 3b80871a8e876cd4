"""Sonnet's depthwise convolution, with Sonnet's layout of weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import haiku_core as hk

Initializer = Callable[[Any, Any], jax.Array]


def _pair(value: Any) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, Sequence) else (value,)
    return pair * 2 if len(pair) == 1 else pair


class DepthwiseConv2D(hk.Module):
    """Convolves each channel with ``channel_multiplier`` kernels of its own.

    Parameters, in the inputs' dtype: ``w`` ``[height, width, C, multiplier]``
    (``hk.DepthwiseConv2D`` has ``[height, width, 1, C * multiplier]``) and ``b``
    ``[C * multiplier]``.
    """

    def __init__(
        self,
        kernel_shape: int | Sequence[int],
        channel_multiplier: int = 1,
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: str = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NHWC",
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          kernel_shape: (height, width), or one number for both.
          channel_multiplier: kernels for each channel.
          stride, rate: steps between windows and dilation, likewise.
          padding: ``"SAME"`` or ``"VALID"``.
          with_bias: whether there is a ``b``.
          w_init: default truncated normal, standard deviation 1 / sqrt(height * width).
          b_init: default zeros.
          data_format: where the channels are.
          name: of the module.

        Raises:
          ValueError: ``b_init`` without a bias.
        """
        super().__init__(name=name)
        if b_init is not None and not with_bias:
            raise ValueError("When not using a bias the b_init must be None.")
        self.kernel_shape = _pair(kernel_shape)
        self.channel_multiplier = channel_multiplier
        self.stride, self.rate = _pair(stride), _pair(rate)
        self.padding = padding
        self.with_bias = with_bias
        self.w_init, self.b_init = w_init, b_init or jnp.zeros
        self.data_format = data_format
        self._channel_index = hk.get_channel_index(data_format)

    def __call__(self, inputs: jax.Array) -> jax.Array:
        """``[N, H, W, C]`` or ``[N, C, H, W]``, the same layout out."""
        x = jnp.asarray(inputs)
        last = self._channel_index == -1
        channels = x.shape[self._channel_index]
        outputs = channels * self.channel_multiplier
        stddev = 1 / math.sqrt(math.prod(self.kernel_shape))
        init = self.w_init or hk.initializers.TruncatedNormal(stddev)
        shape = (*self.kernel_shape, channels, self.channel_multiplier)
        w = hk.get_parameter("w", shape, x.dtype, init=init)
        image = "NHWC" if last else "NCHW"
        out = lax.conv_general_dilated(
            x,
            w.reshape(*self.kernel_shape, 1, outputs),
            self.stride,
            self.padding,
            rhs_dilation=self.rate,
            dimension_numbers=(image, "HWIO", image),
            feature_group_count=channels,
        )
        if not self.with_bias:
            return out
        b = hk.get_parameter("b", (outputs,), x.dtype, init=self.b_init)
        return out + b.reshape((1, 1, 1, -1) if last else (1, -1, 1, 1))
