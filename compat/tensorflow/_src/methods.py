"""Methods, attributes and operators of tensors, variables, shapes and dtypes.

`Tensor.x` is what a tensor (or a variable, where there is no `Variable.x`) has as
`.x`; operators go by the names of their methods.
"""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    BOOL,
    DTYPE,
    NUMBER,
    SHAPE,
    TENSOR,
    Bools,
    Call,
    Exactly,
    Floats,
    Ints,
    Kind,
    Like,
    Other,
    Static,
    T,
    manual,
    op,
    seq,
    structural,
)

FLOATS = [Call(Floats(2, 3)), Call(Floats())]

# ------------------------------------------------------------------ attributes


@op("Tensor.shape", returns=SHAPE, attribute=True, check=FLOATS)
def shape(self: T):
    """The shape: of a JAX array a tuple of ints."""
    return self.shape


@op("Tensor.get_shape", returns=SHAPE, check=FLOATS)
def get_shape(self: T):
    """The shape."""
    return self.shape


@op("Tensor.dtype", returns=DTYPE, attribute=True, check=FLOATS)
def dtype(self: T):
    """The dtype."""
    return self.dtype


@op("Tensor.ndim", returns=NUMBER, attribute=True, check=FLOATS)
def ndim(self: T):
    """The number of dimensions."""
    return self.ndim


@op("Tensor.numpy", concrete=True, returns=Like("self"), check=[*FLOATS, Call(Ints(3))])
def numpy(self: T):
    """A numpy array of the values."""
    return np.asarray(self)


@op("Tensor.set_shape", returns=Kind("none"), check=[Call(Floats(2, 3), [2, None])])
def set_shape(self: T, shape: Static):
    """Nothing: JAX knows each shape whole."""
    return None


@op("Tensor._shape_tuple", returns=SHAPE, check=FLOATS)
def _shape_tuple(self: T):
    """The shape as a tuple."""
    return self.shape


@op("Tensor.__len__", returns=NUMBER, check=[Call(Floats(2, 3))])
def length(self: T):
    """The size of the first axis."""
    return len(self)


# ------------------------------------------------------------------ shapes


SHAPE_SAMPLES = [Call((2, 3)), Call(())]


@op("TensorShape.as_list", returns=seq(NUMBER), check=SHAPE_SAMPLES)
def as_list(self: Other):
    """The sizes as a list."""
    return list(self)


@op(
    "TensorShape.rank",
    "TensorShape.ndims",
    returns=NUMBER,
    attribute=True,
    check=SHAPE_SAMPLES,
)
def shape_rank(self: Other):
    """The number of dimensions."""
    return len(self)


@op("TensorShape.num_elements", returns=NUMBER, check=SHAPE_SAMPLES)
def num_elements(self: Other):
    """The product of the sizes."""
    return int(np.prod(self))


@op("TensorShape.is_fully_defined", returns=NUMBER, check=SHAPE_SAMPLES)
def is_fully_defined(self: Other):
    """Always so: JAX knows each shape whole."""
    return True


@op("TensorShape.dims", returns=seq(NUMBER), attribute=True, check=[Call((2, 3))])
def dims(self: Other):
    """The sizes as a list."""
    return list(self)


@op("TensorShape.concatenate", returns=SHAPE, check=[Call((2, 3), (4,))])
def concatenate(self: Other, other: Other):
    """One shape after the other."""
    return tuple(self) + tuple(other)


@op("TensorShape.is_compatible_with", returns=NUMBER, check=[Call((2, 3), (2, 3))])
def is_compatible_with(self: Other, other: Other):
    """Whether the shapes are equal, both being known whole."""
    return tuple(self) == tuple(other)


# ------------------------------------------------------------------ dtypes


NAMES = [Call("float32"), Call("int32"), Call("bool")]


@op("DType.is_floating", returns=NUMBER, attribute=True, check=NAMES)
def is_floating(self: Other):
    """Whether it is of real floating-point numbers."""
    return jnp.issubdtype(self, jnp.floating)


@op("DType.is_integer", returns=NUMBER, attribute=True, check=NAMES)
def is_integer(self: Other):
    """Whether it is of integers."""
    return jnp.issubdtype(self, jnp.integer)


@op("DType.is_complex", returns=NUMBER, attribute=True, check=NAMES)
def is_complex(self: Other):
    """Whether it is of complex numbers."""
    return jnp.issubdtype(self, jnp.complexfloating)


@op("DType.is_bool", returns=NUMBER, attribute=True, check=NAMES)
def is_bool(self: Other):
    """Whether it is of truth values."""
    return jnp.dtype(self) == jnp.bool_


@op("DType.name", returns=Kind("string"), attribute=True, check=NAMES)
def dtype_name(self: Other):
    """The name, as "float32"."""
    return jnp.dtype(self).name


@op("DType.as_numpy_dtype", returns=DTYPE, attribute=True, check=NAMES)
def as_numpy_dtype(self: Other):
    """The dtype as numpy's (JAX's dtypes are)."""
    return jnp.dtype(self)


@op("DType.base_dtype", returns=DTYPE, attribute=True, check=NAMES)
def base_dtype(self: Other):
    """The dtype itself: there are no reference dtypes."""
    return self


@op("DType.size", returns=NUMBER, attribute=True, check=NAMES)
def dtype_size(self: Other):
    """The bytes of one element."""
    return jnp.dtype(self).itemsize


@op("DType.max", returns=NUMBER, attribute=True, check=NAMES[:2])
def dtype_max(self: Other):
    """The highest finite value."""
    if jnp.issubdtype(self, jnp.integer):
        return int(jnp.iinfo(self).max)
    return float(jnp.finfo(self).max)


@op("DType.min", returns=NUMBER, attribute=True, check=NAMES[:2])
def dtype_min(self: Other):
    """The lowest finite value."""
    if jnp.issubdtype(self, jnp.integer):
        return int(jnp.iinfo(self).min)
    return float(jnp.finfo(self).min)


# ------------------------------------------------------------------ operators


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


# ------------------------------------------------------------------ variables


VALUES = [Call(Floats(2, 3), grad_=False), Call(Floats(), grad_=False)]


@op("Variable.numpy", concrete=True, returns=Like("self"), check=VALUES)
def variable_numpy(self: T):
    """A numpy array of the value."""
    return np.asarray(self)


@op("Variable.value", "Variable.read_value", returns=Like("self"), check=VALUES)
def variable_value(self: T):
    """The value as a tensor."""
    return self


structural(
    "Variable.assign",
    "Variable.assign_add",
    "Variable.assign_sub",
    "Variable.initialized_value",
    "Variable.scatter_update",
    "Variable.scatter_add",
    "Variable.scatter_nd_update",
    "Variable.scatter_nd_add",
    "Variable.trainable",
    "Variable.name",
    rule="variables",
)
structural(
    "GradientTape.gradient",
    "GradientTape.jacobian",
    "GradientTape.batch_jacobian",
    "GradientTape.watch",
    "GradientTape.stop_recording",
    "GradientTape.reset",
    "GradientTape.watched_variables",
    rule="tape",
)
manual(
    "Tensor.ref",
    "Tensor.experimental_ref",
    "Variable.ref",
    "Variable.experimental_ref",
    because="JAX arrays have no identity of their own to be hashed by",
    instead="key by the name or path of the parameter",
)
manual(
    "Tensor.op",
    "Tensor.graph",
    "Tensor.consumers",
    "Tensor.value_index",
    because="there is no graph of operations to ask",
    instead="look at jax.make_jaxpr(f)(*args)",
)
manual(
    "Tensor.device",
    "Variable.device",
    because="an array knows its devices as a set",
    instead="x.devices() or x.sharding",
)
manual(
    "Tensor.name",
    because="JAX arrays have no names",
    instead="name the value in your own code",
)
manual(
    "Tensor.eval",
    "Variable.eval",
    because="there is no session: arrays have their values at once",
    instead="np.asarray(x)",
)
