"""Convolutions over one, two and three spatial axes."""

from __future__ import annotations

from collections.abc import Sequence

import jax

from haiku_core._src.conv import ConvND, ConvNDTranspose, Padding
from haiku_core._src.depthwise_conv import DepthwiseConvND
from haiku_core._src.typing import Initializer


class Conv1D(ConvND):
    """A convolution over one spatial axis; see ``ConvND``."""

    def __init__(
        self,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: Padding = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NWC",
        mask: jax.Array | None = None,
        feature_group_count: int = 1,
        name: str | None = None,
    ):
        """Arguments as for ``ConvND``."""
        sizes = (1, output_channels, kernel_shape, stride, rate, padding)
        inits = (w_init, b_init)
        super().__init__(
            *sizes, with_bias, *inits, data_format, mask, feature_group_count, name
        )


class Conv2D(ConvND):
    """A convolution over two spatial axes; see ``ConvND``."""

    def __init__(
        self,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: Padding = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NHWC",
        mask: jax.Array | None = None,
        feature_group_count: int = 1,
        name: str | None = None,
    ):
        """Arguments as for ``ConvND``."""
        sizes = (2, output_channels, kernel_shape, stride, rate, padding)
        inits = (w_init, b_init)
        super().__init__(
            *sizes, with_bias, *inits, data_format, mask, feature_group_count, name
        )


class Conv3D(ConvND):
    """A convolution over three spatial axes; see ``ConvND``."""

    def __init__(
        self,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: Padding = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NDHWC",
        mask: jax.Array | None = None,
        feature_group_count: int = 1,
        name: str | None = None,
    ):
        """Arguments as for ``ConvND``."""
        sizes = (3, output_channels, kernel_shape, stride, rate, padding)
        inits = (w_init, b_init)
        super().__init__(
            *sizes, with_bias, *inits, data_format, mask, feature_group_count, name
        )


class Conv1DTranspose(ConvNDTranspose):
    """A transposed convolution over one spatial axis; see ``ConvNDTranspose``."""

    def __init__(
        self,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        output_shape: int | Sequence[int] | None = None,
        padding: str | Sequence[tuple[int, int]] = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NWC",
        mask: jax.Array | None = None,
        name: str | None = None,
    ):
        """Arguments as for ``ConvNDTranspose``."""
        sizes = (1, output_channels, kernel_shape, stride, output_shape, padding)
        inits = (w_init, b_init)
        super().__init__(*sizes, with_bias, *inits, data_format, mask, name)


class Conv2DTranspose(ConvNDTranspose):
    """A transposed convolution over two spatial axes; see ``ConvNDTranspose``."""

    def __init__(
        self,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        output_shape: int | Sequence[int] | None = None,
        padding: str | Sequence[tuple[int, int]] = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NHWC",
        mask: jax.Array | None = None,
        name: str | None = None,
    ):
        """Arguments as for ``ConvNDTranspose``."""
        sizes = (2, output_channels, kernel_shape, stride, output_shape, padding)
        inits = (w_init, b_init)
        super().__init__(*sizes, with_bias, *inits, data_format, mask, name)


class Conv3DTranspose(ConvNDTranspose):
    """A transposed convolution over three spatial axes; see ``ConvNDTranspose``."""

    def __init__(
        self,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        output_shape: int | Sequence[int] | None = None,
        padding: str | Sequence[tuple[int, int]] = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NDHWC",
        mask: jax.Array | None = None,
        name: str | None = None,
    ):
        """Arguments as for ``ConvNDTranspose``."""
        sizes = (3, output_channels, kernel_shape, stride, output_shape, padding)
        inits = (w_init, b_init)
        super().__init__(*sizes, with_bias, *inits, data_format, mask, name)


class DepthwiseConv1D(DepthwiseConvND):
    """Depthwise convolution over one spatial axis; see ``DepthwiseConvND``."""

    def __init__(
        self,
        channel_multiplier: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: str | Sequence[tuple[int, int]] = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NWC",
        name: str | None = None,
    ):
        """Arguments as for ``DepthwiseConvND``."""
        sizes = (channel_multiplier, kernel_shape, 1, data_format, stride, rate)
        super().__init__(*sizes, padding, with_bias, w_init, b_init, name)


class DepthwiseConv2D(DepthwiseConvND):
    """Depthwise convolution over two spatial axes; see ``DepthwiseConvND``."""

    def __init__(
        self,
        channel_multiplier: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: str | Sequence[tuple[int, int]] = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NHWC",
        name: str | None = None,
    ):
        """Arguments as for ``DepthwiseConvND``."""
        sizes = (channel_multiplier, kernel_shape, 2, data_format, stride, rate)
        super().__init__(*sizes, padding, with_bias, w_init, b_init, name)


class DepthwiseConv3D(DepthwiseConvND):
    """Depthwise convolution over three spatial axes; see ``DepthwiseConvND``."""

    def __init__(
        self,
        channel_multiplier: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: str | Sequence[tuple[int, int]] = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NDHWC",
        name: str | None = None,
    ):
        """Arguments as for ``DepthwiseConvND``."""
        sizes = (channel_multiplier, kernel_shape, 3, data_format, stride, rate)
        super().__init__(*sizes, padding, with_bias, w_init, b_init, name)
