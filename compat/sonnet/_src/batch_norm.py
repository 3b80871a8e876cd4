"""Batch normalisation."""

from __future__ import annotations

import haiku_core as hk
from compat.dictionary import module
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Initializer, scale_and_offset
from compat.sonnet._src.metrics import ExponentialMovingAverage, Metric
from compat.sonnet._src.shapes import channel_index


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
        self._channel_index = channel_index(data_format)
        self._create_scale = create_scale
        self._create_offset = create_offset
        self._scale_init, self._offset_init = scale_and_offset(
            True, True, scale_init, offset_init
        )


@BaseBatchNorm.entry.when()
def _(
    create_scale,
    create_offset,
    moving_mean,
    moving_variance,
    eps=1e-5,
    scale_init=None,
    offset_init=None,
    data_format="channels_last",
    name=None,
):
    return hk.sonnet.BaseBatchNorm(
        create_scale,
        create_offset,
        moving_mean,
        moving_variance,
        eps=eps,
        scale_init=scale_init,
        offset_init=offset_init,
        data_format=data_format,
        name=name,
    )


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
        super().__init__(
            create_scale,
            create_offset,
            ExponentialMovingAverage(decay_rate, name="moving_mean"),
            ExponentialMovingAverage(decay_rate, name="moving_variance"),
            eps,
            scale_init,
            offset_init,
            data_format,
            name,
        )


@BatchNorm.entry.when()
def _(
    create_scale,
    create_offset,
    decay_rate=0.999,
    eps=1e-5,
    scale_init=None,
    offset_init=None,
    data_format="channels_last",
    name=None,
):
    return hk.sonnet.BatchNorm(
        create_scale,
        create_offset,
        decay_rate=decay_rate,
        eps=eps,
        scale_init=scale_init,
        offset_init=offset_init,
        data_format=data_format,
        name=name,
    )
