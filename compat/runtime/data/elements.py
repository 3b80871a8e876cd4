"""Elements: nests of numpy arrays inside, of tensors where programs see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from compat.runtime import dtypes, nest
from compat.runtime.errors import DataLossError, InvalidArgumentError
from compat.runtime.export import export
from compat.runtime.shapes import TensorShape, static_shape
from compat.runtime.specs import TensorSpec, TypeSpec
from compat.runtime.tensor import Tensor, convert, lift

Element = Any


def _leaf_array(value: Any) -> np.ndarray:
    return np.asarray(convert(value)._array)


def structured(value: Any) -> Any:
    """A nest of arrays: lists and numbers are leaves, tuples and dicts are not."""
    if hasattr(value, "runs_on_host"):
        return value
    if isinstance(value, tuple):
        parts = [structured(v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, dict):
        return type(value)((k, structured(v)) for k, v in value.items())
    return _leaf_array(value)


def tensors(element: Element) -> Any:
    """The element with tensors in place of its arrays."""
    return nest.map_structure(
        lambda a: Tensor(lift(a)) if isinstance(a, np.ndarray | np.generic) else a,
        element,
    )


@export("tf.data.DatasetSpec")
class DatasetSpec(TypeSpec):
    """The spec of a dataset that is (part of) an element of another.

    Args:
      element_spec: the specs of its elements.
      dataset_shape: has no effect.
    """

    def __init__(self, element_spec: Any, dataset_shape: Any = ()) -> None:
        del dataset_shape
        self.element_spec = element_spec

    def most_specific_compatible_type(self, other: Any) -> DatasetSpec:
        """The narrowest spec that both fit.

        Raises:
          ValueError: the dtypes differ.
        """
        return DatasetSpec(common_spec(self.element_spec, other.element_spec))

    def __eq__(self, other: object) -> bool:
        return type(other) is DatasetSpec and other.element_spec == self.element_spec

    def __hash__(self) -> int:
        return hash(tuple(nest.flatten(self.element_spec)))

    def __repr__(self) -> str:
        return f"DatasetSpec({self.element_spec!r}, TensorShape([]))"


def spec_of(element: Element) -> Any:
    """The specs of an element's arrays and datasets."""
    return nest.map_structure(
        lambda a: (
            TensorSpec(a.shape, dtypes.of_numpy(a.dtype))
            if isinstance(a, np.ndarray | np.generic)
            else DatasetSpec(a.element_spec)
        ),
        element,
    )


def spec_of_rows(spec: Any, rows: int | None) -> Any:
    """The specs of so many elements stacked; None for a number that varies."""

    def of_rows(one: Any) -> TensorSpec:
        if one.shape.unknown:
            return TensorSpec(None, one.dtype)
        return TensorSpec([rows, *one.shape], one.dtype)

    return nest.map_structure(of_rows, spec)


def spec_of_row(spec: Any) -> Any:
    """The specs of one row of elements."""
    return nest.map_structure(
        lambda one: TensorSpec(None if one.shape.unknown else one.shape[1:], one.dtype),
        spec,
    )


def common_spec(first: Any, second: Any) -> Any:
    """The narrowest specs that the elements of two datasets fit.

    Raises:
      ValueError: the dtypes differ.
    """
    return nest.map_structure(
        lambda a, b: a.most_specific_compatible_type(b), first, second
    )


def blanks(spec: Any, dataset: type) -> list[Element]:
    """Two elements of zeros and empty strings, different in the sizes not known.

    Args:
      spec: their specs.
      dataset: the class of the datasets that are in them.
    """
    return [_blank(spec, size, dataset) for size in (2, 3)]


def _blank(spec: Any, size: int, dataset: type) -> Element:
    def of(one: Any) -> Any:
        if isinstance(one, DatasetSpec):
            inner = _blank(one.element_spec, size, dataset)
            return dataset(lambda: iter([inner]), spec=one.element_spec)
        shape = [size if d is None else d for d in one.shape]
        if one.dtype.name == "string":
            return np.full(shape, b"", object)
        return np.zeros(shape, one.dtype.numpy)

    return nest.map_structure(of, spec)


def tupled(value: Any) -> Any:
    """A function's result as an element: several results are a tuple."""
    return tuple(value) if isinstance(value, list) else value


def packed(structure: Any, values: Any) -> Any:
    """A nest of datasets with a value in place of each."""
    left = iter(values)

    def build(part: Any) -> Any:
        if hasattr(part, "runs_on_host"):
            return next(left)
        if isinstance(part, dict):
            return type(part)((k, build(part[k])) for k in sorted(part))
        parts = [build(p) for p in part]
        return type(part)(*parts) if hasattr(part, "_fields") else tuple(parts)

    return build(structure)


def stacked(group: list[Element]) -> Element:
    """Elements as one, of a further first dimension.

    Raises:
      InvalidArgumentError: their shapes differ.
    """
    rows = []
    for i, column in enumerate(zip(*[nest.flatten(e) for e in group], strict=True)):
        first = column[0]
        for other in column:
            if not isinstance(other, np.ndarray | np.generic):
                raise TypeError(
                    f"component {i} of the elements is a dataset: {other!r}"
                )
            if other.shape != first.shape:
                raise InvalidArgumentError(
                    f"Cannot batch tensors with different shapes in component {i}. "
                    f"First element had shape {list(first.shape)} and another one had "
                    f"shape {list(other.shape)}."
                )
        rows.append(np.stack(column))
    return nest.pack_sequence_as(group[0], rows)


def padded_sizes(spec: Any, shapes: Any) -> list[list[int | None]]:
    """For each tensor of an element the shape to pad to; None is the largest there is.

    Args:
      spec: the specs of the elements.
      shapes: a nest of shapes like it, one shape for all, or None for the specs' own.

    Raises:
      ValueError: a rank is not known.
    """
    leaves = nest.flatten(spec)
    if shapes is None:
        wanted = [one.shape for one in leaves]
    elif isinstance(shapes, tuple | dict) and nest.is_nested(spec):
        wanted = [TensorShape(s) for s in _shape_leaves(shapes)]
    else:
        wanted = [TensorShape(shapes)]
    if len(wanted) != len(leaves):
        raise ValueError(f"{len(wanted)} padded_shapes for {len(leaves)} tensors")
    if any(shape.unknown for shape in wanted):
        raise ValueError(
            "You must provide `padded_shapes` for components of unknown rank"
        )
    return [list(shape) for shape in wanted]


def padded(
    group: list[Element], wanted: list[list[int | None]], values: Any
) -> Element:
    """Elements made of one shape, and stacked.

    Args:
      group: the elements.
      wanted: for each tensor the shape; None in it is the largest size in the group.
      values: a nest of what to fill with; None for zeros.

    Raises:
      DataLossError: a tensor is larger than its shape.
    """
    columns = list(zip(*[nest.flatten(e) for e in group], strict=True))
    fills = [None] * len(columns) if values is None else nest.flatten(values)
    if len(fills) == 1:
        fills *= len(columns)
    out = []
    for column, shape, fill in zip(columns, wanted, fills, strict=True):
        most = [
            max(a.shape[d] for a in column) if size is None else size
            for d, size in enumerate(shape)
        ]
        blank = b"" if column[0].dtype == object else 0
        fill = blank if fill is None else np.asarray(fill).item()
        rows = np.full((len(column), *most), fill, column[0].dtype)
        for i, array in enumerate(column):
            if any(n > m for n, m in zip(array.shape, most, strict=True)):
                raise DataLossError(
                    "Attempted to pad to a smaller size than the input element: "
                    f"{list(array.shape)} to {most}"
                )
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
        whole = static_shape(shapes) if isinstance(shapes, Tensor) else shapes
        known = TensorShape(whole)
        yield known if known.unknown else [None if d == -1 else d for d in known]
