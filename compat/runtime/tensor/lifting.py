"""From numpy arrays and Python numbers to JAX arrays, dtypes kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from compat.runtime import dtypes
from compat.runtime.quick import put


def lift(value: Any) -> Any:
    """A JAX array of a numpy array, its dtype kept; strings stay in numpy.

    The array is copied: JAX may use a numpy array's memory, and programs go on to fill
    theirs with other data.
    """
    value = np.array(value)
    if value.dtype.kind in "OSU":
        return value.astype(object)
    if not value.dtype.isnative:
        value = value.astype(value.dtype.newbyteorder("="))
    return put(value)


_scalars: dict[Any, Any] = {}
NUMBERS = {int: "int32", float: "float32", bool: "bool", complex: "complex128"}


def scalar(value: Any, dtype: np.dtype | None, strict: bool) -> Any:
    """An array of a Python number, remembered.

    Args:
      value: the number.
      dtype: the wanted dtype; None for TensorFlow's default.
      strict: whether a number that does not fit the dtype raises; otherwise it takes
        its own default dtype.
    """
    kind = type(value)
    minus = kind is float and not value and math.copysign(1, value) < 0
    key = (kind, value, dtype, minus)
    found = _scalars.get(key)
    if found is None:
        if dtype is None or not _fits(kind, value, dtype):
            if strict and dtype is not None:
                name = dtypes.of_numpy(dtype).name
                raise TypeError(f"Cannot convert {value!r} to a tensor of dtype {name}")
            dtype = dtypes.DType(NUMBERS[kind]).numpy
            if kind is int and not -(2**31) <= value < 2**31:
                dtype = np.dtype(np.int64)
        if len(_scalars) > 4096:  # a value that decays at each step is no constant
            _scalars.clear()
        found = _scalars[key] = lift(np.asarray(value, dtype))
    return found


def _fits(kind: type, value: Any, dtype: np.dtype) -> bool:
    of = dtypes.of_numpy(dtype)
    if kind is bool:
        return of.is_bool
    if kind is int:
        if of.is_integer:
            info = np.iinfo(dtype)
            return info.min <= value <= info.max
        return of.is_floating or of.is_complex
    return of.is_complex or (kind is float and of.is_floating)
