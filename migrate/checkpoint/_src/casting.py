"""Which changes of element type a conversion makes, and which it refuses."""

from __future__ import annotations

import enum

import ml_dtypes
import numpy as np

from compat.bundle import BundleError


class Change(enum.Enum):
    """How one element type becomes another."""

    NONE = "none"
    EXACT = "exact"  # every value of the first is one of the second
    CHECKED = "checked"  # a narrower integer: exact unless a value is out of range
    LOSSY = "lossy"


def change(source: np.dtype | None, target: np.dtype) -> Change:
    """What it takes to turn elements of `source` into `target`."""
    if source == target:
        return Change.NONE
    if source is None or source.hasobject:
        return Change.LOSSY
    if source.kind in "iu" and target.kind in "iu":
        inside = np.can_cast(source, target, "safe")
        return Change.EXACT if inside else Change.CHECKED
    if source.kind == "b" or target.kind == "b":
        return Change.LOSSY
    if _is_float(source) and _is_float(target) and _contains(target, source):
        return Change.EXACT
    if source.kind in "fc" and target.kind == "c":
        if np.can_cast(source, target, "safe"):
            return Change.EXACT
    return Change.LOSSY


def _is_float(kind: np.dtype) -> bool:
    try:
        ml_dtypes.finfo(kind)
    except ValueError:
        return False
    return kind.kind != "c"


def _contains(wide: np.dtype, narrow: np.dtype) -> bool:
    big, small = ml_dtypes.finfo(wide), ml_dtypes.finfo(narrow)
    return (
        big.nmant >= small.nmant
        and float(big.max) >= float(small.max)
        and float(big.smallest_subnormal) <= float(small.smallest_subnormal)
    )


def cast(array: np.ndarray, target: np.dtype, about: str) -> np.ndarray:
    """Casts an array, checking the range of integers.

    Raises:
      BundleError: An integer does not fit.
    """
    if change(array.dtype, target) is Change.CHECKED and array.size:
        limits = np.iinfo(target)
        if array.min() < limits.min or array.max() > limits.max:
            raise BundleError(f"{about}: a value does not fit into {target}")
    return array.astype(target)
