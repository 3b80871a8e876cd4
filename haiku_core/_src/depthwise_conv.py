"""Depthwise and separable convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from haiku_core._src.initializers import fan_in_normal
from haiku_core._src.module import Module
from haiku_core._src.sizes import replicate
from haiku_core._src.typing import Initializer
from haiku_core._src.variables import get_parameter
from haiku_core.layers._src.arrays import as_array
from haiku_core.layers._src.conv import depthwise_conv, get_channel_index


class DepthwiseConvND(Module):
    """Convolves each channel with ``channel_multiplier`` kernels of its own.

    Parameters, in the dtype of the inputs: ``w`` ``[*kernel, 1, C * multiplier]`` and
    ``b``, ``[C * multiplier]`` or, channels first, ``[C * multiplier, 1, ...]``.
    """

    def __init__(
        self,
        channel_multiplier: int,
        kernel_shape: int | Sequence[int],
        num_spatial_dims: int,
        data_format: str,
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: str | Sequence[tuple[int, int]] = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          channel_multiplier: kernels for each input channel.
          kernel_shape: size of the kernels, one number or one per axis.
          num_spatial_dims: number of spatial axes.
          data_format: where the channels are.
          stride: steps between windows, one number or one per axis.
          rate: dilation of the kernels, likewise.
          padding: ``"SAME"``, ``"VALID"`` or (before, after) per axis.
          with_bias: whether there is a ``b``.
          w_init: default truncated normal, standard deviation 1 / sqrt(kernel size).
          b_init: default zeros.
          name: of the module.
        """
        super().__init__(name)
        n = num_spatial_dims
        self.data_format, self.channel_index = (
            data_format,
            get_channel_index(data_format),
        )
        self.stride = replicate(stride, n, "strides")
        self.rhs_dilation = replicate(rate, n, "rhs_dilation")
        self.lhs_dilation = (1,) * n
        self.kernel_shape = replicate(kernel_shape, n, "kernel_shape")
        self.channel_multiplier, self.num_spatial_dims = channel_multiplier, n
        self.b_init = b_init or jnp.zeros
        self.w_init, self.with_bias, self.padding = w_init, with_bias, padding

    def __call__(self, inputs: jax.Array) -> jax.Array:
        """``[N, *spatial, C]`` or ``[N, C, *spatial]``, the same layout out."""
        x = as_array(inputs)
        last = self.channel_index == -1
        outputs = self.channel_multiplier * x.shape[self.channel_index]
        init = self.w_init or fan_in_normal(math.prod(self.kernel_shape))
        w = get_parameter("w", (*self.kernel_shape, 1, outputs), x.dtype, init)
        b: Any = None
        if self.with_bias:
            shape = (outputs,) + (0 if last else self.num_spatial_dims) * (1,)
            b = get_parameter("b", shape, x.dtype, self.b_init)
        return depthwise_conv(
            x,
            w,
            b,
            stride=self.stride,
            padding=self.padding,
            rate=self.rhs_dilation,
            channels_last=last,
        )
