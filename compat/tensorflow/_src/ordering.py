"""Sorting, searching and counting distinct values."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    INT,
    TENSOR,
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
    tup,
)

ORDERS = [
    Call(Exactly([3.0, 1.0, 2.0], "float32")),
    Call(Floats(2, 5), axis=0),
    Call(Floats(2, 5), direction="DESCENDING"),
    Call(Ints(6)),
]


@op("tf.sort", returns=Like("values"), check=ORDERS)
def sort(
    values: T,
    axis: Static = -1,
    direction: Static = "ASCENDING",
    name: Ignored = None,
):
    """The elements in order along an axis."""
    return jnp.sort(values, axis=axis, descending=direction == "DESCENDING")


@sort.when("direction == 'ASCENDING'")
def _(values, axis=-1, direction=None):
    return jnp.sort(values, axis=axis)


@sort.when("direction == 'DESCENDING'")
def _(values, direction, axis=-1):
    return jnp.sort(values, axis=axis, descending=True)


@op(
    "tf.argsort",
    returns=INT,
    check=[
        *[c for c in ORDERS if isinstance(c.args[0], Floats | Exactly)],
        Call(Exactly([2, 1, 2, 1], "int32"), stable=True),
        Call(Exactly([2, 1, 2, 1], "int32"), direction="DESCENDING", stable=True),
    ],
)
def argsort(
    values: T,
    axis: Static = -1,
    direction: Static = "ASCENDING",
    stable: Ignored = False,
    name: Ignored = None,
):
    """The positions of the elements in order; equal ones stay as they were."""
    down = direction == "DESCENDING"
    return jnp.argsort(values, axis=axis, descending=down).astype(jnp.int32)


@argsort.when("direction == 'ASCENDING'")
def _(values, axis=-1, direction=None):
    return jnp.argsort(values, axis=axis)


@argsort.when("direction == 'DESCENDING'")
def _(values, direction, axis=-1):
    return jnp.argsort(values, axis=axis, descending=True)


@op(
    "tf.math.top_k",
    "tf.nn.top_k",
    returns=tup(TENSOR, INT, names="values indices"),
    check=[
        Call(Floats(2, 5), 2),
        Call(Exactly([1, 3, 3, 2], "int32"), k=3),
        Call(Floats(4)),
    ],
)
def top_k(
    input: T,
    k: Static = 1,
    sorted: Ignored = True,
    index_type: Dtype = jnp.int32,
    name: Ignored = None,
):
    """The k largest along the last axis, the largest first: (values, positions)."""
    values, indices = jax.lax.top_k(input, int(k))
    return values, indices.astype(index_type)


@top_k.when("index_type in ('int32', 'int64')")
def _(input, k=1, index_type=None):
    return jax.lax.top_k(input, k)


@op(
    "tf.math.in_top_k",
    "tf.nn.in_top_k",
    returns=TENSOR,
    check=[Call(Exactly([1, 0], "int32"), Floats(2, 4), 2)],
)
def in_top_k(targets: T, predictions: T, k: Static, name: Ignored = None):
    """Whether the prediction of the target is among the k largest of its row."""
    chosen = jnp.take_along_axis(predictions, targets[:, None], axis=1)
    return jnp.sum(predictions > chosen, axis=1) < k


@op(
    "tf.searchsorted",
    returns=INT,
    check=[
        Call(Exactly([1.0, 3.0, 5.0], "f4"), Exactly([0.0, 3.0, 9.0], "f4")),
        Call(Exactly([1, 3, 5], "int32"), Exactly([3], "int32"), side="right"),
        Call(Exactly([[1, 3], [5, 7]], "int32"), Exactly([[2], [9]], "int32")),
        Call(Exactly([1.0, 3.0], "f4"), Floats(2), out_type="int64"),
    ],
)
def searchsorted(
    sorted_sequence: T,
    values: T,
    side: Static = "left",
    out_type: Dtype = jnp.int32,
    name: Ignored = None,
):
    """Where values would go into sorted rows."""

    def one(row, wanted):
        return jnp.searchsorted(row, wanted, side=side)

    for _ in range(sorted_sequence.ndim - 1):
        one = jax.vmap(one)
    return one(sorted_sequence, values).astype(out_type)


@searchsorted.when("rank(sorted_sequence) == 1 and out_type in ('int32', 'int64')")
def _(sorted_sequence, values, side="left", out_type=None):
    return jnp.searchsorted(sorted_sequence, values, side=side)


@op(
    "tf.math.invert_permutation",
    returns=INT,
    check=[Call(Exactly([2, 0, 1], "int32"))],
)
def invert_permutation(x: T, name: Ignored = None):
    """The permutation that undoes one."""
    return jnp.argsort(x).astype(x.dtype)


@invert_permutation.when()
def _(x):
    return jnp.argsort(x)


@op(
    "tf.unique",
    returns=tup(TENSOR, INT, names="y idx"),
    concrete=True,
    check=[Call(Exactly([3, 1, 3, 2, 1], "int32"))],
)
def unique(x: T, out_idx: Dtype = jnp.int32, name: Ignored = None):
    """The values in the order of their first occurrence, and each one's index in it."""
    values, first, back = np.unique(
        np.asarray(x), return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    return jnp.asarray(values[order]), jnp.asarray(np.argsort(order)[back], out_idx)


@op(
    "tf.unique_with_counts",
    returns=tup(TENSOR, INT, INT, names="y idx count"),
    concrete=True,
    check=[Call(Exactly([3, 1, 3, 2, 1], "int32"))],
)
def unique_with_counts(x: T, out_idx: Dtype = jnp.int32, name: Ignored = None):
    """As `unique`, with how often each value occurs."""
    values, first, back, count = np.unique(
        np.asarray(x), return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    return (
        jnp.asarray(values[order]),
        jnp.asarray(np.argsort(order)[back], out_idx),
        jnp.asarray(count[order], out_idx),
    )
