"""Statistics kept in variables: sums, means, moving averages."""

from __future__ import annotations

import abc
from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import Kind, Static, T, module, structural
from compat.runtime.dtypes import DType
from compat.runtime.tensor import Tensor, convert, is_tensor
from compat.runtime.variable import Variable
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Zeros
from compat.sonnet._src.layer import layer
from compat.sonnet._src.once import once
from compat.sonnet._src.shapes import sizes
from haiku_core import layers

structural(
    "snt.Metric", rule="module_class", returns=Kind("class")
).spelling = "hk.sonnet.Metric"


_INT64 = DType("int64")


@layer()
def _zeros_like(x: T):
    return jnp.zeros_like(x)


@layer()
def _quotient(total: T, count: T):
    return total / count.astype(total.dtype)


@layer("hidden", "value")
def _ema(counter: T, hidden: T, value: T, *, decay: Static):
    return layers.sonnet_ema_step(counter, hidden, value, decay)


@layer("hidden", "value")
def _ema_of(counter: T, hidden: T, value: T, decay: T):
    return layers.sonnet_ema_step(counter, hidden, value, decay)


def statistic(like: Any, name: str) -> Variable:
    """A variable that isn't trained, zeros of the shape and dtype of `like`."""
    # By shape and dtype, not by value: concrete also where `like` is traced.
    like = convert(like)
    start = Zeros()(sizes(like), like.dtype)
    return Variable(start, trainable=False, name=name)


class Metric(Module, metaclass=abc.ABCMeta):
    """A value gathered over many calls."""

    @abc.abstractmethod
    def initialize(self, value: Any) -> None:
        """Makes the variables, for values like this one."""

    @abc.abstractmethod
    def update(self, value: Any) -> None:
        """Gathers one more value."""

    @property
    def value(self) -> Any:
        """What was gathered so far."""
        raise NotImplementedError(f"{type(self).__name__}.value")

    @abc.abstractmethod
    def reset(self) -> None:
        """Forgets all of it."""

    def __call__(self, value: Any) -> Any:
        """Gathers `value` and returns what was gathered."""
        self.update(value)
        return self.value


def _clear(*variables: Variable) -> None:
    for variable in variables:
        variable.assign(_zeros_like(variable))


@module("snt.Sum")
class Sum(Metric):
    """The sum of all that it was updated with."""

    def __init__(self, name: str | None = None):
        super().__init__(name=name)
        self.sum = None

    @once
    def initialize(self, value: Any) -> None:
        """Makes `sum`, of the shape and dtype of `value`."""
        self.sum = statistic(value, "sum")

    def update(self, value: Any) -> None:
        """Adds a value."""
        self.initialize(value)
        self.sum.assign_add(value)

    @property
    def value(self) -> Tensor:
        """The sum."""
        return convert(self.sum)

    def reset(self) -> None:
        """Starts again from zero."""
        _clear(self.sum)


@Sum.entry.when()
def _(name=None):
    return hk.sonnet.Sum(name=name)


@module("snt.Mean")
class Mean(Metric):
    """The mean of all that it was updated with."""

    def __init__(self, name: str | None = None):
        super().__init__(name=name)
        self.sum = None
        self.count = Variable(0, dtype=_INT64, trainable=False, name="count")

    @once
    def initialize(self, value: Any) -> None:
        """Makes `sum`, of the shape and dtype of `value`."""
        self.sum = statistic(value, "sum")

    def update(self, value: Any) -> None:
        """Adds a value and counts it."""
        self.initialize(value)
        self.sum.assign_add(value)
        self.count.assign_add(1)

    @property
    def value(self) -> Tensor:
        """The mean; NaN before the first value."""
        return _quotient(self.sum, self.count)

    def reset(self) -> None:
        """Starts again from zero."""
        _clear(self.sum, self.count)


@Mean.entry.when()
def _(name=None):
    return hk.sonnet.Mean(name=name)


@module("snt.ExponentialMovingAverage")
class ExponentialMovingAverage(Metric):
    """A moving average, corrected for its start at zero (Kingma and Ba, 1412.6980)."""

    def __init__(self, decay: float, name: str | None = None):
        super().__init__(name=name)
        self._decay = decay
        self._counter = Variable(0, dtype=_INT64, trainable=False, name="counter")
        self._hidden = None
        self.average = None

    @once
    def initialize(self, value: Any) -> None:
        """Makes `_hidden` and `average`, of the shape and dtype of `value`."""
        self._hidden = statistic(value, "hidden")
        self.average = statistic(value, "average")

    def update(self, value: Any) -> None:
        """Moves the average towards a value."""
        self.initialize(value)
        given = (self._counter, self._hidden, value)
        if is_tensor(self._decay):
            counter, hidden, average = _ema_of(*given, self._decay)
        else:
            counter, hidden, average = _ema(*given, decay=self._decay)
        self._counter.assign(counter)
        self._hidden.assign(hidden)
        self.average.assign(average)

    @property
    def value(self) -> Tensor:
        """The average."""
        return self.average.read_value()

    def reset(self) -> None:
        """Starts again from zero."""
        _clear(self._counter, self._hidden, self.average)


@ExponentialMovingAverage.entry.when()
def _(decay, name=None):
    return hk.sonnet.ExponentialMovingAverage(decay, name=name)
