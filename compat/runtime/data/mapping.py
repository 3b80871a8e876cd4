"""A program's functions on elements: `map`, `filter`, `interleave`, `reduce`, …."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from compat.runtime import nest
from compat.runtime.data.base import AUTOTUNE, UNKNOWN, Base
from compat.runtime.data.elements import Element, structured, tensors, tupled
from compat.runtime.errors import OpError
from compat.runtime.function import Function
from compat.runtime.tensor import convert


class _Mapped:
    """A user's function on elements, compiled if that works."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._eager = function
        self._compiled: Function | None = Function(function)

    def __call__(self, element: Element) -> Any:
        value = tensors(element)
        spread = isinstance(value, tuple) and not hasattr(value, "_fields")
        args = value if spread else (value,)
        if self._compiled is not None and not _holds_text(element):
            try:
                return self._compiled(*args)
            except (OpError, TypeError, ValueError, NotImplementedError):
                self._compiled = None  # it needs values: run it as it is
        return self._eager(*args)


def _holds_text(element: Element) -> bool:
    return any(
        getattr(a, "dtype", None) == np.dtype(object) for a in nest.flatten(element)
    )


def _apply(function: Callable[..., Any], element: Element) -> Base:
    value = tensors(element)
    spread = isinstance(value, tuple) and not hasattr(value, "_fields")
    made = function(*value) if spread else function(value)
    if not isinstance(made, Base):
        raise TypeError(f"the function must return a Dataset, not {made!r}")
    return made


class Transforming(Base):
    """What functions make of the elements."""

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        synchronous: Any = None,
        use_unbounded_threadpool: bool = False,
        name: Any = None,
    ) -> Base:
        """The function's results."""
        function = _Mapped(map_func)
        return self._made(
            lambda: (structured(tupled(function(e))) for e in self._recipe()),
            self._size,
        )

    def filter(self, predicate: Callable[..., Any], name: Any = None) -> Base:
        """The elements for which the predicate holds."""
        function = _Mapped(predicate)
        return self._made(
            lambda: (e for e in self._recipe() if bool(function(e))),
            UNKNOWN,
            self._element_spec,
        )

    def flat_map(self, map_func: Callable[..., Any], name: Any = None) -> Base:
        """The elements of the datasets that the function gives."""

        def items() -> Iterator[Element]:
            for element in self._recipe():
                yield from _apply(map_func, element)._recipe()

        return self._made(items)

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: Any = None,
        block_length: Any = None,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Base:
        """The elements of several such datasets at a time, in turn."""
        cycle = int(cycle_length) if cycle_length not in (None, AUTOTUNE) else 16
        block = int(block_length) if block_length is not None else 1

        def items() -> Iterator[Element]:
            source = self._recipe()
            active = [
                _apply(map_func, e)._recipe() for e in itertools.islice(source, cycle)
            ]
            while active:
                following = []
                for current in active:
                    taken = list(itertools.islice(current, block))
                    yield from taken
                    if len(taken) == block:
                        following.append(current)
                    else:
                        fresh = next(source, None)
                        if fresh is not None:
                            following.append(_apply(map_func, fresh)._recipe())
                active = following

        return self._made(items)

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name=None) -> Any:
        """The second results of `state, result = scan_func(state, element)`."""

        def items() -> Iterator[Element]:
            state = tensors(structured(initial_state))
            for element in self._recipe():
                state, out = scan_func(state, tensors(element))
                yield structured(tupled(out))

        return self._made(items, self._size)

    def take_while(self, predicate: Callable[..., Any], name: Any = None) -> Base:
        """The elements up to the first for which the predicate does not hold."""
        function = _Mapped(predicate)
        return self._made(
            lambda: itertools.takewhile(lambda e: bool(function(e)), self._recipe())
        )

    def reduce(
        self, initial_state: Any, reduce_func: Callable[..., Any], name: Any = None
    ) -> Any:
        """The last `state = reduce_func(state, element)`."""
        state = nest.map_structure(convert, initial_state)
        for element in self._recipe():
            state = reduce_func(state, tensors(element))
        return nest.map_structure(convert, state)

    def apply(self, transformation_func: Callable[[Base], Base]) -> Base:
        """What the function makes of this dataset."""
        return transformation_func(self)
