"""Layer functions as the runtime runs them: one dispatch, whatever is inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from compat.dictionary import Entry
from compat.runtime.dispatch import dispatch


def layer(*same: str, rows: bool = False) -> Callable[[Callable], Callable[..., Any]]:
    """Makes a pure function of arrays take and return tensors.

    Annotations say what each parameter is, as in the dictionary; parameters named in
    `same` must be of one dtype, which Python numbers among them take. `rows` says that
    rows of the first are taken at the second.
    """

    def define(fn: Callable) -> Callable[..., Any]:
        name = f"snt.{fn.__name__.strip('_')}"
        call = dispatch(Entry((name,), "op", fn, same=same, rows=rows, helper=False))
        # Pickled, as an activation may be, by the place where it stands.
        call.__module__ = fn.__module__
        call.__name__ = call.__qualname__ = fn.__name__
        return call

    return define


def listed(shape: Sequence[int]) -> list[int]:
    """A shape as initializers take it."""
    return [int(n) for n in shape]
