"""Convolutions over one, two and three spatial axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from compat.dictionary import Static, T, module
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable
from compat.sonnet._src import initializers, pad
from compat.sonnet._src.base import Module, ModuleMetaclass
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.layer import layer
from compat.sonnet._src.once import once
from compat.sonnet._src.shapes import replicate, require_rank
from compat.sonnet._src.variants import takes_the_same, with_defaults
from haiku_core import layers

Sizes = int | Sequence[int]


@layer("x", "w")
def _conv(
    x: T,
    w: T,
    b: T = None,
    *,
    stride: Static,
    padding: Static,
    rate: Static,
    last: Static,
):
    return layers.conv(
        x, w, b, stride=stride, padding=padding, rate=rate, channels_last=last
    )


Padding = str | Callable[[int], Sequence[int]] | Sequence[Callable]


class ConvND(metaclass=ModuleMetaclass):
    """What the convolutions share; the number of spatial axes is the class's."""

    _num_spatial_dims: int

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
        data_format: str = "",  # by class
        name: str | None = None,
    ):
        super().__init__(name=name)
        named = isinstance(padding, str)
        self.padding_func = None if named else padding
        self.conv_padding = padding.upper() if named else "VALID"
        self.output_channels, self.kernel_shape = output_channels, kernel_shape
        self.stride, self.rate = stride, rate
        self.data_format = data_format
        self._channel_index = layers.get_channel_index(data_format)
        self.with_bias = with_bias
        self.w_init = w_init
        if with_bias:
            self.b_init = initializers.or_zeros(b_init)
        else:
            initializers.refuse_b_init(b_init)

    @once
    def _initialize(self, inputs: Tensor) -> None:
        n = self._num_spatial_dims
        require_rank(inputs, n + 2)
        channels = inputs.shape[self._channel_index]
        if channels is None:
            raise ValueError("The number of input channels must be known.")
        self.input_channels, self._dtype = channels, inputs.dtype
        self.w = self._make_w()
        if self.with_bias:
            b = self.b_init((self.output_channels,), self._dtype)
            self.b = Variable(b, name="b")
        if self.padding_func:
            self._padding = pad.create(
                self.padding_func,
                self.kernel_shape,
                self.rate,
                n,
                self._channel_index,
            )

    def _make_w(self) -> Variable:
        kernel = replicate(self.kernel_shape, self._num_spatial_dims, "kernel_shape")
        shape = (*kernel, self.input_channels, self.output_channels)
        if self.w_init is None:
            stddev = 1 / math.sqrt(math.prod(shape[:-1]))
            self.w_init = initializers.TruncatedNormal(stddev=stddev)
        return Variable(self.w_init(shape, self._dtype), name="w")

    def _spatial_padding(self) -> Any:
        if not self.padding_func:
            return self.conv_padding
        pairs = self._padding[2:] if self._channel_index == 1 else self._padding[1:-1]
        return tuple(map(tuple, pairs))

    def __call__(self, inputs: Any) -> Tensor:
        """[batch, *spatial, input], or channels first, to the same with output."""
        inputs = convert(inputs)
        self._initialize(inputs)
        n = self._num_spatial_dims
        return _conv(
            inputs,
            self.w,
            self.b if self.with_bias else None,
            stride=replicate(self.stride, n, "stride"),
            padding=self._spatial_padding(),
            rate=replicate(self.rate, n, "rate"),
            last=self._channel_index == -1,
        )


@module("snt.Conv1D")
class Conv1D(ConvND, Module):
    """Convolution over one spatial axis; `w` is [*kernel, input, output].

    `padding` is "SAME", "VALID" or functions from the effective kernel size to the
    padding before and after (see `snt.pad`).
    """

    _num_spatial_dims = 1

    __init__ = with_defaults(ConvND.__init__, data_format="NWC")


takes_the_same(Conv1D.entry, "hk.Conv1D")


@module("snt.Conv2D")
class Conv2D(ConvND, Module):
    """Convolution over two spatial axes; `w` is [*kernel, input, output].

    `padding` is "SAME", "VALID" or functions from the effective kernel size to the
    padding before and after (see `snt.pad`).
    """

    _num_spatial_dims = 2

    __init__ = with_defaults(ConvND.__init__, data_format="NHWC")


takes_the_same(Conv2D.entry, "hk.Conv2D")


@module("snt.Conv3D")
class Conv3D(ConvND, Module):
    """Convolution over three spatial axes; `w` is [*kernel, input, output].

    `padding` is "SAME", "VALID" or functions from the effective kernel size to the
    padding before and after (see `snt.pad`).
    """

    _num_spatial_dims = 3

    __init__ = with_defaults(ConvND.__init__, data_format="NDHWC")


takes_the_same(Conv3D.entry, "hk.Conv3D")
