"""Reshaping all axes but the first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import Static, T, module
from compat.runtime.errors import InvalidArgumentError
from compat.runtime.shapes import static_shape
from compat.runtime.tensor import Tensor, convert
from compat.sonnet._src.base import Module, no_name_scope
from compat.sonnet._src.layer import layer
from compat.sonnet._src.once import once
from compat.sonnet._src.shapes import sizes


@layer()
def _reshape(x: T, *, shape: Static):
    return jnp.reshape(x, shape)


def reshape(
    inputs: Any, output_shape: Sequence[int], preserve_dims: int = 1, name=None
) -> Tensor:
    """`inputs` with all axes after the first `preserve_dims` in another shape."""
    return Reshape(output_shape, preserve_dims, name=name)(inputs)


def flatten(inputs: Any, name: str = "flatten") -> Tensor:
    """`inputs` as a matrix: all axes after the first in one."""
    return Flatten(name=name)(inputs)


def _fitting(inputs: Tensor, shape: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape, if the inputs have as many elements.

    Raises:
      InvalidArgumentError: they have not, or a size is negative.
      ValueError: it is no shape.
    """
    try:
        wanted = static_shape(shape)
    except (AttributeError, TypeError) as error:
        raise ValueError(f"{shape!r} is no shape: {error}") from None
    for axis, size in enumerate(wanted):
        if size < 0:
            raise InvalidArgumentError(f"Size {axis} must be non-negative, not {size}")
    have, want = math.prod(sizes(inputs)), math.prod(wanted)
    if have != want:
        raise InvalidArgumentError(
            f"Input to reshape is a tensor with {have} values, but the requested shape "
            f"has {want}: {inputs.shape} as {wanted}"
        )
    return wanted


@module("snt.Reshape")
class Reshape(Module):
    """Gives the axes after the first `preserve_dims` another shape.

    One entry of `output_shape` may be -1.
    """

    def __init__(
        self,
        output_shape: Sequence[int],
        preserve_dims: int = 1,
        name: str | None = None,
    ):
        super().__init__(name=name)
        if preserve_dims <= 0:
            raise ValueError("Argument preserve_dims should be >= 1.")
        self._output_shape = output_shape
        self._preserve_dims = preserve_dims

    @once
    def _initialize(self, inputs: Tensor) -> None:
        rank = len(inputs.shape)
        if rank < self._preserve_dims:
            raise ValueError(
                f"Input tensor has {rank} dimensions, should have at least as many as "
                f"preserve_dims={self._preserve_dims}"
            )
        self._input_shape = inputs.shape

    def __call__(self, inputs: Any) -> Tensor:
        """The same elements in the other shape."""
        inputs = convert(inputs)
        self._initialize(inputs)
        kept = sizes(inputs)[: self._preserve_dims]
        shape = tuple(self._output_shape)
        if -1 in shape:
            # Worked out here: numpy's -1 has no answer for arrays without elements.
            others = abs(math.prod(shape))
            size = math.prod(sizes(inputs)[self._preserve_dims :])
            missing = size // others if others else 0
            shape = tuple(missing if n == -1 else n for n in shape)
        return _reshape(inputs, shape=_fitting(inputs, kept + shape))

    @no_name_scope
    def reversed(self, name: str | None = None) -> Reshape:
        """A module that goes back to the shape of this one's first input."""
        return Reshape(
            self._input_shape[self._preserve_dims :],
            self._preserve_dims,
            f"{self.name}_reversed" if name is None else name,
        )


# Sonnet appends the new axes to inputs that have just the kept ones.
_MORE_AXES = "exact for inputs of more than preserve_dims axes; others stay as they are"


@Reshape.entry.when(because=_MORE_AXES)
def _(output_shape, preserve_dims=1, name=None):
    return hk.Reshape(output_shape, preserve_dims=preserve_dims, name=name)


@module("snt.Flatten")
class Flatten(Reshape):
    """Puts all axes after the first `preserve_dims` into one."""

    def __init__(self, preserve_dims: int = 1, name: str | None = None):
        super().__init__((-1,), preserve_dims, name)


@Flatten.entry.when(because=_MORE_AXES)
def _(preserve_dims=1, name=None):
    return hk.Flatten(preserve_dims=preserve_dims, name=name)
