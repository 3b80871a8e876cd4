"""Transposed convolutions over one, two and three spatial axes."""

from __future__ import annotations

from collections.abc import Sequence

import haiku_core as hk
from compat.dictionary import module
from compat.sonnet._src import initializers
from compat.sonnet._src.base import Module
from compat.sonnet._src.conv import Sizes
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.shapes import channel_index


class ConvNDTranspose(Module):
    """What the transposed convolutions share."""

    _num_spatial_dims: int

    def __init__(
        self,
        output_channels: int,
        kernel_shape: Sizes,
        output_shape: Sequence[int] | None,
        stride: Sizes,
        rate: Sizes,
        padding: str,
        with_bias: bool,
        w_init: Initializer | None,
        b_init: Initializer | None,
        data_format: str,
        name: str | None,
    ):
        super().__init__(name=name)
        if padding not in ("SAME", "VALID"):
            raise TypeError(
                f"padding of a transposed convolution is 'SAME' or 'VALID', not "
                f"{padding!r}."
            )
        self._output_channels = output_channels
        self._kernel_shape = kernel_shape
        self._output_shape = output_shape
        self._stride = stride
        self._rate = rate
        self._padding = padding
        self._data_format = data_format
        self._channel_index = channel_index(data_format)
        self._with_bias = with_bias
        self._w_init = w_init
        if with_bias:
            self._b_init = initializers.or_zeros(b_init)
        else:
            initializers.refuse_b_init(b_init)


@module("snt.Conv1DTranspose")
class Conv1DTranspose(ConvNDTranspose):
    """Transposed convolution over one spatial axis: the gradient of `Conv1D`.

    `w` is [*kernel, output, input]; `output_shape` is spatial only.
    """

    _num_spatial_dims = 1

    def __init__(
        self,
        output_channels: int,
        kernel_shape: Sizes,
        output_shape: Sequence[int] | None = None,
        stride: Sizes = 1,
        rate: Sizes = 1,
        padding: str = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NWC",
        name: str | None = None,
    ):
        super().__init__(
            output_channels,
            kernel_shape,
            output_shape,
            stride,
            rate,
            padding,
            with_bias,
            w_init,
            b_init,
            data_format,
            name,
        )


@Conv1DTranspose.entry.when()
def _(
    output_channels,
    kernel_shape,
    output_shape=None,
    stride=1,
    rate=1,
    padding="SAME",
    with_bias=True,
    w_init=None,
    b_init=None,
    data_format="NWC",
    name=None,
):
    return hk.sonnet.Conv1DTranspose(
        output_channels,
        kernel_shape,
        output_shape=output_shape,
        stride=stride,
        rate=rate,
        padding=padding,
        with_bias=with_bias,
        w_init=w_init,
        b_init=b_init,
        data_format=data_format,
        name=name,
    )


@module("snt.Conv2DTranspose")
class Conv2DTranspose(ConvNDTranspose):
    """Transposed convolution over two spatial axes: the gradient of `Conv2D`.

    `w` is [*kernel, output, input]; `output_shape` is spatial only.
    """

    _num_spatial_dims = 2

    def __init__(
        self,
        output_channels: int,
        kernel_shape: Sizes,
        output_shape: Sequence[int] | None = None,
        stride: Sizes = 1,
        rate: Sizes = 1,
        padding: str = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NHWC",
        name: str | None = None,
    ):
        super().__init__(
            output_channels,
            kernel_shape,
            output_shape,
            stride,
            rate,
            padding,
            with_bias,
            w_init,
            b_init,
            data_format,
            name,
        )


@Conv2DTranspose.entry.when()
def _(
    output_channels,
    kernel_shape,
    output_shape=None,
    stride=1,
    rate=1,
    padding="SAME",
    with_bias=True,
    w_init=None,
    b_init=None,
    data_format="NHWC",
    name=None,
):
    return hk.sonnet.Conv2DTranspose(
        output_channels,
        kernel_shape,
        output_shape=output_shape,
        stride=stride,
        rate=rate,
        padding=padding,
        with_bias=with_bias,
        w_init=w_init,
        b_init=b_init,
        data_format=data_format,
        name=name,
    )


@module("snt.Conv3DTranspose")
class Conv3DTranspose(ConvNDTranspose):
    """Transposed convolution over three spatial axes: the gradient of `Conv3D`.

    `w` is [*kernel, output, input]; `output_shape` is spatial only.
    """

    _num_spatial_dims = 3

    def __init__(
        self,
        output_channels: int,
        kernel_shape: Sizes,
        output_shape: Sequence[int] | None = None,
        stride: Sizes = 1,
        rate: Sizes = 1,
        padding: str = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NDHWC",
        name: str | None = None,
    ):
        super().__init__(
            output_channels,
            kernel_shape,
            output_shape,
            stride,
            rate,
            padding,
            with_bias,
            w_init,
            b_init,
            data_format,
            name,
        )


@Conv3DTranspose.entry.when()
def _(
    output_channels,
    kernel_shape,
    output_shape=None,
    stride=1,
    rate=1,
    padding="SAME",
    with_bias=True,
    w_init=None,
    b_init=None,
    data_format="NDHWC",
    name=None,
):
    return hk.sonnet.Conv3DTranspose(
        output_channels,
        kernel_shape,
        output_shape=output_shape,
        stride=stride,
        rate=rate,
        padding=padding,
        with_bias=with_bias,
        w_init=w_init,
        b_init=b_init,
        data_format=data_format,
        name=name,
    )
