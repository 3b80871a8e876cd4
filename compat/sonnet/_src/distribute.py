"""Replicating a model over devices."""

from __future__ import annotations

from typing import Any

import haiku_core as hk
from compat.dictionary import Kind, manual, module, structural
from compat.sonnet._src.batch_norm import BaseBatchNorm
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.metrics import Metric

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
    """`f` itself: initial values are made eagerly here anyway."""
    return f


class Replicator:
    """Runs a function on replicas of a model."""


class TpuReplicator(Replicator):
    """The same."""


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
