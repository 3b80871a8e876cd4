"""Frames: a trace under way, in which variables stand for traced values.

One mechanism serves `tf.function`, control flow and the bridges: while a frame is
current, variables are read and written in the frame and keep their own values
untouched. The frame's owner hands values in and collects what was written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import jax

from compat.runtime.random import SOURCE
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor

if TYPE_CHECKING:
    from compat.runtime.variable import Variable


class NeedsEagerRun(Exception):
    """A variable's initial value depends on traced values: run eagerly this once."""


class Frame:
    """Values of variables during one trace.

    Args:
      key: two uint32, the source of the trace's random numbers; None takes them from
        the host, so that random values are concrete.
      creates: whether variables may be made in the trace.

    Attributes:
      values: the current values, by the variables' ids.
      written: the variables assigned to, by their ids.
      created: those made during the trace.
      draws: how many random keys were taken.
      outer: the frame around this one.
      tapes: the tapes that record around this frame.
      stand_in: the size with which dimensions of unknown size are traced, or -1.
    """

    def __init__(self, key: Any = None, creates: bool = False) -> None:
        self.key = key
        self.creates = creates
        self.values: dict[int, Tensor] = {}
        self.written: dict[int, Variable] = {}
        self.created: list[Variable] = []
        self.draws = 0
        self.stand_in = -1
        self.outer: Frame | None = None
        self.tapes: list[Any] = []
        self._known: list[Variable] = []  # so that ids stay theirs

    def meet(self, variable: Variable) -> Tensor:
        """The value of a variable read for the first time: its own."""
        return variable._value if self.outer is None else self.outer.get(variable)

    def seen(self, variable: Variable) -> Tensor:
        """The value, without noting that it was read; for its shape and dtype."""
        found = self.values.get(id(variable))
        if found is not None:
            return found
        return variable._value if self.outer is None else self.outer.seen(variable)

    def give(self, variable: Variable, array: Any) -> None:
        """Sets the value that a variable has at the start."""
        self.values[id(variable)] = Tensor(array)
        self._known.append(variable)

    def get(self, variable: Variable) -> Tensor:
        """The variable's value here."""
        found = self.values.get(id(variable))
        if found is None:
            found = self.values[id(variable)] = self.meet(variable)
            self._known.append(variable)
        return found

    def set(self, variable: Variable, value: Tensor) -> None:
        """Assigns, here only."""
        self.values[id(variable)] = value
        self.written[id(variable)] = variable

    def capture(self, thing: Any, like: Any) -> Tensor:
        """What stands here for a value that the host gives anew at each run."""
        return thing.fresh()

    def captured(self, tensor: Tensor) -> Tensor:
        """What stands here for a tensor that a tape outside watches."""
        return tensor

    def next_key(self, seed: int | None = None) -> Any:
        """A fresh random key, two uint32; `seed` is that of the op."""
        self.draws += 1
        if self.key is None:
            # An op with a seed counts its draws apart in each function; the first
            # is what it would draw first outside.
            return SOURCE.key(None) if seed is None else SOURCE.seeded_key(seed)
        if seed is not None:
            return self.seeded_key(seed)
        return jax.random.fold_in(self.key, self.draws)

    def seeded_key(self, seed: int) -> Any:
        """A fresh key of an op with a seed."""
        key = jax.random.fold_in(self.key, self.draws)
        return jax.random.fold_in(key, seed & 0x7FFFFFFF)

    @contextlib.contextmanager
    def current(self, scope: str = "") -> Iterator[Frame]:
        """Makes this the current frame; tapes outside do not record in it."""
        saved = STATE.frame, STATE.tapes, STATE.scopes
        self.outer, self.tapes = saved[0], saved[1]
        if self.outer is not None:
            self.tapes = [*self.tapes, *self.outer.tapes]
            self.stand_in = self.outer.stand_in
        STATE.frame, STATE.tapes, STATE.scopes = self, [], [scope]
        try:
            yield self
        finally:
            STATE.frame, STATE.tapes, STATE.scopes = saved
