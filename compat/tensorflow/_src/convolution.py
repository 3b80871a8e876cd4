"""Convolutions, forward and transposed."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    FLOAT,
    Call,
    Floats,
    Ignored,
    Shape,
    Static,
    T,
    op,
)

AXES = {1: "W", 2: "HW", 3: "DHW"}


def _channels_first(data_format):
    return data_format is not None and data_format.startswith("NC")


def _layout(n, data_format):
    """The dimension string of inputs with n spatial axes."""
    return "NC" + AXES[n] if _channels_first(data_format) else f"N{AXES[n]}C"


def _spatial(value, n, data_format):
    """A stride or dilation per spatial axis, from one, n or n + 2 numbers."""
    if value is None:
        return (1,) * n
    value = tuple(int(v) for v in np.atleast_1d(value))
    if len(value) == 1:
        return value * n
    if len(value) == n + 2:
        return value[2:] if _channels_first(data_format) else value[1:-1]
    return value


def _padding(padding, n, data_format):
    """A padding word, or a pair per spatial axis out of one per axis."""
    if isinstance(padding, str):
        return padding.upper()
    pairs = [tuple(pair) for pair in padding]
    if len(pairs) == n + 2:
        pairs = pairs[2:] if _channels_first(data_format) else pairs[1:-1]
    return pairs


def convolve(x, w, strides, padding, data_format, dilations):
    """A convolution as neural networks have it, over all but batch and channels."""
    n = w.ndim - 2
    batch = x.shape[: x.ndim - n - 1]
    x = jnp.reshape(x, (-1, *x.shape[len(batch) :]))
    layout = _layout(n, data_format)
    channels = x.shape[1] if _channels_first(data_format) else x.shape[-1]
    out = jax.lax.conv_general_dilated(
        x,
        w,
        _spatial(strides, n, data_format),
        _padding(padding, n, data_format),
        rhs_dilation=_spatial(dilations, n, data_format),
        dimension_numbers=(layout, AXES[n] + "IO", layout),
        feature_group_count=channels // w.shape[-2],
    )
    return jnp.reshape(out, (*batch, *out.shape[1:]))


@op(
    "tf.nn.convolution",
    returns=FLOAT,
    check=[
        Call(Floats(2, 6, 6, 3), Floats(3, 3, 3, 4)),
        Call(
            Floats(2, 6, 3),
            Floats(3, 3, 4),
            strides=2,
            padding="SAME",
            data_format="NWC",
        ),
        Call(Floats(2, 7, 3), Floats(3, 3, 4), dilations=[2], grad_=False),
        Call(Floats(1, 4, 4, 4, 2), Floats(2, 2, 2, 2, 3), [1, 2, 1], "SAME", "NDHWC"),
    ],
)
def convolution(
    input: T,
    filters: T,
    strides: Static = None,
    padding: Static = "VALID",
    data_format: Static = None,
    dilations: Static = None,
    name: Ignored = None,
):
    """A convolution over as many axes as the filters have less two."""
    return convolve(input, filters, strides, padding, data_format, dilations)


@op(
    "tf.nn.conv1d",
    returns=FLOAT,
    check=[
        Call(Floats(2, 6, 3), Floats(3, 3, 4), 1, "SAME"),
        Call(Floats(2, 7, 3), Floats(3, 3, 4), stride=2, padding="VALID"),
        Call(Floats(2, 7, 3), Floats(3, 3, 4), 1, "VALID", dilations=2, grad_=False),
    ],
)
def conv1d(
    input: T,
    filters: T,
    stride: Static,
    padding: Static,
    data_format: Static = "NWC",
    dilations: Static = None,
    name: Ignored = None,
):
    """A convolution over one axis."""
    return convolve(input, filters, stride, padding, data_format, dilations)


@op(
    "tf.nn.conv2d",
    returns=FLOAT,
    check=[
        Call(Floats(2, 6, 6, 3), Floats(3, 3, 3, 4), 1, "SAME"),
        Call(Floats(2, 7, 6, 3), Floats(3, 2, 3, 4), [2, 1], "VALID"),
        Call(Floats(2, 7, 6, 3), Floats(3, 2, 3, 4), [1, 2, 2, 1], "SAME"),
        Call(
            Floats(2, 7, 6, 3),
            Floats(3, 2, 3, 4),
            1,
            "VALID",
            dilations=[2, 1],
            grad_=False,
        ),
        Call(
            Floats(1, 5, 5, 2),
            Floats(3, 3, 2, 1),
            1,
            [[0, 0], [1, 2], [0, 1], [0, 0]],
        ),
    ],
)
def conv2d(
    input: T,
    filters: T,
    strides: Static,
    padding: Static,
    data_format: Static = "NHWC",
    dilations: Static = None,
    name: Ignored = None,
):
    """A convolution over two axes."""
    return convolve(input, filters, strides, padding, data_format, dilations)


@op(
    "tf.nn.conv3d",
    returns=FLOAT,
    check=[
        Call(Floats(1, 4, 5, 4, 2), Floats(2, 2, 2, 2, 3), [1, 1, 1, 1, 1], "SAME"),
        Call(Floats(1, 4, 5, 4, 2), Floats(2, 2, 2, 2, 3), [1, 2, 2, 1, 1], "VALID"),
    ],
)
def conv3d(
    input: T,
    filters: T,
    strides: Static,
    padding: Static,
    data_format: Static = "NDHWC",
    dilations: Static = None,
    name: Ignored = None,
):
    """A convolution over three axes."""
    return convolve(input, filters, strides, padding, data_format, dilations)


@op(
    "tf.nn.atrous_conv2d",
    returns=FLOAT,
    check=[Call(Floats(1, 7, 7, 2), Floats(3, 3, 2, 3), 2, "SAME")],
)
def atrous_conv2d(
    value: T, filters: T, rate: Static, padding: Static, name: Ignored = None
):
    """A convolution over two axes with holes in the filters."""
    return convolve(value, filters, 1, padding, "NHWC", rate)


@op(
    "tf.nn.depthwise_conv2d",
    returns=FLOAT,
    check=[
        Call(Floats(2, 6, 6, 3), Floats(3, 3, 3, 2), [1, 1, 1, 1], "SAME"),
        Call(Floats(2, 7, 7, 3), Floats(3, 2, 3, 1), [1, 2, 2, 1], "VALID"),
        Call(
            Floats(2, 7, 7, 3),
            Floats(3, 2, 3, 1),
            [1, 1, 1, 1],
            padding="SAME",
            dilations=[2, 2],
        ),
    ],
)
def depthwise_conv2d(
    input: T,
    filter: T,
    strides: Static,
    padding: Static,
    data_format: Static = None,
    dilations: Static = None,
    name: Ignored = None,
):
    """Each channel convolved with filters of its own."""
    grouped = jnp.reshape(filter, (*filter.shape[:2], 1, -1))
    return convolve(input, grouped, strides, padding, data_format, dilations)


@op(
    "tf.nn.separable_conv2d",
    returns=FLOAT,
    check=[
        Call(
            Floats(2, 6, 6, 3),
            Floats(3, 3, 3, 2),
            Floats(1, 1, 6, 4),
            [1, 1, 1, 1],
            "SAME",
        ),
    ],
)
def separable_conv2d(
    input: T,
    depthwise_filter: T,
    pointwise_filter: T,
    strides: Static,
    padding: Static,
    data_format: Static = None,
    dilations: Static = None,
    name: Ignored = None,
):
    """A depthwise convolution, then one over the channels alone."""
    grouped = jnp.reshape(depthwise_filter, (*depthwise_filter.shape[:2], 1, -1))
    x = convolve(input, grouped, strides, padding, data_format, dilations)
    return convolve(x, pointwise_filter, 1, "VALID", data_format, None)


def deconvolve(x, w, output_shape, strides, padding, data_format, dilations):
    """The transpose of a convolution: its derivative for its input."""
    n = w.ndim - 2
    shape = tuple(output_shape)
    if len(shape) == n:
        channels = (w.shape[-2],)
        whole = (
            (*channels, *shape) if _channels_first(data_format) else (*shape, *channels)
        )
        shape = (x.shape[0], *whole)

    def forward(y):
        return convolve(y, w, strides, padding, data_format, dilations)

    return jax.linear_transpose(forward, jax.ShapeDtypeStruct(shape, x.dtype))(x)[0]


@op(
    "tf.nn.conv_transpose",
    returns=FLOAT,
    check=[
        Call(Floats(2, 3, 3, 4), Floats(3, 3, 2, 4), [2, 6, 6, 2], 2),
        Call(Floats(2, 4, 4), Floats(3, 2, 4), [2, 9, 2], 2, "VALID"),
    ],
)
def conv_transpose(
    input: T,
    filters: T,
    output_shape: Shape,
    strides: Static,
    padding: Static = "SAME",
    data_format: Static = None,
    dilations: Static = None,
    name: Ignored = None,
):
    """A transposed convolution to a given output shape."""
    return deconvolve(
        input, filters, output_shape, strides, padding, data_format, dilations
    )


@op(
    "tf.nn.conv1d_transpose",
    returns=FLOAT,
    check=[
        Call(Floats(2, 4, 4), Floats(3, 2, 4), [2, 9, 2], 2, "VALID"),
        Call(Floats(2, 4, 4), Floats(3, 2, 4), [2, 8, 2], 2),
    ],
)
def conv1d_transpose(
    input: T,
    filters: T,
    output_shape: Shape,
    strides: Static,
    padding: Static = "SAME",
    data_format: Static = "NWC",
    dilations: Static = None,
    name: Ignored = None,
):
    """A transposed convolution over one axis."""
    return deconvolve(
        input, filters, output_shape, strides, padding, data_format, dilations
    )


@op(
    "tf.nn.conv2d_transpose",
    returns=FLOAT,
    check=[
        Call(Floats(2, 3, 3, 4), Floats(3, 3, 2, 4), [2, 6, 6, 2], 2),
        Call(
            Floats(2, 3, 3, 4), Floats(3, 3, 2, 4), [2, 7, 7, 2], [1, 2, 2, 1], "VALID"
        ),
    ],
)
def conv2d_transpose(
    input: T,
    filters: T,
    output_shape: Shape,
    strides: Static,
    padding: Static = "SAME",
    data_format: Static = "NHWC",
    dilations: Static = None,
    name: Ignored = None,
):
    """A transposed convolution over two axes."""
    return deconvolve(
        input, filters, output_shape, strides, padding, data_format, dilations
    )


@op(
    "tf.nn.conv3d_transpose",
    returns=FLOAT,
    check=[
        Call(Floats(1, 2, 3, 2, 2), Floats(2, 2, 2, 3, 2), [1, 4, 6, 4, 3], 2),
    ],
)
def conv3d_transpose(
    input: T,
    filters: T,
    output_shape: Shape,
    strides: Static,
    padding: Static = "SAME",
    data_format: Static = "NDHWC",
    dilations: Static = None,
    name: Ignored = None,
):
    """A transposed convolution over three axes."""
    return deconvolve(
        input, filters, output_shape, strides, padding, data_format, dilations
    )
