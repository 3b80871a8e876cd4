"""`tf.Variable`: a box that holds a tensor."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from compat.runtime import dtypes, names, operators
from compat.runtime.errors import InvalidArgumentError
from compat.runtime.export import export
from compat.runtime.frames import NeedsEagerRun
from compat.runtime.shapes import TensorShape
from compat.runtime.state import STATE
from compat.runtime.tensor import (
    Reference,
    Tensor,
    Tracer,
    convert,
    is_tensor,
    lift,
    register,
)


@export("tf.VariableSynchronization")
class VariableSynchronization(enum.Enum):
    """When copies of a variable on several devices are brought together."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


@export("tf.VariableAggregation")
class VariableAggregation(enum.Enum):
    """How they are."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


class _Creating(type):
    """Lets `tf.variable_creator_scope` functions take part in `tf.Variable(...)`."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if not STATE.creators or cls is not Variable:
            return super().__call__(*args, **kwargs)
        given = dict(_DEFAULTS)
        given.update(zip(_DEFAULTS, args, strict=False))
        given.update(kwargs)
        build: Callable[..., Any] = super().__call__
        for creator in STATE.creators:
            build = _nested(creator, build)
        return build(**given)


def _nested(creator: Any, inner: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **kwargs: creator(inner, **kwargs)


_DEFAULTS = {
    "initial_value": None,
    "trainable": None,
    "validate_shape": True,
    "caching_device": None,
    "name": None,
    "variable_def": None,
    "dtype": None,
    "import_scope": None,
    "constraint": None,
    "synchronization": VariableSynchronization.AUTO,
    "aggregation": VariableAggregation.NONE,
    "shape": None,
}


# What is done before a new variable is first read: restores that wait for variables
# look for it, as one in a list is attached without anything being told.
BEFORE_FIRST_READ: list[Callable[[], None]] = []


@export("tf.Variable")
class Variable(metaclass=_Creating):
    """A mutable tensor of fixed shape and dtype.

    Args:
      initial_value: anything that makes a tensor, or a function of no argument.
      trainable: whether tapes watch it of themselves.
      name: appended to the current name scope.
      dtype: the initial value is converted to it.
      constraint, synchronization, aggregation: kept as attributes.
      shape: a less specific shape that later values must fit.
      validate_shape, caching_device, variable_def, import_scope: no effect.

    Raises:
      ValueError: no initial value; or made inside a `tf.function` on a later call.
    """

    __array_priority__ = 200

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Any = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        shape: Any = None,
        experimental_enable_variable_lifting: Any = None,
    ) -> None:
        if initial_value is None:
            raise ValueError(
                "The `initial_value` arg to `tf.Variable` must be specified except "
                "when you are not providing a `variable_def`."
            )
        if callable(initial_value) and not is_tensor(initial_value):
            initial_value = initial_value()
        wanted = None if dtype is None else dtypes.as_dtype(dtype).numpy
        value = convert(initial_value, wanted)
        if trainable is None:
            trainable = synchronization != VariableSynchronization.ON_READ
        self._trainable = bool(trainable)
        self._name = f"{STATE.scopes[-1]}{name or 'Variable'}:0"
        self._constraint = constraint
        self._synchronization = synchronization
        self._aggregation = aggregation
        self._device = names.here()
        frame = STATE.frame
        if frame is not None:
            if not frame.creates:
                raise ValueError(
                    "tf.function only supports singleton tf.Variables created on the "
                    "first call. Make sure the tf.Variable is only created once or "
                    "created outside tf.function."
                )
            if isinstance(value._array, Tracer):
                raise NeedsEagerRun(self._name)
            frame.created.append(self)
        elif isinstance(value._array, Tracer):
            raise ValueError(
                f"variable {self._name} is made inside a function that JAX traces, "
                "from a traced value: make it outside, or see compat.to_haiku"
            )
        if BEFORE_FIRST_READ:
            self._initial = Tensor(value._array)
        else:
            self._value = Tensor(value._array)
        self._dtype = value.dtype
        self._shape = TensorShape(value.shape if shape is None else shape)
        if shape is not None and not self._shape.is_compatible_with(value.shape):
            raise ValueError(
                f"In this `tf.Variable` creation, the initial value's shape "
                f"({value.shape}) is not compatible with the explicitly supplied "
                f"`shape` argument ({self._shape})."
            )

    # The value outside of frames. The array is kept bare, its tensor made when asked
    # for: compiled code writes the arrays of many variables at each call.

    @property
    def _value(self) -> Tensor:
        tensor = self._tensor
        if tensor._array is not self._array:
            tensor = self._tensor = Tensor(self._array)
        return tensor

    @_value.setter
    def _value(self, tensor: Tensor) -> None:
        self._array = tensor._array
        self._tensor = tensor

    # Reading and writing. `_peek` is the value, unseen by tapes.

    def _peek(self) -> Tensor:
        frame = STATE.frame
        if frame is not None:
            return frame.get(self)
        try:
            return self._value
        except AttributeError:  # a subclass that keeps its value elsewhere
            return convert(self.value())

    def _read(self) -> Tensor:
        value = self._peek()
        for tape in STATE.tapes:
            tape.accessed(self, value)
        return value

    def _write(self, value: Tensor) -> None:
        value = Tensor(value._array)  # an object of its own: a new leaf for tapes
        frame = STATE.frame
        if frame is not None:
            frame.set(self, value)
        elif isinstance(value._array, Tracer):
            raise ValueError(
                f"variable {self.name} would be assigned a traced value outside "
                "tf.function: the function that JAX traces has a side effect. Use "
                "compat.pure or compat.to_haiku, which thread variables through it."
            )
        else:
            self._value = value

    def _fitting(self, value: Any, what: str) -> Tensor:
        value = convert(value, None, self._dtype.numpy)
        if value.dtype is not self._dtype:
            raise ValueError(
                f"Cannot {what} value of dtype {value.dtype.name} to variable "
                f"{self.name!r} of dtype {self._dtype.name}"
            )
        return value

    def value(self) -> Tensor:
        """The current value."""
        return self._read()

    def read_value(self) -> Tensor:
        """The current value, as a new tensor."""
        return operators.tf_op("tf.identity")(self._read())

    def numpy(self) -> Any:
        """The current value as a numpy array."""
        return self._peek().numpy()

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: Any = None,
        read_value: bool = True,
    ) -> Variable:
        """Sets the value; returns the variable.

        Raises:
          ValueError: another shape or dtype.
        """
        value = self._fitting(value, "assign")
        if not self._shape.is_compatible_with(value.shape):
            raise ValueError(
                f"Cannot assign value to variable '{self.name}': Shape mismatch. The "
                f"variable shape {self._shape}, and the assigned value shape "
                f"{value.shape} are incompatible."
            )
        self._write(value)
        return self

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,
        name: Any = None,
        read_value: bool = True,
    ) -> Variable:
        """Adds to the value."""
        add = operators.tf_op("tf.add")
        self._write(self._same_shape(add(self._peek(), self._fitting(delta, "add"))))
        return self

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,
        name: Any = None,
        read_value: bool = True,
    ) -> Variable:
        """Subtracts from the value."""
        sub = operators.tf_op("tf.subtract")
        delta = self._fitting(delta, "subtract")
        self._write(self._same_shape(sub(self._peek(), delta)))
        return self

    def _same_shape(self, value: Tensor) -> Tensor:
        if not self._shape.is_compatible_with(value.shape):
            raise InvalidArgumentError(
                f"variable {self.name} has shape {self._shape}, the new value "
                f"{value.shape}"
            )
        return value

    def _scatter(self, op: str, indices: Any, updates: Any) -> Variable:
        indices = convert(indices)
        self._write(operators.tf_op(op)(self._peek(), indices, updates))
        return self

    def scatter_nd_add(self, indices: Any, updates: Any, name: Any = None) -> Variable:
        """Adds `updates` at `indices` (…, depth)."""
        return self._scatter("tf.tensor_scatter_nd_add", indices, updates)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: Any = None) -> Variable:
        """Subtracts `updates` at `indices` (…, depth)."""
        return self._scatter("tf.tensor_scatter_nd_sub", indices, updates)

    def scatter_nd_update(
        self, indices: Any, updates: Any, name: Any = None
    ) -> Variable:
        """Sets `updates` at `indices` (…, depth)."""
        return self._scatter("tf.tensor_scatter_nd_update", indices, updates)

    def _scatter_slices(self, op: str, slices: Any) -> Variable:
        indices = slices.indices[..., None]
        return self._scatter(op, indices, slices.values)

    def scatter_add(
        self, sparse_delta: Any, use_locking: bool = False, name: Any = None
    ) -> Variable:
        """Adds `IndexedSlices`."""
        return self._scatter_slices("tf.tensor_scatter_nd_add", sparse_delta)

    def scatter_sub(
        self, sparse_delta: Any, use_locking: bool = False, name: Any = None
    ) -> Variable:
        """Subtracts `IndexedSlices`."""
        return self._scatter_slices("tf.tensor_scatter_nd_sub", sparse_delta)

    def scatter_update(
        self, sparse_delta: Any, use_locking: bool = False, name: Any = None
    ) -> Variable:
        """Sets `IndexedSlices`."""
        return self._scatter_slices("tf.tensor_scatter_nd_update", sparse_delta)

    def sparse_read(self, indices: Any, name: Any = None) -> Tensor:
        """The rows at `indices`."""
        return operators.tf_op("tf.gather")(self, indices)

    # What it is.

    @property
    def name(self) -> str:
        """Its name with all scopes and ":0"."""
        return self._name

    @property
    def _shared_name(self) -> str:
        return self._name.split(":")[0]

    @property
    def trainable(self) -> bool:
        """Whether tapes watch it of themselves."""
        return self._trainable

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return self._shape

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype."""
        return self._dtype

    @property
    def device(self) -> str:
        """The device it was made on, in TensorFlow's form."""
        return self._device

    @property
    def constraint(self) -> Any:
        """The constraint it was made with."""
        return self._constraint

    @property
    def synchronization(self) -> Any:
        """The synchronization it was made with."""
        return self._synchronization

    @property
    def aggregation(self) -> Any:
        """The aggregation it was made with."""
        return self._aggregation

    @property
    def handle(self) -> Variable:
        """Itself."""
        return self

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    def get_shape(self) -> TensorShape:
        """The shape."""
        return self._shape

    def set_shape(self, shape: Any) -> None:
        """Raises ValueError unless the shape is compatible with `shape`."""
        self._shape.assert_is_compatible_with(shape)

    def is_initialized(self, name: Any = None) -> Tensor:
        """True."""
        return convert(True)

    def initialized_value(self) -> Tensor:
        """The current value."""
        return self._read()

    def ref(self) -> Reference:
        """A hashable handle of this object."""
        return Reference(self)

    experimental_ref = ref

    def __getattr__(self, name: str) -> Any:
        if name in ("_array", "_tensor") and "_initial" in self.__dict__:
            self._value = self.__dict__.pop("_initial")
            for prepare in list(BEFORE_FIRST_READ):
                prepare()
            return self.__dict__[name]
        if not name.startswith("__"):
            found = operators.method_of("Variable", name)
            if found is not None:
                return lambda *args, **kwargs: found(self, *args, **kwargs)
        raise AttributeError(f"'Variable' object has no attribute {name!r}")

    def __getitem__(self, key: Any) -> Tensor:
        return self._read()[key]

    def __len__(self) -> int:
        return len(self._peek())

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._read())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._peek().__array__(dtype)

    def __jax_array__(self) -> Any:
        return self._read().__jax_array__()

    def __bool__(self) -> bool:
        return bool(self._read())

    def __int__(self) -> int:
        return int(self._read())

    def __float__(self) -> float:
        return float(self._read())

    def __complex__(self) -> complex:
        return complex(self._read())

    def __index__(self) -> int:
        return self._read().__index__()

    def __format__(self, spec: str) -> str:
        return format(self.numpy(), spec) if spec else str(self)

    def __repr__(self) -> str:
        head = f"<tf.Variable {self.name!r} shape={self._shape} dtype="
        value = self._peek()
        if isinstance(value._array, Tracer):
            return f"{head}{self._dtype.name}>"
        shown = repr(value).partition("numpy=")[2]
        return f"{head}{self._dtype.name}, numpy={shown}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        copied._value = Tensor(self._peek()._array)
        frame = STATE.frame
        if frame is not None and isinstance(copied._value._array, Tracer):
            raise ValueError(
                f"variable {self.name} is copied inside a tf.function: copy it outside"
            )
        memo[id(self)] = copied
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        self._peek()
        kept = dict(self.__dict__)
        value = kept.pop("_array")
        del kept["_tensor"]
        return _unpickle, (np.asarray(value), kept)


def _unpickle(value: np.ndarray, attributes: dict[str, Any]) -> Variable:
    variable = object.__new__(Variable)
    variable.__dict__.update(attributes)
    variable._value = Tensor(lift(value))
    return variable


def is_variable(value: Any) -> bool:
    """Whether the value is a variable."""
    return isinstance(value, Variable)


def _converted(value: Variable, dtype: Any, hint: Any) -> Tensor:
    return convert(value._read(), dtype)


register(Variable, _converted, 1000, counts=True)
operators.attach(Variable)


@export("tf.variable_creator_scope")
class variable_creator_scope:
    """Inside, `creator(next_creator, **kwargs)` makes the variables."""

    def __init__(self, variable_creator: Callable[..., Any]) -> None:
        self._creator = variable_creator

    def __enter__(self) -> None:
        STATE.creators = [*STATE.creators, self._creator]

    def __exit__(self, *exc: Any) -> None:
        STATE.creators = STATE.creators[:-1]
