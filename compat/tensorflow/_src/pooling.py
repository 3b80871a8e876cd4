"""Pooling over windows."""

import jax
import jax.numpy as jnp
import numpy as np

import haiku_core as hk
from compat.dictionary import Call, Floats, Ignored, Like, Static, T, op


def _window(value, n, channels_first):
    """A window or stride per axis, from one, n or n + 2 numbers."""
    value = tuple(int(v) for v in np.atleast_1d(value))
    if len(value) == n + 2:
        return value
    value = value * n if len(value) == 1 else value
    return (1, 1, *value) if channels_first else (1, *value, 1)


def pool_windows(x, kind, size, strides, padding, data_format, dilations=1):
    """The maximum or mean of windows; the margin of SAME counts for neither."""
    n = x.ndim - 2
    first = data_format is not None and data_format.startswith("NC")
    size, strides = _window(size, n, first), _window(strides, n, first)
    dilations = _window(dilations, n, first)
    if not isinstance(padding, str):
        padding = [tuple(pair) for pair in padding]

    def reduce(x, start, combine):
        return jax.lax.reduce_window(
            x, start, combine, size, strides, padding, window_dilation=dilations
        )

    if kind == "MAX":
        lowest = -np.inf if jnp.issubdtype(x.dtype, jnp.floating) else None
        lowest = jnp.iinfo(x.dtype).min if lowest is None else lowest
        return reduce(x, np.asarray(lowest, x.dtype), jax.lax.max)
    zero = np.asarray(0, x.dtype)
    total = reduce(x, zero, jax.lax.add)
    return total / reduce(jnp.ones_like(x), zero, jax.lax.add)


IMAGES = [
    Call(Floats(2, 5, 6, 3), 2, 2, "VALID"),
    Call(Floats(2, 5, 6, 3), 3, 2, "SAME"),
    Call(Floats(2, 5, 6, 3), [3, 2], [2, 1], "SAME"),
    Call(Floats(2, 5, 6, 3), ksize=[1, 2, 3, 1], strides=[1, 1, 2, 1], padding="VALID"),
]


@op("tf.nn.max_pool2d", returns=Like("input"), check=IMAGES)
def max_pool2d(
    input: T,
    ksize: Static,
    strides: Static,
    padding: Static,
    data_format: Static = "NHWC",
    name: Ignored = None,
):
    """The largest of each window of two axes."""
    return pool_windows(input, "MAX", ksize, strides, padding, data_format)


@op("tf.nn.avg_pool2d", returns=Like("input"), check=IMAGES)
def avg_pool2d(
    input: T,
    ksize: Static,
    strides: Static,
    padding: Static,
    data_format: Static = "NHWC",
    name: Ignored = None,
):
    """The mean of each window of two axes, its margin left out."""
    return pool_windows(input, "AVG", ksize, strides, padding, data_format)


@op(
    "tf.nn.max_pool",
    returns=Like("input"),
    check=[*IMAGES, Call(Floats(2, 5, 3), 2, 1, "SAME")],
)
def max_pool(
    input: T,
    ksize: Static,
    strides: Static,
    padding: Static,
    data_format: Static = None,
    name: Ignored = None,
):
    """The largest of each window."""
    return pool_windows(input, "MAX", ksize, strides, padding, data_format)


@op(
    "tf.nn.avg_pool",
    returns=Like("input"),
    check=[*IMAGES, Call(Floats(2, 5, 3), 2, 1, "SAME")],
)
def avg_pool(
    input: T,
    ksize: Static,
    strides: Static,
    padding: Static,
    data_format: Static = None,
    name: Ignored = None,
):
    """The mean of each window, its margin left out."""
    return pool_windows(input, "AVG", ksize, strides, padding, data_format)


_LAST = "data_format in (None, 'NHWC', 'NWC', 'NDHWC')"
_WORD = "padding in ('SAME', 'VALID')"


@max_pool2d.when(f"rank(ksize) == 0 and rank(strides) == 0 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.max_pool(input, (1, ksize, ksize, 1), (1, strides, strides, 1), padding)


@max_pool2d.when(f"len(ksize) == 2 and len(strides) == 2 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.max_pool(input, (1, *ksize, 1), (1, *strides, 1), padding)


@max_pool2d.when(f"len(ksize) == 4 and len(strides) == 4 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.max_pool(input, ksize, strides, padding)


@avg_pool2d.when(f"rank(ksize) == 0 and rank(strides) == 0 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.avg_pool(input, (1, ksize, ksize, 1), (1, strides, strides, 1), padding)


@avg_pool2d.when(f"len(ksize) == 2 and len(strides) == 2 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.avg_pool(input, (1, *ksize, 1), (1, *strides, 1), padding)


@avg_pool2d.when(f"len(ksize) == 4 and len(strides) == 4 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.avg_pool(input, ksize, strides, padding)


@max_pool.when(f"rank(ksize) == 0 and rank(strides) == 0 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.max_pool(input, ksize, strides, padding)


@max_pool.when(f"len(ksize) == 2 and len(strides) == 2 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.max_pool(input, (1, *ksize, 1), (1, *strides, 1), padding)


@max_pool.when(f"len(ksize) == 4 and len(strides) == 4 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.max_pool(input, ksize, strides, padding)


@avg_pool.when(f"rank(ksize) == 0 and rank(strides) == 0 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.avg_pool(input, ksize, strides, padding)


@avg_pool.when(f"len(ksize) == 2 and len(strides) == 2 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.avg_pool(input, (1, *ksize, 1), (1, *strides, 1), padding)


@avg_pool.when(f"len(ksize) == 4 and len(strides) == 4 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.avg_pool(input, ksize, strides, padding)


SERIES = [
    Call(Floats(2, 5, 3), 2, 2, "VALID"),
    Call(Floats(2, 5, 3), ksize=[3], strides=[1], padding="SAME"),
]


@op("tf.nn.max_pool1d", returns=Like("input"), check=SERIES)
def max_pool1d(
    input: T,
    ksize: Static,
    strides: Static,
    padding: Static,
    data_format: Static = "NWC",
    name: Ignored = None,
):
    """The largest of each window of one axis."""
    return pool_windows(input, "MAX", ksize, strides, padding, data_format)


@max_pool1d.when(f"rank(ksize) == 0 and rank(strides) == 0 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.max_pool(input, (1, ksize, 1), (1, strides, 1), padding)


@op("tf.nn.avg_pool1d", returns=Like("input"), check=SERIES)
def avg_pool1d(
    input: T,
    ksize: Static,
    strides: Static,
    padding: Static,
    data_format: Static = "NWC",
    name: Ignored = None,
):
    """The mean of each window of one axis, its margin left out."""
    return pool_windows(input, "AVG", ksize, strides, padding, data_format)


@avg_pool1d.when(f"rank(ksize) == 0 and rank(strides) == 0 and {_LAST} and {_WORD}")
def _(input, ksize, strides, padding, data_format=None):
    return hk.avg_pool(input, (1, ksize, 1), (1, strides, 1), padding)


VOLUMES = [Call(Floats(1, 4, 4, 4, 2), 2, 2, "VALID")]


@op("tf.nn.max_pool3d", returns=Like("input"), check=VOLUMES)
def max_pool3d(
    input: T,
    ksize: Static,
    strides: Static,
    padding: Static,
    data_format: Static = "NDHWC",
    name: Ignored = None,
):
    """The largest of each window of three axes."""
    return pool_windows(input, "MAX", ksize, strides, padding, data_format)


@op("tf.nn.avg_pool3d", returns=Like("input"), check=VOLUMES)
def avg_pool3d(
    input: T,
    ksize: Static,
    strides: Static,
    padding: Static,
    data_format: Static = "NDHWC",
    name: Ignored = None,
):
    """The mean of each window of three axes, its margin left out."""
    return pool_windows(input, "AVG", ksize, strides, padding, data_format)


@op(
    "tf.nn.pool",
    returns=Like("input"),
    check=[
        Call(Floats(2, 5, 6, 3), [2, 2], "MAX"),
        Call(Floats(2, 5, 6, 3), [3, 2], "AVG", strides=[2, 1], padding="SAME"),
        Call(Floats(2, 7, 3), [2], "AVG", dilations=[2]),
    ],
)
def pool(
    input: T,
    window_shape: Static,
    pooling_type: Static,
    strides: Static = None,
    padding: Static = "VALID",
    data_format: Static = None,
    dilations: Static = None,
    name: Ignored = None,
):
    """The largest or the mean of windows over as many axes as these have."""
    return pool_windows(
        input,
        pooling_type,
        window_shape,
        1 if strides is None else strides,
        padding,
        data_format,
        1 if dilations is None else dilations,
    )


@op(
    "tf.nn.space_to_depth",
    returns=Like("input"),
    check=[Call(Floats(2, 4, 6, 3), 2)],
)
def space_to_depth(
    input: T, block_size: Static, data_format: Static = "NHWC", name: Ignored = None
):
    """Square blocks of pixels moved into the channels."""
    first = data_format == "NCHW"
    x = jnp.moveaxis(input, 1, -1) if first else input
    b, h, w, c = x.shape
    k = block_size
    x = jnp.reshape(x, (b, h // k, k, w // k, k, c))
    x = jnp.reshape(jnp.transpose(x, (0, 1, 3, 2, 4, 5)), (b, h // k, w // k, -1))
    return jnp.moveaxis(x, -1, 1) if first else x


@op(
    "tf.nn.depth_to_space",
    returns=Like("input"),
    check=[Call(Floats(2, 2, 3, 8), 2)],
)
def depth_to_space(
    input: T, block_size: Static, data_format: Static = "NHWC", name: Ignored = None
):
    """Channels moved into square blocks of pixels."""
    first = data_format == "NCHW"
    x = jnp.moveaxis(input, 1, -1) if first else input
    b, h, w, c = x.shape
    k = block_size
    x = jnp.reshape(x, (b, h, w, k, k, c // k**2))
    x = jnp.reshape(jnp.transpose(x, (0, 1, 3, 2, 4, 5)), (b, h * k, w * k, -1))
    return jnp.moveaxis(x, -1, 1) if first else x
