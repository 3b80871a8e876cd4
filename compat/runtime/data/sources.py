"""Where elements come from: arrays, generators, ranges, files, other datasets."""

from __future__ import annotations

import glob
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from compat.runtime import dtypes, nest
from compat.runtime.data.base import INFINITE, UNKNOWN, Base, generator_of
from compat.runtime.data.elements import Element, packed, spec_of, structured
from compat.runtime.errors import InvalidArgumentError
from compat.runtime.shapes import TensorShape
from compat.runtime.specs import TensorSpec
from compat.runtime.tensor import convert


class Sources(Base):
    """Datasets made of other things."""

    @classmethod
    def from_tensors(cls, tensors: Any, name: Any = None) -> Base:
        """One element."""
        element = structured(tensors)
        return cls(lambda: iter([element]), 1, spec_of(element))

    @classmethod
    def from_tensor_slices(cls, tensors: Any, name: Any = None) -> Base:
        """The rows of tensors of one length.

        Raises:
          ValueError: their first dimensions differ, or there are no tensors.
        """
        whole = structured(tensors)
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
        return cls(rows, length, spec)

    @classmethod
    def from_generator(
        cls,
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = (),
        output_signature: Any = None,
        name: Any = None,
    ) -> Base:
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
            try:
                array = np.asarray(convert(value, spec.dtype.numpy)._array)
            except (TypeError, ValueError) as error:
                raise InvalidArgumentError(
                    "`generator` yielded an element that could not be converted to "
                    f"{spec.dtype.name}: {value!r}: {error}"
                ) from error
            if not spec.shape.is_compatible_with(array.shape):
                raise InvalidArgumentError(
                    f"`generator` yielded an element of shape {array.shape} where an "
                    f"element of shape {spec.shape} was expected"
                )
            return array

        def items() -> Iterator[Element]:
            for value in generator(*args):
                if output_signature is None:
                    yield structured(value)
                    continue
                if isinstance(value, list) and isinstance(output_signature, tuple):
                    value = tuple(value)
                yield nest.map_structure_up_to(
                    output_signature, fitted, value, output_signature
                )

        return cls(items, UNKNOWN, output_signature)

    @classmethod
    def range(cls, *args: Any, output_type: Any = "int64", **_: Any) -> Base:
        """The integers of a `range`."""
        numbers = range(*[int(a) for a in args])
        kind = dtypes.as_dtype(output_type)
        return cls(
            lambda: (np.asarray(n, kind.numpy) for n in numbers),
            len(numbers),
            TensorSpec([], kind),
        )

    @classmethod
    def zip(cls, *datasets: Any, name: Any = None) -> Base:
        """Elements side by side, in the given nest of datasets."""
        whole = datasets[0] if len(datasets) == 1 else tuple(datasets)
        if isinstance(whole, Base):
            whole = (whole,)
        parts = nest.flatten(whole)

        def items() -> Iterator[Element]:
            for values in zip(*[p._recipe() for p in parts], strict=False):
                yield packed(whole, values)

        known = [p._size for p in parts if p._size != INFINITE]
        size = INFINITE if not known else UNKNOWN if UNKNOWN in known else min(known)

        def spec() -> Any:
            return packed(whole, [p.element_spec for p in parts])

        return cls(items, size, spec)

    @classmethod
    def list_files(
        cls, file_pattern: Any, shuffle: Any = None, seed: Any = None
    ) -> Base:
        """The paths that match a pattern (or a list of them), as strings."""
        patterns = (
            file_pattern if isinstance(file_pattern, list | tuple) else [file_pattern]
        )
        texts = [p.numpy().decode() if hasattr(p, "numpy") else p for p in patterns]
        found = sorted(itertools.chain.from_iterable(map(glob.glob, texts)))
        dataset = cls.from_tensor_slices(np.array([f.encode() for f in found], object))
        ordered = shuffle is not None and not shuffle
        return dataset if ordered else dataset.shuffle(len(found) or 1, seed)

    @classmethod
    def random(
        cls,
        seed: Any = None,
        rerandomize_each_iteration: Any = None,
        name: Any = None,
    ) -> Base:
        """Endless random int64, other ones in each iteration if asked to."""
        shared = generator_of(seed) if rerandomize_each_iteration else None

        def items() -> Iterator[Element]:
            rng = shared or generator_of(seed)
            while True:
                yield np.asarray(rng.integers(0, 2**32), np.int64)

        return cls(items, INFINITE, TensorSpec([], "int64"))

    @classmethod
    def sample_from_datasets(
        cls,
        datasets: list[Base],
        weights: Any = None,
        seed: Any = None,
        stop_on_empty_dataset: bool = False,
        **unused: Any,
    ) -> Base:
        """Elements of several datasets, the next dataset drawn by weight."""

        def items() -> Iterator[Element]:
            rng = generator_of(seed)
            sources = [d._recipe() for d in datasets]
            odds = (
                np.ones(len(sources)) if weights is None else np.asarray(weights, float)
            )
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

        return cls(items, UNKNOWN, lambda: datasets[0].element_spec)
