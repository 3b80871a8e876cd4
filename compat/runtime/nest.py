"""`tf.nest`: nests of lists, tuples, namedtuples, dicts and attrs classes.

Dicts are taken in the order of their sorted keys. None is a leaf, as in TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compat.runtime.export import export


def _is_attrs(value: Any) -> bool:
    return hasattr(type(value), "__attrs_attrs__")


def _children(value: Any) -> list[tuple[Any, Any]] | None:
    """(key, child) for each child; None for a leaf."""
    if isinstance(value, list | tuple):
        return list(enumerate(value))
    if isinstance(value, Mapping):
        try:
            return [(k, value[k]) for k in sorted(value)]
        except TypeError:
            raise TypeError(
                f"nest only supports dicts with sortable keys, got {list(value)!r}"
            ) from None
    if _is_attrs(value):
        names = [a.name for a in type(value).__attrs_attrs__]
        return [(n, getattr(value, n)) for n in names]
    return None


def _rebuilt(like: Any, children: list[Any]) -> Any:
    if isinstance(like, tuple) and hasattr(like, "_fields"):
        return type(like)(*children)
    if isinstance(like, list | tuple):
        if type(like).__name__ == "ListWrapper":
            return children
        return type(like)(children)
    if isinstance(like, Mapping):
        made = dict(zip(sorted(like), children, strict=True))
        ordered = [(k, made[k]) for k in like]
        if hasattr(like, "default_factory"):
            return type(like)(like.default_factory, ordered)
        return (
            dict(ordered) if type(like).__module__ == __name__ else type(like)(ordered)
        )
    return type(like)(*children)


@export("tf.nest.is_nested")
def is_nested(seq: Any) -> bool:
    """Whether the value is a nest rather than a leaf."""
    return _children(seq) is not None


def _leaves(structure: Any) -> Iterator[Any]:
    children = _children(structure)
    if children is None:
        yield structure
        return
    for _, child in children:
        yield from _leaves(child)


@export("tf.nest.flatten")
def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves, in order."""
    del expand_composites
    return list(_leaves(structure))


@export("tf.nest.pack_sequence_as")
def pack_sequence_as(
    structure: Any, flat_sequence: Any, expand_composites: bool = False
) -> Any:
    """A nest of that structure with these leaves.

    Raises:
      ValueError: the structure has another number of leaves.
    """
    del expand_composites
    flat = list(flat_sequence)
    need = len(flatten(structure))
    if need != len(flat):
        raise ValueError(
            f"Could not pack sequence: the structure has {need} leaves, but "
            f"flat_sequence has {len(flat)}."
        )
    leaves = iter(flat)

    def build(part: Any) -> Any:
        children = _children(part)
        if children is None:
            return next(leaves)
        return _rebuilt(part, [build(child) for _, child in children])

    return build(structure)


@export("tf.nest.assert_same_structure")
def assert_same_structure(
    nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Raises unless the nests have one structure.

    Raises:
      ValueError: the numbers or keys of children differ.
      TypeError: `check_types` and the types of sequences differ.
    """
    del expand_composites
    _assert_same(nest1, nest2, check_types, ())


def _assert_same(a: Any, b: Any, types: bool, path: tuple[Any, ...]) -> None:
    mine, theirs = _children(a), _children(b)
    where = f" at {list(path)}" if path else ""
    if mine is None and theirs is None:
        return
    if mine is None or theirs is None:
        raise ValueError(
            f"The two structures don't have the same nested structure{where}: "
            f"{a!r} and {b!r}"
        )
    if types and not _same_kind(a, b):
        raise TypeError(
            "The two structures don't have the same sequence type"
            f"{where}: {type(a)} and {type(b)}"
        )
    if len(mine) != len(theirs) or [k for k, _ in mine] != [k for k, _ in theirs]:
        raise ValueError(
            f"The two structures don't have the same nested structure{where}: keys "
            f"{[k for k, _ in mine]} and {[k for k, _ in theirs]}"
        )
    for (key, x), (_, y) in zip(mine, theirs, strict=True):
        _assert_same(x, y, types, (*path, key))


def _same_kind(a: Any, b: Any) -> bool:
    if type(a) is type(b):
        return True
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return True
    if hasattr(a, "_fields") and hasattr(b, "_fields"):
        return type(a).__name__ == type(b).__name__ and a._fields == b._fields
    if isinstance(a, list) and isinstance(b, list):
        return True
    return False


@export("tf.nest.map_structure")
def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """The nest of `func`'s results on corresponding leaves.

    Raises:
      TypeError: `func` cannot be called, or the types of sequences differ.
      ValueError: no structure is given, or the structures differ.
    """
    check_types = kwargs.pop("check_types", True)
    kwargs.pop("expand_composites", None)
    if kwargs:
        raise ValueError(f"Only valid keyword arguments are check_types: {kwargs}")
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func!r}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types)
    columns = [flatten(s) for s in structure]
    results = [func(*leaves) for leaves in zip(*columns, strict=True)]
    return pack_sequence_as(structure[0], results)


def map_structure_with_path(func: Callable[..., Any], structure: Any) -> Any:
    """`map_structure` of one nest; `func` takes the path (a tuple) and the leaf."""
    paths: list[tuple[Any, ...]] = []

    def walk(part: Any, path: tuple[Any, ...]) -> None:
        children = _children(part)
        if children is None:
            paths.append(path)
            return
        for key, child in children:
            walk(child, (*path, key))

    walk(structure, ())
    leaves = flatten(structure)
    results = [func(p, leaf) for p, leaf in zip(paths, leaves, strict=True)]
    return pack_sequence_as(structure, results)


def structure_of(structure: Any) -> Any:
    """The nest with all its leaves replaced by None."""
    return pack_sequence_as(structure, [None] * len(flatten(structure)))


def map_structure_up_to(shallow: Any, func: Callable[..., Any], *inputs: Any) -> Any:
    """`func` on the parts of the inputs at the leaves of `shallow`."""

    def walk(part: Any, *rest: Any) -> Any:
        children = _children(part)
        if children is None:
            return func(*rest)
        columns = [[c for _, c in _children(r)] for r in rest]
        done = [
            walk(child, *column)
            for (_, child), *column in zip(children, *columns, strict=True)
        ]
        return _rebuilt(part, done)

    return walk(shallow, *inputs)
