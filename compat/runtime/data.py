"""`tf.data.Dataset` over arrays, files and generators.

A dataset is a recipe: each iteration starts it anew. Elements are nests (tuples, dicts)
of numpy arrays inside and of tensors where programs see them. Functions given to `map`
and its like are compiled where they can be.
"""

from __future__ import annotations

import glob
import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from compat.runtime import dtypes, nest
from compat.runtime.errors import OpError, OutOfRangeError
from compat.runtime.export import export
from compat.runtime.function import Function
from compat.runtime.random import SOURCE, HostValue
from compat.runtime.shapes import TensorShape, static_shape
from compat.runtime.specs import TensorSpec
from compat.runtime.staging import ShapesChanged
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert, lift

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

Element = Any
Recipe = Callable[[], Iterator[Element]]


def _leaf_array(value: Any) -> np.ndarray:
    return np.asarray(convert(value)._array)


def _structured(value: Any) -> Any:
    """A nest of arrays: lists and numbers are leaves, tuples and dicts are not."""
    if isinstance(value, Dataset):
        return value
    if isinstance(value, tuple):
        parts = [_structured(v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, dict):
        return type(value)((k, _structured(v)) for k, v in value.items())
    return _leaf_array(value)


def _tensors(element: Element) -> Any:
    return nest.map_structure(
        lambda a: Tensor(lift(a)) if isinstance(a, np.ndarray | np.generic) else a,
        element,
    )


def _spec(element: Element) -> Any:
    return nest.map_structure(
        lambda a: (
            TensorSpec(a.shape, dtypes.of_numpy(a.dtype))
            if isinstance(a, np.ndarray | np.generic)
            else a
        ),
        element,
    )


class _Mapped:
    """A user's function on elements, compiled if that works."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._eager = function
        self._compiled: Function | None = Function(function)

    def __call__(self, element: Element) -> Any:
        value = _tensors(element)
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


def _int(value: Any) -> int:
    return int(value)


@export("tf.data.Dataset")
class Dataset:
    """A sequence of elements, made anew by each iteration.

    Args:
      recipe: gives an iterator over elements (nests of numpy arrays).
      size: the number of elements, or INFINITE or UNKNOWN.
      spec: the elements' specs; by default learnt from the first element.
    """

    runs_on_host = True  # loops over it are Python's

    def __init__(self, recipe: Recipe, size: int = UNKNOWN, spec: Any = None) -> None:
        self._recipe = recipe
        self._size = size
        self._element_spec = spec

    # Sources.

    @staticmethod
    def from_tensors(tensors: Any, name: Any = None) -> Dataset:
        """One element."""
        element = _structured(tensors)
        return Dataset(lambda: iter([element]), 1, _spec(element))

    @staticmethod
    def from_tensor_slices(tensors: Any, name: Any = None) -> Dataset:
        """The rows of tensors of one length.

        Raises:
          ValueError: their first dimensions differ, or there are no tensors.
        """
        whole = _structured(tensors)
        leaves = nest.flatten(whole)
        if not leaves or any(a.ndim == 0 for a in leaves):
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        length = leaves[0].shape[0]
        if any(a.shape[0] != length for a in leaves):
            raise ValueError(
                f"Dimensions {[a.shape[0] for a in leaves]} are not compatible"
            )

        def rows() -> Iterator[Element]:
            for i in range(length):
                yield nest.map_structure(lambda a: a[i], whole)  # noqa: B023

        spec = nest.map_structure(
            lambda a: TensorSpec(a.shape[1:], dtypes.of_numpy(a.dtype)), whole
        )
        return Dataset(rows, length, spec)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = (),
        output_signature: Any = None,
        name: Any = None,
    ) -> Dataset:
        """What a Python generator yields, converted to the given types.

        Raises:
          TypeError: the generator cannot be called.
        """
        if not callable(generator):
            raise TypeError("`generator` must be a Python callable.")
        if output_signature is None and output_types is not None:
            shapes = output_shapes
            if shapes is None:
                shapes = nest.map_structure(lambda _: TensorShape(None), output_types)
            output_signature = nest.map_structure_up_to(
                output_types,
                lambda d, s: TensorSpec(s, dtypes.as_dtype(d)),
                output_types,
                shapes,
            )

        def fitted(value: Any, spec: Any) -> np.ndarray:
            return np.asarray(convert(value, spec.dtype.numpy)._array)

        def items() -> Iterator[Element]:
            for value in generator(*args):
                if output_signature is None:
                    yield _structured(value)
                    continue
                if isinstance(value, list) and isinstance(output_signature, tuple):
                    value = tuple(value)
                yield nest.map_structure_up_to(
                    output_signature, fitted, value, output_signature
                )

        return Dataset(items, UNKNOWN, output_signature)

    @staticmethod
    def range(*args: Any, output_type: Any = "int64", **_: Any) -> Dataset:
        """The integers of a `range`."""
        numbers = range(*[_int(a) for a in args])
        kind = dtypes.as_dtype(output_type)
        return Dataset(
            lambda: (np.asarray(n, kind.numpy) for n in numbers),
            len(numbers),
            TensorSpec([], kind),
        )

    @staticmethod
    def zip(*datasets: Any, name: Any = None) -> Dataset:
        """Elements side by side, in the given nest of datasets."""
        whole = datasets[0] if len(datasets) == 1 else tuple(datasets)
        if isinstance(whole, Dataset):
            whole = (whole,)
        parts = nest.flatten(whole)

        def items() -> Iterator[Element]:
            for values in zip(*[p._recipe() for p in parts], strict=False):
                yield _packed(whole, values)

        known = [p._size for p in parts if p._size != INFINITE]
        size = INFINITE if not known else UNKNOWN if UNKNOWN in known else min(known)
        return Dataset(items, size)

    @staticmethod
    def list_files(file_pattern: Any, shuffle: Any = None, seed: Any = None) -> Dataset:
        """The paths that match a pattern (or a list of them), as strings."""
        patterns = (
            file_pattern if isinstance(file_pattern, list | tuple) else [file_pattern]
        )
        texts = [p.numpy().decode() if hasattr(p, "numpy") else p for p in patterns]
        found = sorted(itertools.chain.from_iterable(map(glob.glob, texts)))
        dataset = Dataset.from_tensor_slices(
            np.array([f.encode() for f in found], object)
        )
        ordered = shuffle is not None and not shuffle
        return dataset if ordered else dataset.shuffle(len(found) or 1, seed)

    @staticmethod
    def random(
        seed: Any = None, rerandomize_each_iteration: Any = None, name: Any = None
    ) -> Dataset:
        """Endless random int64, other ones in each iteration if asked to."""
        shared = _generator(seed) if rerandomize_each_iteration else None

        def items() -> Iterator[Element]:
            rng = shared or _generator(seed)
            while True:
                yield np.asarray(rng.integers(0, 2**32), np.int64)

        return Dataset(items, INFINITE, TensorSpec([], "int64"))

    # Transformations.

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        synchronous: Any = None,
        use_unbounded_threadpool: bool = False,
        name: Any = None,
    ) -> Dataset:
        """The function's results."""
        function = _Mapped(map_func)
        return Dataset(
            lambda: (_structured(_tupled(function(e))) for e in self._recipe()),
            self._size,
        )

    def filter(self, predicate: Callable[..., Any], name: Any = None) -> Dataset:
        """The elements for which the predicate holds."""
        function = _Mapped(predicate)
        return Dataset(
            lambda: (e for e in self._recipe() if bool(function(e))),
            UNKNOWN,
            self._element_spec,
        )

    def batch(
        self,
        batch_size: Any,
        drop_remainder: bool = False,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Dataset:
        """Elements stacked, so many at a time."""
        count = _int(batch_size)
        if count <= 0:
            raise ValueError(f"batch_size must be positive, got {count}")

        def items() -> Iterator[Element]:
            source = self._recipe()
            while True:
                group = list(itertools.islice(source, count))
                if not group or (drop_remainder and len(group) < count):
                    return
                yield _stacked(group)

        size = self._size
        if size >= 0:
            size = size // count if drop_remainder else -(-size // count)
        return Dataset(items, size)

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Dataset:
        """Elements padded to one shape and stacked."""
        count = _int(batch_size)

        def items() -> Iterator[Element]:
            source = self._recipe()
            while True:
                group = list(itertools.islice(source, count))
                if not group or (drop_remainder and len(group) < count):
                    return
                yield _padded(group, padded_shapes, padding_values)

        return Dataset(items)

    def unbatch(self, name: Any = None) -> Dataset:
        """The rows of all elements."""

        def items() -> Iterator[Element]:
            for element in self._recipe():
                for i in range(nest.flatten(element)[0].shape[0]):
                    yield nest.map_structure(lambda a: a[i], element)  # noqa: B023

        return Dataset(items)

    def shuffle(
        self,
        buffer_size: Any,
        seed: Any = None,
        reshuffle_each_iteration: bool | None = None,
        name: Any = None,
    ) -> Dataset:
        """Elements in random order, drawn from a buffer of that size."""
        size = _int(buffer_size)
        if size <= 0:
            raise ValueError(f"buffer_size must be positive, got {size}")
        rounds = itertools.count()

        def items() -> Iterator[Element]:
            turn = 0 if reshuffle_each_iteration is False else next(rounds)
            rng = _generator(seed, turn)
            source = self._recipe()
            buffer = list(itertools.islice(source, size))
            for element in source:
                at = int(rng.integers(len(buffer)))
                yield buffer[at]
                buffer[at] = element
            order = rng.permutation(len(buffer))
            yield from (buffer[i] for i in order)

        return Dataset(items, self._size, self._element_spec)

    def repeat(self, count: Any = None, name: Any = None) -> Dataset:
        """All elements again and again; for ever if no count is given."""
        times = None if count is None or _int(count) < 0 else _int(count)

        def items() -> Iterator[Element]:
            turns = itertools.count() if times is None else range(times)
            for _ in turns:
                empty = True
                for element in self._recipe():
                    empty = False
                    yield element
                if empty:
                    return

        size = INFINITE if times is None else self._size
        if times is not None and size >= 0:
            size *= times
        return Dataset(items, size, self._element_spec)

    def take(self, count: Any, name: Any = None) -> Dataset:
        """The first elements; all for a negative count."""
        number = None if _int(count) < 0 else _int(count)
        size = self._size
        if number is not None:
            size = number if size == INFINITE else min(size, number)
        return Dataset(
            lambda: itertools.islice(self._recipe(), number), size, self._element_spec
        )

    def skip(self, count: Any, name: Any = None) -> Dataset:
        """All but the first elements."""
        number = _int(count)
        size = max(self._size - number, 0) if self._size >= 0 else self._size
        return Dataset(
            lambda: itertools.islice(self._recipe(), number, None),
            size,
            self._element_spec,
        )

    def shard(self, num_shards: Any, index: Any, name: Any = None) -> Dataset:
        """Every `num_shards`th element from `index` on."""
        step, start = _int(num_shards), _int(index)
        if not 0 <= start < step:
            raise ValueError(f"index {start} is not in [0, {step})")
        return Dataset(lambda: itertools.islice(self._recipe(), start, None, step))

    def concatenate(self, dataset: Dataset, name: Any = None) -> Dataset:
        """These elements, then those of another dataset."""
        sizes = (self._size, dataset._size)
        size = (
            INFINITE
            if INFINITE in sizes
            else UNKNOWN
            if UNKNOWN in sizes
            else sum(sizes)
        )
        return Dataset(lambda: itertools.chain(self._recipe(), dataset._recipe()), size)

    def enumerate(self, start: int = 0, name: Any = None) -> Dataset:
        """Pairs (position, element)."""
        return Dataset(
            lambda: (
                (np.asarray(i, np.int64), e)
                for i, e in enumerate(self._recipe(), start)
            ),
            self._size,
        )

    def flat_map(self, map_func: Callable[..., Any], name: Any = None) -> Dataset:
        """The elements of the datasets that the function gives."""

        def items() -> Iterator[Element]:
            for element in self._recipe():
                yield from _apply(map_func, element)._recipe()

        return Dataset(items)

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: Any = None,
        block_length: Any = None,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Dataset:
        """The elements of several such datasets at a time, in turn."""
        cycle = _int(cycle_length) if cycle_length not in (None, AUTOTUNE) else 16
        block = _int(block_length) if block_length is not None else 1

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

        return Dataset(items)

    def window(
        self,
        size: Any,
        shift: Any = None,
        stride: Any = 1,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Dataset:
        """Datasets of neighbouring elements."""
        length, step = _int(size), _int(stride)
        move = length if shift is None else _int(shift)

        def items() -> Iterator[Element]:
            whole = list(self._recipe())
            for start in range(0, len(whole), move):
                group = whole[start : start + length * step : step]
                if drop_remainder and len(group) < length:
                    return
                yield _windowed(group)

        return Dataset(items)

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name=None) -> Any:
        """The second results of `state, result = scan_func(state, element)`."""

        def items() -> Iterator[Element]:
            state = _tensors(_structured(initial_state))
            for element in self._recipe():
                state, out = scan_func(state, _tensors(element))
                yield _structured(_tupled(out))

        return Dataset(items, self._size)

    def take_while(self, predicate: Callable[..., Any], name: Any = None) -> Dataset:
        """The elements up to the first for which the predicate does not hold."""
        function = _Mapped(predicate)
        return Dataset(
            lambda: itertools.takewhile(lambda e: bool(function(e)), self._recipe())
        )

    def reduce(
        self, initial_state: Any, reduce_func: Callable[..., Any], name: Any = None
    ) -> Any:
        """The last `state = reduce_func(state, element)`."""
        state = nest.map_structure(convert, initial_state)
        for element in self._recipe():
            state = reduce_func(state, _tensors(element))
        return nest.map_structure(convert, state)

    def cache(self, filename: str = "", name: Any = None) -> Dataset:
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

        return Dataset(items, self._size, self._element_spec)

    def prefetch(self, buffer_size: Any, name: Any = None) -> Dataset:
        """Makes elements ahead in another thread."""
        depth = _int(buffer_size)
        depth = 2 if depth == AUTOTUNE else depth
        if depth <= 0:
            return self
        return Dataset(
            lambda: _ahead(self._recipe, depth), self._size, self._element_spec
        )

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """What the function makes of this dataset."""
        return transformation_func(self)

    def with_options(self, options: Any, name: Any = None) -> Dataset:
        """Itself: options have no effect."""
        return self

    def options(self) -> Options:
        """Options without effect."""
        return Options()

    # Looking at it.

    def cardinality(self, name: Any = None) -> Tensor:
        """The number of elements, or INFINITE or UNKNOWN; int64."""
        return convert(np.int64(self._size))

    @property
    def element_spec(self) -> Any:
        """The specs of an element's tensors."""
        if self._element_spec is None:
            first = next(self._recipe(), None)
            if first is None:
                raise ValueError("the specs of an empty dataset are not known")
            self._element_spec = _spec(first)
        return self._element_spec

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Iterates over elements of numpy arrays."""
        for element in self._recipe():
            yield nest.map_structure(
                lambda a: a[()] if isinstance(a, np.ndarray) and not a.ndim else a,
                element,
            )

    def get_single_element(self, name: Any = None) -> Any:
        """The only element; ValueError unless there is exactly one."""
        found = list(itertools.islice(self._recipe(), 2))
        if len(found) != 1:
            raise ValueError("Dataset must have exactly one element.")
        return _tensors(found[0])

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
        return f"<Dataset element_spec={self._element_spec}>"


def _tupled(value: Any) -> Any:
    """A function's result as an element: several results are a tuple."""
    return tuple(value) if isinstance(value, list) else value


def _apply(function: Callable[..., Any], element: Element) -> Dataset:
    value = _tensors(element)
    spread = isinstance(value, tuple) and not hasattr(value, "_fields")
    made = function(*value) if spread else function(value)
    if not isinstance(made, Dataset):
        raise TypeError(f"the function must return a Dataset, not {made!r}")
    return made


def _packed(structure: Any, values: Any) -> Any:
    left = iter(values)

    def build(part: Any) -> Any:
        if isinstance(part, Dataset):
            return next(left)
        if isinstance(part, dict):
            return type(part)((k, build(part[k])) for k in sorted(part))
        parts = [build(p) for p in part]
        return type(part)(*parts) if hasattr(part, "_fields") else tuple(parts)

    return build(structure)


def _windowed(group: list[Element]) -> Any:
    if isinstance(group[0], tuple):
        return tuple(
            Dataset(lambda c=column: iter(c), len(group))
            for column in zip(*group, strict=True)
        )
    return Dataset(lambda: iter(group), len(group))


def _stacked(group: list[Element]) -> Element:
    columns = zip(*[nest.flatten(e) for e in group], strict=True)
    return nest.pack_sequence_as(group[0], [np.stack(c) for c in columns])


def _padded(group: list[Element], shapes: Any, values: Any) -> Element:
    columns = list(zip(*[nest.flatten(e) for e in group], strict=True))
    if shapes is None:
        wanted = [[None] * c[0].ndim for c in columns]
    elif isinstance(shapes, tuple | dict) and nest.is_nested(group[0]):
        wanted = [list(TensorShape(s)) for s in _shape_leaves(shapes)]
    else:
        wanted = [list(TensorShape(shapes))]
    fills = [None] * len(columns) if values is None else nest.flatten(values)
    if len(fills) == 1:
        fills *= len(columns)
    out = []
    for column, shape, fill in zip(columns, wanted, fills, strict=True):
        most = [
            max(a.shape[d] for a in column) if size in (None, -1) else size
            for d, size in enumerate(shape)
        ]
        blank = b"" if column[0].dtype == object else 0
        fill = blank if fill is None else np.asarray(fill).item()
        rows = np.full((len(column), *most), fill, column[0].dtype)
        for i, array in enumerate(column):
            rows[(i, *(slice(0, n) for n in array.shape))] = array
        out.append(rows)
    return nest.pack_sequence_as(group[0], out)


def _shape_leaves(shapes: Any) -> Iterator[Any]:
    if isinstance(shapes, dict):
        for key in sorted(shapes):
            yield from _shape_leaves(shapes[key])
    elif isinstance(shapes, tuple):
        for part in shapes:
            yield from _shape_leaves(part)
    else:
        yield static_shape(shapes) if isinstance(shapes, Tensor) else shapes


def _generator(seed: Any, turn: int = 0) -> np.random.Generator:
    if seed is None and SOURCE.seed is None:
        return np.random.default_rng()
    parts = [SOURCE.seed or 0, 0 if seed is None else int(seed), turn]
    return np.random.default_rng([abs(p) for p in parts])


def _ahead(recipe: Recipe, depth: int) -> Iterator[Element]:
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

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._source = dataset._recipe()
        self._ahead: list[Element] = []

    @property
    def element_spec(self) -> Any:
        """The specs of an element's tensors."""
        return self._dataset.element_spec

    def peek(self) -> Element:
        """The next element, which stays the next."""
        if not self._ahead:
            self._ahead.append(next(self._source))
        return self._ahead[0]

    def pull(self) -> Element:
        """The next element, as arrays."""
        return self._ahead.pop() if self._ahead else next(self._source)

    def __iter__(self) -> DatasetIterator:
        return self

    def __next__(self) -> Any:
        frame = STATE.frame
        if frame is not None and hasattr(frame, "captures"):
            try:
                return _Pulled(self).tensors(frame)
            except StopIteration:
                raise OutOfRangeError("End of sequence") from None
        return _tensors(self.pull())

    def next(self) -> Any:
        """The next element."""
        return next(self)

    def get_next(self, name: Any = None) -> Any:
        """The next element; OutOfRangeError at the end."""
        try:
            return next(self)
        except StopIteration:
            raise OutOfRangeError("End of sequence") from None


@export("tf.data.Options")
class Options:
    """Settings of TensorFlow's own pipeline; without effect."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = Options()
        object.__setattr__(self, name, made)
        return made


@export("tf.data.experimental.cardinality")
def cardinality(dataset: Dataset) -> Tensor:
    """The number of elements, or INFINITE or UNKNOWN."""
    return dataset.cardinality()


@export(
    "tf.data.Dataset.sample_from_datasets", "tf.data.experimental.sample_from_datasets"
)
def sample_from_datasets(
    datasets: list[Dataset],
    weights: Any = None,
    seed: Any = None,
    stop_on_empty_dataset: bool = False,
    **unused: Any,
) -> Dataset:
    """Elements of several datasets, the next dataset drawn by weight."""

    def items() -> Iterator[Element]:
        rng = _generator(seed)
        sources = [d._recipe() for d in datasets]
        odds = np.ones(len(sources)) if weights is None else np.asarray(weights, float)
        alive = list(range(len(sources)))
        while alive:
            part = odds[alive] / odds[alive].sum()
            at = alive[int(rng.choice(len(alive), p=part))]
            try:
                yield next(sources[at])
            except StopIteration:
                if stop_on_empty_dataset:
                    return
                alive.remove(at)

    return Dataset(items)


Dataset.sample_from_datasets = staticmethod(sample_from_datasets)
