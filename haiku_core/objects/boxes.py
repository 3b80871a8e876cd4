"""Mutable cells, and recorders that notice when they are read and written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = Any


class Notes(threading.local):
    """The recorders at work in this thread, the innermost last."""

    def __init__(self):
        self.recorders: list[Recorder] = []


notes = Notes()


class Recorder:
    """Notices which boxes are read and written while it is at work.

    With `restore`, the values found at the start come back at the end.
    """

    def __init__(self, restore: bool = False):
        self.before: dict[Box, Any] = {}
        self.written: dict[Box, None] = {}
        self._restore = restore

    def __enter__(self) -> Recorder:
        notes.recorders.append(self)
        return self

    def __exit__(self, *exc) -> None:
        notes.recorders.remove(self)
        if self._restore:
            for box in self.written:
                box._value = self.before[box]


class Box:
    """A mutable cell that holds an array, or a tree of arrays.

    Takes part in arithmetic as the value it holds; functions of JAX want `box.value`.

    Args:
      value: numbers and lists become arrays (integers int32, floats float32), arrays
        and trees of arrays stay as they are.
      dtype: the dtype of the array; None to take the value's.
      trainable: whether it counts among trainable variables.
      name: for people to read.
    """

    __slots__ = ("_value", "name", "trainable", "__weakref__")

    def __init__(
        self,
        value: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        name: str = "",
    ):
        if isinstance(value, bool | int | float | list) or dtype is not None:
            value = np.asarray(value)
            if dtype is None and value.dtype.kind in "if":
                dtype = np.int32 if value.dtype.kind == "i" else np.float32
            value = jnp.asarray(value, dtype)
        if notes.recorders and any(map(is_tracer, jax.tree.leaves(value))):
            raise ValueError(
                f"the box {name!r} is made from a traced value inside a compiled or "
                "differentiated function; make it outside and assign to it there"
            )
        self._value = value
        self.name = name
        self.trainable = trainable

    @property
    def value(self) -> Any:
        """What the box holds now."""
        for recorder in notes.recorders:
            recorder.before.setdefault(self, self._value)
        return self._value

    @value.setter
    def value(self, new: Any) -> None:
        for recorder in notes.recorders:
            recorder.before.setdefault(self, self._value)
            recorder.written[self] = None
        self._value = new

    def assign(self, new: Array) -> Array:
        """Replaces the array by one of the same shape, cast to the same dtype.

        Raises:
          ValueError: the shapes differ.
        """
        old = self.value
        new = jnp.asarray(new.value if isinstance(new, Box) else new, old.dtype)
        if new.shape != old.shape:
            raise ValueError(
                f"box {self.name!r} of shape {old.shape} can't take shape {new.shape}"
            )
        self.value = new
        return new

    def assign_add(self, delta: Array) -> Array:
        """Adds `delta`, keeping shape and dtype."""
        return self.assign(self.value + jnp.asarray(delta, self.dtype))

    def assign_sub(self, delta: Array) -> Array:
        """Subtracts `delta`, keeping shape and dtype."""
        return self.assign(self.value - jnp.asarray(delta, self.dtype))

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def dtype(self) -> np.dtype:
        return self._value.dtype

    @property
    def ndim(self) -> int:
        return self._value.ndim

    def __jax_array__(self) -> Array:
        return jnp.asarray(self.value)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        del copy
        return np.asarray(self.value, dtype)

    def __int__(self) -> int:
        return int(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __index__(self) -> int:
        return self.value.__index__()

    def __getitem__(self, index: Any) -> Array:
        return self.value[index]

    def __neg__(self) -> Array:
        return -self.value

    def __repr__(self) -> str:
        name = f"{self.name!r}, " if self.name else ""
        return f"Box({name}{self._value!r})"

    def __deepcopy__(self, memo: dict) -> Box:
        new = Box(None, trainable=self.trainable, name=self.name)
        new._value = jax.tree.map(lambda x: x, self._value)  # arrays are immutable
        memo[id(self)] = new
        return new


def _operator(name: str) -> Callable:
    def method(self: Box, other: Any) -> Array:
        other = other.value if isinstance(other, Box) else other
        result = getattr(jnp.asarray(self.value), name)(other)
        return result

    method.__name__ = name
    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(Box, f"__{_name}__", _operator(f"__{_name}__"))
    setattr(Box, f"__r{_name}__", _operator(f"__r{_name}__"))
for _name in ("lt", "le", "gt", "ge"):
    setattr(Box, f"__{_name}__", _operator(f"__{_name}__"))


def is_tracer(x: Any) -> bool:
    return isinstance(x, jax.core.Tracer)


def is_array(x: Any) -> bool:
    return isinstance(x, jax.Array | np.ndarray | np.generic)


def as_array(x: Any) -> Any:
    """Arrays of other libraries as numpy's, anything else as it is."""
    if is_array(x) or isinstance(x, Box) or not hasattr(x, "__array__"):
        return x
    return np.asarray(x)


class Swapped:
    """Runs code on other values of some boxes; their own come back at the end."""

    def __init__(self, boxes: Sequence[Box], values: Sequence[Any]):
        self._boxes, self._values = boxes, values

    def __enter__(self) -> None:
        self._old = [box._value for box in self._boxes]
        for box, value in zip(self._boxes, self._values, strict=True):
            box._value = value

    def __exit__(self, *exc) -> None:
        for box, value in zip(self._boxes, self._old, strict=True):
            box._value = value


def concrete(box: Box) -> Any:
    """The value the box had before any function now being traced touched it."""
    for recorder in notes.recorders:
        if box in recorder.before and not any(
            map(is_tracer, jax.tree.leaves(recorder.before[box]))
        ):
            return recorder.before[box]
    return box._value


def is_inexact(value: Any) -> bool:
    return is_array(value) and jnp.issubdtype(value.dtype, jnp.inexact)
