"""Flags that may be tensors: `is_training` and its like."""

from __future__ import annotations

from typing import Any

from compat.runtime.tensor import Tracer, convert, is_tensor


def known(flag: Any) -> bool | None:
    """The truth of a flag, or None where it is a traced tensor."""
    if not is_tensor(flag):
        return bool(flag)
    value = convert(flag)
    return None if isinstance(value._array, Tracer) else bool(value)
