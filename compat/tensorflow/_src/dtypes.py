"""Dtypes, conversions between them, and constants."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    DTYPE,
    Bools,
    ByDtype,
    Call,
    Dtype,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Kind,
    Like,
    Shape,
    T,
    op,
    value,
)

NARROWING = "64-bit values become 32-bit ones, as everywhere in JAX by default"


@op(
    "tf.cast",
    "tf.dtypes.cast",
    returns=ByDtype("dtype"),
    check=[
        Call(Floats(2, 3), "int32"),
        Call(Ints(4), "float32"),
        Call(Exactly([-1.7, 1.7, 0.5, -0.5, 0.0], "float32"), "int32"),
        Call(Exactly([-1.7, 0.5, 0.0], "float32"), "bool"),
        Call(Bools(5), "float32"),
        Call(Floats(3), "float64"),
        Call(Floats(3, dtype="float64"), "float32"),
        Call(Floats(3), "bfloat16"),
        Call(Floats(3), "float32"),
        Call(Exactly([300, -1, 5], "int32"), "uint8"),
        Call(2.7, "int32"),
        Call(True, "float32"),
        Call([1.5, -2.5], "int32"),
        Call(Exactly([1 + 2j], "complex64"), "float32", grad_=False),
    ],
)
def cast(x: T, dtype: Dtype, name: Ignored = None):
    """The value in another dtype, cut off: fractions, and imaginary parts."""
    if jnp.iscomplexobj(x) and not jnp.issubdtype(dtype, jnp.complexfloating):
        x = jnp.real(x)
    return x.astype(dtype)


@cast.when("x is tensor")
def _(x, dtype):
    return x.astype(dtype)


@cast.when()
def _(x, dtype):
    return jnp.asarray(x, dtype)


@op(
    "tf.saturate_cast",
    "tf.dtypes.saturate_cast",
    returns=ByDtype("dtype"),
    check=[
        Call(Exactly([300.0, -5.0, 7.9], "float32"), "uint8", grad_=False),
        Call(Exactly([300, -5, 7], "int32"), "uint8"),
        Call(Ints(3), "float32"),
    ],
)
def saturate_cast(value: T, dtype: Dtype, name: Ignored = None):
    """The value in another dtype, held within what that can represent."""
    if jnp.issubdtype(dtype, jnp.integer):
        limits = jnp.iinfo(dtype)
        low = max(limits.min, _lowest(value.dtype))
        high = min(limits.max, _highest(value.dtype))
        value = jnp.clip(value, jnp.asarray(low, value.dtype), _at_most(high, value))
    return value.astype(dtype)


def _lowest(dtype):
    info = jnp.iinfo if jnp.issubdtype(dtype, jnp.integer) else jnp.finfo
    return int(info(dtype).min)


def _highest(dtype):
    info = jnp.iinfo if jnp.issubdtype(dtype, jnp.integer) else jnp.finfo
    return int(info(dtype).max)


def _at_most(high, value):
    """The largest number of the dtype of `value` that is not above `high`."""
    bound = np.asarray(high, value.dtype)
    if int(bound) > high:
        bound = np.nextafter(bound, np.asarray(0, value.dtype))
    return bound


CONVERTED = [
    Call(Floats(2, 3)),
    Call(Ints(3)),
    Call(2.5),
    Call([1, 2]),
    Call([[1.0, 2.0], [3.0, 4.0]]),
    Call(True),
    Call(3, "float32"),
    Call(0.1, "float64"),
    Call([1, 2], "int64"),
    Call([0.5, 1.5], dtype="float16"),
]


@op(
    "tf.convert_to_tensor",
    same=("value", "dtype"),
    returns=ByDtype("dtype", Like("value")),
    check=CONVERTED,
)
def convert_to_tensor(
    value: T, dtype: Dtype = None, dtype_hint: Ignored = None, name: Ignored = None
):
    """A tensor of a number, an array or a nested list."""
    return jnp.asarray(value, dtype)


@convert_to_tensor.when("dtype is None")
def _(value):
    return jnp.asarray(value)


@op(
    "tf.constant",
    same=("value", "dtype"),
    returns=ByDtype("dtype", Like("value")),
    check=[
        *CONVERTED,
        Call(2.5, shape=[2, 3]),
        Call(2, "float32", [2, 3]),
        Call([1, 2, 3, 4], shape=[2, 2]),
        Call([1, 2, 3, 4], "float32", shape=[2, 2]),
    ],
)
def constant(
    value: T, dtype: Dtype = None, shape: Shape = None, name: Ignored = "Const"
):
    """A tensor of a number or nested list, a single number repeated to a shape."""
    if shape is None:
        return jnp.asarray(value, dtype)
    if value.size == 1:
        return jnp.full(shape, jnp.reshape(value, ()), dtype)
    return jnp.reshape(value, shape)


@constant.when("dtype is None and shape is None")
def _(value):
    return jnp.array(value)


@constant.when("not dtype is None and shape is None")
def _(value, dtype):
    return jnp.array(value, dtype)


@constant.when("rank(value) == 0 and not shape is None and dtype is None")
def _(value, shape):
    return jnp.full(shape, value)


@constant.when("rank(value) == 0 and not shape is None and not dtype is None")
def _(value, dtype, shape):
    return jnp.full(shape, value, dtype)


@constant.when("value is list and not shape is None and dtype is None")
def _(value, shape):
    return jnp.reshape(value, shape)


@op(
    "tf.bitcast",
    returns=ByDtype("type"),
    check=[Call(Floats(3), "int32", grad_=False)],
)
def bitcast(input: T, type: Dtype, name: Ignored = None):
    """The same bits read as another dtype."""
    return jax.lax.bitcast_convert_type(input, type)


@op("tf.as_dtype", "tf.dtypes.as_dtype", returns=DTYPE, check=[Call("float32")])
def as_dtype(type_value: Dtype):
    """The dtype of a name or of any dtype-like value."""
    return jnp.dtype(type_value)


def _dtype(*names: str, spelling: str, because: str = "") -> None:
    both = [f"tf.{n}" for n in names] + [f"tf.dtypes.{n}" for n in names]
    value(*both, spelling=spelling, returns=DTYPE, because=because)


_dtype("float32", spelling="jnp.float32")
_dtype("float64", "double", spelling="jnp.float32", because=NARROWING)
_dtype("float16", "half", spelling="jnp.float16")
_dtype("bfloat16", spelling="jnp.bfloat16")
_dtype("int8", spelling="jnp.int8")
_dtype("int16", spelling="jnp.int16")
_dtype("int32", spelling="jnp.int32")
_dtype("int64", spelling="jnp.int32", because=NARROWING)
_dtype("uint8", spelling="jnp.uint8")
_dtype("uint16", spelling="jnp.uint16")
_dtype("uint32", spelling="jnp.uint32")
_dtype("uint64", spelling="jnp.uint32", because=NARROWING)
_dtype("bool", spelling="jnp.bool_")
_dtype("complex64", spelling="jnp.complex64")
_dtype("complex128", spelling="jnp.complex64", because=NARROWING)


@op(
    "tf.TensorSpec",
    returns=Kind("spec"),
    helper=False,
    check=[Call([2, 3]), Call(shape=(2,), dtype="int32", name="x")],
)
def tensor_spec(shape: Shape, dtype: Dtype = jnp.float32, name: Ignored = None):
    """The shape and dtype of a tensor, without its values; each size being known."""
    return jax.ShapeDtypeStruct(shape, dtype)


@tensor_spec.when("not shape has None and dtype is omitted")
def _(shape):
    return jax.ShapeDtypeStruct(shape, jnp.float32)


@tensor_spec.when("not shape has None and dtype is given")
def _(shape, dtype):
    return jax.ShapeDtypeStruct(shape, dtype)
