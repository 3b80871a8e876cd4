"""Sonnet's metrics: numbers gathered over calls, in Haiku's state.

They have Sonnet's interface: ``initialize(value)``, ``update(value)``, ``value``,
``reset()``, and a call, which updates and returns the new value. As with TensorFlow's
variables, no gradient flows from what was stored to the values it was computed from.
"""

from __future__ import annotations

import abc
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import haiku_core as hk


class Metric(hk.Module):
    """The base of metrics."""

    @abc.abstractmethod
    def initialize(self, value: jax.Array) -> None:
        """Creates the state, at zero, in the shape and dtype of ``value``."""

    @abc.abstractmethod
    def update(self, value: jax.Array) -> None:
        """Takes ``value`` in."""

    @property
    @abc.abstractmethod
    def value(self) -> jax.Array:
        """The metric so far."""

    @abc.abstractmethod
    def reset(self) -> None:
        """Sets the state back to zero; there must be one."""

    def __call__(self, value: jax.Array) -> jax.Array:
        """Takes ``value`` in and returns the metric."""
        self.update(value)
        return self.value


def _slot(name: str, like: Any) -> jax.Array:
    return hk.get_state(name, jnp.shape(like), jnp.asarray(like).dtype, init=jnp.zeros)


def _count(name: str) -> jax.Array:
    return hk.get_state(name, (), jnp.int32, init=jnp.zeros)


def _store(name: str, value: jax.Array) -> None:
    hk.set_state(name, lax.stop_gradient(value))


def _clear(*names: str) -> None:
    for name in names:
        hk.set_state(name, jnp.zeros_like(hk.get_state(name)))


class Sum(Metric):
    """The sum of the values, elementwise. State: ``sum``, of a value's shape."""

    def __init__(self, name: str | None = None):
        super().__init__(name=name)

    def initialize(self, value: jax.Array) -> None:
        """Creates the state, at zero."""
        _slot("sum", value)

    def update(self, value: jax.Array) -> None:
        """Adds ``value``."""
        _store("sum", _slot("sum", value) + value)

    @property
    def value(self) -> jax.Array:
        """The sum so far."""
        return hk.get_state("sum")

    def reset(self) -> None:
        """Sets the sum to zero."""
        _clear("sum")


class Mean(Metric):
    """The mean of the values, elementwise.

    State: ``sum``, of a value's shape, and ``count``, an int32 scalar (int64 in
    Sonnet). Before the first value the mean is not a number.
    """

    _sonnet_layout = "Mean"  # how checkpoints keep it

    def __init__(self, name: str | None = None):
        super().__init__(name=name)

    def initialize(self, value: jax.Array) -> None:
        """Creates the state, at zero."""
        _slot("sum", value)
        _count("count")

    def update(self, value: jax.Array) -> None:
        """Takes ``value`` into the mean."""
        _store("sum", _slot("sum", value) + value)
        hk.set_state("count", _count("count") + 1)

    @property
    def value(self) -> jax.Array:
        """The mean so far."""
        total = hk.get_state("sum")
        return total / hk.get_state("count").astype(total.dtype)

    def reset(self) -> None:
        """Sets the sum and the count to zero."""
        _clear("sum", "count")


class ExponentialMovingAverage(Metric):
    """An exponential moving average, corrected for its start from zero.

    State, as in Haiku's module of this name: ``hidden`` and ``average``, of a value's
    shape, and ``counter``, an int32 scalar (int64 in Sonnet, where the first two
    attributes are ``_hidden`` and ``_counter``). The update is Sonnet's,
    ``hidden - (hidden - value) * (1 - decay)``, which rounds otherwise than Haiku's.
    """

    _sonnet_layout = "ExponentialMovingAverage"  # how checkpoints keep it

    def __init__(self, decay: Any, name: str | None = None):
        """Takes the settings.

        Args:
          decay: weight of the old average, in [0, 1].
          name: of the module.
        """
        super().__init__(name=name)
        self._decay = decay

    def initialize(self, value: jax.Array) -> None:
        """Creates the state, at zero."""
        _slot("hidden", value)
        _slot("average", value)
        _count("counter")

    def update(self, value: jax.Array) -> None:
        """Takes ``value`` into the average."""
        value = jnp.asarray(value)
        self.initialize(value)
        dtype = value.dtype
        counter = hk.get_state("counter") + 1
        hidden = hk.get_state("hidden")
        hidden = hidden - (hidden - value) * jnp.asarray(1 - self._decay, dtype)
        decayed = jnp.asarray(self._decay, dtype) ** counter.astype(dtype)
        hk.set_state("counter", counter)
        _store("hidden", hidden)
        _store("average", hidden / (1 - decayed))

    @property
    def value(self) -> jax.Array:
        """The average so far; zero before the first value."""
        return hk.get_state("average")

    @property
    def average(self) -> jax.Array:
        """The same as ``value``."""
        return hk.get_state("average")

    def reset(self) -> None:
        """Sets the average and the counter to zero."""
        _clear("counter", "hidden", "average")
