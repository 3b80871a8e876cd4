"""Frames: a trace under way, in which variables stand for traced values.

One mechanism serves `tf.function` and all bridges: while a frame is current, a variable
that it knows is read and written in the frame and keeps its own value untouched. The
frame's owner hands the values in and collects what was written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import jax

from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor

if TYPE_CHECKING:
    from compat.runtime.variable import Variable


class NewCapture(Exception):
    """A variable was met that the discovering pass had not seen."""

    def __init__(self, variable: Variable) -> None:
        super().__init__(f"{variable.name} was not met in the first trace")
        self.variable = variable


class NeedsEagerRun(Exception):
    """A variable's initial value depends on traced values: run eagerly this once."""


class Frame:
    """Values of variables during one trace.

    Args:
      variables: those known, with their (traced) values.
      key: two uint32, the source of the trace's random numbers; None in a frame that
        only discovers.
      meet: called with a variable that is not known; gives its value. By default
        unknown variables raise `NewCapture`.
      creates: whether variables may be made in the trace.

    Attributes:
      values: the current values, by the variables' ids.
      variables: all variables met, in order, by their ids.
      written: those assigned to, by their ids.
      created: those made during the trace.
      draws: how many random keys were taken.
      outer: what was current before.
      inputs: called with each tensor that an op reads (see `control_flow`); or None.
    """

    def __init__(
        self,
        variables: Any = (),
        key: Any = None,
        meet: Callable[[Variable], Any] | None = None,
        creates: bool = False,
    ) -> None:
        self.values: dict[int, Tensor] = {}
        self.variables: dict[int, Variable] = {}
        for variable, array in variables:
            self.values[id(variable)] = Tensor(array)
            self.variables[id(variable)] = variable
        self.written: dict[int, Variable] = {}
        self.created: list[Variable] = []
        self.key = key
        self.draws = 0
        self.meet = meet
        self.creates = creates
        self.outer: Frame | None = None
        self.tapes: list[Any] = []

    def get(self, variable: Variable) -> Tensor:
        """The variable's value here."""
        found = self.values.get(id(variable))
        if found is None:
            if self.meet is None:
                raise NewCapture(variable)
            found = Tensor(self.meet(variable))
            self.values[id(variable)] = found
            self.variables[id(variable)] = variable
        return found

    def set(self, variable: Variable, value: Tensor) -> None:
        """Assigns, here only."""
        if id(variable) not in self.values:
            if self.meet is None:
                raise NewCapture(variable)
            self.variables[id(variable)] = variable
        self.values[id(variable)] = value
        self.written[id(variable)] = variable

    def next_key(self) -> Any:
        """A fresh random key, two uint32."""
        self.draws += 1
        if self.key is None:
            return jax.numpy.zeros(2, "uint32")
        return jax.random.fold_in(self.key, self.draws)

    @contextlib.contextmanager
    def current(self, scope: str = "") -> Iterator[Frame]:
        """Makes this the current frame; outer tapes do not record in it."""
        saved = STATE.frame, STATE.tapes, STATE.scopes
        self.outer, self.tapes = saved[0], saved[1]
        STATE.frame, STATE.tapes, STATE.scopes = self, [], [scope]
        try:
            yield self
        finally:
            STATE.frame, STATE.tapes, STATE.scopes = saved
