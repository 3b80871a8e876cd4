"""What the runtime knows of the moment: one record for each thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compat.runtime.frames import Frame
    from compat.runtime.tape import GradientTape


class State(threading.local):
    """The stacks that context managers push to and pop from.

    Attributes:
      tapes: the gradient tapes that record, outermost first.
      frame: the trace of a `tf.function` or a bridge that is under way, or None.
      scopes: name scopes, each with its closing slash; the last one is current.
      creators: `tf.variable_creator_scope` functions, outermost first.
      devices: `tf.device` names; the last one is current.
    """

    def __init__(self) -> None:
        self.tapes: list[GradientTape] = []
        self.frame: Frame | None = None
        self.scopes: list[str] = [""]
        self.creators: list[Any] = []
        self.devices: list[str] = [""]


STATE = State()
