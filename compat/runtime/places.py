"""Where in the program's own files something happens, for error messages."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

_INNER = ("compat", "jax", "jaxlib", "importlib", "contextlib", "functools")


def here() -> str:
    """The file and line of the nearest caller outside of this package; "" if none."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        if _is_programs(frame):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def of_error(error: BaseException) -> str:
    """The innermost file and line of the program that an error went through."""
    places = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in _frames(error)
        if _is_programs(frame)
    ]
    return places[-1] if places else ""


def _frames(error: BaseException) -> Iterator[tuple[types.FrameType, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _is_programs(frame: types.FrameType) -> bool:
    name = frame.f_globals.get("__name__") or ""
    generated = frame.f_code.co_filename.startswith("<")
    return name.partition(".")[0] not in _INNER and not generated
