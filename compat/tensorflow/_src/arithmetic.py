"""Arithmetic of two tensors, and sums of many."""

import functools
import operator

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    TENSOR,
    Call,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    T,
    Ts,
    op,
)

TIE = "where x equals y, JAX halves the gradient and TensorFlow gives it to x"
PAIRS = [
    Call(Floats(2, 3), Floats(3)),
    Call(Floats(2, 1), 2.5),
    Call(3.0, Floats(2, 1, low=0.5)),
    Call(Ints(3), 2),
    Call(Floats(2, dtype="float64"), Floats(2, dtype="float64")),
]
MIXED = Call(Floats(2), Ints(2), raises_=TypeError)


@op(
    "tf.add",
    "tf.math.add",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[*PAIRS, MIXED],
)
def add(x: T, y: T, name: Ignored = None):
    """The sum."""
    return jnp.add(x, y)


@op(
    "tf.subtract",
    "tf.math.subtract",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[*PAIRS, MIXED],
)
def subtract(x: T, y: T, name: Ignored = None):
    """The difference."""
    return jnp.subtract(x, y)


@op(
    "tf.multiply",
    "tf.math.multiply",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[*PAIRS, MIXED],
)
def multiply(x: T, y: T, name: Ignored = None):
    """The product."""
    return jnp.multiply(x, y)


@op(
    "tf.math.scalar_mul",
    "tf.scalar_mul",
    same=("scalar", "x"),
    returns=Like("x"),
    check=[Call(2.5, Floats(2, 3)), Call(Floats(), Floats(2))],
)
def scalar_mul(scalar: T, x: T, name: Ignored = None):
    """A number times a tensor."""
    return jnp.multiply(scalar, x)


DIVISIONS = [
    *PAIRS,
    Call(Exactly([7, -7, 7, -7], "int32"), Exactly([2, 2, -2, -2], "int32")),
    Call(Exactly([7, -7], "int16"), Exactly([2, 3], "int16")),
    Call(Exactly([1.0, -1.0, 0.0], "float32"), Exactly([0.0, 0.0, 2.0], "float32")),
]


def quotient(x, y):
    """The true quotient; of integers it is floating-point, 64-bit above 16 bits."""
    if jnp.issubdtype(x.dtype, jnp.integer):
        dtype = jnp.float32 if x.dtype.itemsize < 4 else jnp.float64
        return x.astype(dtype) / y.astype(dtype)
    return x / y


@op("tf.divide", "tf.math.divide", same=("x", "y"), returns=Like("x"), check=DIVISIONS)
def divide(x: T, y: T, name: Ignored = None):
    """The true quotient."""
    return quotient(x, y)


@divide.when()
def _(x, y):
    return jnp.divide(x, y)


@op(
    "tf.truediv",
    "tf.math.truediv",
    same=("x", "y"),
    returns=Like("x"),
    check=[*DIVISIONS, MIXED],
)
def truediv(x: T, y: T, name: Ignored = None):
    """The true quotient."""
    return quotient(x, y)


@truediv.when()
def _(x, y):
    return jnp.true_divide(x, y)


FLOOR = [
    Call(Exactly([7, -7, 7, -7], "int32"), Exactly([2, 2, -2, -2], "int32")),
    Call(Exactly([7.5, -7.5, 7.5, -7.5], "float32"), 2.0),
    Call(Exactly([1.0, 0.6], "float32"), Exactly([0.1, 0.2], "float32"), grad_=False),
    Call(Floats(3, 4, low=-9.0, high=9.0), Floats(4, low=1.0)),
    Call(Ints(5), 3),
]


def floored_quotient(x, y):
    """The quotient rounded down: of floats by rounding what division gives."""
    if jnp.issubdtype(x.dtype, jnp.integer):
        return jnp.floor_divide(x, y)
    return jnp.floor(x / y)


@op(
    "tf.math.floordiv",
    constant=True,
    same=("x", "y"),
    returns=Like("x", "y"),
    check=FLOOR,
)
def floordiv(x: T, y: T, name: Ignored = None):
    """The quotient rounded down."""
    return floored_quotient(x, y)


@floordiv.when("x is int")
def _(x, y):
    return jnp.floor_divide(x, y)


@floordiv.when("x is float")
def _(x, y):
    return jnp.floor(jnp.divide(x, y))


@op(
    "tf.math.floormod",
    "tf.math.mod",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[c for c in FLOOR if c.grad],
)
def floormod(x: T, y: T, name: Ignored = None):
    """The remainder, with the sign of the divisor."""
    return jnp.mod(x, y)


@op(
    "tf.truncatediv",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[Call(Exactly([7, -7, 7, -7], "int32"), Exactly([2, 2, -2, -2], "int32"))],
)
def truncatediv(x: T, y: T, name: Ignored = None):
    """The quotient of integers rounded towards zero."""
    return jax.lax.div(x, y)


@op(
    "tf.truncatemod",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[
        Call(Exactly([7, -7, 7, -7], "int32"), Exactly([2, 2, -2, -2], "int32")),
        Call(Exactly([7.5, -7.5], "f4"), Exactly([2.0, 2.0], "f4"), grad_=False),
    ],
)
def truncatemod(x: T, y: T, name: Ignored = None):
    """The remainder, with the sign of the dividend."""
    return jnp.fmod(x, y)


@op(
    "tf.pow",
    "tf.math.pow",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[
        Call(Floats(2, 3, low=0.5), Floats(3)),
        Call(Floats(2, 3), 2.0),
        Call(Floats(2, 3, low=0.5), -0.5),
        Call(2.0, Floats(3)),
        Call(Ints(3), 2),
        Call(Exactly([0.0, 0.0], "float32"), 2.0),
        Call(Exactly([-1.5, -2.0, 0.0], "float32"), Exactly([3.0, 2.0, 2.0], "f4")),
    ],
)
def pow(x: T, y: T, name: Ignored = None):
    """The power; a base that is not positive sends no gradient to the exponent."""
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return jnp.power(x, y)
    positive = x > 0
    base = jnp.where(positive, x, 1)
    dull = jnp.power(x, jax.lax.stop_gradient(y))
    return jnp.where(positive, jnp.power(base, y), dull)


@pow.when(
    None, because="where x is not positive, the gradient to y is NaN instead of 0"
)
def _(x, y):
    return jnp.power(x, y)


ORDERED = [
    *PAIRS,
    Call(Exactly([0.0, 1.0, 2.0], "float32"), 1.0),
    Call(Exactly([np.nan, 1.0, np.inf], "float32"), 1.0, grad_=False),
    Call(Exactly([1.0, 1.0], "float32"), np.array([np.nan, 2.0], "f4"), grad_=False),
]


@op(
    "tf.maximum",
    "tf.math.maximum",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=ORDERED,
)
def maximum(x: T, y: T, name: Ignored = None):
    """The larger; of equal ones the first gets the gradient."""
    return jnp.where((x >= y) | (x != x), x, y)


@maximum.when(because=TIE)
def _(x, y):
    return jnp.maximum(x, y)


@op(
    "tf.minimum",
    "tf.math.minimum",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=ORDERED,
)
def minimum(x: T, y: T, name: Ignored = None):
    """The smaller; of equal ones the first gets the gradient."""
    return jnp.where((x <= y) | (x != x), x, y)


@minimum.when(because=TIE)
def _(x, y):
    return jnp.minimum(x, y)


@op(
    "tf.math.squared_difference",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=PAIRS,
)
def squared_difference(x: T, y: T, name: Ignored = None):
    """The square of the difference."""
    return jnp.square(x - y)


ZEROS = [
    Call(Exactly([1.0, 0.0, 3.0], "float32"), Exactly([0.0, 0.0, 2.0], "float32")),
    Call(Floats(2, 3), Floats(3, low=0.5)),
]


@op("tf.math.divide_no_nan", same=("x", "y"), returns=Like("x", "y"), check=ZEROS)
def divide_no_nan(x: T, y: T, name: Ignored = None):
    """The quotient; 0 where the divisor is 0."""
    zero = y == 0
    return jnp.where(zero, 0, x / jnp.where(zero, 1, y))


@op(
    "tf.math.multiply_no_nan",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[
        Call(Floats(3), Exactly([0.0, 2.0, 1.0], "float32")),
        Call(
            Exactly([np.inf, np.nan, 3.0], "f4"),
            Exactly([0.0, 0.0, 2.0], "f4"),
            grad_=False,
        ),
    ],
)
def multiply_no_nan(x: T, y: T, name: Ignored = None):
    """The product; 0 where `y` is 0, whatever `x` is."""
    return jnp.where((y == 0) & ~jnp.isfinite(x), 0, x) * y


@op(
    "tf.math.xdivy",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[
        Call(Exactly([0.0, 1.0, 3.0], "float32"), Exactly([0.0, 2.0, 4.0], "f4")),
    ],
)
def xdivy(x: T, y: T, name: Ignored = None):
    """The quotient; 0 where the dividend is 0."""
    zero = x == 0
    return jnp.where(zero, 0, jnp.where(zero, 1, x) / jnp.where(zero, 1, y))


@op(
    "tf.math.xlogy",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[
        Call(Floats(4), Floats(4, low=0.1)),
        Call(Exactly([0.0, 1.0], "float32"), Exactly([0.0, 2.0], "f4"), grad_=False),
    ],
)
def xlogy(x: T, y: T, name: Ignored = None):
    """x times the logarithm of y; 0 where x is 0."""
    return jax.scipy.special.xlogy(x, y)


@op(
    "tf.math.xlog1py",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[
        Call(Floats(4), Floats(4, low=-0.5)),
        Call(Exactly([0.0, 1.0], "float32"), Exactly([-1.0, 2.0], "f4"), grad_=False),
    ],
)
def xlog1py(x: T, y: T, name: Ignored = None):
    """x times the logarithm of 1 + y; 0 where x is 0."""
    return jax.scipy.special.xlog1py(x, y)


@op(
    "tf.atan2",
    "tf.math.atan2",
    same=("y", "x"),
    returns=Like("y", "x"),
    check=[Call(Floats(2, 3), Floats(3)), Call(Floats(2), 1.0)],
)
def atan2(y: T, x: T, name: Ignored = None):
    """The angle of the point (x, y)."""
    return jnp.arctan2(y, x)


@op(
    "tf.math.nextafter",
    constant=True,
    same=("x1", "x2"),
    returns=Like("x1"),
    check=[Call(Floats(3), Floats(3), grad_=False)],
)
def nextafter(x1: T, x2: T, name: Ignored = None):
    """The next representable value after `x1` in the direction of `x2`."""
    return jnp.nextafter(x1, x2)


@op(
    "tf.add_n",
    "tf.math.add_n",
    same=("inputs",),
    returns=TENSOR,
    check=[
        Call([Floats(2, 3), Floats(2, 3), Floats(2, 3)]),
        Call([Ints(3)]),
    ],
)
def add_n(inputs: Ts, name: Ignored = None):
    """The sum of tensors of one shape."""
    return functools.reduce(operator.add, inputs)


@add_n.when("inputs is list")
def _(inputs):
    return sum(inputs)


@op(
    "tf.math.accumulate_n",
    same=("inputs",),
    returns=TENSOR,
    check=[Call([Floats(2, 3), Floats(2, 3)])],
)
def accumulate_n(
    inputs: Ts,
    shape: Ignored = None,
    tensor_dtype: Ignored = None,
    name: Ignored = None,
):
    """The sum of tensors of one shape."""
    return functools.reduce(operator.add, inputs)


@accumulate_n.when("inputs is list")
def _(inputs):
    return sum(inputs)


@op(
    "tf.realdiv",
    same=("x", "y"),
    returns=Like("x", "y"),
    check=[Call(Floats(2, 3), Floats(3, low=0.5))],
)
def realdiv(x: T, y: T, name: Ignored = None):
    """The quotient of floats."""
    return jnp.divide(x, y)


@op(
    "tf.math.polyval",
    returns=TENSOR,
    check=[Call([1.0, Floats(), 3.0], Floats(4)), Call(coeffs=[Floats()], x=Floats(2))],
)
def polyval(coeffs: Ts, x: T, name: Ignored = None):
    """A polynomial, the coefficient of the highest power first."""
    total = coeffs[0]
    for coefficient in coeffs[1:]:
        total = total * x + coefficient
    return total
