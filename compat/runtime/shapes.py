"""`tf.TensorShape`: a tuple of dimensions, any of which may be unknown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from compat.runtime.export import export


@export("tf.compat.v1.Dimension")
class Dimension(int):
    """A known dimension, as TensorFlow 1 has them; otherwise an int."""

    @property
    def value(self) -> int:
        """The number."""
        return int(self)


@export("tf.TensorShape")
class TensorShape:
    """A shape: ints and None; of unknown rank if made from None. Iterates over them.

    It is no tuple, so that nests of tensors do not take it for a part of theirs.
    """

    __slots__ = ("_dims", "unknown")

    def __new__(cls, dims: Any) -> TensorShape:
        if isinstance(dims, TensorShape):
            return dims
        self = super().__new__(cls)
        self.unknown = dims is None
        if dims is None:
            dims = ()
        elif isinstance(dims, int | np.integer):
            dims = (dims,)
        elif hasattr(dims, "numpy"):
            dims = np.atleast_1d(dims.numpy())
        self._dims = tuple([None if d is None else _size(d) for d in dims])
        return self

    @classmethod
    def of(cls, dims: tuple[int | None, ...]) -> TensorShape:
        """The shape of dimensions known to be right."""
        self = object.__new__(cls)
        self._dims = dims
        self.unknown = False
        return self

    def __iter__(self) -> Iterator[int | None]:
        return iter(self._dims)

    def __len__(self) -> int:
        if self.unknown:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    @property
    def rank(self) -> int | None:
        """The number of dimensions, None if unknown."""
        return None if self.unknown else len(self._dims)

    ndims = rank

    @property
    def dims(self) -> list[int | None] | None:
        """The dimensions as a list, None if the rank is unknown."""
        return None if self.unknown else list(self._dims)

    def as_list(self) -> list[int | None]:
        """The dimensions as a list.

        Raises:
          ValueError: the rank is unknown.
        """
        if self.unknown:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def num_elements(self) -> int | None:
        """The number of elements, None if unknown."""
        return math.prod(self._dims) if self.is_fully_defined() else None

    def is_fully_defined(self) -> bool:
        """Whether every dimension is known."""
        return not self.unknown and None not in self._dims

    def is_compatible_with(self, other: Any) -> bool:
        """Whether some array could have both shapes."""
        other = TensorShape(other)
        if self.unknown or other.unknown:
            return True
        return len(self) == len(other) and all(
            a is None or b is None or a == b for a, b in zip(self, other, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises ValueError unless the shapes are compatible."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {TensorShape(other)} are incompatible")

    def assert_has_rank(self, rank: int) -> None:
        """Raises ValueError if the rank is known to be another."""
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_same_rank(self, other: Any) -> None:
        """Raises ValueError if both ranks are known and differ."""
        other = TensorShape(other)
        if not self.unknown and other.rank not in (None, self.rank):
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_is_fully_defined(self) -> None:
        """Raises ValueError if a dimension is unknown."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def with_rank(self, rank: int) -> TensorShape:
        """This shape, or one of that rank if the rank is unknown."""
        self.assert_has_rank(rank)
        return TensorShape([None] * rank) if self.unknown else self

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """This shape; ValueError if it has fewer dimensions."""
        if not self.unknown and len(self) < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """This shape; ValueError if it has more dimensions."""
        if not self.unknown and len(self) > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def merge_with(self, other: Any) -> TensorShape:
        """The shape that says what both say."""
        other = TensorShape(other)
        self.assert_is_compatible_with(other)
        if self.unknown:
            return other
        if other.unknown:
            return self
        return TensorShape(
            [b if a is None else a for a, b in zip(self, other, strict=True)]
        )

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """The narrowest shape compatible with both."""
        other = TensorShape(other)
        if self.unknown or other.unknown or len(self) != len(other):
            return TensorShape(None)
        return TensorShape(
            [a if a == b else None for a, b in zip(self, other, strict=True)]
        )

    def concatenate(self, other: Any) -> TensorShape:
        """The dimensions of this shape followed by those of the other."""
        other = TensorShape(other)
        if self.unknown or other.unknown:
            return TensorShape(None)
        return TensorShape.of(self._dims + other._dims)

    def __getitem__(self, key: Any) -> Any:
        if self.unknown:
            return TensorShape(None) if isinstance(key, slice) else None
        found = self._dims[key]
        return TensorShape(found) if isinstance(key, slice) else found

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return TensorShape(other).concatenate(self)

    def __bool__(self) -> bool:
        return not self.unknown

    def __eq__(self, other: object) -> bool:
        try:
            other = TensorShape(other)
        except (TypeError, ValueError):
            return NotImplemented
        return self.unknown == other.unknown and self._dims == other._dims

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self._dims, self.unknown))

    def __repr__(self) -> str:
        return f"TensorShape({None if self.unknown else list(self._dims)})"

    def __str__(self) -> str:
        return "<unknown>" if self.unknown else repr(self._dims)

    def __reduce__(self) -> tuple[Any, ...]:
        return TensorShape, (None if self.unknown else self._dims,)


def _size(value: Any) -> int | None:
    size = getattr(value, "value", value) if not hasattr(value, "numpy") else value
    if size is None:
        return None
    size = size.__index__()
    if size < 0:
        raise ValueError(f"Dimension {size} must be >= 0")
    return size


def _length(part: Any) -> int:
    if part is None:
        return -1
    # Of a tensor of floats TensorFlow takes the whole part.
    return int(part) if hasattr(part, "numpy") else part.__index__()


def static_shape(value: Any) -> tuple[int, ...]:
    """Ints of a shape argument: a TensorShape, an int, a list mixed with tensors.

    Raises:
      OperatorNotAllowedInGraphError: a part of it is a traced value.
      ValueError: a part of it is no integer.
      TypeError: it is no list or tensor of them.
    """
    if isinstance(value, TensorShape):
        return tuple(value.as_list())
    if isinstance(value, int | np.integer):
        return (int(value),)
    if hasattr(value, "numpy") or isinstance(value, np.ndarray):
        return tuple(int(d) for d in np.atleast_1d(np.asarray(value)))
    if isinstance(value, Iterable):
        try:
            return tuple(map(_length, value))
        except AttributeError:
            raise ValueError(f"a shape is made of integers, not {value!r}") from None
    raise TypeError(f"{value!r} of type {type(value)} is not a shape")
