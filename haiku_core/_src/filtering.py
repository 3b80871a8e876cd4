"""Selecting, mapping and joining two-level mappings of parameters and state."""

from __future__ import annotations

import collections
import operator
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, TypeVar

from haiku_core._src.text import format_array

T = TypeVar("T")
In = TypeVar("In")
Out = TypeVar("Out")

TwoLevels = Mapping[str, Mapping[str, T]]


def traverse(structure: TwoLevels[T]) -> Iterator[tuple[str, str, T]]:
    """Yields ``(module name, name, value)`` in sorted order of the names."""
    for module_name, bundle in sorted(structure.items(), key=_key):
        for name, value in sorted(bundle.items(), key=_key):
            yield module_name, name, value


_key = operator.itemgetter(0)


def _nested(entries: Any) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = collections.defaultdict(dict)
    for module_name, name, value in entries:
        out[module_name][name] = value
    return dict(out)


def partition_n(
    fn: Callable[[str, str, T], int], structure: TwoLevels[T], n: int
) -> tuple[TwoLevels[T], ...]:
    """Splits a mapping into ``n``.

    Args:
      fn: ``fn(module_name, name, value)`` tells which one an entry goes into, from 0.
      structure: module name -> name -> value.
      n: how many there are.

    Returns:
      ``n`` mappings, without modules that have no entry there.

    Raises:
      ValueError: if ``fn`` returns something else than 0, ..., n - 1.
    """
    parts: list[list[tuple[str, str, T]]] = [[] for _ in range(n)]
    for entry in traverse(structure):
        place = fn(*entry)
        if not 0 <= place < n:
            raise ValueError(
                f"partition_n: fn returned {place} for {entry[0]}/{entry[1]}, which "
                f"isn't one of 0, ..., {n - 1}."
            )
        parts[place].append(entry)
    return tuple(_nested(part) for part in parts)


def partition(
    predicate: Callable[[str, str, Any], bool], structure: TwoLevels[T]
) -> tuple[TwoLevels[T], TwoLevels[T]]:
    """Splits a mapping in two: entries for which a predicate holds, and the others.

    Args:
      predicate: called as ``predicate(module_name, name, value)``.
      structure: module name -> name -> value.

    Returns:
      Two mappings, without modules that have no entry there.
    """
    return partition_n(lambda *entry: 0 if predicate(*entry) else 1, structure, 2)


def filter(
    predicate: Callable[[str, str, T], bool], structure: TwoLevels[T]
) -> TwoLevels[T]:
    """Keeps the entries for which ``predicate(module_name, name, value)`` holds."""
    return _nested(entry for entry in traverse(structure) if predicate(*entry))


def map(fn: Callable[[str, str, In], Out], structure: TwoLevels[In]) -> TwoLevels[Out]:
    """Replaces each value by ``fn(module_name, name, value)``."""
    return _nested((*entry[:2], fn(*entry)) for entry in traverse(structure))


def merge(
    *structures: TwoLevels[Any], check_duplicates: bool = False
) -> MutableMapping[str, MutableMapping[str, Any]]:
    """Joins mappings into one; the last one wins where several have an entry.

    Args:
      *structures: module name -> name -> value.
      check_duplicates: whether arrays of one name must agree in shape and dtype.

    Returns:
      A new mapping.

    Raises:
      ValueError: if they don't, where that is checked.
    """
    out: dict[str, dict[str, Any]] = collections.defaultdict(dict)
    for structure in structures:
        for module_name, name, value in traverse(structure):
            bundle = out[module_name]
            if check_duplicates and name in bundle:
                old = bundle[name]
                if _kind(old) != _kind(value):
                    raise ValueError(
                        "Duplicate array found with different shape or dtype for "
                        f"{module_name}.{name}: {_text(old)} vs {_text(value)}."
                    )
            bundle[name] = value
    return dict(out)


def _kind(value: Any) -> tuple[Any, Any]:
    """Shape and dtype; what isn't an array has neither, and never conflicts."""
    return getattr(value, "shape", None), getattr(value, "dtype", None)


def _text(value: Any) -> str:
    return repr(value) if None in _kind(value) else format_array(value)


def is_subset(*, subset: TwoLevels[Any], superset: TwoLevels[Any]) -> bool:
    """Whether each entry's names in one mapping are in the other; values don't count.

    Args:
      subset: module name -> name -> value.
      superset: likewise.
    """
    return all(
        name in superset.get(module_name, ())
        for module_name, name, _ in traverse(subset)
    )
