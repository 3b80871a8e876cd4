"""Cores made of cores, as Sonnet has them.

Needs the sibling file ``lstm.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk

from .lstm import LSTM


class _DeepRNN(hk.RNNCore):
    """Cores and other layers on top of one another, in the attribute ``_layers``."""

    def __init__(
        self,
        layers: Sequence[Any] | None,
        skip_connections: bool = False,
        concat_final_output_if_skip: bool = True,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self._layers = [] if layers is None else layers
        self._skip_connections = skip_connections
        self._concat_final_output_if_skip = concat_final_output_if_skip

    def __call__(self, inputs: Any, prev_state: Any) -> tuple[Any, tuple[Any, ...]]:
        """(inputs, states of the cores) -> (outputs, next states)."""
        states = iter(prev_state)
        current, outputs, nexts = inputs, [], []
        for depth, layer in enumerate(self._layers):
            if depth and self._skip_connections:
                current = _joined(inputs, current)
            if isinstance(layer, hk.RNNCore):
                current, following = layer(current, next(states))
                nexts.append(following)
            else:
                current = layer(current)
            outputs.append(current)
        if self._skip_connections and self._concat_final_output_if_skip:
            current = _joined(*outputs)
        return current, tuple(nexts)

    def initial_state(self, batch_size: int | None, **kwargs: Any) -> tuple[Any, ...]:
        """One state for each core, in order; further arguments go to the cores."""
        cores = [x for x in self._layers if isinstance(x, hk.RNNCore)]
        return tuple(core.initial_state(batch_size, **kwargs) for core in cores)


def _joined(*nests: Any) -> Any:
    return jax.tree.map(lambda *xs: jnp.concatenate(xs, axis=-1), *nests)


def _all_cores(layers: Sequence[Any], function: str) -> None:
    if not all(isinstance(layer, hk.RNNCore) for layer in layers):
        raise ValueError(
            f"{function} requires all layers to be instances of RNNCore, got {layers}"
        )


class DeepRNN(_DeepRNN):
    """Cores and other layers on top of one another, as one core.

    Like ``hk.DeepRNN``, but the layers are in the attribute ``_layers``, as in Sonnet.
    """

    def __init__(self, layers: Sequence[Any] | None, name: str | None = None):
        """Takes the settings.

        Args:
          layers: cores, modules and functions.
          name: of the module.
        """
        super().__init__(layers, name=name)


def deep_rnn_with_skip_connections(
    layers: Sequence[hk.RNNCore],
    concat_final_output: bool = True,
    name: str = "deep_rnn_with_skip_connections",
) -> hk.RNNCore:
    """Cores on top of one another with connections past them (Graves, 1308.0850).

    Each core but the first sees the inputs joined with the outputs below.

    Args:
      layers: cores, in the attribute ``_layers`` of the result.
      concat_final_output: outputs are those of all cores joined; else of the last.
      name: of the module.

    Raises:
      ValueError: a layer that isn't a core.
    """
    _all_cores(layers, "deep_rnn_with_skip_connections")
    return _DeepRNN(layers, True, concat_final_output, name)


class _ResidualWrapper(hk.RNNCore):
    """Adds the inputs to a core's outputs; the core is ``_base_core``."""

    def __init__(self, base_core: hk.RNNCore):
        super().__init__(name=base_core.name + "_residual")
        self._base_core = base_core

    def __call__(self, inputs: Any, prev_state: Any) -> tuple[Any, Any]:
        """(inputs, state) -> (inputs + outputs, next state)."""
        outputs, state = self._base_core(inputs, prev_state)
        return jax.tree.map(jnp.add, inputs, outputs), state

    def initial_state(self, batch_size: int | None, **kwargs: Any) -> Any:
        """That of the core."""
        return self._base_core.initial_state(batch_size, **kwargs)


def deep_rnn_with_residual_connections(
    layers: Sequence[hk.RNNCore], name: str = "deep_rnn_with_residual_connections"
) -> hk.RNNCore:
    """Cores on top of one another, each adding its inputs to its outputs.

    He et al. 2015 (arXiv 1512.03385) for cores; as in Wu et al. 2016 (1609.08144).

    Args:
      layers: cores whose outputs have the structure and shapes of their inputs; each
        is the ``_base_core`` of an element of ``_layers`` of the result.
      name: of the module.

    Raises:
      ValueError: a layer that isn't a core.
    """
    _all_cores(layers, "deep_rnn_with_residual_connections")
    return _DeepRNN([_ResidualWrapper(layer) for layer in layers], name=name)


class _RecurrentDropoutWrapper(hk.RNNCore):
    """Multiplies states by masks that are drawn once for a sequence.

    The core is ``_base_core``. The state is a pair: the core's state and the masks,
    in its structure, None where nothing is dropped.
    """

    def __init__(self, base_core: hk.RNNCore, rates: Any, seed: int | None = None):
        super().__init__(name=base_core.name + "_recurrent_dropout")
        self._rates, self._seed = rates, seed
        self._base_core = base_core

    def __call__(self, inputs: Any, prev_state: Any) -> tuple[Any, Any]:
        """(inputs, (state, masks)) -> (outputs, (next state, masks))."""
        state, masks = prev_state
        state = jax.tree.map(
            lambda mask, s: s if mask is None else jax.tree.map(jnp.multiply, s, mask),
            masks,
            state,
            is_leaf=lambda x: x is None,
        )
        outputs, state = self._base_core(inputs, state)
        return outputs, (state, masks)

    def initial_state(self, batch_size: int | None, **kwargs: Any) -> tuple[Any, Any]:
        """The core's state, and masks drawn with ``hk.next_rng_key()``."""
        state = self._base_core.initial_state(batch_size, **kwargs)

        def mask(rate: Any, s: Any) -> Any:
            if rate is None:
                return None
            key = hk.next_rng_key()
            if self._seed is not None:
                key = jax.random.fold_in(key, self._seed)
            kept = jax.random.bernoulli(key, 1 - rate, s.shape)
            return kept.astype(s.dtype) / (1 - rate)

        masks = jax.tree.map(mask, self._rates, state, is_leaf=lambda x: x is None)
        return state, masks


def lstm_with_recurrent_dropout(
    hidden_size: int, dropout: float = 0.5, seed: int | None = None, **kwargs: Any
) -> tuple[hk.RNNCore, hk.RNNCore]:
    """An LSTM with dropout of its hidden state (Gal and Ghahramani, 1512.05287).

    Args:
      hidden_size: of the LSTM.
      dropout: probability of zeroing, in [0, 1); a mask holds for a whole sequence.
      seed: folded into the random keys.
      **kwargs: for the LSTM.

    Returns:
      (core for training, core for testing): the second is the LSTM, the first wraps
      it, so they share parameters.

    Raises:
      ValueError: ``dropout`` outside of [0, 1).
    """
    if dropout < 0 or dropout >= 1:
        raise ValueError(f"dropout must be in the range [0, 1), got {dropout}")
    lstm = LSTM(hidden_size, **kwargs)
    rates = hk.LSTMState(hidden=dropout, cell=None)
    return _RecurrentDropoutWrapper(lstm, rates, seed), lstm
