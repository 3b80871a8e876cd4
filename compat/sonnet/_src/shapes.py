"""Small questions about shapes, axes and data formats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_LAST = re.compile(r"N[^C]*C|(?:BT|TB)[^D]*D|channels_last")
_FIRST = re.compile(r"NC[^C]*|channels_first")


def channel_index(data_format: str) -> int:
    """1 or -1: where the channels are in "NHWC", "NCW", "channels_first", "BTD" …

    Raises:
      ValueError: the format says nothing of the kind.
    """
    if _FIRST.fullmatch(data_format):
        return 1
    if _LAST.fullmatch(data_format):
        return -1
    raise ValueError(
        f"Unable to extract channel information from {data_format!r}: use a spatial "
        "format such as 'NHWC' or 'NCW', a sequence format such as 'BTD', "
        "'channels_first' or 'channels_last'."
    )


def replicate(value: Any, times: int, name: str) -> tuple:
    """One value per axis: a scalar or a sequence of one is repeated.

    Raises:
      TypeError: a sequence of any other length.
    """
    if not isinstance(value, Sequence):
        return (value,) * times
    if len(value) not in (1, times):
        raise TypeError(
            f"{name} must be a scalar or sequence of length 1 or sequence of length "
            f"{times}, not {value!r}."
        )
    return tuple(value) * (times // len(value))


def require_rank(x: Any, rank: int) -> None:
    """Raises ValueError unless `x` has exactly `rank` axes."""
    if len(x.shape) != rank:
        raise ValueError(f"Shape {tuple(x.shape)} must have rank {rank}")


def require_rank_of_at_least(x: Any, rank: int) -> None:
    """Raises ValueError where `x` has fewer than `rank` axes."""
    if len(x.shape) < rank:
        raise ValueError(f"Shape {tuple(x.shape)} must have rank >= {rank}")
