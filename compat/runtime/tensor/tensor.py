"""`tf.Tensor`: a thin wrapper of one JAX array or tracer.

A bare array cannot stand in for it: it has no `.numpy()`, its shape no `as_list()`, its
dtype is not `tf.float32`, and it promotes dtypes where TensorFlow raises. Operators
and further methods are the dictionary's entries `Tensor.*` (see `operators`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from compat.runtime import dtypes, places
from compat.runtime.errors import OperatorNotAllowedInGraphError
from compat.runtime.export import export
from compat.runtime.shapes import TensorShape
from compat.runtime.state import STATE
from compat.runtime.tensor.lifting import lift
from compat.runtime.tracing import Tracer

_OF_NUMPY = dtypes._BY_NUMPY


class Reference:
    """A hashable handle of a tensor or variable, equal only for the same object."""

    __slots__ = ("_object",)

    def __init__(self, thing: Any) -> None:
        self._object = thing

    def deref(self) -> Any:
        """The object."""
        return self._object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and other._object is self._object

    def __lt__(self, other: Reference) -> bool:
        return id(self._object) < id(other._object)

    def __hash__(self) -> int:
        return id(self._object)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._object!r}>"


@export("tf.Tensor")
class Tensor:
    """An immutable array with TensorFlow's interface.

    Made by `convert_to_tensor`; `Tensor(array)` wraps a JAX array as it is.
    """

    __slots__ = ("_array", "__weakref__")
    __array_priority__ = 100

    def __init__(self, array: Any) -> None:
        self._array = array

    @property
    def shape(self) -> TensorShape:
        """The shape; known but in traces for arguments of unknown size."""
        dims = self._array.shape
        frame = STATE.frame
        if frame is not None and frame.stand_in in dims:
            return TensorShape([None if d == frame.stand_in else d for d in dims])
        return TensorShape.of(dims)

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype."""
        return _OF_NUMPY.get(self._array.dtype) or dtypes.of_numpy(self._array.dtype)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    @property
    def device(self) -> str:
        """A device name in TensorFlow's form."""
        return "/job:localhost/replica:0/task:0/device:CPU:0"

    @property
    def name(self) -> str:
        """Eager tensors have no names.

        Raises:
          AttributeError: outside a trace.
        """
        if isinstance(self._array, Tracer):
            return "Tensor:0"
        raise AttributeError("Tensor.name is undefined when eager execution is enabled")

    def get_shape(self) -> TensorShape:
        """The shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Raises ValueError unless the shape is compatible with `shape`."""
        if not self.shape.is_compatible_with(shape):
            raise ValueError(
                f"Tensor's shape {self.shape} is not compatible with supplied shape "
                f"{TensorShape(shape)}"
            )

    def numpy(self) -> Any:
        """The value as a numpy array, a numpy scalar for rank 0.

        Raises:
          NotImplementedError: inside a trace, where there is no value yet.
        """
        array = self._array
        if isinstance(array, Tracer):
            concrete(self, "numpy() of")
        value = np.asarray(array)
        return value.copy() if value.ndim else value[()]

    def ref(self) -> Reference:
        """A hashable handle of this object."""
        return Reference(self)

    experimental_ref = ref

    def consumers(self) -> list[Any]:
        """Eager tensors have no graph: raises NotImplementedError."""
        raise NotImplementedError("consumers() needs a graph")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        value = concrete(self, "numpy array of")
        return value if dtype is None else value.astype(dtype)

    def __jax_array__(self) -> Any:
        guard(self)
        return self._array

    def __len__(self) -> int:
        if not self._array.shape:
            raise TypeError("Scalar tensor has no `len()`")
        return self._array.shape[0]

    def __getitem__(self, key: Any) -> Tensor:
        from compat.runtime.indexing import getitem

        return getitem(self, key)

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.shape:
            raise TypeError("Cannot iterate over a scalar tensor")
        return (self[i] for i in range(self._array.shape[0]))

    def __bool__(self) -> bool:
        value = concrete(self, "bool of")
        return bool(value)

    def __int__(self) -> int:
        return int(concrete(self, "int of"))

    def __float__(self) -> float:
        return float(concrete(self, "float of"))

    def __complex__(self) -> complex:
        return complex(concrete(self, "complex of"))

    def __index__(self) -> int:
        value = concrete(self, "index of")
        if value.dtype.kind not in "iu" or value.ndim:
            raise TypeError(f"only integer scalar tensors are an index, got {self!r}")
        return int(value)

    def __round__(self, digits: int = 0) -> Any:
        return round(float(self), digits)

    def _shape_tuple(self) -> tuple[int, ...]:
        return tuple(self.shape)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            from compat.runtime.operators import method_of

            found = method_of("Tensor", name)
            if found is not None:
                return lambda *args, **kwargs: found(self, *args, **kwargs)
        raise AttributeError(f"'Tensor' object has no attribute {name!r}")

    def __hash__(self) -> int:
        raise TypeError("Tensor is unhashable. Instead, use tensor.ref() as the key.")

    def __format__(self, spec: str) -> str:
        return format(self.numpy(), spec) if spec else str(self)

    def __repr__(self) -> str:
        head = f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}"
        if isinstance(self._array, Tracer):
            return head + ">"
        return f"{head}, numpy={_shown(self, repr)}>"

    def __str__(self) -> str:
        tail = f"shape={self.shape}, dtype={self.dtype.name})"
        if isinstance(self._array, Tracer):
            return f'Tensor("traced", {tail}'
        return f"tf.Tensor({_shown(self, str)}, {tail}"

    def __deepcopy__(self, memo: Any) -> Tensor:
        return Tensor(self._array)

    def __copy__(self) -> Tensor:
        return Tensor(self._array)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickle, (concrete(self, "pickle of"),)


def _shown(tensor: Tensor, form: Callable[[Any], str]) -> str:
    value = tensor.numpy()
    if isinstance(value, np.ndarray):
        return form(value) if form is str else np.array2string(value, separator=", ")
    return form(value.item()) if isinstance(value, np.generic) else form(value)


def _unpickle(value: np.ndarray) -> Tensor:
    return Tensor(lift(value))


def concrete(tensor: Tensor, what: str) -> np.ndarray:
    """The value of a tensor as a numpy array.

    Raises:
      OperatorNotAllowedInGraphError: it is traced; `what` says what was wanted.
    """
    if isinstance(tensor._array, Tracer):
        raise OperatorNotAllowedInGraphError(
            f"{places.here()}: {what} a traced tensor ({tensor!r}): inside "
            "tf.function, or a function that JAX traces, it has no value yet. Write "
            "the condition with tf.cond, tf.where or an `if` in the body of a function "
            "(a lambda or a generator is not converted), shapes with .shape."
        )
    return np.asarray(tensor._array)


def guard(tensor: Tensor) -> None:
    """Raises if handing out the bare array would lose a gradient."""
    for tape in STATE.tapes:
        if tape.watches(tensor):
            raise TypeError(
                "A tensor that a tf.GradientTape watches was given to a JAX function, "
                "which the tape cannot see: its gradient would be lost. Wrap the "
                "function: compat.pure(function)(tensor)."
            )


def _flatten(tensor: Tensor) -> tuple[tuple[Any], None]:
    guard(tensor)
    return (tensor._array,), None


def _unflatten(_: None, children: tuple[Any]) -> Tensor:
    tensor = object.__new__(Tensor)
    tensor._array = children[0]
    return tensor


jax.tree_util.register_pytree_node(Tensor, _flatten, _unflatten)
