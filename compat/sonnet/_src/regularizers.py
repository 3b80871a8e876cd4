"""Penalties on the size of tensors."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import haiku_core as hk
from compat.dictionary import Kind, module, value

_KIND = Kind("function", detail="regularizer")

value(
    "snt.regularizers.Regularizer",
    spelling="hk.sonnet.Regularizer",
    returns=Kind("class"),
)


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


@L1.entry.when()
def _(scale):
    return hk.sonnet.L1(scale)


@module("snt.regularizers.L2", returns=_KIND)
class L2(Regularizer):
    """`scale` times the sum of squares."""

    def __init__(self, scale: float):
        self.scale = not_negative(scale)


@L2.entry.when()
def _(scale):
    return hk.sonnet.L2(scale)


@module("snt.regularizers.OffDiagonalOrthogonal", returns=_KIND)
class OffDiagonalOrthogonal(Regularizer):
    """`scale` times the squared products of different columns (1809.11096)."""

    def __init__(self, scale: float):
        self.scale = not_negative(scale)


@OffDiagonalOrthogonal.entry.when()
def _(scale):
    return hk.sonnet.OffDiagonalOrthogonal(scale)


def not_negative(scale: Any) -> Any:
    """`scale` itself.

    Raises:
      ValueError: it is below zero.
    """
    if scale < 0:
        raise ValueError(f"scale must be >=0, got {scale}")
    return scale
