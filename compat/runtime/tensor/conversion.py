"""`tf.convert_to_tensor`: what becomes a tensor, and of which dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from compat.runtime import dtypes, nest
from compat.runtime.export import export
from compat.runtime.shapes import TensorShape
from compat.runtime.tensor.lifting import NUMBERS, lift, scalar
from compat.runtime.tensor.tensor import Tensor, guard

# Classes of which tensors are made besides arrays, numbers and lists, their converters
# and priorities; and those that count as tensors themselves.
_CONVERTERS: list[tuple[Any, Callable[..., Any], int]] = []
_tensor_like: tuple[type, ...] = (Tensor, jax.Array)


def register(
    kinds: Any, converter: Callable[..., Any], priority: int, counts: bool = False
) -> None:
    """Lets objects of a class be given where tensors are expected.

    Args:
      kinds: a class, or a tuple of them.
      converter: called as (value, dtype or None, hint or None) with numpy dtypes.
      priority: of several that fit, the one with the lowest is asked.
      counts: whether `is_tensor` holds for them.
    """
    global _tensor_like
    _CONVERTERS.append((kinds, converter, priority))
    _CONVERTERS.sort(key=lambda entry: entry[2])
    if counts:
        _tensor_like = (*_tensor_like, kinds)


@export("tf.convert_to_tensor")
def convert_to_tensor(
    value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None
) -> Tensor:
    """A tensor of a number, list, array or variable; a tensor is returned as it is.

    Args:
      value: anything that TensorFlow would accept.
      dtype: the dtype that the result must have.
      dtype_hint: the dtype to prefer where the value allows it.
      name: has no effect.

    Raises:
      ValueError: a tensor of another dtype, or a value that makes no tensor.
      TypeError: a number that the dtype cannot hold (2.5 as an int).
    """
    if type(value) is Tensor and dtype is None:
        return value
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    hint = None if dtype_hint is None else dtypes.as_dtype(dtype_hint).numpy
    return convert(value, None if wanted is None else wanted.numpy, hint)


def convert(
    value: Any, dtype: np.dtype | None = None, hint: np.dtype | None = None
) -> Tensor:
    """`convert_to_tensor` with numpy dtypes."""
    kind = type(value)
    if kind is Tensor:
        if dtype is not None and value._array.dtype != dtype:
            raise ValueError(
                f"Tensor conversion requested dtype {dtypes.of_numpy(dtype).name} for "
                f"Tensor with dtype {value.dtype.name}: {value!r}"
            )
        return value
    if kind in NUMBERS:
        if dtype is not None:
            return Tensor(scalar(value, dtype, strict=True))
        return Tensor(scalar(value, hint, strict=False))
    for cls, converter, _ in _CONVERTERS:
        if isinstance(value, cls):
            return converter(value, dtype, hint)
    if isinstance(value, jax.Array):
        return Tensor(_recast(value, dtype or hint, dtype is not None))
    if isinstance(value, TensorShape):
        whole = value.as_list()
        if None in whole:
            raise ValueError(f"Cannot convert a partially known shape {value}")
        return Tensor(lift(np.asarray(whole, dtype or hint or np.int32)))
    if isinstance(value, list | tuple) and _holds_tensor(value):
        return _packed(value, dtype, hint)
    if value is None:
        raise ValueError("Attempt to convert a value (None) to a Tensor.")
    return Tensor(lift(_array_of(value, dtype, hint)))


def _array_of(value: Any, dtype: np.dtype | None, hint: np.dtype | None) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"Can't convert a non-rectangular Python sequence to a Tensor: {error}"
        ) from None
    wanted = dtype or hint
    typed = isinstance(value, np.ndarray | np.generic) or isinstance(
        _first(value), np.generic
    )
    if array.dtype.kind in "SU":
        array = _strings(array)
    elif array.dtype == object and array.size:
        if not isinstance(array.flat[0], str | bytes):
            raise ValueError(
                f"Attempt to convert a value ({value!r}) with an unsupported type "
                f"({type(value)}) to a Tensor."
            )
        array = _strings(array)
    if wanted is None or wanted == array.dtype:
        if typed or wanted is not None:
            return array
        return _narrow(array)
    if "O" in (array.dtype.kind, wanted.kind):
        if dtype is None:
            return array
        raise TypeError(f"Cannot convert {value!r} to a tensor of dtype {wanted}")
    return _recast(array if typed else _narrow(array), wanted, dtype is not None)


def _narrow(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64:
        small = array.size == 0 or (array.min() >= -(2**31) and array.max() < 2**31)
        return array.astype(np.int32) if small else array
    return array


def _recast(array: Any, dtype: np.dtype | None, strict: bool) -> Any:
    if dtype is None or array.dtype == dtype:
        return array
    have, want = dtypes.of_numpy(array.dtype), dtypes.of_numpy(dtype)
    loses = (
        (have.is_floating and not (want.is_floating or want.is_complex))
        or (have.is_bool != want.is_bool)
        or (have.is_complex and not want.is_complex)
    )
    if loses and array.size:
        if strict:
            raise TypeError(
                f"Cannot convert {array!r} to a tensor of dtype {want.name}"
            )
        return array
    with jax.enable_x64(True):
        return array.astype(dtype)


def _strings(array: np.ndarray) -> np.ndarray:
    out = np.empty(array.shape, object)
    for i, text in np.ndenumerate(array):
        out[i] = text.encode() if isinstance(text, str) else bytes(text)
    return out


def _first(value: Any) -> Any:
    while isinstance(value, list | tuple) and len(value):
        value = value[0]
    return value


def _holds_tensor(value: Any) -> bool:
    return any(
        is_tensor(v) or (isinstance(v, list | tuple) and _holds_tensor(v))
        for v in value
    )


def _packed(value: Any, dtype: np.dtype | None, hint: np.dtype | None) -> Tensor:
    from compat.runtime.plans import STACK, run

    if dtype is None and hint is None:
        hint = _dtype_of_first(value)
    return run(STACK, [convert(v, dtype, hint) for v in value])


def _dtype_of_first(value: Any) -> np.dtype | None:
    for v in value:
        if is_tensor(v):
            return v.dtype.numpy
        if isinstance(v, list | tuple):
            found = _dtype_of_first(v)
            if found is not None:
                return found
    return None


@export("tf.is_tensor")
def is_tensor(x: Any) -> bool:
    """Whether the value is a tensor or a variable."""
    return isinstance(x, _tensor_like)


def as_array(value: Any) -> Any:
    """The JAX array (or tracer) of anything that makes a tensor, for layer functions.

    Raises:
      TypeError: a tape watches the value, whose gradient would be lost (see `guard`).
    """
    tensor = convert(value)
    guard(tensor)
    return tensor._array


def unwrap(structure: Any) -> Any:
    """A nest with its tensors and variables replaced by their bare arrays."""
    return nest.map_structure(lambda v: as_array(v) if is_tensor(v) else v, structure)
