"""Tensors made from nothing: zeros, ranges, grids."""

import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    FLOAT,
    ByDtype,
    Call,
    Dtype,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    Shape,
    Static,
    T,
    op,
)

SHAPES = [
    Call([2, 3]),
    Call((2,), "int32"),
    Call([], dtype="float64"),
    Call(3),
    Call(Exactly([2, 2], "int32")),
    Call([2], "bool"),
]


@op("tf.zeros", returns=ByDtype("dtype", FLOAT), check=SHAPES)
def zeros(
    shape: Shape,
    dtype: Dtype = jnp.float32,
    name: Ignored = None,
    layout: Ignored = None,
):
    """Zeros."""
    return jnp.zeros(shape, dtype)


@zeros.when("dtype is omitted")
def _(shape):
    return jnp.zeros(shape)


@op("tf.ones", returns=ByDtype("dtype", FLOAT), check=SHAPES)
def ones(
    shape: Shape,
    dtype: Dtype = jnp.float32,
    name: Ignored = None,
    layout: Ignored = None,
):
    """Ones."""
    return jnp.ones(shape, dtype)


@ones.when("dtype is omitted")
def _(shape):
    return jnp.ones(shape)


LIKE = [
    Call(Floats(2, 3)),
    Call(Ints(2), "float32"),
    Call(Ints(2, dtype="int64")),
    Call([1.0, 2.0]),
]


@op(
    "tf.zeros_like",
    constant=True,
    returns=ByDtype("dtype", Like("input")),
    check=LIKE,
)
def zeros_like(
    input: T, dtype: Dtype = None, name: Ignored = None, layout: Ignored = None
):
    """Zeros of the shape (and dtype) of a tensor."""
    return jnp.zeros_like(input, dtype=dtype)


@op(
    "tf.ones_like",
    constant=True,
    returns=ByDtype("dtype", Like("input")),
    check=LIKE,
)
def ones_like(
    input: T, dtype: Dtype = None, name: Ignored = None, layout: Ignored = None
):
    """Ones of the shape (and dtype) of a tensor."""
    return jnp.ones_like(input, dtype=dtype)


@op(
    "tf.fill",
    returns=Like("value"),
    check=[Call([2, 3], 1.5), Call([2], 7), Call([], True), Call([2], Floats())],
)
def fill(dims: Shape, value: T, name: Ignored = None, layout: Ignored = None):
    """One value repeated to a shape."""
    return jnp.full(dims, value)


@op(
    "tf.eye",
    "tf.linalg.eye",
    returns=ByDtype("dtype", FLOAT),
    check=[
        Call(3),
        Call(2, 3),
        Call(2, batch_shape=[3]),
        Call(2, dtype="int32"),
    ],
)
def eye(
    num_rows: Static,
    num_columns: Static = None,
    batch_shape: Shape = None,
    dtype: Dtype = jnp.float32,
    name: Ignored = None,
):
    """Ones on the diagonal, repeated to a batch."""
    one = jnp.eye(num_rows, num_columns, dtype=dtype)
    return (
        one
        if batch_shape is None
        else jnp.broadcast_to(one, (*batch_shape, *one.shape))
    )


@eye.when("batch_shape is None and dtype is omitted")
def _(num_rows, num_columns=None):
    return jnp.eye(num_rows, num_columns)


@eye.when("batch_shape is None and dtype is given")
def _(num_rows, num_columns=None, *, dtype):
    return jnp.eye(num_rows, num_columns, dtype=dtype)


@op(
    "tf.range",
    returns=ByDtype("dtype", Like("start", "limit", "delta")),
    check=[
        Call(5),
        Call(2, 5),
        Call(1, 8, 3),
        Call(5, dtype="float32"),
        Call(0.0, 1.0, 0.25),
        Call(5, 0, -2),
        Call(start=1, limit=4, delta=1),
        Call(3, delta=2),
        Call(Exactly(4, "int64")),
        Call(0, 6, dtype="int64"),
    ],
)
def range(
    start: Static,
    limit: Static = None,
    delta: Static = 1,
    dtype: Dtype = None,
    name: Ignored = "range",
):
    """Numbers from a start (0 where only the limit is given) by equal steps."""
    if limit is None:
        start, limit = 0, start
    if dtype is None:
        given = [np.asarray(v) for v in (start, limit, delta)]
        wide = any(
            v.dtype.kind == "i" and hasattr(o, "dtype") and v.itemsize == 8
            for v, o in zip(given, (start, limit, delta), strict=True)
        )
        whole = all(v.dtype.kind in "iu" for v in given)
        dtype = (jnp.int64 if wide else jnp.int32) if whole else jnp.float32
    return jnp.asarray(np.arange(start, limit, delta), dtype)


@range.when("limit is None and delta is default and dtype is None")
def _(start):
    return jnp.arange(start)


@range.when("limit is None and delta is default and not dtype is None")
def _(start, dtype):
    return jnp.arange(start, dtype=dtype)


@range.when("not limit is None and delta is default and dtype is None")
def _(start, limit):
    return jnp.arange(start, limit)


@range.when("not limit is None and delta is default and not dtype is None")
def _(start, limit, dtype):
    return jnp.arange(start, limit, dtype=dtype)


@range.when("not limit is None and delta is given and dtype is None")
def _(start, limit, delta):
    return jnp.arange(start, limit, delta)


@range.when("limit is None and delta is given and dtype is None")
def _(start, delta):
    return jnp.arange(0, start, delta)


@op(
    "tf.linspace",
    same=("start", "stop"),
    returns=FLOAT,
    check=[
        Call(0.0, 1.0, 5),
        Call(Floats(2), Floats(2), num=3),
        Call(Floats(2), Floats(2), 3, axis=-1),
        Call(1.0, 9.0, 1),
    ],
)
def linspace(start: T, stop: T, num: Static, name: Ignored = None, axis: Static = 0):
    """Numbers at equal distances, both ends included."""
    return jnp.linspace(start, stop, int(num), axis=int(axis))


@linspace.when()
def _(start, stop, num, axis=0):
    return jnp.linspace(start, stop, num, axis=axis)


@op(
    "tf.identity",
    returns=Like("input"),
    check=[Call(Floats(2, 3)), Call(Ints(2)), Call(2.5), Call([1.0, 2.0])],
)
def identity(input: T, name: Ignored = None):
    """The tensor itself."""
    return input


@identity.when("input is tensor")
def _(input):
    return input


@identity.when("not input is tensor")
def _(input):
    return jnp.asarray(input)


@op(
    "tf.guarantee_const",
    returns=Like("input"),
    check=[Call(Floats(2), grad_=False)],
)
def guarantee_const(input: T, name: Ignored = None):
    """The tensor itself."""
    return input
