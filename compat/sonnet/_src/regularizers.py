"""Penalties on the size of tensors."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import Kind, T, Ts, module, value
from compat.runtime.tensor import Tensor, convert
from compat.sonnet._src.layer import layer

_KIND = Kind("function", detail="regularizer")

value(
    "snt.regularizers.Regularizer",
    spelling="hk.sonnet.Regularizer",
    returns=Kind("class"),
)


@layer()
def _absolutes(scale: T, tensors: Ts):
    return scale * sum(jnp.sum(jnp.abs(t)) for t in tensors)


@layer()
def _squares(scale: T, tensors: Ts):
    return scale * sum(jnp.sum(jnp.square(t)) for t in tensors)


@layer()
def _products(scale: T, tensors: Ts):
    total = 0
    for t in tensors:
        matrix = t.reshape(-1, t.shape[-1])
        squared = jnp.square(matrix.T @ matrix)
        total = total + jnp.sum(squared) - jnp.trace(squared)
    return scale * total


@layer()
def _zero(scale: T):
    return jnp.zeros_like(scale)


class Regularizer(abc.ABC):
    """A penalty: a list of tensors to one number."""

    @abc.abstractmethod
    def __call__(self, tensors: Sequence[Any]) -> Any:
        """The penalty of `tensors`."""


@module("snt.regularizers.L1", returns=_KIND)
class L1(Regularizer):
    """`scale` times the sum of absolute values."""

    def __init__(self, scale: float):
        self.scale = not_negative(scale)

    def __repr__(self) -> str:
        return f"L1(scale={self.scale})"

    def __call__(self, tensors: Sequence[Any]) -> Tensor:
        """The penalty; zero for no tensors."""
        return penalty(_absolutes, self.scale, tensors)


@L1.entry.when()
def _(scale):
    return hk.sonnet.L1(scale)


@module("snt.regularizers.L2", returns=_KIND)
class L2(Regularizer):
    """`scale` times the sum of squares.

    >>> float(snt.regularizers.L2(0.5)([tf.constant([1.0, 2.0])]))
    2.5
    """

    def __init__(self, scale: float):
        self.scale = not_negative(scale)

    def __repr__(self) -> str:
        return f"L2(scale={self.scale})"

    def __call__(self, tensors: Sequence[Any]) -> Tensor:
        """The penalty; zero for no tensors."""
        return penalty(_squares, self.scale, tensors)


@L2.entry.when()
def _(scale):
    return hk.sonnet.L2(scale)


@module("snt.regularizers.OffDiagonalOrthogonal", returns=_KIND)
class OffDiagonalOrthogonal(Regularizer):
    """`scale` times the squared products of different columns (1809.11096)."""

    def __init__(self, scale: float):
        self.scale = not_negative(scale)

    def __repr__(self) -> str:
        return f"Orthogonal(scale={self.scale})"

    def __call__(self, tensors: Sequence[Any]) -> Tensor:
        """The penalty; zero for no tensors."""
        return penalty(_products, self.scale, tensors)


@OffDiagonalOrthogonal.entry.when()
def _(scale):
    return hk.sonnet.OffDiagonalOrthogonal(scale)


def penalty(fn: Any, scale: Any, tensors: Sequence[Any]) -> Tensor:
    """`fn(scale, tensors)`, the scale in the dtype of the tensors."""
    if not tensors:
        return _zero(scale)
    tensors = [convert(t) for t in tensors]
    return fn(convert(scale, tensors[0].dtype.numpy), tensors)


def not_negative(scale: Any) -> Any:
    """`scale` itself.

    Raises:
      ValueError: it is below zero.
    """
    if scale < 0:
        raise ValueError(f"scale must be >=0, got {scale}")
    return scale
