"""Replicating a model over devices."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import jax

from compat.dictionary import Kind, Static, T, manual, module, structural
from compat.runtime.distribution import DeviceSpec, get_replica_context
from compat.runtime.tensor import Tensor
from compat.sonnet._src.batch_norm import BaseBatchNorm
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.layer import layer
from compat.sonnet._src.metrics import Metric
from compat.sonnet._src.once import once
from compat.sonnet._src.replicas import Strategy
from compat.sonnet._src.variants import takes_the_same
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


class Replicator(Strategy):
    """Runs a function on replicas of a model, one on each local device.

    Args:
      devices: names such as "/device:GPU:1", which count JAX's local devices; all of
        them by default.
      cross_device_ops: has no effect.

    >>> replicator = snt.distribute.Replicator()
    >>> with replicator.scope():
    ...   layer = snt.Linear(3)
    >>> def step():
    ...   y = layer(tf.ones([2, 4]))
    ...   return tf.distribute.get_replica_context().all_reduce("mean", y)
    >>> y = replicator.experimental_local_results(replicator.run(step))
    >>> y[0].shape
    TensorShape([2, 3])
    """

    def __init__(
        self, devices: Sequence[str] | None = None, cross_device_ops: Any = None
    ) -> None:
        del cross_device_ops
        local = jax.local_devices()
        if devices is not None:
            numbers = [DeviceSpec.from_string(d).device_index or 0 for d in devices]
            if max(numbers) >= len(local):
                raise ValueError(
                    f"devices {list(devices)}: JAX has {len(local)} local devices"
                )
            local = [local[n] for n in numbers]
        super().__init__(local)

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Inside, variables are made with a value for each replica."""
        with super().scope(), self.creator():
            yield


class TpuReplicator(Replicator):
    """`Replicator` over the cores of TPUs.

    Args:
      tpu_cluster_resolver, experimental_device_assignment,
      experimental_spmd_xla_partitioning: have no effect.
    """

    def __init__(
        self,
        tpu_cluster_resolver: Any = None,
        experimental_device_assignment: Any = None,
        experimental_spmd_xla_partitioning: bool = False,
    ) -> None:
        super().__init__()


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


takes_the_same(CrossReplicaBatchNorm.entry, "hk.sonnet.CrossReplicaBatchNorm")
