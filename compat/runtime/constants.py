"""Tensors of given values, and what is known of tensors without computing.

Shapes are always known here, so `tf.shape` and its like give concrete tensors, inside
traces too: `tf.reshape(x, [tf.shape(x)[0], -1])` works in a `tf.function`.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from compat.runtime import dtypes
from compat.runtime.export import export
from compat.runtime.operators import tf_op, tf_op_of_dictionary
from compat.runtime.shapes import TensorShape, static_shape
from compat.runtime.tensor import (
    Tensor,
    Tracer,
    convert,
    is_tensor,
    lift,
    register,
)


@export("tf.constant")
def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str = "Const"
) -> Tensor:
    """A tensor of the value, in `dtype`, with `shape`.

    Raises:
      TypeError: the value does not fit the dtype or the shape.
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    if is_tensor(value):
        tensor = convert(value)
        if wanted is not None and tensor.dtype is not wanted:
            raise TypeError(
                f"Expected tensor with type {wanted} not {tensor.dtype}: {value!r}"
            )
    else:
        tensor = convert(value, None if wanted is None else wanted.numpy)
    if shape is None:
        return tensor
    dims = static_shape(shape)
    array = np.asarray(tensor._array)
    if array.size == 1:
        return Tensor(lift(np.broadcast_to(array.reshape(()), dims)))
    if array.size != np.prod(dims, dtype=np.int64):
        raise TypeError(
            f"Eager execution of tf.constant with unsupported shape. Tensor {value!r} "
            f"has {array.size} elements, but got shape {TensorShape(dims)}"
        )
    return Tensor(lift(array.reshape(dims)))


def _of(value: Any) -> Any:
    """What has a shape and a dtype."""
    return value if hasattr(value, "shape") else convert(value)


def _int(value: Any, out_type: Any) -> Tensor:
    return Tensor(_known(value, dtypes.as_dtype(out_type).numpy))


@functools.lru_cache(4096)
def _known(value: Any, dtype: np.dtype) -> Any:
    return lift(np.asarray(value, dtype))


@export("tf.shape")
def shape(input: Any, out_type: Any = "int32", name: Any = None) -> Tensor:
    """The shape as a concrete tensor."""
    return _int(_dims(input), out_type)


def _dims(value: Any) -> tuple[int, ...]:
    found = _of(value)
    if isinstance(found, Tensor):
        return found._array.shape
    if hasattr(found, "tensor_parts"):
        return tuple(found.shape.as_list())
    if hasattr(found, "_peek"):
        return found._peek()._array.shape
    return tuple(found.shape)


@export("tf.shape_n")
def shape_n(input: Any, out_type: Any = "int32", name: Any = None) -> list[Tensor]:
    """The shapes of several tensors."""
    return [shape(x, out_type) for x in input]


@export("tf.size")
def size(input: Any, out_type: Any = "int32", name: Any = None) -> Tensor:
    """The number of elements as a concrete tensor."""
    return _int(math.prod(_dims(input)), out_type)


@export("tf.rank")
def rank(input: Any, name: Any = None) -> Tensor:
    """The number of dimensions as a concrete tensor."""
    return _int(len(_dims(input)), "int32")


@export("tf.get_static_value")
def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The value as a numpy array; None if it is traced."""
    del partial
    if not is_tensor(tensor):
        return tensor if isinstance(tensor, np.ndarray | np.generic) else None
    tensor = convert(tensor)
    if isinstance(tensor._array, Tracer):
        return None
    return tensor.numpy()


@export("tf.broadcast_static_shape")
def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The shape to which both broadcast.

    Raises:
      ValueError: they do not.
    """
    x, y = TensorShape(shape_x), TensorShape(shape_y)
    if x.unknown or y.unknown:
        return TensorShape(None)
    return TensorShape(np.broadcast_shapes(tuple(x), tuple(y)))


@export("tf.broadcast_dynamic_shape")
def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The shape to which both broadcast, as a tensor."""
    dims = np.broadcast_shapes(static_shape(shape_x), static_shape(shape_y))
    return _int(dims, "int32")


@export("tf.ensure_shape")
def ensure_shape(x: Any, shape: Any, name: Any = None) -> Tensor:
    """`x`, whose shape must be compatible with `shape`.

    Raises:
      InvalidArgumentError: it is not.
    """
    from compat.runtime.errors import InvalidArgumentError

    x = convert(x)
    if not TensorShape(shape).is_compatible_with(x.shape):
        raise InvalidArgumentError(
            f"Shape of tensor {x.shape} is not compatible with expected shape "
            f"{TensorShape(shape)}"
        )
    return x


@export("tf.register_tensor_conversion_function")
def register_tensor_conversion_function(
    base_type: Any, conversion_func: Any, priority: int = 100
) -> None:
    """Lets objects of `base_type` be given where tensors are expected.

    Args:
      base_type: a class or a tuple of them.
      conversion_func: called as (value, dtype, name, as_ref); returns a tensor.
      priority: lower ones are asked first.

    Raises:
      TypeError: the function cannot be called, or the type is none.
    """
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable")
    kinds = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(kind, type) for kind in kinds):
        raise TypeError(f"base_type must be a type or a tuple of types: {base_type}")

    def converted(value: Any, dtype: Any, hint: Any) -> Tensor:
        asked = None if dtype is None else dtypes.of_numpy(dtype)
        return convert(conversion_func(value, asked, None, False), dtype)

    register(base_type, converted, priority)


def _filled_like(name: str, value: int) -> Any:
    def like(
        input: Any, dtype: Any = None, name: Any = None, layout: Any = None
    ) -> Any:
        x = convert(input)
        if not isinstance(x._array, Tracer):
            return tf_op_of_dictionary(full_name)(x, dtype)
        kind = x.dtype if dtype is None else dtypes.as_dtype(dtype)
        return Tensor(lift(np.full(x._array.shape, value, kind.numpy)))

    full_name = f"tf.{name}"
    like.__name__ = like.__qualname__ = name
    like.__module__ = "compat.tensorflow"
    like.__doc__ = (
        f"A tensor of {name.split('_')[0]} with the shape of another; inside traces a "
        "concrete one, so that variables can start from it."
    )
    return export(full_name)(like)


zeros_like = _filled_like("zeros_like", 0)
ones_like = _filled_like("ones_like", 1)


@export("tf.compat.v1.where")
def where_v1(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    """TensorFlow 1's `where`: a condition of rank 1 chooses rows."""
    where = tf_op("tf.where")
    if x is None and y is None:
        return where(condition)
    condition, x = convert(condition), convert(x)
    if condition.ndim == 1 and x.ndim > 1:
        rows = [len(condition), *[1] * (x.ndim - 1)]
        condition = tf_op("tf.reshape")(condition, rows)
    return where(condition, x, y)
