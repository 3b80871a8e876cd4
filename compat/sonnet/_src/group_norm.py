"""Group normalisation."""

from __future__ import annotations

import haiku_core as hk
from compat.dictionary import module
from compat.sonnet._src import initializers
from compat.sonnet._src.axis_norm import Axis, listed_axes
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.shapes import channel_index


@module("snt.GroupNorm")
class GroupNorm(Module):
    """Normalises groups of channels together (Wu and He 2018, 1803.08494).

    `scale` and `offset` are per channel: [C], or [C, 1, …] where channels come first.
    """

    def __init__(
        self,
        groups: int,
        axis: Axis = slice(1, None),
        create_scale: bool = True,
        create_offset: bool = True,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        super().__init__(name=name)
        self._axis = listed_axes(axis)
        self._groups = groups
        self._eps = eps
        self._data_format = data_format
        self._channel_index = channel_index(data_format)
        self._create_scale = create_scale
        self._create_offset = create_offset
        self._scale_init, self._offset_init = initializers.scale_and_offset(
            create_scale, create_offset, scale_init, offset_init
        )


@GroupNorm.entry.when()
def _(
    groups,
    axis=slice(1, None),
    create_scale=True,
    create_offset=True,
    eps=1e-5,
    scale_init=None,
    offset_init=None,
    data_format="channels_last",
    name=None,
):
    return hk.GroupNorm(
        groups,
        axis=axis,
        create_scale=create_scale,
        create_offset=create_offset,
        eps=eps,
        scale_init=scale_init,
        offset_init=offset_init,
        data_format=data_format,
        name=name,
    )
