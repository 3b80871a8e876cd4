"""Small questions about shapes."""

from __future__ import annotations

from typing import Any

from haiku_core._src.sizes import replicate as replicate


def require_rank(x: Any, rank: int) -> None:
    """Raises ValueError unless `x` has exactly `rank` axes."""
    if len(x.shape) != rank:
        raise ValueError(f"Shape {tuple(x.shape)} must have rank {rank}")


def require_rank_of_at_least(x: Any, rank: int) -> None:
    """Raises ValueError where `x` has fewer than `rank` axes."""
    if len(x.shape) < rank:
        raise ValueError(f"Shape {tuple(x.shape)} must have rank >= {rank}")
