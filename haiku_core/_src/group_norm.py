"""Group normalisation."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from haiku_core._src.module import Module
from haiku_core._src.sizes import (
    axes_argument,
    axes_of,
    scale_offset_conflicts,
    scale_offset_given,
)
from haiku_core._src.typing import Initializer
from haiku_core._src.variables import get_parameter
from haiku_core.layers._src.arrays import as_array
from haiku_core.layers._src.conv import get_channel_index
from haiku_core.layers._src.norm import group_norm


class GroupNorm(Module):
    """Normalises groups of channels together (Wu and He 2018, arXiv 1803.08494).

    Parameters, in the dtype of the inputs: ``scale`` and ``offset``, ``[C]`` or,
    channels first, ``[C, 1, ...]``.
    """

    def __init__(
        self,
        groups: int,
        axis: int | slice | Sequence[int] = slice(1, None),
        create_scale: bool = True,
        create_offset: bool = True,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          groups: number of groups; divides the channels.
          axis: axes to normalise over, the channel axis standing for the channels of
            one group; default all but the first.
          create_scale, create_offset: whether there are these parameters.
          eps: added to the variance.
          scale_init: default ones.
          offset_init: default zeros.
          data_format: where the channels are.
          name: of the module.

        Raises:
          ValueError: no such axis, or an initializer for what isn't created.
        """
        super().__init__(name)
        self.axis = axes_argument(axis)
        scale_offset_conflicts(create_scale, create_offset, scale_init, offset_init)
        self.channel_index = get_channel_index(data_format)
        self.create_offset, self.create_scale = create_offset, create_scale
        self.data_format, self.groups = data_format, groups
        self.eps = eps
        self.offset_init = offset_init or jnp.zeros
        self.scale_init = scale_init or jnp.ones
        self.rank: int | None = None

    def __call__(
        self,
        x: jax.Array,
        scale: jax.Array | None = None,
        offset: jax.Array | None = None,
    ) -> jax.Array:
        """Returns ``x`` normalised, scaled and shifted.

        Args:
          x: ``[N, *spatial, C]`` or ``[N, C, *spatial]``.
          scale, offset: in place of parameters that aren't created.

        Raises:
          ValueError: another rank than in the first call, channels that the groups
            don't divide, or ``scale`` or ``offset`` given although created.
        """
        x = as_array(x)
        shape, dtype = x.shape, x.dtype
        ndim = len(shape)
        if self.rank not in (None, ndim):
            raise ValueError(
                "The rank of the inputs cannot change between calls, the original call "
                f"was rank={self.rank} but this call was rank={ndim}."
            )
        if scale is not None or offset is not None:
            scale_offset_given(self.create_scale, self.create_offset, scale, offset)
        last = self.channel_index == -1
        channels = shape[self.channel_index]
        if channels % self.groups:
            raise ValueError(
                "The number of channels must be divisible by the number of groups, was "
                f"channels={channels}, groups={self.groups}"
            )
        self.rank = ndim
        varying = (channels,) if last else (channels,) + (1,) * (ndim - 2)
        if self.create_scale:
            scale = get_parameter("scale", varying, dtype, self.scale_init)
        if self.create_offset:
            offset = get_parameter("offset", varying, dtype, self.offset_init)
        return group_norm(
            x,
            self.groups,
            axes_of(self.axis, ndim),
            self.eps,
            scale,
            offset,
            channels_last=last,
        )
