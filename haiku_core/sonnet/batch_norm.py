"""Sonnet's batch normalisation, whose numbers differ from Haiku's.

Needs the sibling file ``metrics.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import haiku_core as hk

from .metrics import ExponentialMovingAverage

Initializer = Callable[[Any, Any], jax.Array]


def _chosen(flag: Any, new: Any, old: Any) -> Any:
    """``new`` where the flag, a bool or a traced one, is true."""
    if isinstance(flag, jax.core.Tracer):
        return jax.tree.map(lambda a, b: jnp.where(flag, a, b), new, old)
    return new if flag else old


class BaseBatchNorm(hk.Module):
    """Batch normalisation with metrics of the caller's choice for the moments.

    Unlike ``hk.BatchNorm``: the variance is taken in two passes; on ``[N, H, W, C]``
    inputs the *stored* variance is the unbiased one (times n / (n - 1), as
    TensorFlow's fused kernel returns it) while the batch is normalised by the biased
    one; scale and offset always exist and are always applied. Parameters ``scale`` and
    ``offset``, ``[C]`` or, channels first, ``[C, 1, ...]``; one that isn't trained
    (``create_*`` false) is state of the same name. Other state: the metrics'.
    """

    def __init__(
        self,
        create_scale: bool,
        create_offset: bool,
        moving_mean: Any,
        moving_variance: Any,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          create_scale, create_offset: whether these are trained.
          moving_mean, moving_variance: metrics (``initialize``, ``update``, ``value``)
            for the moments, of the inputs' rank, 1 everywhere but in the channels.
          eps: added to the variance.
          scale_init: default ones.
          offset_init: default zeros.
          data_format: where the channels are.
          name: of the module.

        Raises:
          ValueError: an initializer for what isn't trained.
        """
        super().__init__(name=name)
        if scale_init is not None and not create_scale:
            raise ValueError("Cannot set `scale_init` if `create_scale=False`")
        if offset_init is not None and not create_offset:
            raise ValueError("Cannot set `offset_init` if `create_offset=False`")
        self._create_scale, self._create_offset = create_scale, create_offset
        self._scale_init = scale_init or jnp.ones
        self._offset_init = offset_init or jnp.zeros
        self._channel_index = hk.get_channel_index(data_format)
        self._eps = eps
        self.moving_mean, self.moving_variance = moving_mean, moving_variance

    def __call__(
        self,
        inputs: jax.Array,
        is_training: bool | jax.Array,
        test_local_stats: bool | jax.Array = False,
        scale: jax.Array | None = None,
        offset: jax.Array | None = None,
    ) -> jax.Array:
        """Returns the inputs normalised, scaled and shifted.

        Args:
          inputs: ``[N, ..., C]`` or ``[N, C, ...]``.
          is_training: use the batch's moments and update the metrics; may be traced.
          test_local_stats: use the batch's moments all the same; may be traced.
          scale, offset: in place of those that aren't trained.

        Raises:
          ValueError: ``scale`` or ``offset`` given although trained.
        """
        if scale is not None and self._create_scale:
            raise ValueError("Cannot pass `scale` at call time if `create_scale=True`.")
        if offset is not None and self._create_offset:
            raise ValueError(
                "Cannot pass `offset` at call time if `create_offset=True`."
            )
        x = jnp.asarray(inputs)
        last = self._channel_index == -1
        channel = x.ndim - 1 if last else 1
        axes = tuple(i for i in range(x.ndim) if i != channel)
        params = (x.shape[channel],) + (1,) * (0 if last else x.ndim - 2)
        get = hk.get_parameter if self._create_scale else hk.get_state
        created = get("scale", params, x.dtype, init=self._scale_init)
        scale = created if scale is None else scale
        get = hk.get_parameter if self._create_offset else hk.get_state
        created = get("offset", params, x.dtype, init=self._offset_init)
        offset = created if offset is None else offset
        scale, offset = (jnp.broadcast_to(v, x.shape) for v in (scale, offset))
        kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        for metric in (self.moving_mean, self.moving_variance):
            metric.initialize(jnp.zeros(kept, x.dtype))

        local = is_training | test_local_stats
        stored = (self.moving_mean.value, self.moving_variance.value)
        moments = stored
        if isinstance(local, jax.core.Tracer) or local:
            moments = _chosen(local, _batch_moments(self, x, axes), stored)
        mean, variance = moments
        fused = _is_fused(self, x)
        inv = lax.rsqrt(variance + jnp.asarray(self._eps, variance.dtype)) * scale
        if fused:
            out = (x - mean) * inv + offset
        else:
            out = x * inv + (offset - mean * inv)
        if isinstance(is_training, jax.core.Tracer) or is_training:
            if fused:
                count = x.size // x.shape[channel]
                variance = variance * (count / max(count - 1, 1))
            _update(self, is_training, mean, variance)
        return out


def _is_fused(module: Any, x: jax.Array) -> bool:
    """Whether TensorFlow's fused kernel would do this: it returns another variance."""
    plain = not isinstance(module, CrossReplicaBatchNorm)
    return plain and x.ndim == 4 and module._channel_index == -1


def _batch_moments(module: Any, x: jax.Array, axes: Any) -> tuple[Any, Any]:
    mean = jnp.mean(x, axes, keepdims=True)
    if not isinstance(module, CrossReplicaBatchNorm):
        return mean, jnp.mean(jnp.square(x - mean), axes, keepdims=True)
    squares = jnp.mean(jnp.square(x), axes, keepdims=True)
    if module.cross_replica_axis is not None:
        mean, squares = lax.pmean((mean, squares), module.cross_replica_axis)
    return mean, squares - jnp.square(mean)


def _update(module: Any, flag: Any, mean: jax.Array, variance: jax.Array) -> None:
    metrics = (module.moving_mean, module.moving_variance)
    if not isinstance(flag, jax.core.Tracer):
        for metric, value in zip(metrics, (mean, variance), strict=True):
            metric.update(value)
        return

    def update(values: Any) -> None:
        for metric, value in zip(metrics, values, strict=True):
            metric.update(value)

    hk.cond(flag, update, lambda values: None, (mean, variance))


class BatchNorm(BaseBatchNorm):
    """``BaseBatchNorm`` with exponential moving averages of the moments.

    State: ``counter``, ``hidden`` and ``average`` in the submodules ``moving_mean`` and
    ``moving_variance``, and ``scale`` or ``offset`` where they aren't trained.
    """

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
        """Takes the settings.

        Args:
          decay_rate: of the moving averages.
          create_scale, create_offset, eps, scale_init, offset_init, data_format, name:
            see ``BaseBatchNorm``.
        """
        super().__init__(
            create_scale,
            create_offset,
            None,
            None,
            eps,
            scale_init,
            offset_init,
            data_format,
            name,
        )
        self.moving_mean = ExponentialMovingAverage(decay_rate, name="moving_mean")
        self.moving_variance = ExponentialMovingAverage(
            decay_rate, name="moving_variance"
        )


class CrossReplicaBatchNorm(BaseBatchNorm):
    """``BaseBatchNorm`` over the batches of all replicas together.

    The variance is E[x^2] - E[x]^2, averaged over replicas, and stored as it is.
    """

    def __init__(
        self,
        create_scale: bool,
        create_offset: bool,
        moving_mean: Any,
        moving_variance: Any,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
        *,
        cross_replica_axis: Any = None,
    ):
        """Takes the settings.

        Args:
          cross_replica_axis: name of the mapped axis (or axes) that the replicas are;
            None: one replica. In Sonnet the distribution strategy says this.
          create_scale, create_offset, moving_mean, moving_variance, eps, scale_init,
            offset_init, data_format, name: see ``BaseBatchNorm``.
        """
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
        self.cross_replica_axis = cross_replica_axis
