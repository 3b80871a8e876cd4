"""The depthwise convolution."""

from __future__ import annotations

import math
from typing import Any

import haiku_core as hk
from compat.dictionary import Static, T, module
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable
from compat.sonnet._src import initializers
from compat.sonnet._src.base import Module
from compat.sonnet._src.conv import Sizes
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.layer import layer
from compat.sonnet._src.once import once
from compat.sonnet._src.shapes import replicate
from compat.sonnet._src.variants import takes_the_same
from haiku_core import layers


@layer("x", "w")
def _depthwise(
    x: T,
    w: T,
    b: T = None,
    *,
    stride: Static,
    padding: Static,
    rate: Static,
    last: Static,
):
    return layers.depthwise_conv(
        x, w, b, stride=stride, padding=padding, rate=rate, channels_last=last
    )


@module("snt.DepthwiseConv2D")
class DepthwiseConv2D(Module):
    """Each input channel convolved by `channel_multiplier` kernels of its own.

    `w` is [height, width, input, multiplier], `b` [input * multiplier].
    """

    def __init__(
        self,
        kernel_shape: Sizes,
        channel_multiplier: int = 1,
        stride: Sizes = 1,
        rate: Sizes = 1,
        padding: str = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NHWC",
        name: str | None = None,
    ):
        super().__init__(name=name)
        self.channel_multiplier = channel_multiplier
        self.kernel_shape = kernel_shape
        self.data_format = data_format
        self._channel_index = layers.get_channel_index(data_format)
        steps = replicate(stride, 2, "stride")
        if self._channel_index == 1:
            self.stride = (1, 1, *steps)
        else:
            self.stride = (1, *steps, 1)
        self.rate = replicate(rate, 2, "rate")
        self.padding = padding
        self.with_bias = with_bias
        self.w_init = w_init
        if with_bias:
            self.b_init = initializers.or_zeros(b_init)
        else:
            initializers.refuse_b_init(b_init)

    @once
    def _initialize(self, inputs: Tensor) -> None:
        self.input_channels = inputs.shape[self._channel_index]
        if self.input_channels is None:
            raise ValueError("The number of input channels must be known.")
        kernel = replicate(self.kernel_shape, 2, "kernel_shape")
        if self.w_init is None:
            stddev = 1 / math.sqrt(math.prod(kernel))
            self.w_init = initializers.TruncatedNormal(stddev=stddev)
        shape = (*kernel, self.input_channels, self.channel_multiplier)
        self.w = Variable(self.w_init(shape, inputs.dtype), name="w")
        if self.with_bias:
            channels = self.input_channels * self.channel_multiplier
            self.b = Variable(self.b_init((channels,), inputs.dtype), name="b")

    def __call__(self, inputs: Any) -> Tensor:
        """[batch, height, width, input], or channels first, to input * multiplier."""
        inputs = convert(inputs)
        self._initialize(inputs)
        last = self._channel_index == -1
        return _depthwise(
            inputs,
            self.w,
            self.b if self.with_bias else None,
            stride=self.stride[1:3] if last else self.stride[2:],
            padding=self.padding,
            rate=self.rate,
            last=last,
        )


@DepthwiseConv2D.entry.when("w_init is omitted")
def _(
    kernel_shape,
    channel_multiplier=1,
    stride=1,
    rate=1,
    padding="SAME",
    with_bias=True,
    b_init=None,
    data_format="NHWC",
    name=None,
):
    # With an initializer of the user's it would differ: the shapes that the two
    # libraries hand to it have other fans.
    return hk.DepthwiseConv2D(
        kernel_shape=kernel_shape,
        channel_multiplier=channel_multiplier,
        stride=stride,
        rate=rate,
        padding=padding,
        with_bias=with_bias,
        b_init=b_init,
        data_format=data_format,
        name=name,
    )


takes_the_same(DepthwiseConv2D.entry, "hk.sonnet.DepthwiseConv2D")
