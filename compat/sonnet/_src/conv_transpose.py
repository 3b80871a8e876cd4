"""Transposed convolutions over one, two and three spatial axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from compat.dictionary import Static, T, module
from compat.runtime.shapes import static_shape
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable
from compat.sonnet._src import initializers
from compat.sonnet._src.base import Module, ModuleMetaclass
from compat.sonnet._src.conv import Sizes
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.layer import layer
from compat.sonnet._src.once import once
from compat.sonnet._src.shapes import replicate, require_rank, sizes
from compat.sonnet._src.variants import takes_the_same, with_defaults
from haiku_core import layers


@layer("x", "w")
def _conv_transpose(
    x: T,
    w: T,
    b: T = None,
    *,
    output_shape: Static,
    stride: Static,
    padding: Static,
    rate: Static,
    last: Static,
):
    return layers.conv_gradient(
        x,
        w,
        b,
        output_shape=output_shape,
        stride=stride,
        padding=padding,
        rate=rate,
        channels_last=last,
    )


class ConvNDTranspose(metaclass=ModuleMetaclass):
    """What the transposed convolutions share."""

    _num_spatial_dims: int

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
        data_format: str = "",  # by class
        name: str | None = None,
    ):
        super().__init__(name=name)
        if padding not in ("SAME", "VALID"):
            raise TypeError(
                "ConvNDTranspose only takes string padding, please provide either "
                f"'SAME' or 'VALID', not {padding!r}."
            )
        self._output_channels = output_channels
        self._kernel_shape = kernel_shape
        self._output_shape = output_shape
        self._stride = stride
        self._rate = rate
        self._padding = padding
        self._data_format = data_format
        self._channel_index = layers.get_channel_index(data_format)
        self._with_bias = with_bias
        self._w_init = w_init
        if with_bias:
            self._b_init = initializers.or_zeros(b_init)
        else:
            initializers.refuse_b_init(b_init)

    @once
    def _initialize(self, inputs: Tensor) -> None:
        n = self._num_spatial_dims
        require_rank(inputs, n + 2)
        self.input_channels = inputs.shape[self._channel_index]
        if self.input_channels is None:
            raise ValueError("The number of input channels must be known")
        self._dtype = inputs.dtype
        if self._output_shape is not None:
            self._output_shape = self._with_channels(list(self._output_shape))
        kernel = replicate(self._kernel_shape, n, "kernel_shape")
        if self._w_init is None:
            fan = math.prod(kernel) * self.input_channels
            self._w_init = initializers.TruncatedNormal(stddev=1 / math.sqrt(fan))
        shape = (*kernel, self._output_channels, self.input_channels)
        self.w = Variable(self._w_init(shape, self._dtype), name="w")
        if self._with_bias:
            b = self._b_init((self._output_channels,), self._dtype)
            self.b = Variable(b, name="b")

    def _with_channels(self, spatial: list) -> list:
        if len(spatial) != self._num_spatial_dims:
            raise ValueError(
                f"The output_shape must be of length {self._num_spatial_dims} but "
                f"instead was {len(spatial)}."
            )
        if self._channel_index == 1:
            return [self._output_channels, *spatial]
        return [*spatial, self._output_channels]

    def _spatial_output(self, inputs: Tensor, stride: tuple, rate: tuple) -> tuple:
        first = self._channel_index == 1
        if self._output_shape is not None:
            return static_shape(
                self._output_shape[1:] if first else self._output_shape[:-1]
            )
        return layers.gradient_output_shape(
            sizes(inputs)[2:] if first else sizes(inputs)[1:-1],
            replicate(self._kernel_shape, self._num_spatial_dims, "kernel_shape"),
            stride,
            rate,
            self._padding,
        )

    def __call__(self, inputs: Any) -> Tensor:
        """[batch, *spatial, input], or channels first, to the same with output."""
        inputs = convert(inputs)
        self._initialize(inputs)
        stride = replicate(self._stride, self._num_spatial_dims, "stride")
        rate = replicate(self._rate, self._num_spatial_dims, "rate")
        return _conv_transpose(
            inputs,
            self.w,
            self.b if self._with_bias else None,
            output_shape=self._spatial_output(inputs, stride, rate),
            stride=stride,
            padding=self._padding,
            rate=rate,
            last=self._channel_index == -1,
        )


@module("snt.Conv1DTranspose")
class Conv1DTranspose(ConvNDTranspose, Module):
    """Transposed convolution over one spatial axis: the gradient of `Conv1D`.

    `w` is [*kernel, output, input]; `output_shape` is spatial only.
    """

    _num_spatial_dims = 1

    __init__ = with_defaults(ConvNDTranspose.__init__, data_format="NWC")


takes_the_same(Conv1DTranspose.entry, "hk.sonnet.Conv1DTranspose")


@module("snt.Conv2DTranspose")
class Conv2DTranspose(ConvNDTranspose, Module):
    """Transposed convolution over two spatial axes: the gradient of `Conv2D`.

    `w` is [*kernel, output, input]; `output_shape` is spatial only.
    """

    _num_spatial_dims = 2

    __init__ = with_defaults(ConvNDTranspose.__init__, data_format="NHWC")


takes_the_same(Conv2DTranspose.entry, "hk.sonnet.Conv2DTranspose")


@module("snt.Conv3DTranspose")
class Conv3DTranspose(ConvNDTranspose, Module):
    """Transposed convolution over three spatial axes: the gradient of `Conv3D`.

    `w` is [*kernel, output, input]; `output_shape` is spatial only.
    """

    _num_spatial_dims = 3

    __init__ = with_defaults(ConvNDTranspose.__init__, data_format="NDHWC")


takes_the_same(Conv3DTranspose.entry, "hk.sonnet.Conv3DTranspose")
