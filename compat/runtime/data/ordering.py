"""Which elements, in which order, how often: `shuffle`, `repeat`, `take`, …."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from compat.runtime.data.base import AUTOTUNE, INFINITE, UNKNOWN, Base, generator_of
from compat.runtime.data.elements import Element, common_spec
from compat.runtime.data.iteration import ahead
from compat.runtime.errors import InvalidArgumentError
from compat.runtime.specs import TensorSpec


class Ordering(Base):
    """The same elements: some of them, again, in another order."""

    def shuffle(
        self,
        buffer_size: Any,
        seed: Any = None,
        reshuffle_each_iteration: bool | None = None,
        name: Any = None,
    ) -> Base:
        """Elements in random order, drawn from a buffer of that size."""
        size = int(buffer_size)
        if size <= 0:
            raise InvalidArgumentError(f"buffer_size must be positive, got {size}")
        rounds = itertools.count()

        def items() -> Iterator[Element]:
            turn = 0 if reshuffle_each_iteration is False else next(rounds)
            rng = generator_of(seed, turn)
            source = self._recipe()
            buffer = list(itertools.islice(source, size))
            for element in source:
                at = int(rng.integers(len(buffer)))
                yield buffer[at]
                buffer[at] = element
            order = rng.permutation(len(buffer))
            yield from (buffer[i] for i in order)

        return self._made(items, self._size, self._own_spec)

    def repeat(self, count: Any = None, name: Any = None) -> Base:
        """All elements again and again; for ever if no count is given."""
        times = None if count is None or int(count) < 0 else int(count)

        def items() -> Iterator[Element]:
            turns = itertools.count() if times is None else range(times)
            for _ in turns:
                empty = True
                for element in self._recipe():
                    empty = False
                    yield element
                if empty:
                    return

        size = self._size
        if times == 0 or size == 0:
            size = 0
        elif times is None:
            size = INFINITE
        elif size > 0:
            size *= times
        return self._made(items, size, self._own_spec)

    def take(self, count: Any, name: Any = None) -> Base:
        """The first elements; all for a negative count."""
        number = None if int(count) < 0 else int(count)
        size = self._size
        if number is not None:
            size = number if size == INFINITE else min(size, number)
        return self._made(
            lambda: itertools.islice(self._recipe(), number), size, self._own_spec
        )

    def skip(self, count: Any, name: Any = None) -> Base:
        """All but the first elements; none for a negative count."""
        number = int(count)
        if number < 0:
            return self.take(0)
        size = max(self._size - number, 0) if self._size >= 0 else self._size
        return self._made(
            lambda: itertools.islice(self._recipe(), number, None),
            size,
            self._own_spec,
        )

    def shard(self, num_shards: Any, index: Any, name: Any = None) -> Base:
        """Every `num_shards`th element from `index` on.

        Raises:
          InvalidArgumentError: the index is not in [0, num_shards).
        """
        step, start = int(num_shards), int(index)
        if not 0 <= start < step:
            raise InvalidArgumentError(
                f"index must be in [0, num_shards), got {start} of {step}"
            )
        return self._made(
            lambda: itertools.islice(self._recipe(), start, None, step),
            max(-(-(self._size - start) // step), 0) if self._size >= 0 else self._size,
            self._own_spec,
        )

    def concatenate(self, dataset: Base, name: Any = None) -> Base:
        """These elements, then those of another dataset."""
        sizes = (self._size, dataset._size)
        size = (
            INFINITE
            if INFINITE in sizes
            else UNKNOWN
            if UNKNOWN in sizes
            else sum(sizes)
        )

        return self._made(
            lambda: itertools.chain(self._recipe(), dataset._recipe()),
            size,
            lambda: common_spec(self.element_spec, dataset.element_spec),
        )

    def enumerate(self, start: int = 0, name: Any = None) -> Base:
        """Pairs (position, element)."""
        return self._made(
            lambda: (
                (np.asarray(i, np.int64), e)
                for i, e in enumerate(self._recipe(), int(start))
            ),
            self._size,
            lambda: (TensorSpec([], "int64"), self.element_spec),
        )

    def cache(self, filename: str = "", name: Any = None) -> Base:
        """Remembers the elements in memory at the first whole iteration."""
        kept: list[Element] = []
        full: list[bool] = []

        def items() -> Iterator[Element]:
            if full:
                yield from kept
                return
            made = []
            for element in self._recipe():
                made.append(element)
                yield element
            kept[:] = made
            full.append(True)

        return self._made(items, self._size, self._own_spec)

    def prefetch(self, buffer_size: Any, name: Any = None) -> Base:
        """Makes elements ahead in another thread."""
        depth = int(buffer_size)
        depth = 2 if depth == AUTOTUNE else depth
        if depth <= 0:
            return self
        return self._made(
            lambda: ahead(self._recipe, depth), self._size, self._own_spec
        )
