"""The base classes of recurrent networks, and states that are learnt."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import Kind, Static, T, module, structural
from compat.runtime import dtypes, nest
from compat.runtime.tensor import Tensor
from compat.runtime.variable import Variable
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Zeros
from compat.sonnet._src.layer import layer

structural(
    "snt.RNNCore", rule="module_class", returns=Kind("class")
).spelling = "hk.RNNCore"
structural(
    "snt.UnrolledRNN", rule="module_class", returns=Kind("class")
).spelling = "hk.Module"


@layer()
def _expand(x: T):
    return x[None]


@layer()
def _squeeze(x: T):
    return jnp.squeeze(x, 0)


@layer()
def _tile(x: T, *, times: Static):
    return jnp.tile(x, (times,) + (1,) * (x.ndim - 1))


class RNNCore(Module, metaclass=abc.ABCMeta):
    """A step: `(inputs, state) -> (outputs, new state)`, and where a state starts."""

    @abc.abstractmethod
    def __call__(self, inputs: Any, prev_state: Any) -> tuple[Any, Any]:
        """(outputs, new state) for inputs [batch, …] and the state before."""

    @abc.abstractmethod
    def initial_state(self, batch_size: Any, **kwargs: Any) -> Any:
        """The state before the first step, [batch_size, …]."""


class UnrolledRNN(Module, metaclass=abc.ABCMeta):
    """A whole sequence: `(inputs, initial state) -> (outputs, final state)`."""

    @abc.abstractmethod
    def __call__(self, input_sequence: Any, initial_state: Any) -> tuple[Any, Any]:
        """(outputs [time, batch, …], final state) for inputs [time, batch, …]."""

    @abc.abstractmethod
    def initial_state(self, batch_size: Any, **kwargs: Any) -> Any:
        """The state before the first step, [batch_size, …]."""


def zeros(shape: Sequence[Any], dtype: Any) -> Tensor:
    """Where most states start."""
    return Zeros()(shape, dtype)


def require_dtype(inputs: Tensor, dtype: Any) -> dtypes.DType:
    """The dtype that a core was made for.

    Raises:
      TypeError: the inputs have another.
    """
    expected = dtypes.as_dtype(dtype)
    if inputs.dtype != expected:
        raise TypeError(f"inputs must have dtype {expected!r}, got {inputs.dtype!r}")
    return expected


@module("snt.TrainableState")
class TrainableState(Module):
    """A start of the state that is learnt: one variable [1, …] per leaf."""

    def __init__(self, initial_values: Any, mask: Any = None, name: str | None = None):
        super().__init__(name)
        if mask is None:
            mask = nest.map_structure(lambda value: True, initial_values)
        else:
            nest.assert_same_structure(initial_values, mask)
        trainable = iter(nest.flatten(mask))

        def make(path: tuple[Any, ...], value: Any) -> Variable:
            return Variable(
                _expand(value),
                trainable=next(trainable),
                name="/".join(map(str, path)) or "state",
            )

        self._template = nest.map_structure_with_path(make, initial_values)

    @classmethod
    def for_core(
        cls, core: RNNCore, mask: Any = None, name: str | None = None
    ) -> TrainableState:
        """Starts from the core's own initial state; `mask` says what is trained."""
        start = nest.map_structure(_squeeze, core.initial_state(batch_size=1))
        return cls(start, mask, name)

    def __call__(self, batch_size: int) -> Any:
        """The state [batch_size, …]."""
        return nest.map_structure(
            lambda v: _tile(v, times=int(batch_size)), self._template
        )


@TrainableState.entry.when()
def _(initial_values, mask=None, name=None):
    return hk.sonnet.TrainableState(initial_values, mask=mask, name=name)
