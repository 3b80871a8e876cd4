"""`tf.DType` and the constants `tf.float32`, `tf.int64`, ….

A dtype compares equal to its name and to numpy's dtype of the same name. The kinds
that only TensorFlow's own kernels know (quantized, resource, variant) exist as names.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from compat.runtime.export import export

_NUMPY = (
    "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 "
    "uint64 bool complex64 complex128 float8_e5m2 float8_e4m3fn int4 uint4"
).split()
_OPAQUE = "qint8 qint16 qint32 quint8 quint16 resource variant".split()
_PYTHON = {float: "float32", int: "int32", bool: "bool", complex: "complex128"}


@export("tf.DType", "tf.dtypes.DType")
class DType:
    """The type of a tensor's elements; one object for each name.

    Attributes:
      name: 'float32', 'string', ….
      numpy: numpy's dtype; None for the kinds that have none.
    """

    _known: dict[str, DType] = {}

    def __new__(cls, name: str) -> DType:
        name = {"float": "float32", "double": "float64", "half": "float16"}.get(
            name, name
        )
        if name not in cls._known:
            raise TypeError(f"Cannot convert {name!r} to a TensorFlow DType.")
        return cls._known[name]

    @classmethod
    def _add(cls, name: str, numpy: np.dtype | None) -> DType:
        self = object.__new__(cls)
        kind = numpy.kind if numpy is not None else ""
        self.name = name
        self.numpy = numpy
        self.is_floating = name.startswith(("float", "bfloat"))
        self.is_integer = name.startswith(("int", "uint"))
        self.is_unsigned = name.startswith("uint")
        self.is_complex = kind == "c"
        self.is_bool = name == "bool"
        self.is_quantized = name.startswith("q")
        cls._known[name] = self
        return self

    @property
    def as_numpy_dtype(self) -> Any:
        """Numpy's scalar type."""
        if self.numpy is None:
            raise TypeError(f"{self} has no numpy dtype")
        return self.numpy.type

    @property
    def as_datatype_enum(self) -> int:
        """The number that TensorFlow's file formats use for it."""
        return _ENUM[self.name]

    @property
    def base_dtype(self) -> DType:
        """Itself: there are no reference dtypes."""
        return self

    @property
    def real_dtype(self) -> DType:
        """The dtype of the real part."""
        parts = {"complex64": "float32", "complex128": "float64"}
        return DType(parts.get(self.name, self.name))

    @property
    def is_numpy_compatible(self) -> bool:
        """Whether numpy has it."""
        return self.numpy is not None

    @property
    def size(self) -> int:
        """Bytes for each element."""
        return self.numpy.itemsize if self.name != "string" else 1

    def _range(self) -> Any:
        if not (self.is_floating or self.is_integer):
            raise TypeError(f"Cannot find the greatest and least values of {self}.")
        info = ml_dtypes.finfo if self.is_floating else ml_dtypes.iinfo
        return info(self.numpy)

    @property
    def max(self) -> Any:
        """The greatest finite value."""
        return self._range().max

    @property
    def min(self) -> Any:
        """The least finite value."""
        return self._range().min

    @property
    def limits(self) -> tuple[Any, Any]:
        """(min, max)."""
        return self.min, self.max

    def is_compatible_with(self, other: Any) -> bool:
        """Whether `other` is the same dtype."""
        return self == other

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        if other is None or isinstance(other, DType):
            return False
        try:
            return as_dtype(other) is self
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return DType, (self.name,)


for _name in _NUMPY:
    DType._add(_name, np.dtype(getattr(ml_dtypes, _name, _name)))
DType._add("string", np.dtype(object))
for _name in _OPAQUE:
    DType._add(_name, None)
float32 = DType("float32")
for _name, _dtype in DType._known.items():
    globals()["bool_" if _name == "bool" else _name] = _dtype
    export(f"tf.{_name}", f"tf.dtypes.{_name}")(_dtype)
export("tf.double", "tf.dtypes.double")(DType("float64"))
export("tf.half", "tf.dtypes.half")(DType("float16"))

_ENUM = {
    "float32": 1,
    "float64": 2,
    "int32": 3,
    "uint8": 4,
    "int16": 5,
    "int8": 6,
    "string": 7,
    "complex64": 8,
    "int64": 9,
    "bool": 10,
    "qint8": 11,
    "quint8": 12,
    "qint32": 13,
    "bfloat16": 14,
    "qint16": 15,
    "quint16": 16,
    "uint16": 17,
    "complex128": 18,
    "float16": 19,
    "resource": 20,
    "variant": 21,
    "uint32": 22,
    "uint64": 23,
    "float8_e5m2": 24,
    "float8_e4m3fn": 25,
    "int4": 29,
    "uint4": 30,
}
_BY_ENUM = {number: name for name, number in _ENUM.items()}
_BY_NUMPY = {
    d.numpy: d
    for d in DType._known.values()
    if d.numpy is not None and d.name != "string"
}


def of_numpy(dtype: np.dtype) -> DType:
    """The dtype of an array's numpy dtype."""
    found = _BY_NUMPY.get(dtype)
    if found is not None:
        return found
    if dtype.kind in "OSU":
        return DType("string")
    raise TypeError(f"Cannot convert {dtype!r} to a TensorFlow DType.")


@export("tf.as_dtype", "tf.dtypes.as_dtype")
def as_dtype(type_value: Any) -> DType:
    """The dtype that a DType, a name, a numpy or Python type, or a number stands for.

    Raises:
      TypeError: it stands for none.
    """
    if isinstance(type_value, DType):
        return type_value
    if isinstance(type_value, str):
        return DType(type_value)
    if isinstance(type_value, type) and type_value in _PYTHON:
        return DType(_PYTHON[type_value])
    if isinstance(type_value, int) and type_value in _BY_ENUM:
        return DType(_BY_ENUM[type_value])
    if type_value is None:
        raise TypeError("Cannot convert None to a TensorFlow DType.")
    try:
        return of_numpy(np.dtype(type_value))
    except TypeError:
        text = f"Cannot convert {type_value!r} to a TensorFlow DType."
        raise TypeError(text) from None
