"""Keys for what is not traced: the static part of a call."""

from __future__ import annotations

from typing import Any

import jax

from .boxes import is_array


class ById:
    """Makes any object a key, by identity, and keeps it alive for that."""

    __slots__ = ("item",)

    def __init__(self, item: Any):
        self.item = item

    def __hash__(self) -> int:
        return id(self.item)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, ById) and other.item is self.item


def as_key(leaf: Any) -> Any:
    if isinstance(leaf, bool | int | float | complex | str | bytes | type(None)):
        return type(leaf), leaf
    return ById(leaf)


def static_key(tree: Any) -> tuple:
    leaves, structure = jax.tree.flatten(tree)
    return structure, tuple(None if is_array(x) else as_key(x) for x in leaves)
