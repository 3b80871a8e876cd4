"""Normalisation by the statistics of each example: layer and instance norm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import haiku_core as hk
from compat.dictionary import Static, T, module
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable
from compat.sonnet._src import initializers
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.layer import layer
from compat.sonnet._src.once import once
from compat.sonnet._src.variants import takes_the_same
from haiku_core import layers

Axis = int | slice | Sequence[int]


@layer("x")
def _layer_norm(x: T, scale: T = None, offset: T = None, *, axes: Static, eps: Static):
    centre, variance = layers.moments(x, axes)
    return layers.batch_normalization(x, centre, variance, eps, scale, offset)


def listed_axes(axis: Axis) -> slice | Sequence[int]:
    """A slice as it is, one axis as a tuple, several as given.

    Raises:
      ValueError: neither of these.
    """
    if isinstance(axis, slice):
        return axis
    if isinstance(axis, int):
        return (axis,)
    if isinstance(axis, Iterable) and all(isinstance(a, int) for a in axis):
        return axis
    raise ValueError("`axis` should be an int, slice or iterable of ints.")


@module("snt.LayerNorm")
class LayerNorm(Module):
    """Takes away the mean and the deviation over the given axes of the input.

    Ba et al. 2016 (1607.06450). `scale` and `offset` are per channel: [C], or
    [C, 1, …] where channels come first.
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
        super().__init__(name=name)
        self._axis = listed_axes(axis)
        self._eps = eps
        self._data_format = data_format
        self._channel_index = layers.get_channel_index(data_format)
        self._rank = None
        self._create_scale = create_scale
        self._create_offset = create_offset
        self._scale_init, self._offset_init = initializers.scale_and_offset(
            create_scale, create_offset, scale_init, offset_init
        )

    @once
    def _initialize(self, inputs: Tensor) -> None:
        self._rank = len(inputs.shape)
        if isinstance(self._axis, slice):
            self._axis = tuple(range(self._rank))[self._axis]
        self.scale, self.offset = scale_and_offset_variables(
            inputs, self._channel_index, self._scale_init, self._offset_init
        )

    def __call__(self, inputs: Any, scale: Any = None, offset: Any = None) -> Tensor:
        """The inputs, normalised, in their own shape.

        Raises:
          ValueError: `scale` or `offset` for a module that has its own, or inputs of
            another rank than those of the first call.
        """
        inputs = convert(inputs)
        self._initialize(inputs)
        scale = chosen("scale", self._create_scale, self.scale, scale)
        offset = chosen("offset", self._create_offset, self.offset, offset)
        require_same_rank(self._rank, inputs)
        return _layer_norm(
            inputs,
            scale,
            offset,
            axes=tuple(a % self._rank for a in self._axis),
            eps=self._eps,
        )


def scale_and_offset_variables(
    inputs: Tensor,
    channel_index: int,
    scale_init: Initializer | None,
    offset_init: Initializer | None,
    trainable: tuple[bool, bool] = (True, True),
) -> tuple[Variable | None, Variable | None]:
    """A normalisation's variables, one number for each channel; None without init."""
    if channel_index == -1:
        shape = [inputs.shape[-1]]
    else:
        shape = [inputs.shape[1]] + [1] * (len(inputs.shape) - 2)
    return tuple(
        init and Variable(init(shape, inputs.dtype), name=name, trainable=is_trainable)
        for name, init, is_trainable in zip(
            ("scale", "offset"), (scale_init, offset_init), trainable, strict=True
        )
    )


def chosen(name: str, created: bool, own: Variable | None, given: Any) -> Any:
    """The module's own scale or offset where it made one, else what the call gave."""
    if created and given is not None:
        raise ValueError(f"Cannot pass `{name}` at call time if `create_{name}=True`.")
    return own if created else given


def require_same_rank(rank: int, inputs: Tensor) -> None:
    """Raises ValueError for inputs of another rank than those of the first call."""
    if len(inputs.shape) != rank:
        raise ValueError(
            "The rank of the inputs cannot change between calls, the original call was "
            f"rank={rank} but this call was rank={len(inputs.shape)}."
        )


# Haiku takes the axis of the parameters instead of a data format.
@LayerNorm.entry.when(
    "data_format in ('channels_last', 'NC', 'NWC', 'NHWC', 'NDHWC', 'BTD', 'TBD')"
)
def _(
    axis,
    create_scale,
    create_offset,
    eps=1e-5,
    scale_init=None,
    offset_init=None,
    data_format="channels_last",
    name=None,
):
    return hk.LayerNorm(
        axis,
        create_scale,
        create_offset,
        eps=eps,
        scale_init=scale_init,
        offset_init=offset_init,
        param_axis=-1,
        name=name,
    )


@LayerNorm.entry.when("data_format in ('channels_first', 'NCW', 'NCHW', 'NCDHW')")
def _(
    axis,
    create_scale,
    create_offset,
    eps=1e-5,
    scale_init=None,
    offset_init=None,
    data_format="channels_last",
    name=None,
):
    return hk.LayerNorm(
        axis,
        create_scale,
        create_offset,
        eps=eps,
        scale_init=scale_init,
        offset_init=offset_init,
        param_axis=1,
        name=name,
    )


@module("snt.InstanceNorm")
class InstanceNorm(LayerNorm):
    """Layer norm over the spatial axes of each channel (Ulyanov 2016, 1607.08022)."""

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
        first = layers.get_channel_index(data_format) == 1
        super().__init__(
            slice(2, None) if first else slice(1, -1),
            create_scale,
            create_offset,
            eps,
            scale_init,
            offset_init,
            data_format,
            name,
        )


takes_the_same(InstanceNorm.entry, "hk.InstanceNorm")
