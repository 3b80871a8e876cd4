"""Batch normalisation."""

from __future__ import annotations

import math
from typing import Any

from compat.dictionary import Static, T, module
from compat.runtime.control_flow import cond
from compat.runtime.names import name_scope
from compat.runtime.tensor import Tensor, convert
from compat.sonnet._src import axis_norm
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Initializer, scale_and_offset
from compat.sonnet._src.layer import layer
from compat.sonnet._src.metrics import ExponentialMovingAverage, Metric
from compat.sonnet._src.once import once
from compat.sonnet._src.truth import either
from compat.sonnet._src.variants import takes_the_same
from haiku_core import layers


@layer("x")
def _by_batch(x: T, scale: T, offset: T, *, axes: Static, eps: Static, fused: Static):
    """(outputs, mean, variance to be kept), by the statistics of the batch."""
    mean, variance = layers.moments(x, axes)
    out = layers.batch_normalization(x, mean, variance, eps, scale, offset)
    if fused:  # TensorFlow's fused kernel keeps the unbiased estimate
        variance = layers.bessel(variance, math.prod(x.shape[a] for a in axes))
    return out, mean, variance


@layer("x")
def _by_statistics(x: T, mean: T, variance: T, scale: T, offset: T, *, eps: Static):
    return layers.batch_normalization(x, mean, variance, eps, scale, offset)


@layer()
def _means(x: T, *, axes: Static):
    return layers.mean(x, axes)


@module("snt.BaseBatchNorm")
class BaseBatchNorm(Module):
    """Normalises each channel by the batch, or by statistics kept in two metrics.

    Ioffe and Szegedy 2015 (1502.03167). `scale` and `offset` are always there and
    always applied: where they aren't "created" they are not trainable.
    """

    def __init__(
        self,
        create_scale: bool,
        create_offset: bool,
        moving_mean: Metric,
        moving_variance: Metric,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        super().__init__(name=name)
        scale_and_offset(create_scale, create_offset, scale_init, offset_init)
        self._eps = eps
        self.moving_mean = moving_mean
        self.moving_variance = moving_variance
        self._data_format = data_format
        self._channel_index = layers.get_channel_index(data_format)
        self._create_scale = create_scale
        self._create_offset = create_offset
        self._scale_init, self._offset_init = scale_and_offset(
            True, True, scale_init, offset_init
        )

    @once
    def _initialize(self, inputs: Tensor) -> None:
        rank = len(inputs.shape)
        self._fused = rank == 4 and self._channel_index == -1
        self._axis = tuple(a for a in range(rank) if a != self._channel_index % rank)
        like = _means(inputs, axes=self._axis)
        self.shape = like.shape
        self.moving_mean.initialize(like)
        self.moving_variance.initialize(like)
        self.scale, self.offset = axis_norm.scale_and_offset_variables(
            inputs,
            self._channel_index,
            self._scale_init,
            self._offset_init,
            (self._create_scale, self._create_offset),
        )

    def __call__(
        self,
        inputs: Any,
        is_training: Any,
        test_local_stats: Any = False,
        scale: Any = None,
        offset: Any = None,
    ) -> Tensor:
        """The inputs, normalised.

        Args:
          inputs: [batch, …, channels], or with the channels first.
          is_training: whether to use the batch's statistics and to remember them; a
            bool or a tensor of one.
          test_local_stats: whether to use the batch's statistics without remembering.
          scale, offset: in place of the module's, where it was told to create none.

        Raises:
          ValueError: `scale` or `offset` for a module that has its own.
        """
        axis_norm.chosen("scale", self._create_scale, None, scale)
        axis_norm.chosen("offset", self._create_offset, None, offset)
        inputs = convert(inputs)
        self._initialize(inputs)
        scale = self.scale if scale is None else scale
        offset = self.offset if offset is None else offset
        out, mean, variance = cond(
            either(is_training, test_local_stats),
            lambda: self._by_batch(inputs, scale, offset),
            lambda: self._by_statistics(inputs, scale, offset),
        )
        cond(
            is_training,
            lambda: self._update_statistics(mean, variance),
            lambda: None,
        )
        return out

    def _by_batch(self, inputs: Tensor, scale: Any, offset: Any) -> tuple:
        return _by_batch(
            inputs, scale, offset, axes=self._axis, eps=self._eps, fused=self._fused
        )

    def _by_statistics(self, inputs: Tensor, scale: Any, offset: Any) -> tuple:
        mean, variance = self.moving_mean.value, self.moving_variance.value
        out = self._normalized(inputs, mean, variance, scale, offset)
        return out, mean, variance

    def _normalized(self, inputs: Tensor, *statistics: Any) -> Tensor:
        return _by_statistics(inputs, *statistics, eps=self._eps)

    def _update_statistics(self, mean: Tensor, variance: Tensor) -> None:
        self.moving_mean.update(mean)
        self.moving_variance.update(variance)


takes_the_same(BaseBatchNorm.entry, "hk.sonnet.BaseBatchNorm")


@module("snt.BatchNorm")
class BatchNorm(BaseBatchNorm):
    """`BaseBatchNorm` with exponential moving averages of mean and variance."""

    def __init__(
        self,
        create_scale: bool,
        create_offset: bool,
        decay_rate: float = 0.999,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        with name_scope(name or "batch_norm"):
            moving_mean = ExponentialMovingAverage(decay_rate, name="moving_mean")
            moving_variance = ExponentialMovingAverage(
                decay_rate, name="moving_variance"
            )
        super().__init__(
            create_scale,
            create_offset,
            moving_mean,
            moving_variance,
            eps,
            scale_init,
            offset_init,
            data_format,
            name,
        )


takes_the_same(BatchNorm.entry, "hk.sonnet.BatchNorm")
