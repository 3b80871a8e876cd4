"""Going through a dataset: in Python, in compiled code, in another thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from compat.runtime import nest
from compat.runtime.data.elements import Element, tensors
from compat.runtime.errors import OutOfRangeError
from compat.runtime.export import export
from compat.runtime.random import HostValue
from compat.runtime.staging import ShapesChanged
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, lift

if TYPE_CHECKING:
    from compat.runtime.data.base import Base

Recipe = Callable[[], Iterator[Element]]


def ahead(recipe: Recipe, depth: int) -> Iterator[Element]:
    """Iterates in another thread, which stops when this iterator is dropped."""
    made: queue.Queue[Any] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: Any) -> bool:
        while not stop.is_set():
            try:
                made.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for element in recipe():
                if not put((element, None)):
                    return
            put((None, StopIteration()))
        except BaseException as error:
            put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        while True:
            element, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield element
    finally:
        stop.set()


class _Pulled:
    """One `next(iterator)` in compiled code: at each run, another element."""

    def __init__(self, iterator: DatasetIterator) -> None:
        self._iterator = iterator
        first = iterator.peek()
        self._structure = first
        arrays = nest.flatten(first)
        self._parts = [_PulledPart(self, i, a) for i, a in enumerate(arrays)]
        self._element: list[Any] = []

    def tensors(self, frame: Any) -> Any:
        """The element, as it stands in the trace."""
        parts = [frame.capture(p, p) for p in self._parts]
        return nest.pack_sequence_as(self._structure, parts)

    def part(self, index: int) -> Tensor:
        """A part of this run's element; the first part moves the iterator on."""
        if index == 0:
            shapes = [a.shape for a in nest.flatten(self._iterator.peek())]
            if shapes != [p.shape for p in self._parts]:
                raise ShapesChanged
            self._element = nest.flatten(self._iterator.pull())
        return Tensor(lift(self._element[index]))


class _PulledPart(HostValue):
    def __init__(self, whole: _Pulled, index: int, array: np.ndarray) -> None:
        self._whole, self._index = whole, index
        self.shape, self.dtype = array.shape, array.dtype

    def fresh(self) -> Tensor:
        return self._whole.part(self._index)


@export("tf.data.Iterator")
class DatasetIterator:
    """One iteration over a dataset."""

    runs_on_host = True

    def __init__(self, dataset: Base) -> None:
        self._dataset = dataset
        self._source = dataset._recipe()
        self._peeked: list[Element] = []

    @property
    def element_spec(self) -> Any:
        """The specs of an element's tensors."""
        return self._dataset.element_spec

    def peek(self) -> Element:
        """The next element, which stays the next."""
        if not self._peeked:
            self._peeked.append(next(self._source))
        return self._peeked[0]

    def pull(self) -> Element:
        """The next element, as arrays."""
        return self._peeked.pop() if self._peeked else next(self._source)

    def __iter__(self) -> DatasetIterator:
        return self

    def __next__(self) -> Any:
        frame = STATE.frame
        if frame is not None and hasattr(frame, "captures"):
            try:
                return _Pulled(self).tensors(frame)
            except StopIteration:
                raise OutOfRangeError("End of sequence") from None
        return tensors(self.pull())

    def next(self) -> Any:
        """The next element."""
        return next(self)

    def get_next(self, name: Any = None) -> Any:
        """The next element; OutOfRangeError at the end."""
        try:
            return next(self)
        except StopIteration:
            raise OutOfRangeError("End of sequence") from None
