"""Comparing numbers of two programs, against the error that float32 itself makes."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np


def error(got: Any, want: Any) -> float:
    """The largest difference of two trees of arrays, over the scale of `want`.

    Raises:
      AssertionError: the trees differ in structure, shapes or kinds of dtypes.
    """
    got_leaves, got_tree = jax.tree.flatten(got)
    want_leaves, want_tree = jax.tree.flatten(want)
    assert got_tree == want_tree, f"{got_tree} is not {want_tree}"
    worst = 0.0
    for a, b in zip(got_leaves, want_leaves, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape, f"shape {a.shape} is not {b.shape}"
        assert a.dtype.kind == b.dtype.kind, f"dtype {a.dtype} is not like {b.dtype}"
        if not b.size:
            continue
        if b.dtype.kind != "f":
            assert np.array_equal(a, b), f"{a} is not {b}"
            continue
        scale = max(np.max(np.abs(b.astype(np.float64))), 1e-30)
        difference = np.max(np.abs(a.astype(np.float64) - b.astype(np.float64)))
        worst = max(worst, float(difference / scale))
    return worst


def tolerance(floor: float) -> float:
    """What float32 may differ by: four times the model's own error, 1e-5 at least."""
    return max(1e-5, 4 * floor)
