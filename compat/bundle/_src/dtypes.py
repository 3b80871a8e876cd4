"""TensorFlow's numbers for element types, and numpy's types for them."""

from __future__ import annotations

import ml_dtypes
import numpy as np

STRING = 7

_NUMPY = {
    1: np.float32,
    2: np.float64,
    3: np.int32,
    4: np.uint8,
    5: np.int16,
    6: np.int8,
    8: np.complex64,
    9: np.int64,
    10: np.bool_,
    14: ml_dtypes.bfloat16,
    17: np.uint16,
    18: np.complex128,
    19: np.float16,
    22: np.uint32,
    23: np.uint64,
    24: ml_dtypes.float8_e5m2,
    25: ml_dtypes.float8_e4m3fn,
    26: ml_dtypes.float8_e4m3fnuz,
    27: ml_dtypes.float8_e4m3b11fnuz,
    28: ml_dtypes.float8_e5m2fnuz,
}
_NAMES = {7: "string", 20: "resource", 21: "variant"}

TO_NUMPY = {number: np.dtype(kind) for number, kind in _NUMPY.items()}
FROM_NUMPY = {kind: number for number, kind in TO_NUMPY.items()}


def name(number: int) -> str:
    """A name to print for TensorFlow's element type `number`."""
    if number in TO_NUMPY:
        return TO_NUMPY[number].name
    return _NAMES.get(number, f"TensorFlow type {number}")
