"""Two-level mappings of parameters and state: copies, immutable views, sizes."""

from __future__ import annotations

import pprint
from collections.abc import Iterator, KeysView, Mapping, MutableMapping
from typing import Any, TypeVar

import jax

from haiku_core._src.options import options
from haiku_core._src.text import indented

K = TypeVar("K")
V = TypeVar("V")


def to_haiku_dict(structure: Mapping[K, V]) -> MutableMapping[K, V]:
    """Copies a mapping, and all mappings inside of it, into plain dicts.

    Args:
      structure: a mapping of mappings, as ``init`` returns it; the leaves may be
        pytrees of any kind.

    Returns:
      A new structure of the type that ``init`` returns. Arrays are shared with the
      argument, containers are not.
    """
    return {key: _copied(value) for key, value in structure.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return to_haiku_dict(value)
    leaves, treedef = jax.tree.flatten(value)
    return jax.tree.unflatten(treedef, leaves)


# Types whose values pass from a frame to the caller as they are, learnt as they are
# met: asking `isinstance(x, Mapping)` or `isinstance(x, jax.Array)` of each value costs
# more than all else on the way out of `apply`.
_is_array_type: dict[type, bool] = {dict: False, list: False, tuple: False}


def released(structure: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The dicts of a finished frame, with what isn't an array copied in place."""
    for bundle in structure.values():
        for name, value in bundle.items():
            kind = type(value)
            known = _is_array_type.get(kind)
            if known is None:
                known = isinstance(value, jax.Array) or hasattr(kind, "__array__")
                _is_array_type[kind] = known
            if not known:
                bundle[name] = _copied(value)
    return structure


class _QuietKeys(KeysView):
    """Keys that print as keys: a mapping's repr would spill the arrays."""

    def __init__(self, mapping: Mapping[Any, Any]) -> None:
        super().__init__(mapping)
        self._names = list(mapping)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._names!r})"


class FlatMap(Mapping[K, V]):
    """An immutable, hashable mapping; as a pytree it has the leaves of a dict.

    Mappings inside of it are immutable too. Flattening is free: the leaves are kept
    flat, and the nested form is built when first read.
    """

    __slots__ = ("_leaves", "_treedef", "_nested")

    def __init__(self, mapping: Mapping[K, V]) -> None:
        self._nested: dict[K, V] | None = dict(mapping)
        leaves, self._treedef = jax.tree.flatten(self._nested)
        self._leaves = tuple(leaves)

    @classmethod
    def _from_leaves(cls, treedef: Any, leaves: Any) -> FlatMap:
        new = object.__new__(cls)
        new._leaves, new._treedef, new._nested = tuple(leaves), treedef, None
        if not jax.tree_util.all_leaves(new._leaves):
            # `jax.tree.map(list, m)`: what comes back at a leaf may itself be a tree.
            new.__init__(jax.tree.unflatten(treedef, new._leaves))
        return new

    def _mapping(self) -> dict[K, V]:
        if self._nested is None:
            self._nested = jax.tree.unflatten(self._treedef, self._leaves)
        return self._nested

    def keys(self) -> KeysView[K]:
        return _QuietKeys(self._mapping())

    def values(self) -> Any:
        return self._mapping().values()

    def items(self) -> Any:
        return self._mapping().items()

    def __getitem__(self, key: K) -> V:
        return self._mapping()[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._mapping())

    def __len__(self) -> int:
        return len(self._mapping())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FlatMap):
            other = other._mapping()
        return isinstance(other, Mapping) and self._mapping() == other

    def __hash__(self) -> int:
        return hash((self._treedef, self._leaves))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"`x.{name}` is not supported on an immutable mapping: the keys are items, "
            f"use `x[{name!r}]`."
        )

    def __repr__(self) -> str:
        title = type(self).__name__
        entries = [f"{key!r}: {value!r}" for key, value in self.items()]
        line = f"{title}({{{', '.join(entries)}}})"
        if len(line) <= 80:
            return line
        entries = [
            f"{key!r}: " + indented(pprint.pformat(value), len(repr(key)) + 2).lstrip()
            for key, value in self.items()
        ]
        body = indented(",\n".join(entries), 2)
        return f"{title}({{\n{body},\n}})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Copies and pickles are plain dicts, unless the option says otherwise.
        return _unpickled, (to_mutable_dict(self),)


def _unpickled(mapping: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return to_immutable_dict(mapping) if options.restore_flatmap else mapping


jax.tree_util.register_pytree_node(
    FlatMap, lambda m: (m._leaves, m._treedef), FlatMap._from_leaves
)


def to_immutable_dict(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """Returns an immutable, hashable copy of a mapping; nested dicts likewise.

    An immutable mapping is returned as it is.
    """
    if type(mapping) is FlatMap:
        return mapping
    return FlatMap(
        {
            key: to_immutable_dict(value) if type(value) is dict else value
            for key, value in mapping.items()
        }
    )


def to_mutable_dict(mapping: Mapping[K, V]) -> dict[K, V]:
    """The inverse of :func:`to_immutable_dict`: plain dicts all the way down."""
    return {
        key: to_mutable_dict(value) if type(value) is FlatMap else value
        for key, value in mapping.items()
    }


def tree_size(tree: Any) -> int:
    """The number of elements in all arrays of a pytree."""
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def tree_bytes(tree: Any) -> int:
    """The bytes that the elements of all arrays of a pytree take.

    Padding and alignment, by which some devices use more, are not counted.
    """
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
