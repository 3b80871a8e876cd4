"""Functions that are one returned expression: what can be written at a call's place."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import textwrap
from collections.abc import Callable

MODULES = frozenset({"jax", "jnp", "lax", "np", "hk", "optax", "rlax"})


@functools.cache
def returned(fn: Callable) -> ast.expr | None:
    """The expression that a function returns, where that is all it does.

    A docstring does not count. None for any other body.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(fn)))
    (definition,) = tree.body
    body = definition.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if len(body) == 1 and isinstance(body[0], ast.Return):
        return body[0].value
    return None


def free_names(fn: Callable) -> set[str]:
    """The names in the returned expression that are not its own.

    Own are the function's parameters, variables of lambdas and comprehensions inside
    it, and builtins.
    """
    expression = returned(fn)
    if expression is None:
        raise ValueError(f"{fn.__name__} is not one returned expression")
    own = set(inspect.signature(fn).parameters) | set(dir(builtins))
    used = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else own).add(node.id)
    return used - own


@functools.cache
def inlinable(fn: Callable) -> bool:
    """Whether the body can stand at a call's place, with the usual module aliases."""
    return returned(fn) is not None and free_names(fn) <= MODULES
