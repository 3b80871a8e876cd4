"""Picking elements and writing into tensors."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    FLOAT,
    INT,
    TENSOR,
    Bools,
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

OUTSIDE_JIT = "the size of the result depends on values, so it cannot run under jit"
RANGE = "an index out of range gives NaN (or wraps round) where TensorFlow raises"


@op(
    "tf.gather",
    rows="axis in (None, 0) and batch_dims == 0",
    returns=Like("params"),
    check=[
        Call(Floats(5, 2), Exactly([4, 0, 0], "int32")),
        Call(Floats(2, 5), [[1, 2], [0, 4]], axis=1),
        Call(Floats(3, 4), Exactly([[1, 2], [0, 3], [3, 3]], "int64"), batch_dims=1),
        Call(Floats(2, 3, 4), Ints(2, 2, low=0, high=4), axis=-1, batch_dims=1),
        Call(Ints(5), 2),
        Call(Floats(3, 4), Ints(3, 1, low=0, high=4), axis=1, batch_dims=1),
        Call(Floats(3, 4), Ints(3, low=0, high=4), batch_dims=1),
        Call(Floats(2, 3, 4), Ints(2, 3, low=0, high=4), axis=2, batch_dims=2),
        Call(Floats(3, 4, 2), Ints(3, 2, low=0, high=2), batch_dims=-1),
    ],
)
def gather(
    params: T,
    indices: T,
    validate_indices: Ignored = None,
    axis: Static = None,
    batch_dims: Static = 0,
    name: Ignored = None,
):
    """The parts at indices along an axis, by default the first after the batch."""
    axis = int(batch_dims if axis is None else axis) % params.ndim
    batch = batch_dims + indices.ndim if batch_dims < 0 else batch_dims

    def pick(params, indices):
        return jnp.take(params, indices, axis=axis - batch, fill_value=0, mode="fill")

    for _ in range(batch):
        pick = jax.vmap(pick)
    return pick(params, indices)


@gather.when("axis is None and batch_dims == 0")
def _(params, indices):
    return jnp.take(params, indices, axis=0)


@gather.when("not axis is None and batch_dims == 0")
def _(params, indices, axis):
    return jnp.take(params, indices, axis=axis)


@op(
    "tf.gather_nd",
    returns=Like("params"),
    check=[
        Call(Floats(3, 4), Exactly([[0, 1], [2, 3]], "int32")),
        Call(Floats(3, 4), [[2], [0]]),
        Call(Floats(2, 3, 4), Ints(2, 5, 1, low=0, high=3), batch_dims=1),
        Call(Floats(2, 3, 4), Ints(2, 1, low=0, high=3), batch_dims=1),
    ],
)
def gather_nd(
    params: T,
    indices: T,
    batch_dims: Static = 0,
    name: Ignored = None,
    bad_indices_policy: Ignored = "",
):
    """The elements (or parts) at index vectors, held in the last axis."""

    def pick(params, indices):
        return params[tuple(jnp.moveaxis(indices, -1, 0))]

    for _ in range(batch_dims):
        pick = jax.vmap(pick)
    return pick(params, indices)


@gather_nd.when("batch_dims == 0 and params is tensor")
def _(params, indices):
    return params[tuple(jnp.moveaxis(indices, -1, 0))]


@op(
    "tf.nn.embedding_lookup",
    rows="max_norm is None",
    returns=Like("params"),
    check=[
        Call(Floats(5, 3), Ints(2, 2, low=0, high=5)),
        Call(Floats(5, 3), [1, 4], max_norm=1.0),
    ],
)
def embedding_lookup(params: T, ids: T, max_norm: T = None, name: Ignored = None):
    """The rows at ids, clipped to a norm where one is given."""
    rows = jnp.take(params, ids, axis=0)
    if max_norm is None:
        return rows
    axes = tuple(range(ids.ndim, rows.ndim))
    norm = jnp.sqrt(jnp.sum(jnp.square(rows), axis=axes, keepdims=True))
    return rows * max_norm / jnp.maximum(norm, max_norm)


@embedding_lookup.when("max_norm is None")
def _(params, ids):
    return jnp.take(params, ids, axis=0)


@op(
    "tf.one_hot",
    returns=ByDtype("dtype", FLOAT),
    check=[
        Call(Exactly([0, 2, -1, 3], "int32"), 3),
        Call(Ints(2, 2, low=0, high=3), depth=3, dtype="int32"),
        Call(Exactly([0, 1], "int64"), 2, on_value=5.0, off_value=-1.0),
        Call(Ints(2, 2, low=0, high=3), 3, axis=1),
        Call(Ints(2, low=0, high=3), 3, axis=-1, dtype="float32"),
        Call(2, 4),
    ],
)
def one_hot(
    indices: T,
    depth: Static,
    on_value: T = None,
    off_value: T = None,
    axis: Static = None,
    dtype: Dtype = None,
    name: Ignored = None,
):
    """Vectors with `on_value` at an index, all off for an index out of range."""
    given = [v.dtype for v in (on_value, off_value) if v is not None]
    dtype = dtype or (given[0] if given else jnp.float32)
    axis = -1 if axis is None else int(axis)
    hit = jax.nn.one_hot(indices, int(depth), axis=axis, dtype=jnp.bool_)
    on = jnp.asarray(1 if on_value is None else on_value, dtype)
    off = jnp.asarray(0 if off_value is None else off_value, dtype)
    return jnp.where(hit, on, off)


_PLAIN = "on_value is None and off_value is None"


@one_hot.when(f"{_PLAIN} and axis in (None, -1) and dtype is None")
def _(indices, depth, axis=None):
    return jax.nn.one_hot(indices, depth)


@one_hot.when(f"{_PLAIN} and axis in (None, -1) and not dtype is None")
def _(indices, depth, axis=None, *, dtype):
    return jax.nn.one_hot(indices, depth, dtype=dtype)


@one_hot.when(f"{_PLAIN} and not axis is None and dtype is None")
def _(indices, depth, axis):
    return jax.nn.one_hot(indices, depth, axis=axis)


@one_hot.when(f"{_PLAIN} and not axis is None and not dtype is None")
def _(indices, depth, axis, dtype):
    return jax.nn.one_hot(indices, depth, axis=axis, dtype=dtype)


@op(
    "tf.where",
    same=("x", "y"),
    returns=Like("x", "y"),
    concrete="x is None",
    check=[
        Call(Bools(2, 3), Floats(2, 3), Floats(2, 3)),
        Call(Bools(3), Floats(2, 1), 0.0),
        Call(Bools(3), 1.0, 0.0),
        Call(Bools(3), 1, Ints(3)),
        Call(Exactly([[True, False], [True, True]])),
        Call(Exactly([0, 3, 0, 5], "int32")),
    ],
)
def where(condition: T, x: T = None, y: T = None, name: Ignored = None):
    """One or the other by a condition; with a condition alone, where it is true."""
    if x is None:
        return jnp.asarray(np.argwhere(np.asarray(condition)), jnp.int64)
    return jnp.where(condition, x, y)


@where.when("x is given and y is given")
def _(condition, x, y):
    return jnp.where(condition, x, y)


@where.when("x is None and y is None", because=OUTSIDE_JIT)
def _(condition):
    return jnp.argwhere(condition)


@op(
    "tf.boolean_mask",
    returns=Like("tensor"),
    concrete=True,
    check=[
        Call(Floats(4, 2), Exactly([True, False, True, True])),
        Call(Floats(2, 2), Exactly([[True, False], [False, True]])),
        Call(Floats(2, 3), mask=Exactly([True, False, True]), axis=1),
    ],
)
def boolean_mask(
    tensor: T, mask: T, axis: Static = None, name: Ignored = "boolean_mask"
):
    """The elements (or parts) where a mask of the leading axes is true."""
    chosen = np.nonzero(np.asarray(mask))
    start = 0 if axis is None else int(axis) % tensor.ndim
    return tensor[(*[np.s_[:]] * start, *chosen)]


@boolean_mask.when("axis is None", because=OUTSIDE_JIT)
def _(tensor, mask):
    return tensor[mask]


@op(
    "tf.unravel_index",
    returns=INT,
    check=[Call(Exactly([5, 0], "int32"), [2, 3])],
)
def unravel_index(indices: T, dims: Shape, name: Ignored = None):
    """Flat positions as index vectors, one per column."""
    return jnp.stack(jnp.unravel_index(indices, dims)).astype(indices.dtype)


@op(
    "tf.sequence_mask",
    returns=ByDtype("dtype", TENSOR),
    concrete="maxlen is None",
    check=[
        Call(Exactly([1, 3, 0], "int32"), 4),
        Call(Exactly([[1, 3]], "int32"), maxlen=3, dtype="float32"),
    ],
)
def sequence_mask(
    lengths: T,
    maxlen: Static = None,
    dtype: Dtype = jnp.bool_,
    name: Ignored = None,
):
    """Along a new last axis: true for the first so many positions."""
    if maxlen is None:
        maxlen = int(np.max(np.asarray(lengths)))
    return (jnp.arange(maxlen) < jnp.expand_dims(lengths, -1)).astype(dtype)


@sequence_mask.when("not maxlen is None and dtype is omitted")
def _(lengths, maxlen):
    return jnp.arange(maxlen) < jnp.expand_dims(lengths, -1)


@sequence_mask.when("not maxlen is None and dtype is given")
def _(lengths, maxlen, dtype):
    return (jnp.arange(maxlen) < jnp.expand_dims(lengths, -1)).astype(dtype)


@op(
    "tf.dynamic_partition",
    returns=TENSOR,
    concrete=True,
    check=[Call(Floats(4, 2), Exactly([0, 1, 0, 2], "int32"), 3)],
)
def dynamic_partition(
    data: T, partitions: T, num_partitions: Static, name: Ignored = None
):
    """A list of the parts of `data` that go to each partition."""
    partitions = np.asarray(partitions)
    return [data[np.nonzero(partitions == i)] for i in range(num_partitions)]
