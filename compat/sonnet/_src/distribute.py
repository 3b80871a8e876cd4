"""Replicating a model over devices."""

from __future__ import annotations

from typing import Any

import haiku_core as hk
from compat.dictionary import Kind, Static, T, manual, module, structural
from compat.runtime.distribution import (
    MirroredStrategy,
    TPUStrategy,
    get_replica_context,
)
from compat.runtime.tensor import Tensor
from compat.sonnet._src.batch_norm import BaseBatchNorm
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.layer import layer
from compat.sonnet._src.metrics import Metric
from compat.sonnet._src.once import once
from haiku_core import layers


@layer()
def _raw_moments(x: T, *, axes: Static):
    return layers.raw_moments(x, axes)


@layer()
def _variance(mean: T, mean_of_squares: T):
    return layers.variance_from_raw(mean, mean_of_squares)


_SHARDING = (
    "shard the batch with jax.sharding and jit the step, or jax.pmap it and average "
    "gradients with jax.lax.pmean"
)
manual(
    "snt.distribute.Replicator",
    because="tf.distribute has no counterpart: JAX programs say themselves where data "
    "lies",
    instead=_SHARDING,
    returns=Kind("other"),
)
manual(
    "snt.distribute.TpuReplicator",
    because="tf.distribute has no counterpart: JAX programs say themselves where data "
    "lies",
    instead=_SHARDING,
    returns=Kind("other"),
)
structural("snt.distribute.create_variables_eagerly", rule="drop_decorator")


def create_variables_eagerly(f: Any) -> Any:
    """`f` itself: initial values are made eagerly here anyway.

    >>> @snt.distribute.create_variables_eagerly
    ... def make():
    ...   return snt.Linear(3)
    """
    return f


class Replicator(MirroredStrategy):
    """Runs a function on replicas of a model.

    >>> replicator = snt.distribute.Replicator()
    >>> with replicator.scope():
    ...   layer = snt.Linear(3)
    >>> def step():
    ...   y = layer(tf.ones([2, 4]))
    ...   return tf.distribute.get_replica_context().all_reduce("mean", y)
    >>> replicator.run(step).shape
    TensorShape([2, 3])
    """


class TpuReplicator(TPUStrategy):
    """`Replicator` over the cores of TPUs."""


@module("snt.distribute.CrossReplicaBatchNorm")
class CrossReplicaBatchNorm(BaseBatchNorm):
    """`BaseBatchNorm` over the batches of all replicas."""

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

    @once
    def _initialize(self, inputs: Tensor) -> None:
        super()._initialize(inputs)
        self._fused = False

    def _by_batch(self, inputs: Tensor, scale: Any, offset: Any) -> tuple:
        replica = get_replica_context()
        if replica is None:
            raise TypeError(
                "Cross replica batch norm cannot be called in cross-replica context."
            )
        mean, squares = (
            replica.all_reduce("MEAN", m) for m in _raw_moments(inputs, axes=self._axis)
        )
        variance = _variance(mean, squares)
        return (
            self._normalized(inputs, mean, variance, scale, offset),
            mean,
            variance,
        )


@CrossReplicaBatchNorm.entry.when()
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
    return hk.sonnet.CrossReplicaBatchNorm(
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
