"""Sonnet's layer, instance and group normalisation: one parameter per channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import haiku_core as hk

Initializer = Callable[[Any, Any], jax.Array]
Axis = int | slice | Sequence[int]


def _axis(axis: Any) -> Any:
    if isinstance(axis, slice):
        return axis
    if isinstance(axis, int):
        return (axis,)
    if isinstance(axis, Iterable) and all(isinstance(a, int) for a in axis):
        return tuple(axis)
    raise ValueError("`axis` should be an int, slice or iterable of ints.")


class _AxisNorm(hk.Module):
    """Arguments, checks and parameters that the norms of this file share."""

    def __init__(
        self,
        axis: Axis,
        create_scale: bool,
        create_offset: bool,
        eps: float,
        scale_init: Initializer | None,
        offset_init: Initializer | None,
        data_format: str,
        name: str | None,
    ):
        super().__init__(name=name)
        self._axis = _axis(axis)
        if scale_init is not None and not create_scale:
            raise ValueError("Cannot set `scale_init` if `create_scale=False`.")
        if offset_init is not None and not create_offset:
            raise ValueError("Cannot set `offset_init` if `create_offset=False`.")
        self._create_scale, self._create_offset = create_scale, create_offset
        self._scale_init = scale_init or jnp.ones
        self._offset_init = offset_init or jnp.zeros
        self._eps = eps
        self._channel_index = hk.get_channel_index(data_format)
        self._rank: int | None = None


def _start(
    module: Any, x: jax.Array, scale: Any, offset: Any
) -> tuple[tuple[int, ...], Any, Any]:
    """Checks a call; returns the axes counted from the front, scale and offset."""
    if module._create_scale and scale is not None:
        raise ValueError("Cannot pass `scale` at call time if `create_scale=True`.")
    if module._create_offset and offset is not None:
        raise ValueError("Cannot pass `offset` at call time if `create_offset=True`.")
    if module._rank not in (None, x.ndim):
        raise ValueError(
            "The rank of the inputs cannot change between calls, the original call was "
            f"rank={module._rank} but this call was rank={x.ndim}."
        )
    module._rank = x.ndim
    axis = module._axis
    if isinstance(axis, slice):
        axes = tuple(range(x.ndim)[axis])
    else:
        axes = tuple(a % x.ndim for a in axis)
    last = module._channel_index == -1
    channels = x.shape[module._channel_index]
    shape = (channels,) if last else (channels,) + (1,) * (x.ndim - 2)
    if module._create_scale:
        scale = hk.get_parameter("scale", shape, x.dtype, init=module._scale_init)
    if module._create_offset:
        offset = hk.get_parameter("offset", shape, x.dtype, init=module._offset_init)
    return axes, scale, offset


def _moments(x: jax.Array, axes: Any) -> tuple[jax.Array, jax.Array]:
    return jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)


class LayerNorm(_AxisNorm):
    """Normalises each example over given axes (Ba et al. 2016, arXiv 1607.06450).

    Unlike in ``hk.LayerNorm`` the parameters always vary along the channels: ``scale``
    and ``offset`` are ``[C]`` or, channels first, ``[C, 1, ...]``.
    """

    def __init__(
        self,
        axis: Axis,
        create_scale: bool,
        create_offset: bool,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          axis: axes to normalise over: an int, ints or a slice.
          create_scale, create_offset: whether there are these parameters.
          eps: added to the variance.
          scale_init: default ones.
          offset_init: default zeros.
          data_format: where the channels are.
          name: of the module.

        Raises:
          ValueError: no such axis, or an initializer for what isn't created.
        """
        inits = (scale_init, offset_init)
        super().__init__(
            axis, create_scale, create_offset, eps, *inits, data_format, name
        )

    def __call__(
        self,
        inputs: jax.Array,
        scale: jax.Array | None = None,
        offset: jax.Array | None = None,
    ) -> jax.Array:
        """Returns the inputs normalised, scaled and shifted.

        Args:
          inputs: any shape.
          scale, offset: in place of parameters that aren't created.

        Raises:
          ValueError: another rank than in the first call, or ``scale`` or ``offset``
            given although created.
        """
        x = jnp.asarray(inputs)
        axes, scale, offset = _start(self, x, scale, offset)
        mean, variance = _moments(x, axes)
        inv = lax.rsqrt(variance + jnp.asarray(self._eps, variance.dtype))
        if scale is not None:
            inv = inv * jnp.broadcast_to(scale, x.shape)
        shift = -mean * inv
        if offset is not None:
            shift = jnp.broadcast_to(offset, x.shape) + shift
        return x * inv + shift


class InstanceNorm(LayerNorm):
    """Normalises each channel of each example (Ulyanov et al. 2016, 1607.08022)."""

    def __init__(
        self,
        create_scale: bool,
        create_offset: bool,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        data_format: str = "channels_last",
        name: str | None = None,
    ):
        """Arguments as for ``LayerNorm``."""
        last = hk.get_channel_index(data_format) == -1
        super().__init__(
            slice(1, -1) if last else slice(2, None),
            create_scale,
            create_offset,
            eps,
            scale_init,
            offset_init,
            data_format,
            name,
        )


class GroupNorm(_AxisNorm):
    """Normalises groups of channels together (Wu and He 2018, arXiv 1803.08494).

    Parameters: ``scale`` and ``offset``, ``[C]`` or, channels first, ``[C, 1, ...]``.
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
        """Takes the settings.

        Args:
          groups: number of groups; divides the channels.
          axis: axes to normalise over, the channel axis standing for the channels of
            one group.
          create_scale, create_offset, eps, scale_init, offset_init, data_format, name:
            see ``LayerNorm``.
        """
        inits = (scale_init, offset_init)
        super().__init__(
            axis, create_scale, create_offset, eps, *inits, data_format, name
        )
        self._groups = groups

    def __call__(
        self,
        inputs: jax.Array,
        scale: jax.Array | None = None,
        offset: jax.Array | None = None,
    ) -> jax.Array:
        """Returns the inputs normalised, scaled and shifted.

        Args:
          inputs: ``[N, *spatial, C]`` or ``[N, C, *spatial]``.
          scale, offset: in place of parameters that aren't created.

        Raises:
          ValueError: as for ``LayerNorm``, or channels that the groups don't divide.
        """
        x = jnp.asarray(inputs)
        axes, scale, offset = _start(self, x, scale, offset)
        channel = self._channel_index % x.ndim
        channels = x.shape[channel]
        if channels % self._groups:
            raise ValueError(
                "The number of channels must be divisible by the number of groups, was "
                f"channels = {channels}, groups = {self._groups}"
            )
        group = (self._groups, channels // self._groups)
        split = x.reshape(x.shape[:channel] + group + x.shape[channel + 1 :])
        # The group axis goes in front of the channel axis.
        axes = tuple(a + 1 if a >= channel else a for a in axes)
        mean, variance = _moments(split, axes)
        inv = lax.rsqrt(variance + jnp.asarray(self._eps, variance.dtype))
        out = (split * inv - mean * inv).reshape(x.shape)
        if scale is not None:
            out = out * jnp.broadcast_to(scale, x.shape)
        return out if offset is None else out + jnp.broadcast_to(offset, x.shape)
