"""Checks and expansions of shape-like arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def replicate(element: T | Sequence[T], num_times: int, name: str) -> tuple[T, ...]:
    """One value per axis from one value, a sequence of one, or of the right length.

    Raises:
      TypeError: a sequence of another length; the message names the argument.
    """
    if isinstance(element, (str, bytes)) or not isinstance(element, Sequence):
        return (element,) * num_times
    if len(element) == num_times:
        return tuple(element)
    if len(element) == 1:
        return (element[0],) * num_times
    raise TypeError(
        f"{name} must be a scalar or sequence of length 1 or sequence of length "
        f"{num_times}."
    )


def assert_minimum_rank(inputs: Any, rank: int) -> None:
    """Raises ValueError if the array has fewer axes than ``rank``."""
    if inputs.ndim < rank:
        raise ValueError(f"Input {inputs!r} must have rank >= {rank}")


def scale_offset_conflicts(
    create_scale: bool, create_offset: bool, scale_init: Any, offset_init: Any
) -> None:
    """Raises ValueError for an initializer of a parameter that isn't created."""
    if scale_init is not None and not create_scale:
        raise ValueError("Cannot set `scale_init` if `create_scale=False`.")
    if offset_init is not None and not create_offset:
        raise ValueError("Cannot set `offset_init` if `create_offset=False`.")


def scale_offset_given(
    create_scale: bool, create_offset: bool, scale: Any, offset: Any
) -> None:
    """Raises ValueError for a value of a parameter that the module creates."""
    if scale is not None and create_scale:
        raise ValueError("Cannot pass `scale` at call time if `create_scale=True`.")
    if offset is not None and create_offset:
        raise ValueError("Cannot pass `offset` at call time if `create_offset=True`.")


def axes_argument(axis: Any) -> tuple[int, ...] | slice:
    """An ``axis`` argument as a tuple of ints, or the slice that it is.

    Raises:
      ValueError: neither an int, nor a slice, nor ints.
    """
    if isinstance(axis, slice):
        return axis
    if isinstance(axis, int):
        return (axis,)
    if isinstance(axis, Iterable):
        axes = tuple(axis)
        if all(isinstance(a, int) for a in axes):
            return axes
    raise ValueError(f"`axis` should be an int, slice or iterable of ints. Got: {axis}")


def axes_of(axis: tuple[int, ...] | slice, ndim: int) -> tuple[int, ...]:
    """The axes meant, counted from the front, in ascending order."""
    if isinstance(axis, slice):
        return tuple(range(ndim)[axis])
    return tuple(sorted({a % ndim for a in axis}))


def parameter_shape(
    axis: tuple[int, ...] | slice, shape: Sequence[int]
) -> tuple[int, ...]:
    """Shape of a parameter that varies along ``axis`` of an array of ``shape``.

    One number per element of the last axis if that is the one meant; otherwise of the
    array's rank, 1 where it doesn't vary.
    """
    ndim = len(shape)
    axes = axes_of(axis, ndim)
    if axes == (ndim - 1,):
        return (shape[-1],)
    return tuple(n if i in axes else 1 for i, n in enumerate(shape))
