"""Convolutions: plain, depthwise and the two kinds of transposed convolution.

Inputs are ``[N, *spatial, C]`` (channels last) or ``[N, C, *spatial]``; kernels are
``[*kernel, in, out]`` for convolutions and ``[*kernel, out, in]`` for transposed
ones, in both layouts of the inputs.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import jax
from jax import lax

from haiku_core.layers._src.arrays import add_vector

Padding = str | Sequence[tuple[int, int]]

_FORMATS = (
    (re.compile(r"NC[^C]*"), 1),
    (re.compile(r"N[^C]*C"), -1),
    (re.compile(r"(BT|TB)[^D]*D"), -1),
)


@functools.cache
def get_channel_index(data_format: str) -> int:
    """The channel axis that a data format names: 1 or -1.

    Understood are ``channels_first``, ``channels_last``, spatial formats such as
    ``NCHW`` and ``NWC``, and sequential ones such as ``BTHWD``.

    Raises:
      ValueError: for anything else.
    """
    if data_format == "channels_last":
        return -1
    if data_format == "channels_first":
        return 1
    for pattern, index in _FORMATS:
        if pattern.fullmatch(data_format):
            return index
    raise ValueError(
        f"Unable to extract channel information from {data_format!r}: use "
        "'channels_first', 'channels_last', a spatial format such as 'NCHW' or a "
        "sequential one such as 'BTHWD'."
    )


@functools.cache
def dimension_numbers(
    num_spatial_dims: int, channels_last: bool, out_in: bool = False
) -> lax.ConvDimensionNumbers:
    """Which axis is what, for ``lax.conv_general_dilated``.

    Args:
      num_spatial_dims: number of spatial axes.
      channels_last: layout of inputs and outputs.
      out_in: the kernel ends in (out, in), not in (in, out).
    """
    n = num_spatial_dims
    spatial = tuple(range(1, n + 1)) if channels_last else tuple(range(2, n + 2))
    images = (0, n + 1, *spatial) if channels_last else (0, 1, *spatial)
    kernel_channels = (n, n + 1) if out_in else (n + 1, n)
    kernel = (*kernel_channels, *range(n))
    return lax.ConvDimensionNumbers(images, kernel, images)


def _with_bias(out: jax.Array, b: jax.Array | None, channels_last: bool) -> jax.Array:
    if b is None:
        return out
    return add_vector(out, b, -1 if channels_last else 1)


def conv(
    x: jax.Array,
    w: jax.Array,
    b: jax.Array | None = None,
    *,
    stride: Sequence[int],
    padding: Padding,
    rate: Sequence[int],
    channels_last: bool = True,
    groups: int = 1,
    precision: Any = None,
) -> jax.Array:
    """An n-dimensional convolution (cross-correlation, as all libraries have it).

    Args:
      x: ``[N, *spatial, I]`` or ``[N, I, *spatial]``.
      w: ``[*kernel, I / groups, O]``.
      b: ``[O]`` or, channels first, ``[O, 1, ...]``; None for no bias.
      stride: window stride per spatial axis.
      padding: ``"SAME"``, ``"VALID"`` or (before, after) per spatial axis.
      rate: kernel dilation per spatial axis.
      channels_last: layout of ``x`` and of the result.
      groups: number of groups of channels that don't see one another.
      precision: passed to XLA.

    Returns:
      ``[N, *out_spatial, O]`` or ``[N, O, *out_spatial]``.
    """
    n = len(stride)
    out = lax.conv_general_dilated(
        x,
        w,
        stride,
        padding,
        (1,) * n,
        rate,
        dimension_numbers(n, channels_last),
        groups,
        precision=precision,
    )
    return _with_bias(out, b, channels_last)


def depthwise_conv(
    x: jax.Array,
    w: jax.Array,
    b: jax.Array | None = None,
    *,
    stride: Sequence[int],
    padding: Padding,
    rate: Sequence[int],
    channels_last: bool = True,
) -> jax.Array:
    """A convolution of each channel by kernels of its own.

    Args:
      x: ``[N, *spatial, C]`` or ``[N, C, *spatial]``.
      w: ``[*kernel, 1, C * M]`` (Haiku) or ``[*kernel, C, M]`` (Sonnet, TensorFlow);
        the second is the first reshaped.
      b: ``[C * M]`` or, channels first, ``[C * M, 1, ...]``; None for no bias.
      stride, padding, rate, channels_last: as in ``conv``.

    Returns:
      ``[N, *out_spatial, C * M]`` or ``[N, C * M, *out_spatial]``: output channel
      ``c * M + m`` is the ``m``-th kernel of channel ``c``.
    """
    channels = x.shape[-1 if channels_last else 1]
    *kernel, inner, outer = w.shape
    if inner != 1:
        w = lax.reshape(w, (*kernel, 1, inner * outer))
    return conv(
        x,
        w,
        b,
        stride=stride,
        padding=padding,
        rate=rate,
        channels_last=channels_last,
        groups=channels,
    )


def conv_transpose(
    x: jax.Array,
    w: jax.Array,
    b: jax.Array | None = None,
    *,
    stride: Sequence[int],
    padding: Padding,
    channels_last: bool = True,
    precision: Any = None,
) -> jax.Array:
    """Haiku's transposed convolution: a convolution of the dilated input.

    The kernel is *not* turned around (``conv_gradient`` is the form that is).

    Args:
      x: ``[N, *spatial, I]`` or ``[N, I, *spatial]``.
      w: ``[*kernel, O, I]``.
      b: ``[O]`` or, channels first, ``[O, 1, ...]``; None for no bias.
      stride: by how much each spatial axis grows.
      padding: as in ``lax.conv_transpose``.
      channels_last: layout of ``x`` and of the result.
      precision: passed to XLA.

    Returns:
      ``[N, *out_spatial, O]`` or ``[N, O, *out_spatial]``.
    """
    out = lax.conv_transpose(
        x,
        w,
        stride,
        padding,
        dimension_numbers=dimension_numbers(len(stride), channels_last, True),
        precision=precision,
    )
    return _with_bias(out, b, channels_last)


def output_padding(
    input_size: int, output_size: int, kernel_size: int, stride: int, padding: str
) -> tuple[int, int]:
    """Padding of the dilated input that makes a transposed convolution fit a size.

    Args:
      input_size, output_size: lengths of the axis before and after.
      kernel_size: effective size of the kernel, dilation included.
      stride: stride of the convolution whose transpose this is.
      padding: ``"SAME"`` or ``"VALID"``, of that convolution.

    Returns:
      (before, after).

    Raises:
      ValueError: that convolution would not turn ``output_size`` into
        ``input_size``, or an unknown padding.
    """
    if padding == "SAME":
        needed = -(-output_size // stride)
        overlap = max(0, (input_size - 1) * stride + kernel_size - output_size)
        cut = overlap // 2
    elif padding == "VALID":
        needed = (output_size - kernel_size + stride) // stride
        cut = 0
    else:
        raise ValueError(f"`padding` must be 'VALID' or 'SAME', not {padding!r}.")
    if input_size != needed:
        raise ValueError(
            f"An output of size {output_size} needs an input of size {needed} (stride "
            f"{stride}, kernel {kernel_size}, {padding}), but the input's is "
            f"{input_size}."
        )
    before = kernel_size - 1 - cut
    dilated = (input_size - 1) * stride + 1
    return before, output_size + kernel_size - 1 - dilated - before


def gradient_output_shape(
    spatial: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    rate: Sequence[int],
    padding: str,
) -> tuple[int, ...]:
    """Spatial shape that Sonnet gives a transposed convolution if none is asked for.

    ``size * stride`` for SAME; for VALID ``effective kernel - 1`` more.
    """
    sizes = [n * s for n, s in zip(spatial, stride, strict=True)]
    if padding == "VALID":
        sizes = [n + (k - 1) * r for n, k, r in zip(sizes, kernel, rate, strict=True)]
    return tuple(sizes)


def conv_gradient(
    x: jax.Array,
    w: jax.Array,
    b: jax.Array | None = None,
    *,
    output_shape: Sequence[int],
    stride: Sequence[int],
    padding: str,
    rate: Sequence[int],
    channels_last: bool = True,
) -> jax.Array:
    """TensorFlow's transposed convolution: the gradient of ``conv`` by its input.

    What ``tf.nn.conv_transpose`` and Sonnet's ``Conv*Transpose`` compute: each input
    element stamps the kernel, turned as it stands, onto the output.

    Args:
      x: ``[N, *spatial, I]`` or ``[N, I, *spatial]``.
      w: ``[*kernel, O, I]``.
      b: ``[O]`` or None.
      output_shape: spatial shape of the result.
      stride, rate: of the convolution whose gradient this is.
      padding: ``"SAME"`` or ``"VALID"``, of that convolution.
      channels_last: layout of ``x`` and of the result.

    Returns:
      ``[N, *output_shape, O]`` or ``[N, O, *output_shape]``.

    Raises:
      ValueError: that convolution doesn't turn ``output_shape`` into ``x``'s.
    """
    n = len(stride)
    spatial = x.shape[1:-1] if channels_last else x.shape[2:]
    kernel = [(k - 1) * r + 1 for k, r in zip(w.shape[:n], rate, strict=True)]
    pads = [
        output_padding(*sizes, padding)
        for sizes in zip(spatial, output_shape, kernel, stride, strict=True)
    ]
    out = lax.conv_general_dilated(
        x,
        lax.rev(w, tuple(range(n))),
        (1,) * n,
        pads,
        tuple(stride),
        tuple(rate),
        dimension_numbers(n, channels_last, True),
    )
    return _with_bias(out, b, channels_last)
