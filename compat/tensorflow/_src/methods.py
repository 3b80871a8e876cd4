"""Methods and attributes of tensors, variables, shapes and dtypes.

`Tensor.x` is what a tensor (or a variable, where there is no `Variable.x`) has as
`.x`.
"""

import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    DTYPE,
    NUMBER,
    SHAPE,
    Call,
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
