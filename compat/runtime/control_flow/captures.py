"""What the staged bodies of one op capture and assign, brought together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compat.runtime.errors import InvalidArgumentError
from compat.runtime.staging import Staged
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert
from compat.runtime.tracing import Tracer, in_trace
from compat.runtime.variable import Variable


def is_traced(value: Any) -> bool:
    """Whether a value is a tensor that is known only when the trace runs."""
    if isinstance(value, Variable):
        value = value._peek()
    return isinstance(getattr(value, "_array", value), Tracer)


class Captures:
    """What several staged bodies capture and write, each thing once."""

    def __init__(self, bodies: Sequence[Staged]) -> None:
        self.things: list[Any] = []
        self.written: list[Variable] = []
        for body in bodies:
            for variable in body.written:
                if not any(v is variable for v in self.written):
                    self.written.append(variable)
        for body in bodies:
            for thing in body.captures:
                self._place(thing)
        for variable in self.written:
            self._place(variable)

    def _place(self, thing: Any) -> int:
        for i, known in enumerate(self.things):
            if known is thing:
                return i
        self.things.append(thing)
        return len(self.things) - 1

    def places(self, things: Sequence[Any]) -> list[int]:
        """Where things stand among the captured ones."""
        return [self._place(thing) for thing in things]

    def values(self) -> list[Tensor]:
        """The current values."""
        return [t if type(t) is Tensor else t._read() for t in self.things]

    def write(self, values: Sequence[Tensor]) -> None:
        """Assigns the written variables."""
        for variable, value in zip(self.written, values, strict=True):
            variable._write(value)


class Step:
    """A staged loop body as a function of (key, carried arrays, captured arrays)."""

    def __init__(self, body: Staged, captures: Captures, carried: int) -> None:
        self.body = body
        self.inner = captures.places(body.captures)
        self.written = captures.places(body.written)
        self.all_written = captures.places(captures.written)
        self.carried = carried

    def __call__(self, key: Any, inputs: Sequence[Any], values: list[Any]) -> Any:
        """(outputs, values of the captured things after the step)."""
        out = self.body.pure(*[values[i] for i in self.inner], key, *inputs)
        count = len(self.body.outputs.arrays)
        values = list(values)
        for i, value in zip(self.written, out[count:], strict=True):
            values[i] = value
        return out[:count], values


def arrays_of(values: Any) -> list[Tensor]:
    """Tensors of all the values."""
    return [convert(v) for v in values]


def same_avals(name: str, what: str, first: Any, second: Any) -> None:
    """Raises unless two lists of arrays agree in number, shapes and dtypes."""
    for i, (a, b) in enumerate(zip(first, second, strict=False)):
        if a.shape != b.shape or a.dtype != b.dtype:
            raise InvalidArgumentError(
                f"{name}: {what} {i} is {a.dtype}{list(a.shape)} and then "
                f"{b.dtype}{list(b.shape)}; inside tf.function they must agree"
            )
    if len(first) != len(second):
        raise InvalidArgumentError(
            f"{name}: {len(first)} and {len(second)} tensors; inside tf.function "
            "there must be as many"
        )


def staged_here(*values: Any) -> bool:
    """Whether loops over these become ops: inside a trace, not eagerly."""
    return STATE.frame is not None or in_trace() or any(is_traced(v) for v in values)
