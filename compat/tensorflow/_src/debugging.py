"""Checks of what JAX knows before anything runs: ranks, shapes, dtypes.

Checks of values cannot raise from compiled code; they are left to a person.
"""

import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    Call,
    Dtype,
    Floats,
    Ignored,
    Ints,
    Kind,
    Other,
    Static,
    T,
    op,
)

NOTHING = Kind("none")


@op(
    "tf.debugging.assert_rank",
    "tf.assert_rank",
    returns=NOTHING,
    check=[
        Call(Floats(2, 3), 2),
        Call(Floats(2, 3), rank=3, raises_=ValueError),
        Call(Floats(2, 3), 1, "why", raises_=ValueError),
    ],
)
def assert_rank(x: T, rank: Static, message: Static = None, name: Ignored = None):
    """Raises ValueError unless the tensor has so many dimensions."""
    if x.ndim != rank:
        raise ValueError(f"{message or 'assert_rank'}: rank {x.ndim}, not {rank}")


@op(
    "tf.debugging.assert_rank_at_least",
    returns=NOTHING,
    check=[
        Call(Floats(2, 3), 2),
        Call(Floats(2, 3), rank=1),
        Call(Floats(2, 3), 3, raises_=ValueError),
    ],
)
def assert_rank_at_least(
    x: T, rank: Static, message: Static = None, name: Ignored = None
):
    """Raises ValueError unless the tensor has at least so many dimensions."""
    if x.ndim < rank:
        raise ValueError(f"{message or 'assert_rank'}: rank {x.ndim} is below {rank}")


@op(
    "tf.debugging.assert_rank_in",
    returns=NOTHING,
    check=[
        Call(Floats(2, 3), [1, 2]),
        Call(Floats(2, 3), (1, 3), raises_=ValueError),
    ],
)
def assert_rank_in(x: T, ranks: Static, message: Static = None, name: Ignored = None):
    """Raises ValueError unless the number of dimensions is one of those given."""
    if x.ndim not in ranks:
        raise ValueError(f"{message or 'assert_rank_in'}: rank {x.ndim} not in {ranks}")


@op(
    "tf.debugging.assert_scalar",
    returns=NOTHING,
    check=[Call(Floats()), Call(Floats(2), raises_=ValueError)],
)
def assert_scalar(tensor: T, message: Static = None, name: Ignored = None):
    """Raises ValueError unless the tensor has no dimensions."""
    if tensor.ndim:
        raise ValueError(f"{message or 'assert_scalar'}: shape {tensor.shape}")


@op(
    "tf.debugging.assert_type",
    returns=NOTHING,
    check=[
        Call(Floats(2), "float32"),
        Call(Ints(2), "float32", raises_=TypeError),
    ],
)
def assert_type(
    tensor: T, tf_type: Dtype, message: Static = None, name: Ignored = None
):
    """Raises TypeError unless the tensor has that dtype."""
    if tensor.dtype != tf_type:
        raise TypeError(f"{message or 'assert_type'}: {tensor.dtype}, not {tf_type}")


@op(
    "tf.debugging.assert_integer",
    returns=NOTHING,
    check=[Call(Ints(2)), Call(Floats(2), raises_=TypeError)],
)
def assert_integer(x: T, message: Static = None, name: Ignored = None):
    """Raises TypeError unless the tensor is of integers."""
    if not jnp.issubdtype(x.dtype, jnp.integer):
        raise TypeError(f"{message or 'assert_integer'}: dtype {x.dtype}")


@op(
    "tf.debugging.assert_shapes",
    returns=NOTHING,
    check=[
        Call([(Floats(2, 3), ("N", 3)), (Floats(2), ("N",))]),
        Call([(Floats(2, 3), ("N", "D")), (Floats(3), ("N",))], raises_=ValueError),
        Call([(Floats(2, 3), (2, None))]),
        Call([(Floats(2, 3), "ND"), (Floats(), ())]),
        Call([(Floats(2, 3), (..., "D")), (Floats(3), ("*", "D"))]),
        Call([(Floats(2, 3), (..., "D")), (Floats(2), ("D",))], raises_=ValueError),
        Call([(Floats(2), (..., "A", "D"))], raises_=ValueError),
    ],
)
def assert_shapes(
    shapes: Other,
    data: Ignored = None,
    summarize: Ignored = None,
    message: Static = None,
    name: Ignored = None,
):
    """Raises ValueError unless shapes fit: sizes, or letters for equal ones.

    `...` or `*` at the start of a shape stands for any number of axes.
    """
    seen = {}
    for tensor, wanted in shapes.items() if hasattr(shapes, "items") else shapes:
        found = np.shape(tensor)
        last = tuple(wanted)
        if last and last[0] in (..., "*"):
            last = last[1:]
            found = found[max(0, len(found) - len(last)) :]
        fits = len(found) == len(last)
        for size, want in zip(found, last, strict=False):
            free = want is None or want == "."
            letter = isinstance(want, str) and not want.isdigit()
            expected = seen.setdefault(want, size) if letter else want
            fits = fits and (free or size == int(expected))
        if not fits:
            raise ValueError(f"{message or 'assert_shapes'}: {found} is not {wanted}")


# ------------------------------------------------------------------ of values

UNKNOWN_VALUES = "compiled JAX code cannot raise by a value, only by a shape"
CHECKIFY = "check values with jax.experimental.checkify, shapes with assert"


@op(
    "tf.debugging.assert_equal",
    "tf.assert_equal",
    returns=NOTHING,
    helper=False,
    concrete=True,
    because=UNKNOWN_VALUES,
    instead=CHECKIFY,
    check=[
        Call((2, 3), (2, 3)),
        Call(Ints(3), Ints(3), "why", raises_=AssertionError),
    ],
)
def assert_equal(
    x: T,
    y: T,
    message: Static = None,
    summarize: Ignored = None,
    name: Ignored = None,
):
    """Raises AssertionError unless all elements are equal."""
    np.testing.assert_array_equal(np.asarray(x), np.asarray(y), message or "")


@assert_equal.when("x is shape and y is shape")
def _(x, y):
    return np.testing.assert_array_equal(x, y)


@op(
    "tf.debugging.assert_less",
    "tf.assert_less",
    returns=NOTHING,
    helper=False,
    concrete=True,
    because=UNKNOWN_VALUES,
    instead=CHECKIFY,
    check=[
        Call((2, 3), (3, 4)),
        Call((2, 3), (3, 3), raises_=AssertionError),
    ],
)
def assert_less(
    x: T,
    y: T,
    message: Static = None,
    summarize: Ignored = None,
    name: Ignored = None,
):
    """Raises AssertionError unless all elements of x are below those of y."""
    np.testing.assert_array_less(np.asarray(x), np.asarray(y), message or "")


@assert_less.when("x is shape and y is shape")
def _(x, y):
    return np.testing.assert_array_less(x, y)


@op(
    "tf.debugging.assert_greater",
    "tf.assert_greater",
    returns=NOTHING,
    helper=False,
    concrete=True,
    because=UNKNOWN_VALUES,
    instead=CHECKIFY,
    check=[
        Call((3, 4), (2, 3)),
        Call((2, 3), (3, 3), raises_=AssertionError),
    ],
)
def assert_greater(
    x: T,
    y: T,
    message: Static = None,
    summarize: Ignored = None,
    name: Ignored = None,
):
    """Raises AssertionError unless all elements of x are above those of y."""
    np.testing.assert_array_less(np.asarray(y), np.asarray(x), message or "")


@assert_greater.when("x is shape and y is shape")
def _(x, y):
    return np.testing.assert_array_less(y, x)


# ------------------------------------------------------------------ of shapes


def fitting(ours, other):
    """Raises ValueError unless two shapes are equal."""
    if tuple(ours) != tuple(other):
        raise ValueError(f"Shapes {tuple(ours)} and {tuple(other)} are incompatible")


@op(
    "TensorShape.assert_is_compatible_with",
    returns=NOTHING,
    check=[Call((2, 3), (2, 3)), Call((2, 3), (2, 4), raises_=ValueError)],
)
def assert_is_compatible_with(self: Other, other: Other):
    """Raises ValueError unless the shapes are equal, both being known whole."""
    fitting(self, other)


@op(
    "TensorShape.merge_with",
    returns=Kind("shape"),
    check=[Call((2, 3), (2, 3)), Call((2, 3), (2, 4), raises_=ValueError)],
)
def merge_with(self: Other, other: Other):
    """The shape, if the other is equal to it; else raises ValueError."""
    fitting(self, other)
    return tuple(self)


@op(
    "TensorShape.assert_has_rank",
    returns=NOTHING,
    check=[Call((2, 3), 2), Call((2, 3), 1, raises_=ValueError)],
)
def assert_has_rank(self: Other, rank: Static):
    """Raises ValueError unless there are so many dimensions."""
    if len(self) != rank:
        raise ValueError(f"Shape {tuple(self)} must have rank {rank}")


@op(
    "TensorShape.with_rank",
    returns=Kind("shape"),
    check=[Call((2, 3), 2), Call((2, 3), 1, raises_=ValueError)],
)
def with_rank(self: Other, rank: Static):
    """The shape, if it has so many dimensions; else raises ValueError."""
    if len(self) != rank:
        raise ValueError(f"Shape {tuple(self)} must have rank {rank}")
    return tuple(self)


@op(
    "TensorShape.with_rank_at_least",
    returns=Kind("shape"),
    check=[Call((2, 3), 2), Call((2, 3), 3, raises_=ValueError)],
)
def with_rank_at_least(self: Other, rank: Static):
    """The shape, if it has at least so many dimensions; else raises ValueError."""
    if len(self) < rank:
        raise ValueError(f"Shape {tuple(self)} must have rank at least {rank}")
    return tuple(self)


@op(
    "TensorShape.with_rank_at_most",
    returns=Kind("shape"),
    check=[Call((2, 3), 2), Call((2, 3), 1, raises_=ValueError)],
)
def with_rank_at_most(self: Other, rank: Static):
    """The shape, if it has at most so many dimensions; else raises ValueError."""
    if len(self) > rank:
        raise ValueError(f"Shape {tuple(self)} must have rank at most {rank}")
    return tuple(self)


@op(
    "TensorShape.assert_same_rank",
    returns=NOTHING,
    check=[Call((2, 3), (4, 5)), Call((2, 3), (1,), raises_=ValueError)],
)
def assert_same_rank(self: Other, other: Other):
    """Raises ValueError unless both have as many dimensions."""
    if len(self) != len(other):
        raise ValueError(f"Shapes {tuple(self)} and {tuple(other)} differ in rank")


@op("TensorShape.assert_is_fully_defined", returns=NOTHING, check=[Call((2, 3))])
def assert_is_fully_defined(self: Other):
    """Nothing: JAX knows each shape whole."""
    return None
