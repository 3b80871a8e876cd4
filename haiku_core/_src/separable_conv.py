"""A depthwise convolution taken apart into its two axes."""

from __future__ import annotations

from collections.abc import Sequence

import jax

from haiku_core._src.conv_ranks import DepthwiseConv2D
from haiku_core._src.module import Module
from haiku_core._src.sizes import replicate
from haiku_core._src.typing import Initializer


class SeparableDepthwiseConv2D(Module):
    """A column kernel, then a row kernel: two depthwise convolutions for one."""

    def __init__(
        self,
        channel_multiplier: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: str | Sequence[tuple[int, int]] = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NHWC",
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          channel_multiplier: kernels for each input channel, in the first step.
          kernel_shape: (height, width), or one number for both.
          stride: of the first step.
          padding: of both steps.
          with_bias: whether the second step has a bias.
          w_init, b_init: of both steps; see ``DepthwiseConv2D``.
          data_format: where the channels are.
          name: of the module.
        """
        super().__init__(name)
        height, width = replicate(kernel_shape, 2, "kernel_shape")
        shared = dict(
            padding=padding, w_init=w_init, b_init=b_init, data_format=data_format
        )
        self._conv1 = DepthwiseConv2D(
            channel_multiplier, (height, 1), stride, with_bias=False, **shared
        )
        self._conv2 = DepthwiseConv2D(1, (1, width), with_bias=with_bias, **shared)

    def __call__(self, inputs: jax.Array) -> jax.Array:
        """``[N, H, W, C]`` or ``[N, C, H, W]``, the same layout out."""
        return self._conv2(self._conv1(inputs))
