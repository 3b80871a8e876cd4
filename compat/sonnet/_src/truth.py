"""Flags that may be tensors: `is_training` and its like."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from compat.dictionary import T
from compat.runtime.control_flow import is_traced
from compat.sonnet._src.layer import layer


@layer()
def _either(x: T, y: T):
    return jnp.logical_or(x, y)


def known(flag: Any) -> bool | None:
    """The truth of a flag, or None where it is a traced tensor."""
    return None if is_traced(flag) else bool(flag)


def either(x: Any, y: Any) -> Any:
    """Whether one of two flags is true: a tensor where that is known later only."""
    known_x, known_y = known(x), known(y)
    if known_x or known_y:
        return True
    if known_x is False:
        return y
    return x if known_y is False else _either(x, y)
