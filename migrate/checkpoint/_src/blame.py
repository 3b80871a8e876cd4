"""Which line of the user's own code an error comes from."""

from __future__ import annotations

import os
import pathlib
import sysconfig
import traceback

_HERE = pathlib.Path(__file__).resolve().parents[3]
_OURS = [_HERE / name for name in ("compat", "haiku_core", "migrate", "rlax_core")]
_INSTALLED = [
    pathlib.Path(sysconfig.get_path(name)).resolve()
    for name in ("stdlib", "purelib", "platlib")
]


def _is_foreign(file: str) -> bool:
    """Whether a file belongs to Python, to an installed package, or to us."""
    if file.startswith("<"):
        return True
    parents = pathlib.Path(file).resolve().parents
    return any(folder in parents for folder in (*_OURS, *_INSTALLED))


def line_of(error: BaseException) -> str:
    """``FILE, line N: CODE`` of the innermost place in the user's code, or nothing."""
    if isinstance(error, SyntaxError) and error.filename:
        text = (error.text or "").strip()
        return _show(error.filename, error.lineno or 0, text)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_foreign(frame.filename)]
    if not own:
        return ""
    last = own[-1]
    return _show(last.filename, last.lineno, last.line or "")


def _show(file: str, line: int, text: str) -> str:
    near = os.path.relpath(file)
    shown = file if near.startswith("..") else near
    return f"{shown}, line {line}: {text}"


def describe(error: BaseException) -> str:
    """The error's kind and first line, and the line of the user's code."""
    lines = str(error).strip().split("\n")
    if isinstance(error, SyntaxError):
        lines = [error.msg]
    text = f"{type(error).__name__}: {lines[0]}".rstrip(": ")
    place = line_of(error)
    return f"{text} [{place}]" if place else text
