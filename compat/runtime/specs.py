"""`tf.TensorSpec` and its relatives: what a tensor looks like, without its values."""

from __future__ import annotations

from typing import Any

from compat.runtime import dtypes
from compat.runtime.export import export
from compat.runtime.shapes import TensorShape
from compat.runtime.tensor import Tensor, convert, is_tensor


@export("tf.TypeSpec", "tf.data.experimental.TypeSpec")
class TypeSpec:
    """The base of all specs."""


@export("tf.TensorSpec", "tf.data.experimental.TensorStructure")
class TensorSpec(TypeSpec):
    """The shape, dtype and name of a tensor.

    Args:
      shape: anything that makes a TensorShape; None leaves the rank open.
      dtype: the dtype.
      name: a name, or None.
    """

    def __init__(
        self, shape: Any = None, dtype: Any = dtypes.float32, name: Any = None
    ) -> None:
        self._shape = TensorShape(shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._name = name

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return self._shape

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype."""
        return self._dtype

    @property
    def name(self) -> Any:
        """The name, or None."""
        return self._name

    @property
    def value_type(self) -> type:
        """tf.Tensor."""
        return Tensor

    @classmethod
    def from_spec(cls, spec: Any, name: Any = None) -> TensorSpec:
        """A copy, with another name if given."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor: Any, name: Any = None) -> TensorSpec:
        """The spec of a tensor or variable."""
        return cls(tensor.shape, tensor.dtype, name)

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """Whether a tensor or spec fits."""
        other = spec_or_tensor
        if not hasattr(other, "shape"):
            try:
                other = convert(other, None, self._dtype.numpy)
            except (TypeError, ValueError):
                return False
        return self._dtype == other.dtype and self._shape.is_compatible_with(
            other.shape
        )

    def is_subtype_of(self, other: Any) -> bool:
        """Whether every tensor of this spec is one of the other."""
        return (
            isinstance(other, TensorSpec)
            and self._dtype is other._dtype
            and other._shape.is_compatible_with(self._shape)
            and (
                other._shape.unknown
                or None in tuple(other._shape)
                or self._shape == other._shape
            )
        )

    def most_specific_compatible_type(self, other: TensorSpec) -> TensorSpec:
        """The narrowest spec that both fit.

        Raises:
          ValueError: the dtypes differ.
        """
        if self._dtype is not other._dtype:
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}")
        shape = self._shape.most_specific_compatible_shape(other._shape)
        return type(self)(shape, self._dtype, self._name)

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other)
            and self._shape == other._shape
            and self._dtype == other._dtype
            and self._name == other._name
        )

    def __hash__(self) -> int:
        return hash((type(self), self._shape, self._dtype))

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(shape={self._shape}, dtype={self._dtype!r}, "
            f"name={self._name!r})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._shape, self._dtype, self._name)


@export("tf.VariableSpec")
class VariableSpec(TensorSpec):
    """The spec of a variable."""

    def __init__(
        self,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        trainable: bool = True,
        alias_id: Any = None,
    ) -> None:
        super().__init__(shape, dtype)
        self.trainable = trainable


@export("tf.type_spec_from_value")
def type_spec_from_value(value: Any) -> TensorSpec:
    """The spec of a tensor, variable, array or spec."""
    if isinstance(value, TypeSpec):
        return value
    if not is_tensor(value):
        value = convert(value)
    return TensorSpec(value.shape, value.dtype)
