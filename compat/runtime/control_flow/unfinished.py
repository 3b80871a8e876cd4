"""TensorArrays of which the shape of an element is not known before a loop."""

from __future__ import annotations

from typing import Any

from compat.runtime import nest


def unfinished(value: Any) -> bool:
    """Whether there is one in a nest."""
    return any(_lacks(leaf) for leaf in nest.flatten(value))


def finished(value: Any, like: Any) -> Any:
    """The nest with the shapes of elements that those in another nest have."""
    leaves, others = nest.flatten(value), nest.flatten(like)
    if len(leaves) != len(others):
        return value
    known = [
        leaf.finished_like(other) if _lacks(leaf) and _has(other) else leaf
        for leaf, other in zip(leaves, others, strict=True)
    ]
    return nest.pack_sequence_as(value, known)


def _lacks(leaf: Any) -> bool:
    return hasattr(type(leaf), "unfinished") and leaf.unfinished


def _has(leaf: Any) -> bool:
    return hasattr(type(leaf), "unfinished") and not leaf.unfinished
