"""Normalisation of each example: layer, instance and root-mean-square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from haiku_core._src.module import Module
from haiku_core._src.sizes import (
    axes_argument,
    axes_of,
    parameter_shape,
    scale_offset_conflicts,
    scale_offset_given,
)
from haiku_core._src.typing import Initializer
from haiku_core._src.variables import get_parameter
from haiku_core.layers._src.arrays import as_array
from haiku_core.layers._src.conv import get_channel_index
from haiku_core.layers._src.norm import layer_norm, layer_norm_one_pass, rms_norm

AxisOrAxes = int | Sequence[int] | slice


class LayerNorm(Module):
    """Normalises each example over given axes (Ba et al. 2016, arXiv 1607.06450).

    Parameters, in the dtype of the inputs: ``scale`` and ``offset``, ``[C]`` for the
    last axis, otherwise of the inputs' rank with 1 where they don't vary.
    """

    def __init__(
        self,
        axis: AxisOrAxes,
        create_scale: bool,
        create_offset: bool,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        offset_init: Initializer | None = None,
        use_fast_variance: bool = False,
        name: str | None = None,
        *,
        param_axis: AxisOrAxes | None = None,
    ):
        """Takes the settings.

        Args:
          axis: axes to normalise over: an int, ints or a slice.
          create_scale, create_offset: whether there are these parameters.
          eps: added to the variance.
          scale_init: default ones.
          offset_init: default zeros.
          use_fast_variance: variance as E[x^2] - E[x]^2, in one pass, less exact.
          name: of the module.
          param_axis: axes along which the parameters vary; default the last one.

        Raises:
          ValueError: no such axis, or an initializer for what isn't created.
        """
        super().__init__(name)
        scale_offset_conflicts(create_scale, create_offset, scale_init, offset_init)
        self.axis = axes_argument(axis)
        self.param_axis = (-1,) if param_axis is None else axes_argument(param_axis)
        self.use_fast_variance = use_fast_variance
        self.offset_init = offset_init or jnp.zeros
        self.scale_init = scale_init or jnp.ones
        self.create_offset, self.create_scale = create_offset, create_scale
        self.eps = eps

    def __call__(
        self,
        inputs: Any,
        scale: jax.Array | None = None,
        offset: jax.Array | None = None,
    ) -> jax.Array:
        """Returns the inputs normalised, scaled and shifted.

        Args:
          inputs: any shape.
          scale, offset: in place of parameters that aren't created.

        Raises:
          ValueError: ``scale`` or ``offset`` given although created.
        """
        if scale is not None or offset is not None:
            scale_offset_given(self.create_scale, self.create_offset, scale, offset)
        x = as_array(inputs)
        shape, dtype = x.shape, x.dtype
        varying = parameter_shape(self.param_axis, shape)
        if self.create_scale:
            scale = get_parameter("scale", varying, dtype, self.scale_init)
        elif scale is not None:
            scale = as_array(scale)
        if self.create_offset:
            offset = get_parameter("offset", varying, dtype, self.offset_init)
        elif offset is not None:
            offset = as_array(offset)
        norm = layer_norm_one_pass if self.use_fast_variance else layer_norm
        return norm(x, axes_of(self.axis, len(shape)), self.eps, scale, offset)


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
        """Arguments as for ``LayerNorm``, and where the channels are."""
        channels = get_channel_index(data_format)
        super().__init__(
            slice(1, -1) if channels == -1 else slice(2, None),
            create_scale,
            create_offset,
            eps,
            scale_init,
            offset_init,
            name=name,
            param_axis=channels,
        )


class RMSNorm(Module):
    """Divides by the root mean square (Zhang and Sennrich 2019, arXiv 1910.07467).

    Parameter: ``scale``, as in ``LayerNorm``.
    """

    def __init__(
        self,
        axis: AxisOrAxes,
        eps: float = 1e-5,
        scale_init: Initializer | None = None,
        name: str | None = None,
        create_scale: bool = True,
        *,
        param_axis: AxisOrAxes | None = None,
    ):
        """Takes the settings.

        Args:
          axis: axes to take the mean over: an int, ints or a slice.
          eps: added to the mean square.
          scale_init: default ones.
          name: of the module.
          create_scale: whether there is a ``scale``.
          param_axis: axes along which it varies; default the last one.

        Raises:
          ValueError: no such axis, or an initializer for what isn't created.
        """
        super().__init__(name)
        scale_offset_conflicts(create_scale, True, scale_init, None)
        self.axis = axes_argument(axis)
        self.param_axis = (-1,) if param_axis is None else axes_argument(param_axis)
        self.scale_init = scale_init or jnp.ones
        self.create_scale, self.eps = create_scale, eps

    def __call__(self, inputs: Any) -> jax.Array:
        """Any shape, the same shape out."""
        x = as_array(inputs)
        shape = x.shape
        scale = None
        if self.create_scale:
            varying = parameter_shape(self.param_axis, shape)
            scale = get_parameter("scale", varying, x.dtype, self.scale_init)
        return rms_norm(x, axes_of(self.axis, len(shape)), self.eps, scale)
