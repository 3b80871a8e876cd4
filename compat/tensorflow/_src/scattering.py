"""Tensors with values written into them."""

import jax.numpy as jnp

from compat.dictionary import (
    Call,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    Shape,
    T,
    op,
)


def _locate(indices):
    """Index vectors in the last axis, as a tuple of index arrays."""
    return tuple(jnp.moveaxis(indices, -1, 0))


UPDATES = [
    Call(Floats(4), Exactly([[1], [3]], "int32"), Floats(2)),
    Call(Floats(3, 4), Exactly([[2], [0]], "int32"), Floats(2, 4)),
    Call(Floats(3, 4), [[1, 2], [0, 3]], Floats(2)),
]
REPEATED = Call(Floats(4), Exactly([[1], [1], [3]], "int32"), Floats(3))


@op("tf.tensor_scatter_nd_update", returns=Like("tensor"), check=UPDATES)
def tensor_scatter_nd_update(tensor: T, indices: T, updates: T, name: Ignored = None):
    """The tensor with values written at index vectors."""
    return tensor.at[_locate(indices)].set(updates)


@tensor_scatter_nd_update.when("tensor is tensor")
def _(tensor, indices, updates):
    return tensor.at[tuple(jnp.moveaxis(indices, -1, 0))].set(updates)


@op("tf.tensor_scatter_nd_add", returns=Like("tensor"), check=[*UPDATES, REPEATED])
def tensor_scatter_nd_add(
    tensor: T,
    indices: T,
    updates: T,
    bad_indices_policy: Ignored = "",
    name: Ignored = None,
):
    """The tensor with values added at index vectors."""
    return tensor.at[_locate(indices)].add(updates)


@tensor_scatter_nd_add.when("tensor is tensor")
def _(tensor, indices, updates):
    return tensor.at[tuple(jnp.moveaxis(indices, -1, 0))].add(updates)


@op("tf.tensor_scatter_nd_sub", returns=Like("tensor"), check=[*UPDATES, REPEATED])
def tensor_scatter_nd_sub(
    tensor: T,
    indices: T,
    updates: T,
    bad_indices_policy: Ignored = "",
    name: Ignored = None,
):
    """The tensor with values subtracted at index vectors."""
    return tensor.at[_locate(indices)].add(-updates)


@tensor_scatter_nd_sub.when("tensor is tensor")
def _(tensor, indices, updates):
    return tensor.at[tuple(jnp.moveaxis(indices, -1, 0))].add(-updates)


@op(
    "tf.tensor_scatter_nd_max",
    returns=Like("tensor"),
    check=[Call(Floats(4), Exactly([[1], [3]], "int32"), Floats(2), grad_=False)],
)
def tensor_scatter_nd_max(
    tensor: T,
    indices: T,
    updates: T,
    bad_indices_policy: Ignored = "",
    name: Ignored = None,
):
    """The tensor with the larger of old and new at index vectors."""
    return tensor.at[_locate(indices)].max(updates)


@tensor_scatter_nd_max.when("tensor is tensor")
def _(tensor, indices, updates):
    return tensor.at[tuple(jnp.moveaxis(indices, -1, 0))].max(updates)


@op(
    "tf.tensor_scatter_nd_min",
    returns=Like("tensor"),
    check=[Call(Floats(4), Exactly([[1], [3]], "int32"), Floats(2), grad_=False)],
)
def tensor_scatter_nd_min(
    tensor: T,
    indices: T,
    updates: T,
    bad_indices_policy: Ignored = "",
    name: Ignored = None,
):
    """The tensor with the smaller of old and new at index vectors."""
    return tensor.at[_locate(indices)].min(updates)


@tensor_scatter_nd_min.when("tensor is tensor")
def _(tensor, indices, updates):
    return tensor.at[tuple(jnp.moveaxis(indices, -1, 0))].min(updates)


@op(
    "tf.scatter_nd",
    returns=Like("updates"),
    check=[
        Call(Exactly([[1], [3], [1]], "int32"), Floats(3), [5]),
        Call(Exactly([[1, 0], [0, 2]], "int32"), Ints(2), (2, 3)),
    ],
)
def scatter_nd(
    indices: T,
    updates: T,
    shape: Shape,
    bad_indices_policy: Ignored = "",
    name: Ignored = None,
):
    """Zeros with values added at index vectors."""
    return jnp.zeros(shape, updates.dtype).at[_locate(indices)].add(updates)
