"""Elements: nests of numpy arrays inside, of tensors where programs see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from compat.runtime import dtypes, nest
from compat.runtime.shapes import TensorShape, static_shape
from compat.runtime.specs import TensorSpec
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


def spec_of(element: Element) -> Any:
    """The specs of an element's arrays."""
    return nest.map_structure(
        lambda a: (
            TensorSpec(a.shape, dtypes.of_numpy(a.dtype))
            if isinstance(a, np.ndarray | np.generic)
            else a
        ),
        element,
    )


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
    """Elements as one, of a further first dimension."""
    columns = zip(*[nest.flatten(e) for e in group], strict=True)
    return nest.pack_sequence_as(group[0], [np.stack(c) for c in columns])


def padded(group: list[Element], shapes: Any, values: Any) -> Element:
    """Elements made of one shape, and stacked.

    Args:
      group: the elements.
      shapes: a nest of shapes; None (or -1) in one is the largest size in the group.
      values: a nest of what to fill with; None for zeros.
    """
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
