"""Sums, means and other reductions over axes."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    BOOL,
    FLOAT,
    INT,
    Bools,
    Call,
    Dtype,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    Static,
    T,
    op,
)

SMALL_INTS = "of 8- and 16-bit integers TensorFlow's result has the same dtype"
NUMBERS = [
    Call(Floats(2, 3)),
    Call(Floats(2, 3, 4), axis=[0, 2], keepdims=True),
    Call(Floats(2, 3), axis=-1),
    Call(Floats(2, 3), axis=[]),
    Call(Floats(3, 2, dtype="float64"), axis=1),
    Call(Ints(3, 4), axis=-1),
    Call(Ints(5, dtype="int64")),
]
TIES = [
    Call(Exactly([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], "float32"), axis=1),
    Call(Exactly([1.0, np.inf, -np.inf], "float32")),
]


@op("tf.reduce_sum", "tf.math.reduce_sum", returns=Like("input_tensor"), check=NUMBERS)
def reduce_sum(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """The sum over axes, in the dtype of the input."""
    return jnp.sum(input_tensor, axis=axis, keepdims=keepdims, dtype=input_tensor.dtype)


@reduce_sum.when("input_tensor is float")
def _(input_tensor, axis=None, keepdims=False):
    return jnp.sum(input_tensor, axis=axis, keepdims=keepdims)


@reduce_sum.when("input_tensor is int", because=SMALL_INTS)
def _(input_tensor, axis=None, keepdims=False):
    return jnp.sum(input_tensor, axis=axis, keepdims=keepdims)


@op(
    "tf.reduce_mean",
    "tf.math.reduce_mean",
    returns=Like("input_tensor"),
    check=[*NUMBERS, Call(Exactly([-3, -4], "int32"))],
)
def reduce_mean(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """The mean over axes; of integers it is an integer, rounded towards zero."""
    if jnp.issubdtype(input_tensor.dtype, jnp.inexact):
        return jnp.mean(input_tensor, axis=axis, keepdims=keepdims)
    axes = range(input_tensor.ndim) if axis is None else np.atleast_1d(axis)
    count = np.prod([input_tensor.shape[a] for a in axes], dtype=np.int32)
    total = jnp.sum(
        input_tensor, axis=axis, keepdims=keepdims, dtype=input_tensor.dtype
    )
    return jax.lax.div(total, jnp.asarray(count, total.dtype))


@reduce_mean.when("input_tensor is float")
def _(input_tensor, axis=None, keepdims=False):
    return jnp.mean(input_tensor, axis=axis, keepdims=keepdims)


@op(
    "tf.reduce_max",
    "tf.math.reduce_max",
    returns=Like("input_tensor"),
    check=[*NUMBERS, *TIES],
)
def reduce_max(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """The largest over axes; equal ones share the gradient."""
    return jnp.max(input_tensor, axis=axis, keepdims=keepdims)


@op(
    "tf.reduce_min",
    "tf.math.reduce_min",
    returns=Like("input_tensor"),
    check=[*NUMBERS, *TIES],
)
def reduce_min(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """The smallest over axes; equal ones share the gradient."""
    return jnp.min(input_tensor, axis=axis, keepdims=keepdims)


@op(
    "tf.reduce_prod",
    "tf.math.reduce_prod",
    returns=Like("input_tensor"),
    check=[*NUMBERS, Call((2, 3)), Call((2, 3), keepdims=True)],
)
def reduce_prod(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """The product over axes, in the dtype of the input."""
    return jnp.prod(
        input_tensor, axis=axis, keepdims=keepdims, dtype=input_tensor.dtype
    )


@reduce_prod.when("input_tensor is shape and axis is None and keepdims == False")
def _(input_tensor, keepdims=None):
    return np.prod(input_tensor)


@reduce_prod.when("input_tensor is shape and axis is None and keepdims == True")
def _(input_tensor, keepdims):
    return np.prod(input_tensor, keepdims=True)


@reduce_prod.when("input_tensor is float")
def _(input_tensor, axis=None, keepdims=False):
    return jnp.prod(input_tensor, axis=axis, keepdims=keepdims)


@reduce_prod.when("input_tensor is int", because=SMALL_INTS)
def _(input_tensor, axis=None, keepdims=False):
    return jnp.prod(input_tensor, axis=axis, keepdims=keepdims)


TRUTHS = [Call(Bools(2, 3)), Call(Bools(2, 3, 4), axis=[0, 2], keepdims=True)]


@op("tf.reduce_any", "tf.math.reduce_any", returns=BOOL, check=TRUTHS)
def reduce_any(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """Whether any along the axes is true."""
    return jnp.any(input_tensor, axis=axis, keepdims=keepdims)


@op("tf.reduce_all", "tf.math.reduce_all", returns=BOOL, check=TRUTHS)
def reduce_all(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """Whether all along the axes are true."""
    return jnp.all(input_tensor, axis=axis, keepdims=keepdims)


FLOAT_NUMBERS = [c for c in NUMBERS if isinstance(c.args[0], Floats)]


@op(
    "tf.reduce_logsumexp",
    "tf.math.reduce_logsumexp",
    returns=FLOAT,
    check=[
        *FLOAT_NUMBERS,
        Call(Exactly([[-np.inf, -np.inf], [1e4, -1e4]], "float32"), axis=1),
    ],
)
def reduce_logsumexp(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """The logarithm of the sum of exponentials, without overflow."""
    return jax.nn.logsumexp(input_tensor, axis=axis, keepdims=keepdims)


@op("tf.math.reduce_variance", returns=FLOAT, check=FLOAT_NUMBERS)
def reduce_variance(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """The mean squared distance from the mean."""
    return jnp.var(input_tensor, axis=axis, keepdims=keepdims)


@op(
    "tf.math.reduce_std",
    returns=FLOAT,
    check=[c for c in FLOAT_NUMBERS if c.kwargs.get("axis") != []],
)
def reduce_std(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """The square root of the variance."""
    return jnp.std(input_tensor, axis=axis, keepdims=keepdims)


@op(
    "tf.math.reduce_euclidean_norm",
    returns=FLOAT,
    check=[c for c in FLOAT_NUMBERS if c.kwargs.get("axis") != []],
)
def reduce_euclidean_norm(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """The square root of the sum of squares."""
    return jnp.sqrt(jnp.sum(jnp.square(input_tensor), axis=axis, keepdims=keepdims))


ARG = [
    Call(Floats(3, 4), 1),
    Call(Floats(3, 4)),
    Call(Exactly([[1, 5, 5], [2, 2, 2]], "int32"), axis=-1),
    Call(Floats(3, 4), axis=1, output_type="int32"),
    Call(Floats(3, 4), output_type="int32"),
]


@op("tf.argmax", "tf.math.argmax", returns=INT, check=ARG)
def argmax(
    input: T, axis: Static = None, output_type: Dtype = jnp.int64, name: Ignored = None
):
    """The first position of the largest along one axis, by default the first axis."""
    return jnp.argmax(input, axis=0 if axis is None else axis).astype(output_type)


@argmax.when("axis is None and output_type in ('int32', 'int64')")
def _(input, output_type=jnp.int32):
    return jnp.argmax(input, axis=0)


@argmax.when("not axis is None and output_type in ('int32', 'int64')")
def _(input, axis, output_type=jnp.int32):
    return jnp.argmax(input, axis=axis)


@op("tf.argmin", "tf.math.argmin", returns=INT, check=ARG)
def argmin(
    input: T, axis: Static = None, output_type: Dtype = jnp.int64, name: Ignored = None
):
    """The first position of the smallest along one axis, by default the first axis."""
    return jnp.argmin(input, axis=0 if axis is None else axis).astype(output_type)


@argmin.when("axis is None and output_type in ('int32', 'int64')")
def _(input, output_type=jnp.int32):
    return jnp.argmin(input, axis=0)


@argmin.when("not axis is None and output_type in ('int32', 'int64')")
def _(input, axis, output_type=jnp.int32):
    return jnp.argmin(input, axis=axis)


@op(
    "tf.math.count_nonzero",
    constant=True,
    returns=INT,
    check=[
        Call(Ints(3, 4, low=0, high=2), 1),
        Call(Bools(3, 4), axis=0, keepdims=True),
        Call(Ints(5, low=0, high=2)),
        Call(Exactly([0.0, 1.5, -0.0], "float32"), dtype="float32"),
    ],
)
def count_nonzero(
    input: T,
    axis: Static = None,
    keepdims: Static = None,
    dtype: Dtype = jnp.int64,
    name: Ignored = None,
):
    """How many along the axes are not zero (or are true)."""
    return jnp.sum(input != 0, axis=axis, keepdims=bool(keepdims), dtype=dtype)


@count_nonzero.when("keepdims is None and dtype in ('int32', 'int64')")
def _(input, axis=None, dtype=jnp.int32):
    return jnp.count_nonzero(input, axis=axis)


@count_nonzero.when("not keepdims is None and dtype in ('int32', 'int64')")
def _(input, axis=None, keepdims=False, dtype=jnp.int32):
    return jnp.count_nonzero(input, axis=axis, keepdims=keepdims)


@op(
    "tf.math.zero_fraction",
    "tf.nn.zero_fraction",
    returns=FLOAT,
    check=[Call(Ints(20, low=0, high=2)), Call(Ints(3, 4, low=-1, high=2))],
)
def zero_fraction(value: T, name: Ignored = None):
    """The share of zeros, in float32."""
    return jnp.mean(value == 0, dtype=jnp.float32)


SCANS = [
    Call(Floats(3, 4)),
    Call(Floats(3, 4), axis=-1, exclusive=True),
    Call(Floats(3, 4), axis=1, reverse=True),
    Call(Floats(3, 4), axis=0, exclusive=True, reverse=True),
    Call(Floats(3, 4), axis=1),
]


def scan_along(cumulate, x, axis, exclusive, reverse, start):
    """A cumulative reduction, over the elements before each where it is exclusive."""
    if reverse:
        x = jnp.flip(x, axis)
    if exclusive:
        head = jnp.full_like(jax.lax.slice_in_dim(x, 0, 1, axis=axis), start)
        body = jax.lax.slice_in_dim(x, 0, x.shape[axis] - 1, axis=axis)
        x = jnp.concatenate([head, body], axis=axis)
    out = cumulate(x, axis)
    return jnp.flip(out, axis) if reverse else out


@op(
    "tf.cumsum",
    "tf.math.cumsum",
    returns=Like("x"),
    check=[*SCANS, Call(Ints(4)), Call(Ints(2, 3), axis=1, exclusive=True)],
)
def cumsum(
    x: T,
    axis: Static = 0,
    exclusive: Static = False,
    reverse: Static = False,
    name: Ignored = None,
):
    """Running sums along an axis, in the dtype of the input."""

    def cumulate(x, axis):
        return jnp.cumsum(x, axis=axis, dtype=x.dtype)

    return scan_along(cumulate, x, int(axis) % x.ndim, exclusive, reverse, 0)


@cumsum.when("x is float and exclusive == False and reverse == False")
def _(x, axis=0):
    return jnp.cumsum(x, axis=axis)


@cumsum.when("x is int and exclusive == False and reverse == False", because=SMALL_INTS)
def _(x, axis=0):
    return jnp.cumsum(x, axis=axis)


@op("tf.math.cumprod", returns=Like("x"), check=[*SCANS, Call(Ints(4))])
def cumprod(
    x: T,
    axis: Static = 0,
    exclusive: Static = False,
    reverse: Static = False,
    name: Ignored = None,
):
    """Running products along an axis, in the dtype of the input."""

    def cumulate(x, axis):
        return jnp.cumprod(x, axis=axis, dtype=x.dtype)

    return scan_along(cumulate, x, int(axis) % x.ndim, exclusive, reverse, 1)


@cumprod.when("x is float and exclusive == False and reverse == False")
def _(x, axis=0):
    return jnp.cumprod(x, axis=axis)


@cumprod.when(
    "x is int and exclusive == False and reverse == False", because=SMALL_INTS
)
def _(x, axis=0):
    return jnp.cumprod(x, axis=axis)


@op("tf.math.cumulative_logsumexp", returns=FLOAT, check=SCANS)
def cumulative_logsumexp(
    x: T,
    axis: Static = 0,
    exclusive: Static = False,
    reverse: Static = False,
    name: Ignored = None,
):
    """Running log-sums of exponentials; exclusive ones start with minus infinity."""

    def cumulate(x, axis):
        return jax.lax.cumlogsumexp(x, axis=axis)

    return scan_along(cumulate, x, int(axis) % x.ndim, exclusive, reverse, -jnp.inf)


@cumulative_logsumexp.when("exclusive == False")
def _(x, axis=0, reverse=False):
    return jax.lax.cumlogsumexp(x, axis=axis, reverse=reverse)
