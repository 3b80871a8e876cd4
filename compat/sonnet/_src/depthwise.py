"""The depthwise convolution."""

from __future__ import annotations

import haiku_core as hk
from compat.dictionary import module
from compat.sonnet._src import initializers
from compat.sonnet._src.base import Module
from compat.sonnet._src.conv import Sizes
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.shapes import channel_index, replicate


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
        self._channel_index = channel_index(data_format)
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


@DepthwiseConv2D.entry.when("w_init is None")
def _(
    kernel_shape,
    channel_multiplier=1,
    stride=1,
    rate=1,
    padding="SAME",
    with_bias=True,
    w_init=None,
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


@DepthwiseConv2D.entry.when()
def _(
    kernel_shape,
    channel_multiplier=1,
    stride=1,
    rate=1,
    padding="SAME",
    with_bias=True,
    w_init=None,
    b_init=None,
    data_format="NHWC",
    name=None,
):
    return hk.sonnet.DepthwiseConv2D(
        kernel_shape,
        channel_multiplier=channel_multiplier,
        stride=stride,
        rate=rate,
        padding=padding,
        with_bias=with_bias,
        w_init=w_init,
        b_init=b_init,
        data_format=data_format,
        name=name,
    )
