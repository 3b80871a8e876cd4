"""Batch normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from haiku_core._src.module import Module
from haiku_core._src.moving_averages import ExponentialMovingAverage
from haiku_core._src.sizes import scale_offset_conflicts, scale_offset_given
from haiku_core._src.typing import Initializer
from haiku_core._src.variables import get_parameter
from haiku_core.layers._src.arrays import as_array
from haiku_core.layers._src.conv import get_channel_index
from haiku_core.layers._src.norm import normalize, raw_moments, variance_from_raw


class BatchNorm(Module):
    """Normalises over the batch (Ioffe and Szegedy 2015, arXiv 1502.03167).

    Parameters, in the dtype of the inputs: ``scale`` and ``offset``, of the inputs'
    rank, 1 where the inputs are reduced. State: moving averages in the submodules
    ``mean_ema`` and ``var_ema``. The variance is the biased one, E[x^2] - E[x]^2.
    """

    def __init__(
        self,
        create_scale: bool,
        create_offset: bool,
        decay_rate: float,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        axis: Sequence[int] | None = None,
        cross_replica_axis: str | Sequence[str] | None = None,
        cross_replica_axis_index_groups: Sequence[Sequence[int]] | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          create_scale, create_offset: whether there are these parameters.
          decay_rate: of the moving averages.
          eps: added to the variance.
          scale_init: default ones.
          offset_init: default zeros.
          axis: axes to reduce; default all but the channels.
          cross_replica_axis: name of mapped axes over which moments are averaged too.
          cross_replica_axis_index_groups: groups of replicas for that.
          data_format: where the channels are.
          name: of the module.

        Raises:
          ValueError: an initializer for what isn't created, or groups of replicas
            without an axis.
        """
        super().__init__(name)
        scale_offset_conflicts(create_scale, create_offset, scale_init, offset_init)
        if cross_replica_axis is None and cross_replica_axis_index_groups is not None:
            raise ValueError(
                "`cross_replica_axis` name must be specified if "
                "`cross_replica_axis_index_groups` are used."
            )
        self.axis = axis
        self.channel_index = get_channel_index(data_format)
        self.create_offset, self.create_scale = create_offset, create_scale
        self.cross_replica_axis = cross_replica_axis
        self.cross_replica_axis_index_groups = cross_replica_axis_index_groups
        self.eps = eps
        self.offset_init = offset_init or jnp.zeros
        self.scale_init = scale_init or jnp.ones
        self.mean_ema = ExponentialMovingAverage(decay_rate, name="mean_ema")
        self.var_ema = ExponentialMovingAverage(decay_rate, name="var_ema")

    def __call__(
        self,
        inputs: jax.Array,
        is_training: bool,
        test_local_stats: bool = False,
        scale: jax.Array | None = None,
        offset: jax.Array | None = None,
    ) -> jax.Array:
        """Returns the inputs normalised, scaled and shifted.

        Args:
          inputs: ``[N, ..., C]``, or with the channels at axis 1.
          is_training: use the batch's moments and update the moving averages.
          test_local_stats: use the batch's moments all the same.
          scale, offset: in place of parameters that aren't created; they broadcast
            against the inputs.

        Raises:
          ValueError: ``scale`` or ``offset`` given although created.
        """
        if scale is not None or offset is not None:
            scale_offset_given(self.create_scale, self.create_offset, scale, offset)
        x = as_array(inputs)
        shape, dtype = x.shape, x.dtype
        ndim = len(shape)
        axis = self.axis
        if axis is None:
            channel = self.channel_index if self.channel_index >= 0 else ndim - 1
            axis = tuple(i for i in range(ndim) if i != channel)
        else:
            axis = tuple(axis)
        if is_training or test_local_stats:
            mean, variance = _moments(self, x, axis)
        else:
            mean = self.mean_ema.average.astype(dtype)
            variance = self.var_ema.average.astype(dtype)
        if is_training:
            self.mean_ema(mean)
            self.var_ema(variance)
        kept = tuple(1 if i in axis else n for i, n in enumerate(shape))
        if self.create_scale:
            scale = get_parameter("scale", kept, dtype, self.scale_init)
        if self.create_offset:
            offset = get_parameter("offset", kept, dtype, self.offset_init)
        return normalize(x, mean, variance, self.eps, scale, offset)


def _moments(module: Any, x: jax.Array, axis: Any) -> tuple[jax.Array, jax.Array]:
    raw = raw_moments(x, tuple(a % x.ndim for a in axis))
    if module.cross_replica_axis:
        raw = lax.pmean(
            raw,
            module.cross_replica_axis,
            axis_index_groups=module.cross_replica_axis_index_groups,
        )
    mean, squares = raw
    return mean, variance_from_raw(mean, squares)
