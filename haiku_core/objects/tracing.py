"""Running Python code that changes boxes on shapes alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from .boxes import Box, Recorder, is_array


def abstract(function: Callable, *args: Any) -> tuple[Any, Recorder]:
    """Runs a function on shapes alone; what it did to boxes is taken back, noted."""
    with Recorder(restore=True) as recorder:
        out = jax.eval_shape(lambda a: split(function(*a))[0], args)
    return out, recorder


def split(tree: Any) -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
    """The arrays of a tree, and how to put others in their places."""
    leaves, structure = jax.tree.flatten(tree)
    leaves = [leaf.value if isinstance(leaf, Box) else leaf for leaf in leaves]
    where = [i for i, leaf in enumerate(leaves) if is_array(leaf)]

    def join(arrays: Sequence[Any]) -> Any:
        filled = list(leaves)
        for i, array in zip(where, arrays, strict=True):
            filled[i] = array
        return jax.tree.unflatten(structure, filled)

    arrays = [leaves[i] for i in where]
    for i in where:
        leaves[i] = None  # `join` must not keep tracers alive
    return arrays, join
