"""Elements put together and taken apart: batches, windows."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from compat.runtime import nest
from compat.runtime.data.base import UNKNOWN, Base
from compat.runtime.data.elements import (
    DatasetSpec,
    Element,
    padded,
    padded_sizes,
    spec_of_row,
    spec_of_rows,
    stacked,
)
from compat.runtime.errors import InvalidArgumentError


class Grouping(Base):
    """Several elements as one, and one as several."""

    def batch(
        self,
        batch_size: Any,
        drop_remainder: bool = False,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Base:
        """Elements stacked, so many at a time.

        Raises:
          InvalidArgumentError: the size is not positive; when run, shapes differ.
        """
        count = _positive("batch_size", batch_size)

        def spec() -> Any:
            return spec_of_rows(self.element_spec, count if drop_remainder else None)

        return self._grouped(count, drop_remainder, stacked, spec)

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Base:
        """Elements padded to one shape and stacked.

        Args:
          batch_size: how many.
          padded_shapes: a nest of shapes like an element; None (or -1) in one is the
            largest size in the batch. By default the elements' own shapes.
          padding_values: a nest of scalars; zeros and empty strings by default.
          drop_remainder: whether a last smaller batch is left out.
        """
        count = _positive("batch_size", batch_size)

        def sizes() -> list[list[int | None]]:
            return padded_sizes(self.element_spec, padded_shapes)

        def spec() -> Any:
            leaves = [
                type(one)(shape, one.dtype)
                for one, shape in zip(
                    nest.flatten(self.element_spec), sizes(), strict=True
                )
            ]
            whole = nest.pack_sequence_as(self.element_spec, leaves)
            return spec_of_rows(whole, count if drop_remainder else None)

        def joined(group: list[Element]) -> Element:
            return padded(group, sizes(), padding_values)

        return self._grouped(count, drop_remainder, joined, spec)

    def _grouped(
        self,
        count: int,
        drop_remainder: bool,
        joined: Callable[[list[Element]], Element],
        spec: Callable[[], Any],
    ) -> Base:
        def items() -> Iterator[Element]:
            source = self._recipe()
            while True:
                group = list(itertools.islice(source, count))
                if not group or (drop_remainder and len(group) < count):
                    return
                yield joined(group)

        size = self._size
        if size >= 0:
            size = size // count if drop_remainder else -(-size // count)
        return self._made(items, size, spec)

    def unbatch(self, name: Any = None) -> Base:
        """The rows of all elements."""

        def items() -> Iterator[Element]:
            for element in self._recipe():
                leaves = nest.flatten(element)
                lengths = {a.shape[0] if a.ndim else None for a in leaves}
                if len(lengths) != 1 or None in lengths:
                    raise InvalidArgumentError(
                        "unbatch needs tensors of one first dimension, got shapes "
                        f"{[list(a.shape) for a in leaves]}"
                    )
                for i in range(lengths.pop()):
                    yield nest.pack_sequence_as(element, [a[i] for a in leaves])

        size = self._size
        if size > 0:
            rows = nest.flatten(self.element_spec)[0].shape[:1]
            size = size * rows[0] if rows.is_fully_defined() else UNKNOWN
        return self._made(items, size, lambda: spec_of_row(self.element_spec))

    def window(
        self,
        size: Any,
        shift: Any = None,
        stride: Any = 1,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Base:
        """Nests of datasets of neighbouring elements.

        Args:
          size: how many elements a window has.
          shift: how far the next window starts; by default `size`.
          stride: the step from one element of a window to the next.
          drop_remainder: whether last smaller windows are left out.
        """
        length, step = _positive("size", size), _positive("stride", stride)
        move = length if shift is None else _positive("shift", shift)
        span = (length - 1) * step + 1

        def items() -> Iterator[Element]:
            source = self._recipe()
            held: collections.deque[Element] = collections.deque()
            while True:
                held.extend(itertools.islice(source, span - len(held)))
                group = list(itertools.islice(held, 0, None, step))
                if not group or (drop_remainder and len(group) < length):
                    return
                yield self._windowed(group)
                for _ in range(move):
                    if held:
                        held.popleft()
                    else:
                        next(source, None)

        count = self._size
        if count >= 0:
            count = (
                max(count - span + move, 0) // move
                if drop_remainder
                else -(-count // move)
            )

        def spec() -> Any:
            return nest.map_structure(DatasetSpec, self.element_spec)

        return self._made(items, count, spec)

    def _windowed(self, group: list[Element]) -> Any:
        columns = list(zip(*[nest.flatten(e) for e in group], strict=True))
        made = [self._made(lambda c=column: iter(c), len(column)) for column in columns]
        return nest.pack_sequence_as(group[0], made)


def _positive(what: str, value: Any) -> int:
    number = int(value)
    if number <= 0:
        raise InvalidArgumentError(f"{what} must be greater than zero, got {number}")
    return number
