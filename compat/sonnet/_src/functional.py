"""Sonnet's functional style: modules as pure functions of their variables' values."""

from __future__ import annotations

import collections
import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

from compat.dictionary import manual
from compat.runtime import dtypes, nest
from compat.runtime.shapes import TensorShape
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable, variable_creator_scope
from compat.sonnet._src import optimizers
from compat.sonnet._src.initializers import Zeros

_INSIDE = "build the modules inside the function and use hk.transform"
_CLOSES = "the function closes over modules built outside it; Haiku builds them inside"
manual("snt.functional.transform", because=_CLOSES, instead=_INSIDE)
manual(
    "snt.functional.transform_with_state",
    because=_CLOSES,
    instead=f"{_INSIDE}_with_state",
)
manual(
    "snt.functional.without_state",
    because="it takes what snt.functional.transform_with_state returned",
    instead="hk.without_state on a function transformed by Haiku",
)
manual(
    "snt.functional.variables",
    because="variables are values already in Haiku",
    instead="take the `with` away",
)
for _name, _optax in (
    ("sgd", "optax.sgd"),
    ("adam", "optax.adam"),
    ("rmsprop", "optax.rmsprop"),
    ("momentum", "optax.sgd(…, momentum=…)"),
):
    manual(
        f"snt.functional.{_name}",
        because="its apply(opt_state, updates, params) returns new parameters; "
        "optax's update(grads, opt_state, params) returns what to add to them",
        instead=f"{_optax}, update and optax.apply_updates",
    )
manual(
    "snt.functional.optimizer",
    because="it wraps an optimizer class that changes variables in place",
    instead="an optax.GradientTransformation",
)

Transformed = collections.namedtuple("Transformed", ("init", "apply"))
TransformedWithState = collections.namedtuple("TransformedWithState", ("init", "apply"))
TransformedOptimizer = collections.namedtuple("TransformedOptimizer", ("init", "apply"))


class Touched:
    """The tensor variables that code touches, with what they held before.

    Attributes:
      before: by id, (variable, initial value, value) at the first touch.
      created: those made meanwhile.
    """

    def __init__(self) -> None:
        self.before: dict[int, tuple[TensorVariable, Any, Any]] = {}
        self.created: list[TensorVariable] = []

    @property
    def variables(self) -> list[TensorVariable]:
        """All of them, in the order in which they were first touched."""
        return [variable for variable, _, _ in self.before.values()]

    def restore(self) -> None:
        """Gives the values back; variables made meanwhile have none afterwards."""
        for variable, initial, value in self.before.values():
            if any(variable is new for new in self.created):
                initial = value = None
            variable.initial_tensor_value, variable.tensor_value = initial, value


class _Watchers(threading.local):
    def __init__(self) -> None:
        self.stack: list[Touched] = []


_WATCHERS = _Watchers()


@contextlib.contextmanager
def touched() -> Iterator[Touched]:
    """Notes which variables are touched inside."""
    seen = Touched()
    _WATCHERS.stack.append(seen)
    try:
        yield seen
    finally:
        _WATCHERS.stack.pop()


class TensorVariable(Variable):
    """A variable whose value is a tensor, traced or not, or is not there at all.

    Attributes:
      tensor_value: the value, None outside the functions that it belongs to.
      initial_tensor_value: the first it had.
    """

    def __init__(self, initial_value: Any, trainable: bool, name: str) -> None:
        value = convert(initial_value)
        # An empty stand-in for the value that the base class keeps.
        super().__init__(
            Zeros()([0], "float32"), trainable, name=name, shape=TensorShape(None)
        )
        self._dtype = value.dtype
        self._shape = value.shape
        self.tensor_value: Tensor | None = value
        self.initial_tensor_value: Tensor | None = value
        for watcher in _WATCHERS.stack:
            watcher.created.append(self)
        self._touch()

    def _touch(self) -> None:
        state = (self, self.initial_tensor_value, self.tensor_value)
        for watcher in _WATCHERS.stack:
            watcher.before.setdefault(id(self), state)

    def _peek(self) -> Tensor:
        self._touch()
        if self.tensor_value is None:
            raise ValueError(
                f"TensorVariable {self.name!r} has no value here. Values are in the "
                "params and state that a transformed function's init returns, and in "
                "variables only while it runs: one that was made in one function can't "
                "be read in another, nor outside. Its shape and dtype can."
            )
        return self.tensor_value

    def _read(self) -> Tensor:
        return self._peek()

    def _write(self, value: Tensor) -> None:
        self._touch()
        if self.initial_tensor_value is None:
            self.initial_tensor_value = value
        self.tensor_value = value

    def numpy(self) -> Any:
        """The value as a numpy array."""
        return self._peek().numpy()

    def assign(self, value: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Sets the value; returns it."""
        super().assign(value)
        return self.tensor_value

    def assign_add(self, delta: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Adds to the value; returns it."""
        super().assign_add(delta)
        return self.tensor_value

    def assign_sub(self, delta: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Subtracts from the value; returns it."""
        super().assign_sub(delta)
        return self.tensor_value

    def __repr__(self) -> str:
        return (
            f"TensorVariable(shape={list(self.shape)}, dtype={self.dtype.name}, "
            f"name={self.name!r})"
        )


def variables() -> variable_creator_scope:
    """Inside, `tf.Variable` makes variables that transformed functions can thread."""
    return variable_creator_scope(_tensor_variable)


def _tensor_variable(next_creator: Any, **kwargs: Any) -> TensorVariable:
    del next_creator
    trainable = kwargs["trainable"]
    value = kwargs["initial_value"]
    dtype = kwargs["dtype"]
    value = value() if callable(value) else value
    return TensorVariable(
        value if dtype is None else convert(value, dtypes.as_dtype(dtype).numpy),
        True if trainable is None else trainable,
        kwargs["name"] or "Variable",
    )


def _by_reference(chosen: Any) -> dict[Any, Any]:
    return {v.ref(): v.initial_tensor_value for v in chosen}


def transform_with_state(f: Callable[..., Any]) -> TransformedWithState:
    """Turns a function that uses variables into two pure ones.

    Returns:
      `init(*args, **kwargs)`, which runs `f` and returns (params, state): the values
      that its variables had at first, keyed by `variable.ref()`; those that aren't
      trainable are state. And `apply(params, state, *args, **kwargs)`, which runs `f`
      with these values and returns (result, new state).
    """

    def init(*args: Any, **kwargs: Any) -> tuple[dict, dict]:
        with variables(), touched() as seen:
            f(*args, **kwargs)
        params = _by_reference(v for v in seen.variables if v.trainable)
        state = _by_reference(v for v in seen.variables if not v.trainable)
        seen.restore()
        return params, state

    def apply(params: dict, state: dict, *args: Any, **kwargs: Any) -> tuple[Any, dict]:
        with touched() as outer:
            try:
                for reference, value in (*params.items(), *state.items()):
                    reference.deref().assign(value)
                with variables(), touched() as seen:
                    result = f(*args, **kwargs)
                if seen.created:
                    raise ValueError("Apply function cannot create new variables.")
                return result, {r: r.deref().tensor_value for r in state}
            finally:
                outer.restore()

    return TransformedWithState(init, apply)


def transform(f: Callable[..., Any]) -> Transformed:
    """`transform_with_state` of a function without state."""
    return without_state(transform_with_state(f))


def without_state(with_state: TransformedWithState) -> Transformed:
    """Leaves the state out.

    Raises:
      ValueError: (when called) there is state.
    """

    def checked(state: dict) -> None:
        if state:
            raise ValueError("Stateful networks must use `transform_with_state(f)`")

    def init(*args: Any, **kwargs: Any) -> dict:
        params, state = with_state.init(*args, **kwargs)
        checked(state)
        return params

    def apply(params: dict, *args: Any, **kwargs: Any) -> Any:
        result, state = with_state.apply(params, {}, *args, **kwargs)
        checked(state)
        return result

    return Transformed(init, apply)


def optimizer(cls: type) -> Callable[..., TransformedOptimizer]:
    """Turns an optimizer class into a maker of pure functions.

    They are `init(params)`, which returns the optimizer's state, and
    `apply(opt_state, updates, params)`, which returns (new params, new state).
    """

    @functools.wraps(cls.__init__)
    def make(*args: Any, **kwargs: Any) -> TransformedOptimizer:
        with variables():
            return _of_optimizer(cls(*args, **kwargs))

    return make


def _of_optimizer(opt: Any) -> TransformedOptimizer:
    def ordered(params: dict) -> list[TensorVariable]:
        return [reference.deref() for reference in sorted(params)]

    def init(params: dict) -> dict:
        def first_step() -> None:
            chosen = ordered(params)
            zeros = [Zeros()(p.shape, p.dtype) for p in chosen]
            for variable, value in zip(chosen, zeros, strict=True):
                variable.assign(value)
            opt.apply(zeros, chosen)

        trained, others = transform_with_state(first_step).init()
        return {r: v for r, v in {**trained, **others}.items() if r not in params}

    def apply(opt_state: dict, updates: Any, params: dict) -> tuple[dict, dict]:
        everything = {**params, **opt_state}

        def one_step() -> tuple[dict, dict]:
            opt.apply(nest.flatten(updates), ordered(params))
            return tuple(
                {r: r.deref().tensor_value for r in part}
                for part in (params, opt_state)
            )

        return transform_with_state(one_step).apply(everything, {})[0]

    return TransformedOptimizer(init, apply)


sgd = optimizer(optimizers.SGD)
adam = optimizer(optimizers.Adam)
rmsprop = optimizer(optimizers.RMSProp)
momentum = optimizer(optimizers.Momentum)
