"""Reshaping all axes but the first."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import Call, Floats, Ignored, Like, Static, T, module, op
from compat.sonnet._src.base import Module


@op(
    "snt.reshape",
    returns=Like("inputs"),
    check=[
        Call(Floats(2, 3, 4), output_shape=[12]),
        Call(Floats(2, 3, 4), output_shape=[2, -1], preserve_dims=2),
    ],
)
def reshape(
    inputs: T, output_shape: Static, preserve_dims: Static = 1, name: Ignored = None
):
    """`inputs` with all axes after the first `preserve_dims` in another shape."""
    return jnp.reshape(inputs, (*inputs.shape[:preserve_dims], *output_shape))


@op("snt.flatten", returns=Like("inputs"), check=[Call(Floats(2, 3, 4))])
def flatten(inputs: T, name: Ignored = "flatten"):
    """`inputs` as a matrix: all axes after the first in one."""
    return jnp.reshape(inputs, (inputs.shape[0], -1))


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


@Reshape.entry.when()
def _(output_shape, preserve_dims=1, name=None):
    return hk.Reshape(output_shape, preserve_dims=preserve_dims, name=name)


@module("snt.Flatten")
class Flatten(Reshape):
    """Puts all axes after the first `preserve_dims` into one."""

    def __init__(self, preserve_dims: int = 1, name: str | None = None):
        super().__init__((-1,), preserve_dims, name)


@Flatten.entry.when()
def _(preserve_dims=1, name=None):
    return hk.Flatten(preserve_dims=preserve_dims, name=name)
