"""Statistics kept in variables: sums, means, moving averages."""

from __future__ import annotations

import abc

import haiku_core as hk
from compat.dictionary import Kind, module, structural
from compat.sonnet._src.base import Module

structural(
    "snt.Metric", rule="module_class", returns=Kind("class")
).spelling = "hk.sonnet.Metric"


class Metric(Module, metaclass=abc.ABCMeta):
    """A value gathered over many calls."""


@module("snt.Sum")
class Sum(Metric):
    """The sum of all that it was updated with."""

    def __init__(self, name: str | None = None):
        super().__init__(name=name)
        self.sum = None


@Sum.entry.when()
def _(name=None):
    return hk.sonnet.Sum(name=name)


@module("snt.Mean")
class Mean(Metric):
    """The mean of all that it was updated with."""

    def __init__(self, name: str | None = None):
        super().__init__(name=name)
        self.sum = None


@Mean.entry.when()
def _(name=None):
    return hk.sonnet.Mean(name=name)


@module("snt.ExponentialMovingAverage")
class ExponentialMovingAverage(Metric):
    """A moving average, corrected for its start at zero (Kingma and Ba, 1412.6980)."""

    def __init__(self, decay: float, name: str | None = None):
        super().__init__(name=name)
        self._decay = decay


@ExponentialMovingAverage.entry.when()
def _(decay, name=None):
    return hk.sonnet.ExponentialMovingAverage(decay, name=name)
