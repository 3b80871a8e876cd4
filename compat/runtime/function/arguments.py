"""The arguments of a call: which trace is theirs, and which of them are tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from compat.runtime import nest
from compat.runtime.indexed_slices import IndexedSlices
from compat.runtime.specs import TensorSpec
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert

_STATIC = (int, float, bool, str, bytes, type(None), complex)


# Where a tensor stands among the leaves; or (where, of how many tensors, made how).
Place = int | tuple[int, int, Callable[[list[Any]], Any]]


def described(
    args: Any, kwargs: Any
) -> tuple[Any, list[Any], list[Place], list[Tensor]]:
    """(cache key, leaves, places of tensors among the leaves, tensors).

    Tensors and arrays count by shape and dtype, variables and other objects by
    identity, Python values by value.
    """
    leaves = nest.flatten((args, kwargs)) if kwargs or _nested(args) else list(args)
    key: list[Any] = [bool(STATE.tapes), STATE.devices[-1]]
    places, tensors = [], []
    for i, leaf in enumerate(leaves):
        if type(leaf) is not Tensor and isinstance(
            leaf, np.ndarray | np.generic | jax.Array
        ):
            leaf = convert(leaf)
        if type(leaf) is Tensor:
            array = leaf._array
            key.append(array.shape)
            key.append(array.dtype)
            places.append(i)
            tensors.append(leaf)
        elif isinstance(leaf, _STATIC):
            key.append(type(leaf))
            key.append(leaf)
        elif isinstance(leaf, IndexedSlices):
            parts = leaf.tensor_parts()
            key += [(type(leaf), p._array.shape, p._array.dtype) for p in parts]
            places.append((i, len(parts), leaf.from_tensor_parts))
            tensors += parts
        else:
            key.append(_Same(leaf))
    if kwargs or _nested(args):
        key.append(_shape_of((args, kwargs)))
    else:
        key.append(len(leaves))
    return tuple(key), leaves, places, tensors


def filled(
    leaves: Sequence[Any], places: Sequence[Place], tensors: Sequence[Tensor]
) -> list[Any]:
    """The leaves with other tensors in their places."""
    out, rest = list(leaves), iter(tensors)
    for place in places:
        if isinstance(place, int):
            out[place] = next(rest)
        else:
            at, count, made = place
            out[at] = made([next(rest) for _ in range(count)])
    return out


def _nested(args: Any) -> bool:
    return any(nest.is_nested(a) for a in args)


def _shape_of(value: Any) -> Any:
    """A hashable description of a nest."""
    if isinstance(value, dict):
        return (dict, *((k, _shape_of(value[k])) for k in value))
    if nest.is_nested(value):
        children = nest._children(value) or ()
        return (type(value), *(_shape_of(child) for _, child in children))
    return None


class _Same:
    """An object as part of a key: equal to itself only, and kept alive."""

    __slots__ = ("_thing",)

    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._thing is self._thing

    def __hash__(self) -> int:
        return id(self._thing)


def fitted(name: str, value: Any, spec: Any) -> Any:
    if not isinstance(spec, TensorSpec):
        return value
    tensor = convert(value, None, spec.dtype.numpy)
    if not spec.is_compatible_with(tensor):
        raise TypeError(
            f"{name}: an argument of shape {tensor.shape} and dtype "
            f"{tensor.dtype.name} does not fit its input_signature {spec}"
        )
    return tensor


def flexible(args: Any, kwargs: Any) -> bool:
    return any(
        isinstance(leaf, TensorSpec) and not leaf.shape.is_fully_defined()
        for leaf in nest.flatten((args, kwargs))
    )
