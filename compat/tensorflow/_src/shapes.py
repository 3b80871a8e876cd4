"""Shapes: reading, changing, joining and cutting."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    INT,
    SHAPE,
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
    Ts,
    op,
    seq,
)


@op(
    "tf.shape",
    returns=SHAPE,
    check=[
        Call(Floats(2, 3)),
        Call(Floats()),
        Call(Ints(4), out_type="int64"),
        Call([[1, 2, 3]]),
    ],
)
def shape(input: T, out_type: Dtype = None, name: Ignored = None):
    """The shape, known without running anything: a numpy vector of integers."""
    return np.asarray(np.shape(input), out_type or np.int32)


@shape.when("input is tensor and out_type in ('int32', 'int64')")
def _(input, out_type=None):
    return input.shape


@shape.when("input is tensor and out_type is None")
def _(input):
    return input.shape


@shape.when("out_type is None")
def _(input):
    return jnp.shape(input)


@op("tf.rank", returns=INT, check=[Call(Floats(2, 3)), Call(Floats())])
def rank(input: T, name: Ignored = None):
    """The number of dimensions."""
    return np.asarray(np.ndim(input), np.int32)


@rank.when("input is tensor")
def _(input):
    return input.ndim


@rank.when()
def _(input):
    return jnp.ndim(input)


@op(
    "tf.size",
    returns=INT,
    check=[Call(Floats(2, 3)), Call(Floats()), Call(Ints(4), out_type="int64")],
)
def size(input: T, out_type: Dtype = None, name: Ignored = None):
    """The number of elements."""
    return np.asarray(np.size(input), out_type or np.int32)


@size.when("input is tensor and out_type is None")
def _(input):
    return input.size


@size.when("out_type is None")
def _(input):
    return jnp.size(input)


@op(
    "tf.reshape",
    returns=Like("tensor"),
    check=[
        Call(Floats(2, 3, 4), [6, -1]),
        Call(Ints(6), (2, 3)),
        Call(Floats(2, 3), [-1]),
        Call(Floats(1), []),
        Call(Floats(2, 3), -1),
    ],
)
def reshape(tensor: T, shape: Shape, name: Ignored = None):
    """The same elements in another shape; one size may be -1."""
    return jnp.reshape(tensor, shape)


@op(
    "tf.expand_dims",
    returns=Like("input"),
    check=[Call(Floats(2, 3), 1), Call(Floats(2, 3), axis=-1), Call(3.0, 0)],
)
def expand_dims(input: T, axis: Static, name: Ignored = None):
    """The same elements with one more axis, of size 1."""
    return jnp.expand_dims(input, axis)


@op(
    "tf.squeeze",
    returns=Like("input"),
    check=[
        Call(Floats(1, 2, 1)),
        Call(Floats(1, 2, 1), axis=-1),
        Call(Floats(1, 2, 1), [0]),
        Call(Floats(1, 2, 1), []),
    ],
)
def squeeze(input: T, axis: Static = None, name: Ignored = None):
    """The same elements without axes of size 1; an empty list of axes means all."""
    return jnp.squeeze(input, axis=None if axis == () else axis)


@squeeze.when("axis != []")
def _(input, axis=None):
    return jnp.squeeze(input, axis=axis)


@op(
    "tf.transpose",
    returns=Like("a"),
    check=[
        Call(Floats(2, 3)),
        Call(Floats(2, 3, 4), [2, 0, 1]),
        Call(Floats(2, 3, 4), perm=(0, 2, 1)),
        Call(Exactly([[1 + 2j, 3j]], "complex64"), conjugate=True, grad_=False),
    ],
)
def transpose(
    a: T, perm: Static = None, conjugate: Static = False, name: Ignored = "transpose"
):
    """The axes in another order, by default the reverse."""
    a = jnp.conj(a) if conjugate else a
    return jnp.transpose(a, perm)


@transpose.when("conjugate == False")
def _(a, perm=None):
    return jnp.transpose(a, perm)


@op(
    "tf.pad",
    returns=Like("tensor"),
    check=[
        Call(Floats(2, 3), [[1, 0], [0, 2]]),
        Call(Floats(2, 3), [[1, 0], [0, 2]], constant_values=2.5),
        Call(Floats(3, 4), [[1, 1], [2, 1]], mode="REFLECT"),
        Call(Floats(3, 4), [[1, 1], [2, 1]], "SYMMETRIC"),
        Call(Ints(3), Exactly([[1, 2]], "int32")),
        Call(Floats(2), [[1, 1]], mode="constant"),
    ],
)
def pad(
    tensor: T,
    paddings: Static,
    mode: Static = "CONSTANT",
    constant_values: T = 0,
    name: Ignored = None,
):
    """The tensor with a margin: constant, or mirrored without or with the edge."""
    if mode.upper() == "CONSTANT":
        fill = constant_values.astype(tensor.dtype)
        return jnp.pad(tensor, paddings, constant_values=fill)
    return jnp.pad(tensor, paddings, mode=mode.lower())


@pad.when("mode in ('CONSTANT', 'constant') and constant_values is default")
def _(tensor, paddings, mode=None):
    return jnp.pad(tensor, paddings)


@pad.when("mode in ('CONSTANT', 'constant') and constant_values is given")
def _(tensor, paddings, constant_values, mode=None):
    return jnp.pad(tensor, paddings, constant_values=constant_values)


@pad.when("mode in ('REFLECT', 'reflect')")
def _(tensor, paddings, mode):
    return jnp.pad(tensor, paddings, mode="reflect")


@pad.when("mode in ('SYMMETRIC', 'symmetric')")
def _(tensor, paddings, mode):
    return jnp.pad(tensor, paddings, mode="symmetric")


@op(
    "tf.reverse",
    returns=Like("tensor"),
    check=[
        Call(Floats(2, 3), [1]),
        Call(Floats(2, 3), axis=[0, -1]),
        Call(Ints(3), [0]),
    ],
)
def reverse(tensor: T, axis: Static, name: Ignored = None):
    """The elements in reverse order along axes."""
    return jnp.flip(tensor, axis)


@op(
    "tf.roll",
    returns=Like("input"),
    check=[
        Call(Floats(4), 1, 0),
        Call(Floats(2, 3), shift=[1, -2], axis=[0, 1]),
        Call(Ints(5), -2, axis=0),
    ],
)
def roll(input: T, shift: Static, axis: Static, name: Ignored = None):
    """The elements moved along axes, those that leave coming in again."""
    return jnp.roll(input, shift, axis)


@op(
    "tf.slice",
    returns=Like("input_"),
    check=[
        Call(Floats(4, 3), [1, 0], [2, 3]),
        Call(Floats(4, 3), [1, 1], [-1, 2]),
        Call(Ints(5), begin=[2], size=[2]),
    ],
)
def slice(input_: T, begin: Shape, size: Shape, name: Ignored = None):
    """A block: where it begins, and its sizes; a size of -1 reaches to the end."""
    ends = [
        total if count == -1 else start + count
        for start, count, total in zip(begin, size, input_.shape, strict=True)
    ]
    return jax.lax.slice(input_, begin, ends)


@slice.when("not size has -1")
def _(input_, begin, size):
    return jax.lax.dynamic_slice(input_, begin, size)


@op(
    "tf.ensure_shape",
    returns=Like("x"),
    check=[
        Call(Floats(2, 3), [2, None]),
        Call(Floats(2, 3), [2, 3]),
        Call(Floats(2, 3), [3, 2], raises_=ValueError),
    ],
)
def ensure_shape(x: T, shape: Static, name: Ignored = None):
    """The tensor itself, if its shape is the one given (None fits any size).

    Raises:
      ValueError: it is not.
    """
    fits = len(shape) == x.ndim and all(
        want is None or want == have for want, have in zip(shape, x.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"shape {x.shape} is not compatible with {shape}")
    return x


@op(
    "tf.space_to_batch",
    "tf.nn.space_to_batch",
    returns=Like("input"),
    check=[
        Call(Floats(1, 4, 4, 2), [2, 2], [[0, 0], [0, 0]]),
        Call(Floats(2, 3, 1), [2], [[1, 0]]),
    ],
)
def space_to_batch(
    input: T, block_shape: Static, paddings: Static, name: Ignored = None
):
    """Blocks of the spatial axes moved into the batch axis."""
    block = np.atleast_1d(block_shape)
    n = len(block)
    rest = input.ndim - 1 - n
    x = jnp.pad(input, [(0, 0), *map(tuple, paddings), *[(0, 0)] * rest])
    cut = [s for d, b in zip(x.shape[1:], block, strict=False) for s in (d // b, b)]
    x = jnp.reshape(x, (x.shape[0], *cut, *x.shape[1 + n :]))
    inner = [2 + 2 * i for i in range(n)]
    outer = [1 + 2 * i for i in range(n)]
    x = jnp.transpose(x, (*inner, 0, *outer, *range(1 + 2 * n, x.ndim)))
    return jnp.reshape(x, (-1, *x.shape[1 + n :]))


@op(
    "tf.batch_to_space",
    returns=Like("input"),
    check=[
        Call(Floats(4, 2, 2, 2), [2, 2], [[0, 0], [0, 0]]),
        Call(Floats(4, 2, 1), [2], [[1, 0]]),
    ],
)
def batch_to_space(input: T, block_shape: Static, crops: Static, name: Ignored = None):
    """Blocks of the batch axis moved back into the spatial axes."""
    block = tuple(int(b) for b in np.atleast_1d(block_shape))
    n = len(block)
    batch = input.shape[0] // int(np.prod(block))
    x = jnp.reshape(input, (*block, batch, *input.shape[1:]))
    order = [n] + [a for i in range(n) for a in (n + 1 + i, i)]
    x = jnp.transpose(x, (*order, *range(2 * n + 1, x.ndim)))
    sizes = [s * b for s, b in zip(input.shape[1:], block, strict=False)]
    x = jnp.reshape(x, (batch, *sizes, *input.shape[1 + n :]))
    for axis, (before, after) in enumerate(crops, 1):
        x = jax.lax.slice_in_dim(x, before, x.shape[axis] - after, axis=axis)
    return x


@op(
    "tf.shape_n",
    returns=seq(SHAPE),
    check=[Call([Floats(2, 3), Floats(4)])],
)
def shape_n(input: Ts, out_type: Dtype = jnp.int32, name: Ignored = None):
    """The shapes of tensors."""
    return [np.asarray(x.shape, out_type) for x in input]


@op(
    "tf.strided_slice",
    returns=Like("input_"),
    check=[
        Call(Floats(5, 4), [1, 0], [4, 4]),
        Call(Floats(5, 4), [4, 3], [0, 0], [-2, -1]),
        Call(Floats(5, 4), begin=[1], end=[3]),
    ],
)
def strided_slice(
    input_: T,
    begin: Shape,
    end: Shape,
    strides: Shape = None,
    begin_mask: Static = 0,
    end_mask: Static = 0,
    ellipsis_mask: Static = 0,
    new_axis_mask: Static = 0,
    shrink_axis_mask: Static = 0,
    var: Ignored = None,
    name: Ignored = None,
):
    """The part that begins, ends and steps name, one per leading axis.

    Raises:
      NotImplementedError: with masks of new axes or an ellipsis.
    """
    if ellipsis_mask or new_axis_mask:
        raise NotImplementedError("tf.strided_slice: ellipsis or new axes by mask")
    index = []
    for i, (low, high) in enumerate(zip(begin, end, strict=True)):
        step = 1 if strides is None else strides[i]
        if shrink_axis_mask >> i & 1:
            index.append(low)
            continue
        low = None if begin_mask >> i & 1 else low
        high = None if end_mask >> i & 1 else high
        index.append(np.s_[low:high:step])
    return input_[(*index,)]
