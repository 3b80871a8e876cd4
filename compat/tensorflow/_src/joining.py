"""Tensors joined, cut into parts, and repeated."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    SHAPE,
    TENSOR,
    Call,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    Shape,
    Static,
    T,
    Ts,
    op,
    seq,
)
from compat.tensorflow._src.indexing import OUTSIDE_JIT


@op(
    "tf.concat",
    same=("values",),
    returns=Like("values"),
    check=[
        Call([Floats(2, 3), Floats(1, 3)], 0),
        Call([Floats(2, 3), Floats(2, 1)], axis=-1),
        Call((Ints(2), [7, 8]), 0),
        Call([Floats(2)], 0),
        Call(Floats(2, 3), 0),
        Call([(2,), (3, 4)], 0),
    ],
)
def concat(values: Ts, axis: Static, name: Ignored = "concat"):
    """Tensors joined along an axis that they have."""
    if not isinstance(values, list | tuple):
        return values
    return jnp.concatenate(values, axis=axis)


@concat.when("values is shape and axis in (0, -1)")
def _(values, axis):
    return np.concatenate(values)


@concat.when("values is list")
def _(values, axis):
    return jnp.concatenate(values, axis=axis)


@op(
    "tf.stack",
    same=("values",),
    returns=Like("values"),
    check=[
        Call([Floats(2, 3), Floats(2, 3)]),
        Call([Floats(2, 3), Floats(2, 3)], axis=-1),
        Call([Floats(), 1.5, 2]),
        Call([1, 2, 3]),
        Call(Floats(2, 3), 1),
        Call([(2, 3), (4, 5)]),
    ],
)
def stack(values: Ts, axis: Static = 0, name: Ignored = "stack"):
    """Tensors of one shape joined along a new axis."""
    return jnp.stack(values, axis=axis)


@stack.when("values is shape and axis is default")
def _(values):
    return np.stack(values)


@stack.when("not values is shape")
def _(values, axis=0):
    return jnp.stack(values, axis=axis)


@op(
    "tf.unstack",
    returns=seq(TENSOR),
    check=[
        Call(Floats(3, 2)),
        Call(Floats(3, 2), axis=1),
        Call(Floats(3, 2), num=2, axis=-1),
        Call(Ints(3), 3),
    ],
)
def unstack(value: T, num: Ignored = None, axis: Static = 0, name: Ignored = "unstack"):
    """A list of the parts along an axis, without that axis."""
    return list(jnp.moveaxis(value, axis, 0))


@unstack.when("axis is default")
def _(value):
    return list(value)


@op(
    "tf.split",
    returns=seq(TENSOR),
    check=[
        Call(Floats(6, 2), 3),
        Call(Floats(2, 6), 2, axis=1),
        Call(Floats(2, 6), [1, 2, 3], -1),
        Call(Floats(6), [2, -1, 1]),
        Call(Floats(6), num_or_size_splits=(4, -1), num=2),
        Call(Floats(5), 2, raises_=ValueError),
    ],
)
def split(
    value: T,
    num_or_size_splits: Static,
    axis: Static = 0,
    num: Ignored = None,
    name: Ignored = "split",
):
    """A list of parts along an axis: so many equal ones, or of the sizes given."""
    if np.ndim(num_or_size_splits) == 0:
        return jnp.split(value, int(num_or_size_splits), axis=axis)
    sizes = np.asarray(num_or_size_splits)
    rest = value.shape[axis] - sizes[sizes != -1].sum()
    sizes = np.where(sizes == -1, rest, sizes)
    return jnp.split(value, np.cumsum(sizes)[:-1], axis=axis)


@split.when("not num_or_size_splits is list")
def _(value, num_or_size_splits, axis=0):
    return jnp.split(value, num_or_size_splits, axis=axis)


@split.when("num_or_size_splits is list and not num_or_size_splits has -1")
def _(value, num_or_size_splits, axis=0):
    return jnp.split(value, np.cumsum(num_or_size_splits)[:-1], axis=axis)


@op(
    "tf.tile",
    returns=Like("input"),
    check=[Call(Floats(2, 3), [2, 1]), Call(Ints(3), [3]), Call(Floats(2), [0])],
)
def tile(input: T, multiples: Shape, name: Ignored = None):
    """The tensor repeated along each axis."""
    return jnp.tile(input, multiples)


@op(
    "tf.repeat",
    returns=Like("input"),
    check=[
        Call(Floats(2, 3), 2, axis=1),
        Call(Floats(2, 3), repeats=2),
        Call(Floats(2, 3), [1, 3], 0),
    ],
)
def repeat(input: T, repeats: Static, axis: Static = None, name: Ignored = None):
    """Each element repeated, of the flat tensor, or each part along an axis."""
    return jnp.repeat(input, np.asarray(repeats), axis=axis)


@repeat.when("repeats is literal and not repeats is list")
def _(input, repeats, axis=None):
    return jnp.repeat(input, repeats, axis=axis)


@repeat.when("repeats is list")
def _(input, repeats, axis=None):
    return jnp.repeat(input, np.array(repeats), axis=axis)


@repeat.when(because=OUTSIDE_JIT)
def _(input, repeats, axis=None):
    return jnp.repeat(input, np.asarray(repeats), axis=axis)


@op(
    "tf.broadcast_to",
    returns=Like("input"),
    check=[Call(Floats(3), [2, 3]), Call(2.0, [2]), Call(Floats(2, 1), [2, 3])],
)
def broadcast_to(input: T, shape: Shape, name: Ignored = None):
    """The tensor repeated to a shape that it broadcasts to."""
    return jnp.broadcast_to(input, shape)


@op(
    "tf.broadcast_dynamic_shape",
    "tf.broadcast_static_shape",
    returns=SHAPE,
    check=[Call((2, 1), (3,))],
)
def broadcast_dynamic_shape(shape_x: Shape, shape_y: Shape):
    """The shape that two shapes broadcast to."""
    return np.asarray(np.broadcast_shapes(shape_x, shape_y), np.int32)


@broadcast_dynamic_shape.when()
def _(shape_x, shape_y):
    return jnp.broadcast_shapes(shape_x, shape_y)


@op(
    "tf.reverse_sequence",
    returns=Like("input"),
    check=[
        Call(Floats(2, 4), Exactly([2, 3], "int32"), seq_axis=1, batch_axis=0),
        Call(Floats(4, 2, 3), [4, 1], 0, 1),
    ],
)
def reverse_sequence(
    input: T,
    seq_lengths: T,
    seq_axis: Static = None,
    batch_axis: Static = None,
    name: Ignored = None,
):
    """The first so many elements along an axis in reverse order, per batch entry."""
    batch = 0 if batch_axis is None else batch_axis % input.ndim
    time = seq_axis % input.ndim

    def one(part, length):
        axis = time - (batch < time)
        steps = jnp.arange(part.shape[axis])
        order = jnp.where(steps < length, length - 1 - steps, steps)
        return jnp.take(part, order, axis=axis)

    return jax.vmap(one, (batch, 0), batch)(input, seq_lengths)


@op(
    "tf.meshgrid",
    returns=seq(TENSOR),
    check=[
        Call(Floats(2), Floats(3)),
        Call(Floats(2), Floats(3), indexing="ij"),
    ],
)
def meshgrid(
    *args: T, indexing: Static = "xy", name: Ignored = None, **kwargs: Ignored
):
    """Coordinates of a grid: a list of tensors, each varying along one axis."""
    return list(jnp.meshgrid(*args, indexing=indexing))


@meshgrid.when()
def _(*args, indexing="xy"):
    return jnp.meshgrid(*args, indexing=indexing)


@op(
    "tf.identity_n",
    returns=seq(TENSOR),
    check=[Call([Floats(2), Ints(3)])],
)
def identity_n(input: Ts, name: Ignored = None):
    """The tensors themselves, as a list."""
    return list(input)


@op(
    "tf.tuple",
    returns=seq(TENSOR),
    check=[Call([Floats(2), Ints(3)])],
)
def tuple_of(tensors: Ts, control_inputs: Ignored = None, name: Ignored = None):
    """The tensors themselves, as a list."""
    return list(tensors)


@op(
    "tf.dynamic_stitch",
    returns=TENSOR,
    concrete=True,
    check=[
        Call(
            [Exactly([0, 2], "int32"), Exactly([1, 3], "int32")],
            [Floats(2, 3), Floats(2, 3)],
        ),
    ],
)
def dynamic_stitch(indices: Ts, data: Ts, name: Ignored = None):
    """Parts put at their places along the first axis."""
    places = np.concatenate([np.ravel(np.asarray(i)) for i in indices])
    rank = indices[0].ndim
    flat = [jnp.reshape(x, (-1, *x.shape[rank:])) for x in data]
    joined = jnp.concatenate(flat)
    size = int(places.max()) + 1
    return jnp.zeros((size, *joined.shape[1:]), joined.dtype).at[places].set(joined)
