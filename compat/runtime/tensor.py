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

from compat.runtime import dtypes
from compat.runtime.errors import OperatorNotAllowedInGraphError
from compat.runtime.export import export
from compat.runtime.shapes import TensorShape
from compat.runtime.state import STATE
from compat.runtime.tracing import Tracer as Tracer
from compat.runtime.tracing import clean

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
        value = concrete(self, "numpy() of")
        if value.dtype == object and value.ndim == 0:
            return value.item()
        return value[()] if value.ndim == 0 else value.copy()

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
            f"{what} a traced tensor ({tensor!r}): inside tf.function, or a function "
            "that JAX traces, it has no value yet. Write the condition with tf.cond, "
            "tf.where or an `if` in the body of a tf.function, shapes with .shape."
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


def lift(value: Any) -> Any:
    """A JAX array of a numpy array, its dtype kept; strings stay in numpy.

    The array is copied: JAX may use a numpy array's memory, and programs go on to fill
    theirs with other data.
    """
    value = np.array(value)
    if value.dtype.kind in "OSU":
        return value.astype(object)
    if not clean():
        with jax.ensure_compile_time_eval(), jax.enable_x64(True):
            return jax.numpy.asarray(value)
    kind = (value.shape, value.dtype)
    seen = _lifted[kind] = _lifted.get(kind, 0) + 1
    with jax.enable_x64(True):
        # Calling a compiled function is the quickest way in, once there is one.
        return _itself(value) if seen > 16 else jax.numpy.asarray(value)


_lifted: dict[Any, int] = {}
_itself = jax.jit(lambda value: value)


# What programs may make tensors of besides arrays, numbers and lists: classes and
# converters, filled by the other files and by tf.register_tensor_conversion_function.
CONVERTERS: list[tuple[Any, Callable[..., Any], int]] = []

_NUMBERS = {int: "int32", float: "float32", bool: "bool", complex: "complex128"}
_scalars: dict[Any, Any] = {}


def scalar(value: Any, dtype: np.dtype | None, strict: bool) -> Any:
    """An array of a Python number, remembered.

    Args:
      value: the number.
      dtype: the wanted dtype; None for TensorFlow's default.
      strict: whether a number that does not fit the dtype raises; otherwise it takes
        its own default dtype.
    """
    kind = type(value)
    key = (kind, value, dtype, str(value) if kind is float and not value else "")
    found = _scalars.get(key)
    if found is None:
        if dtype is None or not _fits(kind, value, dtype):
            if strict and dtype is not None:
                name = dtypes.of_numpy(dtype).name
                raise TypeError(f"Cannot convert {value!r} to a tensor of dtype {name}")
            dtype = dtypes.DType(_NUMBERS[kind]).numpy
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
    if kind in _NUMBERS:
        if dtype is not None:
            return Tensor(scalar(value, dtype, strict=True))
        return Tensor(scalar(value, hint, strict=False))
    for cls, converter, _ in CONVERTERS:
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
    return isinstance(x, TENSOR_LIKE)


# Variables, sparse slices and such add themselves.
TENSOR_LIKE: tuple[type, ...] = (Tensor, jax.Array)


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
    from compat.runtime import nest

    return nest.map_structure(lambda v: as_array(v) if is_tensor(v) else v, structure)
