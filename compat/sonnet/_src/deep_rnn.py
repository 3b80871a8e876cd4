"""Recurrent networks of several layers, and wrappers of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import MODULE, Ignored, T, Ts, module, op, tup
from compat.runtime import nest
from compat.sonnet._src.cores import RNNCore
from compat.sonnet._src.dropout import dropout as drop
from compat.sonnet._src.layer import layer
from compat.sonnet._src.lstm import LSTM, LSTMState


@layer()
def _joined(parts: Ts):
    return jnp.concatenate(parts, axis=-1)


@layer("x", "y")
def _sum(x: T, y: T):
    return x + y


@layer("x", "y")
def _product(x: T, y: T):
    return x * y


@layer()
def _ones_like(x: T):
    return jnp.ones_like(x)


def _concatenated(*nests: Any) -> Any:
    return nest.map_structure(lambda *parts: _joined(list(parts)), *nests)


class _Stack(RNNCore):
    """Cores and plain layers one after the other."""

    def __init__(
        self, layers: Any, skip: bool, concat_final_output: bool, name: str | None
    ):
        super().__init__(name)
        self._layers = [] if layers is None else layers
        self._skip_connections = skip
        self._concat_final_output_if_skip = concat_final_output

    def __call__(self, inputs: Any, prev_state: Any) -> tuple[Any, tuple[Any, ...]]:
        """(outputs, tuple of the cores' new states)."""
        current, outputs, states = inputs, [], []
        for i, inner in enumerate(self._layers):
            if self._skip_connections and i:
                current = _concatenated(inputs, current)
            if isinstance(inner, RNNCore):
                current, state = inner(current, prev_state[len(states)])
                states.append(state)
            else:
                current = inner(current)
            outputs.append(current)
        if self._skip_connections and self._concat_final_output_if_skip:
            current = _concatenated(*outputs)
        return current, tuple(states)

    def initial_state(self, batch_size: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The cores' initial states."""
        return tuple(
            inner.initial_state(batch_size, **kwargs)
            for inner in self._layers
            if isinstance(inner, RNNCore)
        )


class _Residual(RNNCore):
    """A core whose inputs are added to its outputs."""

    def __init__(self, base_core: RNNCore):
        super().__init__(name=f"{base_core.name}_residual")
        self._base_core = base_core

    def __call__(self, inputs: Any, prev_state: Any) -> tuple[Any, Any]:
        outputs, state = self._base_core(inputs, prev_state)
        return nest.map_structure(_sum, inputs, outputs), state

    def initial_state(self, batch_size: Any, **kwargs: Any) -> Any:
        return self._base_core.initial_state(batch_size, **kwargs)


class _RecurrentDropout(RNNCore):
    """A core whose state is masked at each step, with one mask for a sequence.

    The state is (the core's state, masks), a mask None where nothing is dropped.
    """

    def __init__(self, base_core: RNNCore, rates: Any, seed: int | None = None):
        super().__init__(name=f"{base_core.name}_recurrent_dropout")
        self._base_core = base_core
        self._rates = rates
        self._seed = seed

    def __call__(self, inputs: Any, prev_state: Any) -> tuple[Any, Any]:
        state, masks = prev_state
        state = nest.map_structure(
            lambda s, mask: s if mask is None else _product(s, mask), state, masks
        )
        outputs, state = self._base_core(inputs, state)
        return outputs, (state, masks)

    def initial_state(self, batch_size: Any, **kwargs: Any) -> tuple[Any, Any]:
        start = self._base_core.initial_state(batch_size, **kwargs)
        masks = nest.map_structure(self._mask, start, self._rates)
        return start, masks

    def _mask(self, state: Any, rate: float | None) -> Any:
        if rate is None:
            return None
        return drop(_ones_like(state), rate, None, self._seed, True)


def _require_cores(layers: Sequence[Any], who: str) -> None:
    if not all(isinstance(layer, RNNCore) for layer in layers):
        raise ValueError(f"{who} requires all layers to be instances of RNNCore")


@module("snt.DeepRNN")
class DeepRNN(_Stack):
    """Cores and plain layers one after the other; the state is a tuple of theirs."""

    def __init__(self, layers: Sequence[Any], name: str | None = None):
        super().__init__(layers, skip=False, concat_final_output=True, name=name)


@DeepRNN.entry.when()
def _(layers, name=None):
    return hk.DeepRNN(layers, name=name)


@op("snt.deep_rnn_with_skip_connections", returns=MODULE, helper=False)
def deep_rnn_with_skip_connections(
    layers: Sequence[RNNCore],
    concat_final_output: bool = True,
    name: str = "deep_rnn_with_skip_connections",
):
    """A `DeepRNN` in which each layer sees the input too.

    Raises:
      ValueError: a layer is no `RNNCore`.
    """
    _require_cores(layers, "deep_rnn_with_skip_connections")
    return _Stack(layers, True, concat_final_output, name)


@deep_rnn_with_skip_connections.when("concat_final_output == True")
def _(layers, concat_final_output=True, name=None):
    return hk.deep_rnn_with_skip_connections(layers, name=name)


@deep_rnn_with_skip_connections.when()
def _(layers, concat_final_output=True, name="deep_rnn_with_skip_connections"):
    return hk.sonnet.deep_rnn_with_skip_connections(
        layers, concat_final_output=concat_final_output, name=name
    )


@op("snt.deep_rnn_with_residual_connections", returns=MODULE, helper=False)
def deep_rnn_with_residual_connections(
    layers: Sequence[RNNCore], name: str = "deep_rnn_with_residual_connections"
):
    """A `DeepRNN` in which each layer adds its input to its output.

    Raises:
      ValueError: a layer is no `RNNCore`.
    """
    _require_cores(layers, "deep_rnn_with_residual_connections")
    return _Stack([_Residual(core) for core in layers], False, True, name)


@deep_rnn_with_residual_connections.when()
def _(layers, name="deep_rnn_with_residual_connections"):
    return hk.sonnet.deep_rnn_with_residual_connections(layers, name=name)


@op("snt.lstm_with_recurrent_dropout", returns=tup(MODULE, MODULE), helper=False)
def lstm_with_recurrent_dropout(
    hidden_size: int, dropout: float = 0.5, seed: Ignored = None, **kwargs: Any
):
    """An LSTM for training, with one dropout mask per sequence, and one for testing.

    They share their variables. Gal and Ghahramani 2016 (1512.05287).

    Raises:
      ValueError: the rate is outside [0, 1).
    """
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be in the range [0, 1), got {dropout}")
    core = LSTM(hidden_size, **kwargs)
    rates = LSTMState(hidden=dropout, cell=None)
    return _RecurrentDropout(core, rates, seed), core


@lstm_with_recurrent_dropout.when("seed is omitted")
def _(hidden_size, dropout=0.5):
    return hk.sonnet.lstm_with_recurrent_dropout(hidden_size, dropout=dropout)


@lstm_with_recurrent_dropout.when(
    because="the seed is dropped: noise comes from the rng of apply"
)
def _(hidden_size, dropout=0.5):
    return hk.sonnet.lstm_with_recurrent_dropout(hidden_size, dropout=dropout)
