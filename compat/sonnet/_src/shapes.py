"""Small questions about shapes."""

from __future__ import annotations

from typing import Any

from compat.runtime.tensor import Tensor
from haiku_core._src.sizes import replicate as replicate


def sizes(x: Tensor) -> tuple[int, ...]:
    """The shape as arithmetic wants it: where `x.shape` has None, what stands in."""
    return x._array.shape


def require_rank(x: Any, rank: int) -> None:
    """Raises ValueError unless `x` has exactly `rank` axes."""
    if len(x.shape) != rank:
        raise ValueError(f"Shape {tuple(x.shape)} must have rank {rank}")


def require_rank_of_at_least(x: Any, rank: int) -> None:
    """Raises ValueError where `x` has fewer than `rank` axes."""
    if len(x.shape) < rank:
        raise ValueError(f"Shape {tuple(x.shape)} must have rank >= {rank}")
