"""Elements put together and taken apart: batches, windows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from compat.runtime import nest
from compat.runtime.data.base import Base
from compat.runtime.data.elements import Element, padded, stacked


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
        """Elements stacked, so many at a time."""
        count = int(batch_size)
        if count <= 0:
            raise ValueError(f"batch_size must be positive, got {count}")

        def items() -> Iterator[Element]:
            source = self._recipe()
            while True:
                group = list(itertools.islice(source, count))
                if not group or (drop_remainder and len(group) < count):
                    return
                yield stacked(group)

        size = self._size
        if size >= 0:
            size = size // count if drop_remainder else -(-size // count)
        return self._made(items, size)

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Base:
        """Elements padded to one shape and stacked."""
        count = int(batch_size)

        def items() -> Iterator[Element]:
            source = self._recipe()
            while True:
                group = list(itertools.islice(source, count))
                if not group or (drop_remainder and len(group) < count):
                    return
                yield padded(group, padded_shapes, padding_values)

        return self._made(items)

    def unbatch(self, name: Any = None) -> Base:
        """The rows of all elements."""

        def items() -> Iterator[Element]:
            for element in self._recipe():
                for i in range(nest.flatten(element)[0].shape[0]):
                    yield nest.map_structure(lambda a: a[i], element)  # noqa: B023

        return self._made(items)

    def window(
        self,
        size: Any,
        shift: Any = None,
        stride: Any = 1,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Base:
        """Datasets of neighbouring elements."""
        length, step = int(size), int(stride)
        move = length if shift is None else int(shift)

        def items() -> Iterator[Element]:
            whole = list(self._recipe())
            for start in range(0, len(whole), move):
                group = whole[start : start + length * step : step]
                if drop_remainder and len(group) < length:
                    return
                yield self._windowed(group)

        return self._made(items)

    def _windowed(self, group: list[Element]) -> Any:
        if isinstance(group[0], tuple):
            return tuple(
                self._made(lambda c=column: iter(c), len(group))
                for column in zip(*group, strict=True)
            )
        return self._made(lambda: iter(group), len(group))
