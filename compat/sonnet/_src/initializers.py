"""Initial values of variables: callables of a shape and a dtype."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

import haiku_core as hk
from compat.dictionary import Ignored, Kind, module, value

_SEED = "the seed is dropped: values come from the random key given to init"
_KIND = Kind("function", detail="initializer")


class Initializer(abc.ABC):
    """Something that makes a tensor of a given shape and dtype."""

    @abc.abstractmethod
    def __call__(self, shape: Sequence[int], dtype: Any) -> Any:
        """A tensor of `shape` and `dtype`."""


value(
    "snt.initializers.Initializer",
    spelling="hk.initializers.Initializer",
    returns=Kind("class"),
)


@module("snt.initializers.Zeros", returns=_KIND)
class Zeros(Initializer):
    """All zeros, of any numeric dtype."""


@Zeros.entry.when()
def _():
    return jnp.zeros


@module("snt.initializers.Ones", returns=_KIND)
class Ones(Initializer):
    """All ones, of any numeric dtype."""


@Ones.entry.when()
def _():
    return jnp.ones


@module("snt.initializers.Constant", returns=_KIND)
class Constant(Initializer):
    """One number everywhere, of any numeric dtype."""

    def __init__(self, value: float | int):
        if not np.isscalar(value):
            raise TypeError(f"Constant takes a Python number, not {type(value)}.")
        self.value = value


@Constant.entry.when()
def _(value):
    return hk.initializers.Constant(value)


@module("snt.initializers.RandomUniform", returns=_KIND)
class RandomUniform(Initializer):
    """Uniform in [minval, maxval), of any numeric dtype."""

    def __init__(self, minval: float = 0, maxval: float = 1, seed: Ignored = None):
        self.minval = minval
        self.maxval = maxval
        self.seed = seed


@RandomUniform.entry.when("seed is None")
def _(minval=0, maxval=1):
    return hk.initializers.RandomUniform(minval=minval, maxval=maxval)


@RandomUniform.entry.when(because=_SEED)
def _(minval=0, maxval=1):
    return hk.initializers.RandomUniform(minval=minval, maxval=maxval)


@module("snt.initializers.RandomNormal", returns=_KIND)
class RandomNormal(Initializer):
    """Normal with a mean and a standard deviation, of a floating dtype."""

    def __init__(self, mean: float = 0.0, stddev: float = 1.0, seed: Ignored = None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed


@RandomNormal.entry.when("seed is None")
def _(mean=0.0, stddev=1.0):
    return hk.initializers.RandomNormal(mean=mean, stddev=stddev)


@RandomNormal.entry.when(because=_SEED)
def _(mean=0.0, stddev=1.0):
    return hk.initializers.RandomNormal(mean=mean, stddev=stddev)


@module("snt.initializers.TruncatedNormal", returns=_KIND)
class TruncatedNormal(Initializer):
    """Normal, drawn again where it is more than two deviations from the mean.

    `stddev` is that of the normal before truncation.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 1.0, seed: Ignored = None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed


@TruncatedNormal.entry.when("seed is None")
def _(mean=0.0, stddev=1.0):
    return hk.initializers.TruncatedNormal(mean=mean, stddev=stddev)


@TruncatedNormal.entry.when(because=_SEED)
def _(mean=0.0, stddev=1.0):
    return hk.initializers.TruncatedNormal(mean=mean, stddev=stddev)


@module("snt.initializers.Identity", returns=_KIND)
class Identity(Initializer):
    """`gain` on the diagonal of the last two axes, zero elsewhere."""

    def __init__(self, gain: float = 1.0):
        self.gain = gain


@Identity.entry.when()
def _(gain=1.0):
    return hk.initializers.Identity(gain=gain)


@module("snt.initializers.Orthogonal", returns=_KIND)
class Orthogonal(Initializer):
    """A random orthogonal matrix times `gain` (Saxe et al. 2013, 1312.6120).

    Axes but the last are taken together as the rows; where there are more rows than
    columns it is the columns that are orthonormal, otherwise the rows.
    """

    def __init__(self, gain: float = 1.0, seed: Ignored = None):
        self.gain = gain
        self.seed = seed


@Orthogonal.entry.when("seed is None")
def _(gain=1.0):
    return hk.initializers.Orthogonal(scale=gain)


@Orthogonal.entry.when(because=_SEED)
def _(gain=1.0):
    return hk.initializers.Orthogonal(scale=gain)


@module("snt.initializers.VarianceScaling", returns=_KIND)
class VarianceScaling(Initializer):
    """Variance `scale` over the fan: Glorot, He and LeCun are cases of it.

    `mode` names the fan: "fan_in", "fan_out" or their mean "fan_avg". With
    "truncated_normal" the deviation is corrected for what the truncation takes away.
    """

    _MODES = ("fan_in", "fan_out", "fan_avg")
    _DISTRIBUTIONS = ("uniform", "truncated_normal", "normal")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Ignored = None,
    ):
        if scale <= 0.0:
            raise ValueError(f"`scale` must be positive, got {scale}.")
        if mode not in self._MODES:
            raise ValueError(f"Invalid `mode` {mode!r}: it is one of {self._MODES}.")
        distribution = distribution.lower()
        if distribution not in self._DISTRIBUTIONS:
            raise ValueError(
                f"Invalid `distribution` {distribution!r}: it is one of "
                f"{self._DISTRIBUTIONS}."
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed


@VarianceScaling.entry.when("seed is None")
def _(scale=1.0, mode="fan_in", distribution="truncated_normal"):
    return hk.initializers.VarianceScaling(
        scale=scale, mode=mode, distribution=distribution
    )


@VarianceScaling.entry.when(because=_SEED)
def _(scale=1.0, mode="fan_in", distribution="truncated_normal"):
    return hk.initializers.VarianceScaling(
        scale=scale, mode=mode, distribution=distribution
    )


def or_zeros(init: Initializer | None) -> Initializer:
    """The initializer given, else zeros."""
    return Zeros() if init is None else init


def refuse_b_init(b_init: Initializer | None) -> None:
    """Raises ValueError for a `b_init` where there is to be no bias."""
    if b_init is not None:
        raise ValueError("When not using a bias the b_init must be None.")


def scale_and_offset(
    create_scale: bool,
    create_offset: bool,
    scale_init: Initializer | None,
    offset_init: Initializer | None,
) -> tuple[Initializer | None, Initializer | None]:
    """The initializers of a normalisation's scale and offset; None where it has none.

    Raises:
      ValueError: an initializer for a variable that isn't created.
    """
    if not create_scale and scale_init is not None:
        raise ValueError("Cannot set `scale_init` if `create_scale=False`.")
    if not create_offset and offset_init is not None:
        raise ValueError("Cannot set `offset_init` if `create_offset=False`.")
    scale = (Ones() if scale_init is None else scale_init) if create_scale else None
    return scale, or_zeros(offset_init) if create_offset else None
