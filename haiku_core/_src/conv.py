"""Convolutions and transposed convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from haiku_core._src import pad
from haiku_core._src.initializers import fan_in_normal
from haiku_core._src.module import Module
from haiku_core._src.sizes import replicate
from haiku_core._src.typing import Initializer
from haiku_core._src.variables import get_parameter
from haiku_core.layers._src.arrays import as_array, size_of
from haiku_core.layers._src.conv import (
    conv,
    conv_transpose,
    dimension_numbers,
    get_channel_index,
    output_padding,
)

Sizes = int | Sequence[int]
Padding = str | Sequence[tuple[int, int]] | pad.PadFn | Sequence[pad.PadFn]


# What the two kinds of convolution share. Functions, not methods: each call of a
# module's method is a scope of its own that interceptors see.


def _configure(
    module: Any,
    transpose: bool,
    num_spatial_dims: int,
    output_channels: int,
    kernel_shape: Sizes,
    stride: Sizes,
    with_bias: bool,
    inits: tuple[Initializer | None, Initializer | None],
    data_format: str,
    mask: jax.Array | None,
) -> None:
    n = num_spatial_dims
    if n <= 0:
        raise ValueError(
            "We only support convolution operations for `num_spatial_dims` greater "
            f"than 0, received num_spatial_dims={n}."
        )
    module.num_spatial_dims = n
    module.data_format, module.mask = data_format, mask
    module.output_channels, module.with_bias = output_channels, with_bias
    module.stride = replicate(stride, n, "strides")
    module.kernel_shape = replicate(kernel_shape, n, "kernel_shape")
    module.w_init, b_init = inits
    module.b_init = b_init or jnp.zeros
    module.channel_index = get_channel_index(data_format)
    module.dimension_numbers = dimension_numbers(
        n, module.channel_index == -1, transpose
    )


def _batched(module: Any, inputs: Any, kind: str) -> tuple[jax.Array, bool]:
    """The inputs with a batch axis, and whether it had to be added."""
    x = as_array(inputs)
    missing = module.num_spatial_dims + 2 - x.ndim
    if missing == 0:
        return x, False
    if missing != 1:
        ranks = [module.num_spatial_dims + 1, module.num_spatial_dims + 2]
        raise ValueError(
            f"Input to {kind} needs to have rank in {ranks}, but input has shape "
            f"{x.shape}."
        )
    return lax.expand_dims(x, (0,)), True


def _weights(module: Any, shape: tuple[int, ...], fan_in: int, dtype: Any) -> jax.Array:
    mask = module.mask
    if mask is not None and mask.shape != shape:
        raise ValueError(
            "Mask needs to have the same shape as weights. Shapes are: "
            f"{mask.shape}, {shape}"
        )
    init = module.w_init or fan_in_normal(fan_in)
    w = get_parameter("w", shape, dtype, init)
    return w if mask is None else w * mask


def _bias(module: Any, dtype: Any) -> jax.Array | None:
    if not module.with_bias:
        return None
    units = 0 if module.channel_index == -1 else module.num_spatial_dims
    shape = (module.output_channels,) + (1,) * units
    return get_parameter("b", shape, dtype, module.b_init)


class ConvND(Module):
    """A convolution over any number of spatial axes.

    Parameters, in the dtype of the inputs: ``w`` ``[*kernel, in / groups, out]`` and
    ``b``, ``[out]`` or, channels first, ``[out, 1, ...]``.
    """

    def __init__(
        self,
        num_spatial_dims: int,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: Padding = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "channels_last",
        mask: jax.Array | None = None,
        feature_group_count: int = 1,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          num_spatial_dims: number of spatial axes.
          output_channels: number of output channels.
          kernel_shape: size of the kernel, one number or one per axis.
          stride: steps between windows, likewise.
          rate: dilation of the kernel, likewise.
          padding: ``"SAME"``, ``"VALID"``, (before, after) for all axes, one such pair
            per axis, or rules from ``hk.pad``, one or one per axis.
          with_bias: whether there is a ``b``.
          w_init: default truncated normal, standard deviation 1 / sqrt(fan in).
          b_init: default zeros.
          data_format: where the channels are, e.g. ``NHWC`` or ``channels_first``.
          mask: multiplies the weights; of their shape.
          feature_group_count: groups of channels that don't see one another.
          name: of the module.

        Raises:
          ValueError, TypeError: sizes that don't fit the number of axes.
        """
        super().__init__(name)
        _configure(
            self,
            False,
            num_spatial_dims,
            output_channels,
            kernel_shape,
            stride,
            with_bias,
            (w_init, b_init),
            data_format,
            mask,
        )
        n = self.num_spatial_dims
        self.feature_group_count = feature_group_count
        self.kernel_dilation = replicate(rate, n, "kernel_dilation")
        self.lhs_dilation = (1,) * n
        if isinstance(padding, str):
            self.padding: Any = padding.upper()
        elif pad.is_padfn(padding):
            self.padding = pad.create_from_padfn(
                padding, self.kernel_shape, self.kernel_dilation, n
            )
        else:
            self.padding = pad.create_from_tuple(padding, n)

    def __call__(self, inputs: jax.Array, *, precision: Any = None) -> jax.Array:
        """Convolves a batch, or one example without batch axis.

        Args:
          inputs: ``[N, *spatial, C]`` or ``[N, C, *spatial]``, N optional.
          precision: passed to XLA.

        Returns:
          The same layout, N there if it was given.

        Raises:
          ValueError: another rank, a mask of another shape, or channels that the
            groups don't divide.
        """
        x, added = _batched(self, inputs, "ConvND")
        channels, groups = x.shape[self.channel_index], self.feature_group_count
        if channels % groups:
            raise ValueError(
                f"Inputs channels {channels} should be a multiple of "
                f"feature_group_count {groups}"
            )
        shape = (*self.kernel_shape, channels // groups, self.output_channels)
        fan_in = size_of(shape, range(len(shape) - 1))
        w = _weights(self, shape, fan_in, x.dtype)
        out = conv(
            x,
            w,
            _bias(self, x.dtype),
            stride=self.stride,
            padding=self.padding,
            rate=self.kernel_dilation,
            channels_last=self.channel_index == -1,
            groups=groups,
            precision=precision,
        )
        return lax.squeeze(out, (0,)) if added else out


class ConvNDTranspose(Module):
    """A transposed convolution over any number of spatial axes.

    Parameters, in the dtype of the inputs: ``w`` ``[*kernel, out, in]`` and ``b``,
    ``[out]`` or, channels first, ``[out, 1, ...]``.
    """

    def __init__(
        self,
        num_spatial_dims: int,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        output_shape: int | Sequence[int] | None = None,
        padding: str | Sequence[tuple[int, int]] = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "channels_last",
        mask: jax.Array | None = None,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          num_spatial_dims: number of spatial axes.
          output_channels: number of output channels.
          kernel_shape: size of the kernel, one number or one per axis.
          stride: by how much each axis grows, likewise.
          output_shape: spatial sizes of the outputs, likewise; None: what the stride
            and the padding give.
          padding: ``"SAME"``, ``"VALID"`` or (before, after) per axis.
          with_bias, w_init, b_init, data_format, mask, name: as in ``ConvND``.

        Raises:
          ValueError, TypeError: sizes that don't fit the number of axes, or an
            output shape with explicit padding.
        """
        super().__init__(name)
        _configure(
            self,
            True,
            num_spatial_dims,
            output_channels,
            kernel_shape,
            stride,
            with_bias,
            (w_init, b_init),
            data_format,
            mask,
        )
        self.padding = padding
        self.output_shape: tuple[int, ...] | None = None
        if output_shape is not None:
            if not isinstance(padding, str):
                raise ValueError(
                    "When specifying `output_shape`, ensure that padding is 'VALID' or "
                    "'SAME'."
                )
            self.output_shape = replicate(
                output_shape, self.num_spatial_dims, "output_shape"
            )

    def __call__(self, inputs: jax.Array, *, precision: Any = None) -> jax.Array:
        """Arguments and result as for ``ConvND``.

        Raises:
          ValueError: another rank, a mask of another shape, or an output shape that
            the inputs can't give.
        """
        x, added = _batched(self, inputs, "ConvNDTranspose")
        channels = x.shape[self.channel_index]
        shape = (*self.kernel_shape, self.output_channels, channels)
        fan_in = size_of(self.kernel_shape, range(self.num_spatial_dims)) * channels
        w = _weights(self, shape, fan_in, x.dtype)
        out = conv_transpose(
            x,
            w,
            _bias(self, x.dtype),
            stride=self.stride,
            padding=_transpose_padding(self, x),
            channels_last=self.channel_index == -1,
            precision=precision,
        )
        return lax.squeeze(out, (0,)) if added else out


def _transpose_padding(module: Any, x: jax.Array) -> Any:
    if module.output_shape is None:
        return module.padding
    spatial = x.shape[1:-1] if module.channel_index == -1 else x.shape[2:]
    sizes = zip(
        spatial, module.output_shape, module.kernel_shape, module.stride, strict=True
    )
    return tuple(output_padding(*each, module.padding) for each in sizes)
