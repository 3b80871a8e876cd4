"""Eagerly or traced: what programs can ask, and how they get out of a trace."""

from __future__ import annotations

from typing import Any

import jax

from compat.runtime.export import export
from compat.runtime.random import SOURCE
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor
from compat.runtime.variable import Variable


class _Eagerly:
    on = False


EAGERLY = _Eagerly()


@export("tf.config.run_functions_eagerly")
def run_functions_eagerly(run_eagerly: bool) -> None:
    """Whether functions run as plain Python from now on."""
    EAGERLY.on = bool(run_eagerly)


@export("tf.config.functions_run_eagerly")
def functions_run_eagerly() -> bool:
    """Whether they do."""
    return EAGERLY.on


@export("tf.init_scope")
class init_scope:
    """Inside, code runs as outside of any trace: what it makes is concrete."""

    def __enter__(self) -> None:
        self._saved = STATE.frame, STATE.tapes
        frame = STATE.frame
        STATE.frame = _Lifted(frame) if frame is not None else None
        STATE.tapes = []
        self._eval = jax.ensure_compile_time_eval()
        self._eval.__enter__()

    def __exit__(self, *exc: Any) -> None:
        self._eval.__exit__(*exc)
        STATE.frame, STATE.tapes = self._saved


class _Lifted:
    """The frame of an `init_scope` in a trace: variables hold their own values."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.creates = True
        self.stand_in = -1
        self.created = frame.created
        self.tapes: list[Any] = []

    def get(self, variable: Variable) -> Tensor:
        return variable._value

    seen = get

    def set(self, variable: Variable, value: Tensor) -> None:
        variable._value = value

    def next_key(self, seed: int | None = None) -> Any:
        return SOURCE.key(seed)


@export("tf.executing_eagerly")
def executing_eagerly() -> bool:
    """False inside a `tf.function`."""
    return STATE.frame is None or isinstance(STATE.frame, _Lifted)


@export("tf.inside_function")
def inside_function() -> bool:
    """True inside a `tf.function`."""
    return not executing_eagerly()
