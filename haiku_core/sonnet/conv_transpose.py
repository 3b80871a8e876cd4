"""Sonnet's transposed convolutions: TensorFlow's kernels, dilation, output shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import haiku_core as hk

Initializer = Callable[[Any, Any], jax.Array]


def _per_axis(value: Any, n: int, name: str) -> tuple[int, ...]:
    values = tuple(value) if isinstance(value, Sequence) else (value,)
    if len(values) == 1:
        values = values * n
    if len(values) != n:
        raise TypeError(
            f"{name} must be a scalar or a sequence of length 1 or {n}, got {value}."
        )
    return values


def _padding(
    size: int, output: int, kernel: int, stride: int, padding: str
) -> tuple[int, int]:
    """Padding of the dilated inputs, so that the outputs have the size asked for."""
    if padding == "SAME":
        needed = -(-output // stride)
        cut = max(0, (size - 1) * stride + kernel - output) // 2
    else:
        needed = -(-(output - kernel + 1) // stride)
        cut = 0
    if needed != size:
        raise ValueError(
            f"An output of size {output} needs an input of size {needed} (stride "
            f"{stride}, kernel {kernel}, {padding}), but the input's is {size}."
        )
    before = kernel - 1 - cut
    return before, output + kernel - 1 - ((size - 1) * stride + 1) - before


class ConvNDTranspose(hk.Module):
    """A transposed convolution as TensorFlow defines it: the gradient of one.

    Unlike ``hk.ConvNDTranspose`` it doesn't turn the kernel around, so that Sonnet's
    weights fit as they are; the kernel can be dilated; and with VALID padding the
    outputs are ``size * stride + kernel - 1`` long. Parameters, in the inputs' dtype:
    ``w`` ``[*kernel, out, in]`` and ``b`` ``[out]``.
    """

    def __init__(
        self,
        num_spatial_dims: int,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        output_shape: Sequence[int] | None = None,
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: str = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          num_spatial_dims: number of spatial axes, 1 to 3.
          output_channels: number of output channels.
          kernel_shape: size of the kernel, one number or one per axis.
          output_shape: spatial sizes of the outputs.
          stride: by how much each axis grows, one number or one per axis.
          rate: dilation of the kernel, likewise.
          padding: ``"SAME"`` or ``"VALID"``.
          with_bias: whether there is a ``b``.
          w_init: default truncated normal, standard deviation 1 / sqrt(fan in).
          b_init: default zeros.
          data_format: where the channels are.
          name: of the module.

        Raises:
          ValueError: another number of axes, sizes that don't fit it, or ``b_init``
            without a bias.
          TypeError: another padding.
        """
        super().__init__(name=name)
        n = num_spatial_dims
        if not 1 <= n <= 3:
            raise ValueError(
                "We only support transpose convolution operations for num_spatial_dims="
                f"1, 2 or 3, received num_spatial_dims={n}."
            )
        if padding not in ("SAME", "VALID"):
            raise TypeError(
                "ConvNDTranspose only takes string padding, please provide either "
                "`SAME` or `VALID`."
            )
        if b_init is not None and not with_bias:
            raise ValueError("When not using a bias the b_init must be None.")
        if output_shape is not None and len(output_shape) != n:
            raise ValueError(
                f"The output_shape must be of length {n} but instead was "
                f"{len(output_shape)}."
            )
        self._num_spatial_dims = n
        self._output_channels = output_channels
        self._kernel_shape = _per_axis(kernel_shape, n, "kernel_shape")
        self._output_shape = None if output_shape is None else tuple(output_shape)
        self._stride = _per_axis(stride, n, "stride")
        self._rate = _per_axis(rate, n, "rate")
        self._padding = padding
        self._channel_index = hk.get_channel_index(data_format)
        self._with_bias = with_bias
        self._w_init = w_init
        self._b_init = b_init or jnp.zeros

    def __call__(self, inputs: jax.Array) -> jax.Array:
        """``[N, *spatial, I]`` or ``[N, I, *spatial]``, the same layout out.

        Raises:
          ValueError: another rank, or an output shape that the inputs can't give.
        """
        x = jnp.asarray(inputs)
        n = self._num_spatial_dims
        if x.ndim != n + 2:
            raise ValueError(f"inputs must have rank {n + 2}, got shape {x.shape}")
        last = self._channel_index == -1
        channels, outputs = x.shape[self._channel_index], self._output_channels
        spatial = x.shape[1:-1] if last else x.shape[2:]
        kernel = tuple(
            (k - 1) * r + 1 for k, r in zip(self._kernel_shape, self._rate, strict=True)
        )
        sizes = self._output_shape
        if sizes is None:
            extra = (0,) * n if self._padding == "SAME" else [k - 1 for k in kernel]
            grown = zip(spatial, self._stride, extra, strict=True)
            sizes = tuple(size * s + e for size, s, e in grown)
        pads = [
            _padding(*each, self._padding)
            for each in zip(spatial, sizes, kernel, self._stride, strict=True)
        ]
        fan_in = math.prod(self._kernel_shape) * channels
        init = self._w_init or hk.initializers.TruncatedNormal(1 / math.sqrt(fan_in))
        shape = (*self._kernel_shape, outputs, channels)
        w = hk.get_parameter("w", shape, x.dtype, init=init)
        image = (0, n + 1, *range(1, n + 1)) if last else tuple(range(n + 2))
        out = lax.conv_general_dilated(
            x,
            lax.rev(w, range(n)),
            (1,) * n,
            pads,
            lhs_dilation=self._stride,
            rhs_dilation=self._rate,
            dimension_numbers=lax.ConvDimensionNumbers(
                image, (n, n + 1, *range(n)), image
            ),
        )
        if not self._with_bias:
            return out
        b = hk.get_parameter("b", (outputs,), x.dtype, init=self._b_init)
        return out + b.reshape((1,) * (n + 1) + (-1,) if last else (1, -1) + (1,) * n)


class Conv1DTranspose(ConvNDTranspose):
    """``ConvNDTranspose`` over one spatial axis."""

    def __init__(
        self,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        output_shape: Sequence[int] | None = None,
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: str = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NWC",
        name: str | None = None,
    ):
        """Arguments as for ``ConvNDTranspose``."""
        sizes = (1, output_channels, kernel_shape, output_shape, stride, rate)
        inits = (with_bias, w_init, b_init)
        super().__init__(*sizes, padding, *inits, data_format, name)


class Conv2DTranspose(ConvNDTranspose):
    """``ConvNDTranspose`` over two spatial axes."""

    def __init__(
        self,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        output_shape: Sequence[int] | None = None,
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: str = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NHWC",
        name: str | None = None,
    ):
        """Arguments as for ``ConvNDTranspose``."""
        sizes = (2, output_channels, kernel_shape, output_shape, stride, rate)
        inits = (with_bias, w_init, b_init)
        super().__init__(*sizes, padding, *inits, data_format, name)


class Conv3DTranspose(ConvNDTranspose):
    """``ConvNDTranspose`` over three spatial axes."""

    def __init__(
        self,
        output_channels: int,
        kernel_shape: int | Sequence[int],
        output_shape: Sequence[int] | None = None,
        stride: int | Sequence[int] = 1,
        rate: int | Sequence[int] = 1,
        padding: str = "SAME",
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NDHWC",
        name: str | None = None,
    ):
        """Arguments as for ``ConvNDTranspose``."""
        sizes = (3, output_channels, kernel_shape, output_shape, stride, rate)
        inits = (with_bias, w_init, b_init)
        super().__init__(*sizes, padding, *inits, data_format, name)
