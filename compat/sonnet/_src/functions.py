"""Sonnet's functions on tensors, as legacy code calls them."""

from __future__ import annotations

from typing import Any

from compat.runtime.dispatch import dispatch
from compat.runtime.tensor import is_tensor
from compat.sonnet._src import ops

_merge = dispatch(ops.merge_leading_dims)
_split = dispatch(ops.split_leading_dim)
scale_gradient = dispatch(ops.scale_gradient)
leaky_clip_by_value = dispatch(ops.leaky_clip_by_value)


def merge_leading_dims(x: Any, num_dims: int) -> Any:
    """A tensor with its first `num_dims` axes made one; anything else as it is.

    Tensors of fewer axes are returned unchanged.
    """
    return _merge(x, num_dims) if is_tensor(x) else x


def split_leading_dim(x: Any, example: Any, num_dims: int) -> Any:
    """A tensor with its first axis split like the first `num_dims` of `example`."""
    return _split(x, example, num_dims) if is_tensor(x) else x
