"""Group normalisation."""

from __future__ import annotations

from typing import Any

import haiku_core as hk
from compat.dictionary import Static, T, module
from compat.runtime.tensor import Tensor, convert
from compat.sonnet._src import axis_norm, initializers
from compat.sonnet._src.axis_norm import Axis, listed_axes
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.layer import layer
from compat.sonnet._src.once import once
from compat.sonnet._src.variants import takes_the_same
from haiku_core import layers


@layer("x")
def _group_norm(
    x: T,
    scale: T = None,
    offset: T = None,
    *,
    groups: Static,
    axes: Static,
    eps: Static,
    last: Static,
):
    return layers.group_norm(x, groups, axes, eps, scale, offset, channels_last=last)


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
        self._channel_index = layers.get_channel_index(data_format)
        self._create_scale = create_scale
        self._create_offset = create_offset
        self._scale_init, self._offset_init = initializers.scale_and_offset(
            create_scale, create_offset, scale_init, offset_init
        )

    @once
    def _initialize(self, inputs: Tensor) -> None:
        self._rank = len(inputs.shape)
        if isinstance(self._axis, slice):
            self._axis = tuple(range(self._rank))[self._axis]
        self.scale, self.offset = axis_norm.scale_and_offset_variables(
            inputs, self._channel_index, self._scale_init, self._offset_init
        )
        channels = inputs.shape[self._channel_index]
        if channels % self._groups:
            raise ValueError(
                "The number of channels must be divisible by the number of groups, was "
                f"channels = {channels}, groups = {self._groups}"
            )

    def __call__(self, inputs: Any, scale: Any = None, offset: Any = None) -> Tensor:
        """The inputs, normalised, in their own shape; raises as `LayerNorm` does."""
        inputs = convert(inputs)
        self._initialize(inputs)
        scale = axis_norm.chosen("scale", self._create_scale, self.scale, scale)
        offset = axis_norm.chosen("offset", self._create_offset, self.offset, offset)
        axis_norm.require_same_rank(self._rank, inputs)
        return _group_norm(
            inputs,
            scale,
            offset,
            groups=self._groups,
            axes=tuple(a % self._rank for a in self._axis),
            eps=self._eps,
            last=self._channel_index == -1,
        )


@GroupNorm.entry.when("axis is omitted")
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
        create_scale=create_scale,
        create_offset=create_offset,
        eps=eps,
        scale_init=scale_init,
        offset_init=offset_init,
        data_format=data_format,
        name=name,
    )


takes_the_same(GroupNorm.entry, "hk.GroupNorm")
