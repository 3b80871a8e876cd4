"""Pooling as functions and as modules."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import jax

from haiku_core._src.module import Module
from haiku_core.layers._src import pool
from haiku_core.layers._src.arrays import as_array

Sizes = int | Sequence[int]


def _per_axis(x: jax.Array, size: Sizes, channel_axis: int | None) -> tuple[int, ...]:
    """The size for each axis of ``x``: 1 for the batch, channels and missing axes."""
    ndim = x.ndim
    if not isinstance(size, int):
        if len(size) > ndim:
            raise ValueError(f"Size {tuple(size)} has more axes than shape {x.shape}.")
        return (1,) * (ndim - len(size)) + tuple(size)
    if channel_axis and not -ndim < channel_axis < ndim:
        raise ValueError(f"Invalid channel axis {channel_axis} for {x.shape}")
    alone = channel_axis % ndim if channel_axis else channel_axis
    return tuple(1 if i in (0, alone) else size for i in range(ndim))


def _arguments(
    value: jax.Array,
    window_shape: Sizes,
    strides: Sizes,
    padding: str,
    channel_axis: int | None,
) -> tuple[jax.Array, tuple[int, ...], tuple[int, ...], str]:
    if padding not in ("SAME", "VALID"):
        raise ValueError(f"Invalid padding '{padding}', must be 'SAME' or 'VALID'.")
    if any(isinstance(size, int) and size != 1 for size in (window_shape, strides)):
        warnings.warn(
            "A single int for `window_shape` or `strides` is taken for all axes but "
            "the first, which under vmap is not the batch. Write one number per axis "
            "of an example instead, say `window_shape=(3, 3, 1)` for 3: axes in front "
            "of those are batch axes.",
            DeprecationWarning,
            stacklevel=3,
        )
    x = as_array(value)
    window = _per_axis(x, window_shape, channel_axis)
    return x, window, _per_axis(x, strides, channel_axis), padding


def max_pool(
    value: jax.Array,
    window_shape: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    channel_axis: int | None = -1,
) -> jax.Array:
    """The largest element of each window.

    Args:
      value: any shape.
      window_shape: one number per axis; fewer numbers than axes stand for the last
        ones. A single int (deprecated) is for all axes but the first and the channels.
      strides: steps between windows, likewise.
      padding: ``"SAME"`` or ``"VALID"``.
      channel_axis: where an int doesn't apply; None: nowhere.

    Raises:
      ValueError: another padding, a channel axis or sizes that ``value`` lacks.
    """
    return pool.max_pool(
        *_arguments(value, window_shape, strides, padding, channel_axis)
    )


def avg_pool(
    value: jax.Array,
    window_shape: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    channel_axis: int | None = -1,
) -> jax.Array:
    """The mean of each window, padding not counted. Arguments as for ``max_pool``."""
    return pool.avg_pool(
        *_arguments(value, window_shape, strides, padding, channel_axis)
    )


class _Pool(Module):
    def __init__(
        self,
        window_shape: int | Sequence[int],
        strides: int | Sequence[int],
        padding: str,
        channel_axis: int | None = -1,
        name: str | None = None,
    ):
        """Arguments as for the function, and the module's name."""
        super().__init__(name)
        self.channel_axis = channel_axis
        self.padding = padding
        self.strides = strides
        self.window_shape = window_shape


def _settings(module: Any) -> tuple[Sizes, Sizes, str, int | None]:
    return module.window_shape, module.strides, module.padding, module.channel_axis


class MaxPool(_Pool):
    """``max_pool`` as a module."""

    def __call__(self, value: jax.Array) -> jax.Array:
        """Returns the largest element of each window."""
        return max_pool(value, *_settings(self))


class AvgPool(_Pool):
    """``avg_pool`` as a module."""

    def __call__(self, value: jax.Array) -> jax.Array:
        """Returns the mean of each window."""
        return avg_pool(value, *_settings(self))
