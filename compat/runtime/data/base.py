"""What every dataset has: its recipe, its size, its elements' specs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from compat.runtime import nest
from compat.runtime.data.elements import spec_of, tensors
from compat.runtime.data.iteration import DatasetIterator, Recipe
from compat.runtime.errors import InvalidArgumentError
from compat.runtime.export import export
from compat.runtime.random import SOURCE
from compat.runtime.tensor import Tensor, convert

AUTOTUNE = -1
for _name in ("tf.data.AUTOTUNE", "tf.data.experimental.AUTOTUNE"):
    export(_name)(AUTOTUNE)
INFINITE, UNKNOWN = -1, -2
export("tf.data.INFINITE_CARDINALITY", "tf.data.experimental.INFINITE_CARDINALITY")(
    INFINITE
)
export("tf.data.UNKNOWN_CARDINALITY", "tf.data.experimental.UNKNOWN_CARDINALITY")(
    UNKNOWN
)


def generator_of(seed: Any, turn: int = 0) -> np.random.Generator:
    """A source of random numbers for one iteration."""
    if seed is None and SOURCE.seed is None:
        return np.random.default_rng()
    parts = [SOURCE.seed or 0, 0 if seed is None else int(seed), turn]
    return np.random.default_rng([abs(p) for p in parts])


class Base:
    """A sequence of elements, made anew by each iteration.

    Args:
      recipe: gives an iterator over elements (nests of numpy arrays).
      size: the number of elements, or INFINITE or UNKNOWN.
      spec: the elements' specs, or a function that gives them or None; None if they
        are to be learnt from the first element.
    """

    runs_on_host = True  # loops over it are Python's

    def __init__(self, recipe: Recipe, size: int = UNKNOWN, spec: Any = None) -> None:
        self._recipe = recipe
        self._size = size
        self._element_spec = spec

    def _made(self, recipe: Recipe, size: int = UNKNOWN, spec: Any = None) -> Base:
        """Another dataset of the class."""
        return type(self)(recipe, size, spec)

    def _own_spec(self) -> Any:
        return self.element_spec

    def cardinality(self, name: Any = None) -> Tensor:
        """The number of elements, or INFINITE or UNKNOWN; int64."""
        return convert(np.int64(self._size))

    @property
    def element_spec(self) -> Any:
        """The specs of an element's tensors."""
        if callable(self._element_spec):
            self._element_spec = self._element_spec()
        if self._element_spec is None:
            first = next(self._recipe(), None)
            if first is None:
                raise ValueError("the specs of an empty dataset are not known")
            self._element_spec = spec_of(first)
        return self._element_spec

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Iterates over elements of numpy arrays."""
        for element in self._recipe():
            yield nest.map_structure(
                lambda a: a[()] if isinstance(a, np.ndarray) and not a.ndim else a,
                element,
            )

    def get_single_element(self, name: Any = None) -> Any:
        """The only element; InvalidArgumentError unless there is exactly one."""
        found = list(itertools.islice(self._recipe(), 2))
        if len(found) != 1:
            raise InvalidArgumentError("Dataset must have exactly one element.")
        return tensors(found[0])

    def __iter__(self) -> DatasetIterator:
        return DatasetIterator(self)

    def __len__(self) -> int:
        if self._size == INFINITE:
            raise TypeError("The dataset is infinite.")
        if self._size == UNKNOWN:
            raise TypeError("The dataset length is unknown.")
        return self._size

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        known = None if callable(self._element_spec) else self._element_spec
        return f"<Dataset element_spec={known}>"
