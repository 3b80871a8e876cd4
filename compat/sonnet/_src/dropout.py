"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence

import haiku_core as hk
from compat.dictionary import Ignored, module
from compat.sonnet._src.base import Module


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


@Dropout.entry.when("seed is None")
def _(rate, noise_shape=None, name=None):
    return hk.sonnet.Dropout(rate, noise_shape=noise_shape, name=name)


@Dropout.entry.when(because="the seed is dropped: noise comes from the rng of apply")
def _(rate, noise_shape=None, name=None):
    return hk.sonnet.Dropout(rate, noise_shape=noise_shape, name=name)
