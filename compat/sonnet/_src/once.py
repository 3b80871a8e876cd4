"""`snt.once`: methods that run at their first call only."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

from compat.dictionary import structural

structural("snt.once", rule="once")

# Where an object remembers which of its methods have run.
_DONE = "_snt_once"
# Where the decorated function keeps the one it decorates.
WRAPPED = "__snt_once_wrapped__"


def once(f: Callable[..., None]) -> Callable[..., None]:
    """Makes a function or method run at its first successful call only.

    Methods run once for each object, and remember it through pickling and copying.

    Raises:
      ValueError: (when called) the function returned a value.
    """
    if inspect.isfunction(f) and _takes_self(f):
        decorated = of_method(f, f, _mark(f))
    else:
        decorated = _of_callable(f)
    setattr(decorated, WRAPPED, f)
    return decorated


def of_method(run: Callable, origin: Callable, mark: str) -> Callable[..., None]:
    """A method that calls `run` unless the object bears the mark already."""

    @functools.wraps(origin)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        done = self.__dict__.get(_DONE)
        if done is not None and mark in done:
            return
        _check(run(self, *args, **kwargs))
        self.__dict__.setdefault(_DONE, set()).add(mark)

    wrapper._snt_once_mark = mark
    return wrapper


def rewrapped(decorated: Callable, wrap: Callable[[Callable], Callable]) -> Callable:
    """The same run-once method with `wrap` around what is run, not around the check."""
    origin = getattr(decorated, WRAPPED)
    mark = getattr(decorated, "_snt_once_mark", None)
    if mark is None:
        return wrap(decorated)
    method = of_method(wrap(origin), origin, mark)
    setattr(method, WRAPPED, origin)
    return method


def _of_callable(f: Callable) -> Callable[..., None]:
    owner = None
    if inspect.ismethod(f):
        owner = f.__self__
    elif not inspect.isfunction(f):
        owner = f
    memory = types.SimpleNamespace() if owner is None else owner
    mark = _mark(f)

    @functools.wraps(f if inspect.isroutine(f) else type(f).__call__)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        done = getattr(memory, _DONE, ())
        if mark not in done:
            _check(f(*args, **kwargs))
            setattr(memory, _DONE, {*done, mark})

    return wrapper


def _takes_self(f: Callable) -> bool:
    code = f.__code__
    return code.co_argcount > 0 and code.co_varnames[0] == "self"


def _mark(f: Callable) -> str:
    """What tells this function from others, also in another process."""
    code = getattr(f, "__code__", None) or getattr(type(f).__call__, "__code__", None)
    line = getattr(code, "co_firstlineno", 0)
    name = getattr(f, "__qualname__", type(f).__qualname__)
    return f"{getattr(f, '__module__', '')}:{line}:{name}"


def _check(output: Any) -> None:
    if output is not None:
        raise ValueError("@snt.once decorated functions cannot return values")
