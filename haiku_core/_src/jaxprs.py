"""What the tools that draw and list programs need to know of JAX's jaxprs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jax.extend import core as jax_core

Literal = jax_core.Literal


def is_dropped(variable: Any) -> bool:
    """Whether it stands for a result that nobody uses."""
    return type(variable).__name__ == "DropVar"


def scopes(equation: Any) -> tuple[str, ...]:
    """The name scopes around an equation, the outermost first."""
    text = str(equation.source_info.name_stack)
    return tuple(text.split("/")) if text else ()


def live_equations(jaxpr: Any) -> list[Any]:
    """The equations that the results depend on, in program order."""
    needed = {v for v in jaxpr.outvars if not isinstance(v, Literal)}
    live = []
    for equation in reversed(jaxpr.eqns):
        if not needed.isdisjoint(equation.outvars):
            live.append(equation)
            needed.update(v for v in equation.invars if not isinstance(v, Literal))
    return live[::-1]


def opened(jaxpr: Any) -> Any:
    """The jaxpr in a closed one; an open one as it is."""
    return getattr(jaxpr, "jaxpr", jaxpr)


class VariableNames:
    """Names of a jaxpr's variables by the order in which they are bound: a, b, ..."""

    def __init__(self, jaxpr: Any) -> None:
        self._order: dict[Any, int] = {}
        bound = [*jaxpr.constvars, *jaxpr.invars]
        bound += [v for equation in jaxpr.eqns for v in equation.outvars]
        for variable in bound:
            self._order.setdefault(variable, len(self._order))

    def __getitem__(self, atom: Any) -> str:
        if isinstance(atom, Literal):
            return str(atom)
        if is_dropped(atom):
            return "_"
        number, name = self._order[atom], ""
        while number or not name:
            number, digit = divmod(number, 26)
            name = chr(ord("a") + digit) + name
        return name


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Room for walks through deeply nested programs."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 10_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
