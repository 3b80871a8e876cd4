"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import Ignored, Static, T, module
from compat.runtime.random import next_key
from compat.runtime.tensor import Tensor, Tracer, convert, is_tensor
from compat.sonnet._src.base import Module
from compat.sonnet._src.layer import layer
from compat.sonnet._src.truth import known
from haiku_core import layers


@layer()
def _dropout(x: T, rng: T, is_training: T = None, *, rate: Static, noise_shape: Static):
    dropped = layers.noise_dropout(rng, rate, x, noise_shape)
    return dropped if is_training is None else jnp.where(is_training, dropped, x)


@layer()
def _dropout_of(x: T, rng: T, rate: T, is_training: T = None, *, noise_shape: Static):
    dropped = layers.noise_dropout(rng, rate.astype(x.dtype), x, noise_shape)
    return dropped if is_training is None else jnp.where(is_training, dropped, x)


def dropout(
    x: Tensor, rate: Any, noise_shape: Any, seed: int | None, is_training: Any
) -> Tensor:
    """`x` with elements dropped where `is_training`, which may be traced, is true.

    Raises:
      ValueError: the rate is outside [0, 1).
    """
    training = known(is_training)
    if training is False:
        return x
    flag = None if training else is_training
    if is_tensor(rate):
        value = convert(rate)._array
        if isinstance(value, Tracer):
            return _dropout_of(x, next_key(seed), rate, flag, noise_shape=noise_shape)
        rate = float(value)
    if not 0 <= rate < 1:
        raise ValueError(f"rate must be in [0, 1), got {rate}.")
    if rate == 0:
        return x
    return _dropout(x, next_key(seed), flag, rate=rate, noise_shape=noise_shape)


@module("snt.Dropout")
class Dropout(Module):
    """Zeroes elements at random in training and scales up the others.

    Srivastava et al. 2014. `noise_shape` is the shape of the draws, which broadcasts
    against the input.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int] | None = None,
        seed: Ignored = None,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self._rate = rate
        self._noise_shape = noise_shape
        self._seed = seed

    def __call__(self, x: Any, is_training: Any) -> Tensor:
        """`x` itself unless `is_training`, a bool or a tensor of one."""
        x = convert(x)
        return dropout(x, self._rate, self._noise_shape, self._seed, is_training)


@Dropout.entry.when("seed is omitted")
def _(rate, noise_shape=None, name=None):
    return hk.sonnet.Dropout(rate, noise_shape=noise_shape, name=name)


@Dropout.entry.when(because="the seed is dropped: noise comes from the rng of apply")
def _(rate, noise_shape=None, name=None):
    return hk.sonnet.Dropout(rate, noise_shape=noise_shape, name=name)
