"""Normalisation by the statistics of each example: layer and instance norm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import haiku_core as hk
from compat.dictionary import module
from compat.sonnet._src import initializers
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.shapes import channel_index

Axis = int | slice | Sequence[int]


def listed_axes(axis: Axis) -> slice | Sequence[int]:
    """A slice as it is, one axis as a tuple, several as given.

    Raises:
      ValueError: neither of these.
    """
    if isinstance(axis, slice):
        return axis
    if isinstance(axis, int):
        return (axis,)
    if isinstance(axis, Iterable) and all(isinstance(a, int) for a in axis):
        return axis
    raise ValueError("`axis` should be an int, slice or iterable of ints.")


@module("snt.LayerNorm")
class LayerNorm(Module):
    """Takes away the mean and the deviation over the given axes of the input.

    Ba et al. 2016 (1607.06450). `scale` and `offset` are per channel: [C], or
    [C, 1, …] where channels come first.
    """

    def __init__(
        self,
        axis: Axis,
        create_scale: bool,
        create_offset: bool,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        super().__init__(name=name)
        self._axis = listed_axes(axis)
        self._eps = eps
        self._data_format = data_format
        self._channel_index = channel_index(data_format)
        self._rank = None
        self._create_scale = create_scale
        self._create_offset = create_offset
        self._scale_init, self._offset_init = initializers.scale_and_offset(
            create_scale, create_offset, scale_init, offset_init
        )


# Haiku takes the axis of the parameters instead of a data format.
@LayerNorm.entry.when(
    "data_format in ('channels_last', 'NC', 'NWC', 'NHWC', 'NDHWC', 'BTD', 'TBD')"
)
def _(
    axis,
    create_scale,
    create_offset,
    eps=1e-5,
    scale_init=None,
    offset_init=None,
    data_format="channels_last",
    name=None,
):
    return hk.LayerNorm(
        axis=axis,
        create_scale=create_scale,
        create_offset=create_offset,
        eps=eps,
        scale_init=scale_init,
        offset_init=offset_init,
        param_axis=-1,
        name=name,
    )


@LayerNorm.entry.when("data_format in ('channels_first', 'NCW', 'NCHW', 'NCDHW')")
def _(
    axis,
    create_scale,
    create_offset,
    eps=1e-5,
    scale_init=None,
    offset_init=None,
    data_format="channels_last",
    name=None,
):
    return hk.LayerNorm(
        axis=axis,
        create_scale=create_scale,
        create_offset=create_offset,
        eps=eps,
        scale_init=scale_init,
        offset_init=offset_init,
        param_axis=1,
        name=name,
    )


@module("snt.InstanceNorm")
class InstanceNorm(LayerNorm):
    """Layer norm over the spatial axes of each channel (Ulyanov 2016, 1607.08022)."""

    def __init__(
        self,
        create_scale: bool,
        create_offset: bool,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        first = channel_index(data_format) == 1
        super().__init__(
            slice(2, None) if first else slice(1, -1),
            create_scale,
            create_offset,
            eps,
            scale_init,
            offset_init,
            data_format,
            name,
        )


@InstanceNorm.entry.when()
def _(
    create_scale,
    create_offset,
    eps=1e-5,
    scale_init=None,
    offset_init=None,
    data_format="channels_last",
    name=None,
):
    return hk.InstanceNorm(
        create_scale,
        create_offset,
        eps=eps,
        scale_init=scale_init,
        offset_init=offset_init,
        data_format=data_format,
        name=name,
    )
