"""A program's functions on elements: `map`, `filter`, `interleave`, `reduce`, …."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from compat.runtime import nest
from compat.runtime.data.base import AUTOTUNE, UNKNOWN, Base
from compat.runtime.data.elements import (
    Element,
    blanks,
    common_spec,
    spec_of,
    structured,
    tensors,
    tupled,
)
from compat.runtime.errors import OpError
from compat.runtime.function import Function
from compat.runtime.specs import TensorSpec
from compat.runtime.tensor import convert


def _arguments(element: Any) -> tuple[Any, ...]:
    """What a function is called with: the parts of a tuple, else the element."""
    spread = isinstance(element, tuple) and not hasattr(element, "_fields")
    return element if spread else (element,)


class _Mapped:
    """A user's function on elements, compiled if that works."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._eager = function
        self._compiled: Function | None = Function(function)

    def __call__(self, element: Element) -> Any:
        args = _arguments(tensors(element))
        if self._compiled is not None and not _holds_text(element):
            try:
                return self._compiled(*args)
            except (OpError, TypeError, ValueError, NotImplementedError):
                self._compiled = None  # it needs values: run it as it is
        return self._eager(*args)


def _result_spec(
    function: Callable[..., Any], given: tuple[Any, ...], dataset: type
) -> Any:
    """The specs of a function's results, for arguments of given specs.

    None if they are not known: it needs values, or fails. It is traced, or, where
    there are datasets among its arguments or results, called with blank elements.
    """
    try:
        if all(isinstance(spec, TensorSpec) for spec in nest.flatten(given)):
            traced = Function(function).get_concrete_function(*given)
            found = tupled(traced.structured_outputs)
            if all(isinstance(spec, TensorSpec) for spec in nest.flatten(found)):
                return found
        results = [function(*tensors(b)) for b in blanks(given, dataset)]
        return common_spec(*[spec_of(structured(tupled(r))) for r in results])
    except Exception:  # whatever is wrong will be seen when it runs
        return None


def _holds_text(element: Element) -> bool:
    return any(
        getattr(a, "dtype", None) == np.dtype(object) for a in nest.flatten(element)
    )


def _apply(function: Callable[..., Any], element: Element) -> Base:
    made = function(*_arguments(tensors(element)))
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
            lambda: self._mapped_spec(map_func),
        )

    def _mapped_spec(self, map_func: Callable[..., Any]) -> Any:
        return _result_spec(map_func, _arguments(self.element_spec), type(self))

    def filter(self, predicate: Callable[..., Any], name: Any = None) -> Base:
        """The elements for which the predicate holds."""
        function = _Mapped(predicate)
        return self._made(
            lambda: (e for e in self._recipe() if bool(function(e))),
            UNKNOWN,
            self._own_spec,
        )

    def flat_map(self, map_func: Callable[..., Any], name: Any = None) -> Base:
        """The elements of the datasets that the function gives."""

        def items() -> Iterator[Element]:
            for element in self._recipe():
                yield from _apply(map_func, element)._recipe()

        return self._made(items, UNKNOWN, lambda: self._inner_spec(map_func))

    def _inner_spec(self, map_func: Callable[..., Any]) -> Any:
        """The specs of elements of the datasets that a function gives, if known."""
        try:
            given = blanks(self.element_spec, type(self))
            found = [_apply(map_func, element).element_spec for element in given]
        except Exception:  # whatever is wrong will be seen when it runs
            return None
        return common_spec(*found)

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: Any = None,
        block_length: Any = None,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Base:
        """The elements of several such datasets at a time, in turn.

        Args:
          map_func: gives a dataset for an element.
          cycle_length: how many datasets take turns; 16 by default.
          block_length: how many elements each gives at its turn.
        """
        cycle = int(cycle_length) if cycle_length not in (None, AUTOTUNE) else 16
        block = int(block_length) if block_length is not None else 1

        def items() -> Iterator[Element]:
            sources = (_apply(map_func, e)._recipe() for e in self._recipe())
            active = list(itertools.islice(sources, cycle))
            while active:
                following = []
                for current in active:
                    count = 0
                    for element in itertools.islice(current, block):
                        count += 1
                        yield element
                    if count == block:
                        following.append(current)
                    else:  # the next one gets its place, and starts at the next turn
                        following.extend(itertools.islice(sources, 1))
                active = following

        return self._made(items, UNKNOWN, lambda: self._inner_spec(map_func))

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name=None) -> Any:
        """The second results of `state, result = scan_func(state, element)`."""

        def items() -> Iterator[Element]:
            state = tensors(structured(initial_state))
            for element in self._recipe():
                state, out = scan_func(state, tensors(element))
                yield structured(tupled(out))

        def spec() -> Any:
            state = spec_of(structured(initial_state))
            found = _result_spec(scan_func, (state, self.element_spec), type(self))
            return None if found is None else found[1]

        return self._made(items, self._size, spec)

    def take_while(self, predicate: Callable[..., Any], name: Any = None) -> Base:
        """The elements up to the first for which the predicate does not hold."""
        function = _Mapped(predicate)
        return self._made(
            lambda: itertools.takewhile(lambda e: bool(function(e)), self._recipe()),
            UNKNOWN,
            self._own_spec,
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
