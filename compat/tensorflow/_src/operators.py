"""Operators on tensors, named by their methods: "Tensor.__add__"."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    BOOL,
    NUMBER,
    TENSOR,
    Bools,
    Call,
    Exactly,
    Floats,
    Ints,
    Like,
    Other,
    T,
    op,
    seq,
)

ARITHMETIC = [
    Call(Floats(2, 3), Floats(3)),
    Call(Floats(2), 2.5),
    Call(Floats(2), 2),
    Call(Ints(3), 2),
]


@op("Tensor.__add__", same=("self", "y"), returns=Like("self", "y"), check=ARITHMETIC)
def add(self: T, y: T):
    """The sum."""
    return self + y


@op("Tensor.__radd__", same=("self", "y"), returns=Like("self", "y"), check=ARITHMETIC)
def radd(self: T, y: T):
    """The sum, the tensor on the right."""
    return y + self


@op("Tensor.__sub__", same=("self", "y"), returns=Like("self", "y"), check=ARITHMETIC)
def sub(self: T, y: T):
    """The difference."""
    return self - y


@op("Tensor.__rsub__", same=("self", "y"), returns=Like("self", "y"), check=ARITHMETIC)
def rsub(self: T, y: T):
    """The difference, the tensor on the right."""
    return y - self


@op("Tensor.__mul__", same=("self", "y"), returns=Like("self", "y"), check=ARITHMETIC)
def mul(self: T, y: T):
    """The product."""
    return self * y


@op("Tensor.__rmul__", same=("self", "y"), returns=Like("self", "y"), check=ARITHMETIC)
def rmul(self: T, y: T):
    """The product, the tensor on the right."""
    return y * self


def ratio(x, y):
    """The true quotient; of integers floating-point, 64-bit above 16 bits."""
    if jnp.issubdtype(x.dtype, jnp.integer):
        wide = jnp.float32 if x.dtype.itemsize < 4 else jnp.float64
        return x.astype(wide) / y.astype(wide)
    return x / y


DIVISION = [
    *ARITHMETIC,
    Call(Exactly([7, -7], "int32"), Exactly([2, 2], "int32")),
    Call(Exactly([7, -7], "int16"), Exactly([2, 2], "int16")),
]


@op("Tensor.__truediv__", same=("self", "y"), returns=TENSOR, check=DIVISION)
def truediv(self: T, y: T):
    """The true quotient."""
    return ratio(self, y)


@truediv.when()
def _(self, y):
    return self / y


@op(
    "Tensor.__rtruediv__",
    same=("self", "y"),
    returns=TENSOR,
    check=[Call(Floats(2, low=0.5), 3.0), Call(Ints(2, low=1), 3)],
)
def rtruediv(self: T, y: T):
    """The true quotient, the tensor being the divisor."""
    return ratio(y, self)


@rtruediv.when()
def _(self, y):
    return y / self


FLOORED = [
    Call(Exactly([7, -7, 7, -7], "int32"), Exactly([2, 2, -2, -2], "int32")),
    Call(Exactly([7.5, -7.5], "float32"), 2.0),
    Call(Exactly([1.0], "float32"), 0.1, grad_=False),
]


@op(
    "Tensor.__floordiv__",
    constant=True,
    same=("self", "y"),
    returns=Like("self", "y"),
    check=FLOORED,
)
def floordiv(self: T, y: T):
    """The quotient rounded down: of floats by rounding what division gives."""
    if jnp.issubdtype(self.dtype, jnp.integer):
        return self // y
    return jnp.floor(self / y)


@floordiv.when("self is int")
def _(self, y):
    return self // y


@floordiv.when("self is float")
def _(self, y):
    return jnp.floor(self / y)


@op(
    "Tensor.__mod__",
    same=("self", "y"),
    returns=Like("self", "y"),
    check=FLOORED[:2],
)
def mod(self: T, y: T):
    """The remainder, with the sign of the divisor."""
    return self % y


@op(
    "Tensor.__pow__",
    same=("self", "y"),
    returns=Like("self", "y"),
    check=[
        Call(Floats(2, 3), 2),
        Call(Floats(3, low=0.5), 0.5),
        Call(Floats(3, low=0.5), Floats(3)),
        Call(Ints(3), 2),
        Call(Exactly([0.0, -1.0], "float32"), 2),
    ],
)
def power(self: T, y: T):
    """The power; a base that is not positive sends no gradient to the exponent."""
    if not jnp.issubdtype(self.dtype, jnp.floating):
        return self**y
    positive = self > 0
    base = jnp.where(positive, self, 1)
    dull = jnp.power(self, jax.lax.stop_gradient(y))
    return jnp.where(positive, jnp.power(base, y), dull)


@power.when("y is literal")
def _(self, y):
    return self**y


@power.when(because="where the base is not positive, the exponent's gradient is NaN")
def _(self, y):
    return self**y


@op(
    "Tensor.__rpow__",
    same=("self", "y"),
    returns=Like("self", "y"),
    check=[Call(Floats(3), 2.0), Call(Ints(3, low=0), 2)],
)
def rpower(self: T, y: T):
    """The power, the tensor being the exponent."""
    return y**self


@op(
    "Tensor.__matmul__",
    same=("self", "y"),
    returns=Like("self", "y"),
    check=[Call(Floats(2, 3), Floats(3, 2))],
)
def matmul(self: T, y: T):
    """The product of matrices."""
    return self @ y


@op("Tensor.__neg__", returns=Like("self"), check=[Call(Floats(3)), Call(Ints(3))])
def negative(self: T):
    """The additive inverse."""
    return -self


@op("Tensor.__abs__", returns=Like("self"), check=[Call(Floats(3)), Call(Ints(3))])
def absolute(self: T):
    """The absolute value; at 0 the gradient is 0."""
    if jnp.issubdtype(self.dtype, jnp.floating):
        return self * jax.lax.stop_gradient(jnp.sign(self))
    return jnp.abs(self)


@absolute.when("self is float", because="at 0 the gradient is 1 instead of 0")
def _(self):
    return abs(self)


@absolute.when("not self is float")
def _(self):
    return abs(self)


COMPARED = [Call(Floats(3), Floats(3)), Call(Ints(3, low=0, high=3), 1)]


@op("Tensor.__eq__", same=("self", "other"), returns=BOOL, check=COMPARED)
def equal(self: T, other: T):
    """Whether the elements are equal."""
    return self == other


@op("Tensor.__ne__", same=("self", "other"), returns=BOOL, check=COMPARED)
def not_equal(self: T, other: T):
    """Whether the elements differ."""
    return self != other


@op("Tensor.__lt__", same=("self", "y"), returns=BOOL, check=COMPARED)
def less(self: T, y: T):
    """Whether the tensor is below."""
    return self < y


@op("Tensor.__le__", same=("self", "y"), returns=BOOL, check=COMPARED)
def less_equal(self: T, y: T):
    """Whether the tensor is not above."""
    return self <= y


@op("Tensor.__gt__", same=("self", "y"), returns=BOOL, check=COMPARED)
def greater(self: T, y: T):
    """Whether the tensor is above."""
    return self > y


@op("Tensor.__ge__", same=("self", "y"), returns=BOOL, check=COMPARED)
def greater_equal(self: T, y: T):
    """Whether the tensor is not below."""
    return self >= y


LOGIC = [Call(Bools(6), Bools(6)), Call(Ints(4, low=0), Ints(4, low=0))]


@op("Tensor.__and__", same=("self", "y"), returns=Like("self"), check=LOGIC)
def conjunction(self: T, y: T):
    """Whether both are true; of integers the bits set in both."""
    return self & y


@op("Tensor.__or__", same=("self", "y"), returns=Like("self"), check=LOGIC)
def disjunction(self: T, y: T):
    """Whether either is true; of integers the bits set in either."""
    return self | y


@op("Tensor.__xor__", same=("self", "y"), returns=Like("self"), check=LOGIC)
def exclusive(self: T, y: T):
    """Whether exactly one is true; of integers the bits set in exactly one."""
    return self ^ y


@op("Tensor.__invert__", returns=Like("self"), check=[Call(Bools(4)), Call(Ints(3))])
def invert(self: T):
    """Whether it is false; of integers all bits turned."""
    return ~self


# Indexing with ints, slices, None, ... and integer or boolean arrays means the same
# on both sides, but for indices out of range, which TensorFlow refuses.
@op(
    "Tensor.__getitem__",
    returns=Like("self"),
    check=[
        Call(Floats(4, 3), 1),
        Call(Floats(4, 3), np.s_[1:, ::2]),
        Call(Floats(4, 3), np.s_[..., None, -1]),
        Call(Floats(4, 3), np.s_[::-1]),
    ],
)
def getitem(self: T, slice_spec: Other):
    """The part that an index names."""
    return self[slice_spec]


@op(
    "Tensor.__bool__",
    concrete=True,
    returns=NUMBER,
    check=[Call(Exactly(True)), Call(Ints())],
)
def truth(self: T):
    """The truth value of a single element: of a traced one JAX raises."""
    return bool(self)


@op(
    "Tensor.__int__",
    concrete=True,
    returns=NUMBER,
    check=[Call(Ints()), Call(Floats(low=1.5))],
)
def integer(self: T):
    """A Python int of a single element."""
    return int(self)


@op(
    "Tensor.__float__",
    concrete=True,
    returns=NUMBER,
    check=[Call(Floats()), Call(Ints())],
)
def floating(self: T):
    """A Python float of a single element."""
    return float(self)


@op("Tensor.__iter__", returns=seq(TENSOR), check=[Call(Floats(2, 3))])
def iterate(self: T):
    """The parts along the first axis."""
    return list(self)
