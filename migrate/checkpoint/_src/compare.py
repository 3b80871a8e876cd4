"""What is inside a checkpoint or a converted file, and how two of them differ."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator

import numpy as np

from compat.bundle import BundleError
from migrate.checkpoint._src import files
from migrate.checkpoint._src.source import Source, open_source
from migrate.errors import UserError


@dataclasses.dataclass(frozen=True)
class Row:
    """One array.

    Attributes:
      name: Its path in a checkpoint, its key in a converted file.
      dtype: Its element type.
      shape: Its shape.
      note: What else is known.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    note: str = ""


class Contents:
    """The arrays of a checkpoint or of a converted file, by name.

    Args:
      path: Either.
      trust_pickle: Whether a pickle may be loaded.

    Raises:
      UserError: It is neither, or damaged.
    """

    def __init__(self, path: str | os.PathLike[str], *, trust_pickle: bool = False):
        self.facts: dict = {}
        self._source: Source | None = None
        if files.is_converted(path):
            self._arrays, self.facts = files.read(path, trust_pickle=trust_pickle)
            self.rows = [
                Row(name, str(a.dtype), tuple(a.shape))
                for name, a in sorted(self._arrays.items())
            ]
            return
        self._source = source = open_source(path)
        self._keys: dict[str, str] = {}
        rows = []
        for variable in source.variables.values():
            entry = source.reader.entry(variable.key)
            self._keys[variable.path] = variable.key
            rows.append(
                Row(variable.path, entry.dtype_name, entry.shape, variable.full_name)
            )
        placed = set(self._keys.values()) | source.bookkeeping
        for key in source.reader.keys():
            if key not in placed:
                entry = source.reader.entry(key)
                self._keys[key] = key
                rows.append(Row(key, entry.dtype_name, entry.shape, "no variable"))
        self.rows = sorted(rows, key=lambda row: row.name)

    @property
    def kind(self) -> str:
        """What it is, for people."""
        if self._source is None:
            return "converted file"
        if self._source.by_name:
            return "TensorFlow checkpoint, name-based"
        return "TensorFlow checkpoint, object-based"

    def get(self, name: str) -> np.ndarray:
        """The array called `name`.

        Raises:
          UserError: Its data is damaged.
        """
        if self._source is None:
            return np.asarray(self._arrays[name])
        try:
            return self._source.reader.get(self._keys[name])
        except BundleError as error:
            raise UserError(str(error)) from error


@dataclasses.dataclass(frozen=True)
class Difference:
    """One name that two sets of arrays don't agree on."""

    name: str
    what: str


def differences(one: Contents, other: Contents) -> Iterator[Difference]:
    """Yields every difference; arrays are equal if all their bits are."""
    first = {row.name: row for row in one.rows}
    second = {row.name: row for row in other.rows}
    for name in sorted({*first, *second}):
        if name not in second:
            yield Difference(name, "only in the first")
        elif name not in first:
            yield Difference(name, "only in the second")
        elif first[name].shape != second[name].shape:
            a, b = list(first[name].shape), list(second[name].shape)
            yield Difference(name, f"shape {a} and {b}")
        elif first[name].dtype != second[name].dtype:
            yield Difference(name, f"{first[name].dtype} and {second[name].dtype}")
        else:
            what = _compare(one.get(name), other.get(name))
            if what:
                yield Difference(name, what)


def _compare(a: np.ndarray, b: np.ndarray) -> str:
    if a.dtype == object:
        return "" if np.array_equal(a, b) else "other strings"
    if a.tobytes() == b.tobytes():
        return ""
    if a.dtype.kind == "b":
        return f"{np.count_nonzero(a != b)} of {a.size} values differ"
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    with np.errstate(invalid="ignore"):
        gap = np.abs(a.astype(wide) - b.astype(wide))
    count = np.count_nonzero(~(gap == 0))
    return f"{count} of {a.size} values differ, at most by {np.nanmax(gap):.3g}"
