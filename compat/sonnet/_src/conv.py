"""Convolutions over one, two and three spatial axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import haiku_core as hk
from compat.dictionary import module
from compat.sonnet._src import initializers
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.shapes import channel_index

Sizes = int | Sequence[int]
Padding = str | Callable[[int], Sequence[int]] | Sequence[Callable]


class ConvND(Module):
    """What the convolutions share; the number of spatial axes is the class's."""

    _num_spatial_dims: int

    def __init__(
        self,
        output_channels: int,
        kernel_shape: Sizes,
        stride: Sizes,
        rate: Sizes,
        padding: Padding,
        with_bias: bool,
        w_init: Initializer | None,
        b_init: Initializer | None,
        data_format: str,
        name: str | None,
    ):
        super().__init__(name=name)
        self.output_channels = output_channels
        self.kernel_shape = kernel_shape
        self.stride = stride
        self.rate = rate
        if isinstance(padding, str):
            self.conv_padding = padding.upper()
            self.padding_func = None
        else:
            self.conv_padding = "VALID"
            self.padding_func = padding
        self.data_format = data_format
        self._channel_index = channel_index(data_format)
        self.with_bias = with_bias
        self.w_init = w_init
        if with_bias:
            self.b_init = initializers.or_zeros(b_init)
        else:
            initializers.refuse_b_init(b_init)


@module("snt.Conv1D")
class Conv1D(ConvND):
    """Convolution over one spatial axis; `w` is [*kernel, input, output].

    `padding` is "SAME", "VALID" or functions from the effective kernel size to the
    padding before and after (see `snt.pad`).
    """

    _num_spatial_dims = 1

    def __init__(
        self,
        output_channels: int,
        kernel_shape: Sizes,
        stride: Sizes = 1,
        rate: Sizes = 1,
        padding: Padding = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NWC",
        name: str | None = None,
    ):
        super().__init__(
            output_channels,
            kernel_shape,
            stride,
            rate,
            padding,
            with_bias,
            w_init,
            b_init,
            data_format,
            name,
        )


@Conv1D.entry.when()
def _(
    output_channels,
    kernel_shape,
    stride=1,
    rate=1,
    padding="SAME",
    with_bias=True,
    w_init=None,
    b_init=None,
    data_format="NWC",
    name=None,
):
    return hk.Conv1D(
        output_channels,
        kernel_shape,
        stride=stride,
        rate=rate,
        padding=padding,
        with_bias=with_bias,
        w_init=w_init,
        b_init=b_init,
        data_format=data_format,
        name=name,
    )


@module("snt.Conv2D")
class Conv2D(ConvND):
    """Convolution over two spatial axes; `w` is [*kernel, input, output].

    `padding` is "SAME", "VALID" or functions from the effective kernel size to the
    padding before and after (see `snt.pad`).
    """

    _num_spatial_dims = 2

    def __init__(
        self,
        output_channels: int,
        kernel_shape: Sizes,
        stride: Sizes = 1,
        rate: Sizes = 1,
        padding: Padding = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NHWC",
        name: str | None = None,
    ):
        super().__init__(
            output_channels,
            kernel_shape,
            stride,
            rate,
            padding,
            with_bias,
            w_init,
            b_init,
            data_format,
            name,
        )


@Conv2D.entry.when()
def _(
    output_channels,
    kernel_shape,
    stride=1,
    rate=1,
    padding="SAME",
    with_bias=True,
    w_init=None,
    b_init=None,
    data_format="NHWC",
    name=None,
):
    return hk.Conv2D(
        output_channels,
        kernel_shape,
        stride=stride,
        rate=rate,
        padding=padding,
        with_bias=with_bias,
        w_init=w_init,
        b_init=b_init,
        data_format=data_format,
        name=name,
    )


@module("snt.Conv3D")
class Conv3D(ConvND):
    """Convolution over three spatial axes; `w` is [*kernel, input, output].

    `padding` is "SAME", "VALID" or functions from the effective kernel size to the
    padding before and after (see `snt.pad`).
    """

    _num_spatial_dims = 3

    def __init__(
        self,
        output_channels: int,
        kernel_shape: Sizes,
        stride: Sizes = 1,
        rate: Sizes = 1,
        padding: Padding = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NDHWC",
        name: str | None = None,
    ):
        super().__init__(
            output_channels,
            kernel_shape,
            stride,
            rate,
            padding,
            with_bias,
            w_init,
            b_init,
            data_format,
            name,
        )


@Conv3D.entry.when()
def _(
    output_channels,
    kernel_shape,
    stride=1,
    rate=1,
    padding="SAME",
    with_bias=True,
    w_init=None,
    b_init=None,
    data_format="NDHWC",
    name=None,
):
    return hk.Conv3D(
        output_channels,
        kernel_shape,
        stride=stride,
        rate=rate,
        padding=padding,
        with_bias=with_bias,
        w_init=w_init,
        b_init=b_init,
        data_format=data_format,
        name=name,
    )
