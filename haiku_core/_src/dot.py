"""``hk.to_dot``: the operations of a function as a graph."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def to_dot(fun: Callable[..., Any]) -> Callable[..., str]:
    """Draws the operations of a function as a graph, clustered by module.

    Args:
      fun: a function of pytrees of arrays, such as ``apply``; inside of a transform,
        also a module, or a function that uses modules. Nothing that it does is kept.

    Returns:
      A function of the same arguments that returns the graph in graphviz's language;
      ``graphviz.Source(dot)`` shows it in a notebook.
    """

    @functools.wraps(fun)
    def draw(*args: Any) -> str:
        from haiku_core._src.dot_graph import graph_of

        return graph_of(fun, args)

    return draw


def abstract_to_dot(fun: Callable[..., Any]) -> Callable[..., str]:
    """Like :func:`to_dot`, for arguments that may be ``jax.ShapeDtypeStruct``.

    Args:
      fun: as for :func:`to_dot`.

    Returns:
      As for :func:`to_dot`. Nothing is computed by either.
    """
    return to_dot(fun)
