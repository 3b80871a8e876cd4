"""Comparisons, logic and bits."""

import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    BOOL,
    INT,
    Bools,
    Call,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    T,
    op,
)

PAIRS = [
    Call(Floats(2, 3), Floats(3)),
    Call(Ints(2, 3, low=0, high=3), 1),
    Call(Exactly([1.0, np.nan, 2.0], "float32"), Exactly([1.0, np.nan, 1.0], "f4")),
]


@op("tf.equal", "tf.math.equal", same=("x", "y"), returns=BOOL, check=PAIRS)
def equal(x: T, y: T, name: Ignored = None):
    """Whether the elements are equal."""
    return jnp.equal(x, y)


@op("tf.not_equal", "tf.math.not_equal", same=("x", "y"), returns=BOOL, check=PAIRS)
def not_equal(x: T, y: T, name: Ignored = None):
    """Whether the elements differ."""
    return jnp.not_equal(x, y)


@op("tf.greater", "tf.math.greater", same=("x", "y"), returns=BOOL, check=PAIRS)
def greater(x: T, y: T, name: Ignored = None):
    """Whether x is above y."""
    return jnp.greater(x, y)


@op(
    "tf.greater_equal",
    "tf.math.greater_equal",
    same=("x", "y"),
    returns=BOOL,
    check=PAIRS,
)
def greater_equal(x: T, y: T, name: Ignored = None):
    """Whether x is not below y."""
    return jnp.greater_equal(x, y)


@op("tf.less", "tf.math.less", same=("x", "y"), returns=BOOL, check=PAIRS)
def less(x: T, y: T, name: Ignored = None):
    """Whether x is below y."""
    return jnp.less(x, y)


@op("tf.less_equal", "tf.math.less_equal", same=("x", "y"), returns=BOOL, check=PAIRS)
def less_equal(x: T, y: T, name: Ignored = None):
    """Whether x is not above y."""
    return jnp.less_equal(x, y)


LOGIC = [Call(Bools(2, 6), Bools(6)), Call(Bools(4), True)]


@op("tf.logical_and", "tf.math.logical_and", returns=BOOL, check=LOGIC)
def logical_and(x: T, y: T, name: Ignored = None):
    """Whether both are true."""
    return jnp.logical_and(x, y)


@op("tf.logical_or", "tf.math.logical_or", returns=BOOL, check=LOGIC)
def logical_or(x: T, y: T, name: Ignored = None):
    """Whether either is true."""
    return jnp.logical_or(x, y)


@op("tf.math.logical_xor", returns=BOOL, check=LOGIC)
def logical_xor(x: T, y: T, name: Ignored = "LogicalXor"):
    """Whether exactly one is true."""
    return jnp.logical_xor(x, y)


@op("tf.logical_not", "tf.math.logical_not", returns=BOOL, check=[Call(Bools(2, 6))])
def logical_not(x: T, name: Ignored = None):
    """Whether it is false."""
    return jnp.logical_not(x)


BITS = [Call(Ints(5, low=0, high=64), Ints(5, low=0, high=6)), Call(Ints(3, low=1), 2)]


@op("tf.bitwise.bitwise_and", same=("x", "y"), returns=INT, check=BITS)
def bitwise_and(x: T, y: T, name: Ignored = None):
    """The bits set in both."""
    return jnp.bitwise_and(x, y)


@op("tf.bitwise.bitwise_or", same=("x", "y"), returns=INT, check=BITS)
def bitwise_or(x: T, y: T, name: Ignored = None):
    """The bits set in either."""
    return jnp.bitwise_or(x, y)


@op("tf.bitwise.bitwise_xor", same=("x", "y"), returns=INT, check=BITS)
def bitwise_xor(x: T, y: T, name: Ignored = None):
    """The bits set in exactly one."""
    return jnp.bitwise_xor(x, y)


@op("tf.bitwise.left_shift", same=("x", "y"), returns=INT, check=BITS)
def left_shift(x: T, y: T, name: Ignored = None):
    """The bits moved to higher places."""
    return jnp.left_shift(x, y)


@op("tf.bitwise.right_shift", same=("x", "y"), returns=INT, check=BITS)
def right_shift(x: T, y: T, name: Ignored = None):
    """The bits moved to lower places."""
    return jnp.right_shift(x, y)


@op("tf.bitwise.invert", returns=Like("x"), check=[Call(Ints(5))])
def invert(x: T, name: Ignored = None):
    """All bits turned."""
    return jnp.bitwise_not(x)


ORDER = [
    Call(Exactly([1, 2, 2, 5], "int32")),
    Call(Exactly([1.0, 3.0, 2.0], "float32")),
    Call(Exactly([1.0], "float32")),
]


@op("tf.math.is_non_decreasing", returns=BOOL, check=ORDER)
def is_non_decreasing(x: T, name: Ignored = None):
    """Whether no element is below the one before it, read in row-major order."""
    return jnp.all(jnp.diff(jnp.ravel(x)) >= 0)


@op("tf.math.is_strictly_increasing", returns=BOOL, check=ORDER)
def is_strictly_increasing(x: T, name: Ignored = None):
    """Whether each element is above the one before it, read in row-major order."""
    return jnp.all(jnp.diff(jnp.ravel(x)) > 0)
