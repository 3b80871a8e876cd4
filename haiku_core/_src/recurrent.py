"""Recurrent cores: one step of a recurrent network, and its initial state."""

from __future__ import annotations

import abc
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from haiku_core._src.initializers import VarianceScaling
from haiku_core._src.linear import Linear
from haiku_core._src.module import Module
from haiku_core._src.typing import Initializer
from haiku_core._src.variables import get_parameter
from haiku_core.layers._src.arrays import as_array
from haiku_core.layers._src.recurrent import gru_step, join, lstm_gates_igfo


class RNNCore(abc.ABC, Module):
    """The base of recurrent cores.

    A core maps inputs of one step and a state to outputs and the next state. With a
    batch, inputs, outputs and state are ``[B, ...]``.
    """

    @abc.abstractmethod
    def __call__(self, inputs: Any, prev_state: Any) -> tuple[Any, Any]:
        """Runs one step: (inputs, state) -> (outputs, next state)."""

    @abc.abstractmethod
    def initial_state(self, batch_size: int | None) -> Any:
        """The state to start from; None: without a batch axis."""


def add_batch(nest: Any, batch_size: int | None) -> Any:
    """Repeats each array along a new first axis; None: as they are."""
    if batch_size is None:
        return nest
    return jax.tree.map(lambda x: jnp.broadcast_to(x, (batch_size, *x.shape)), nest)


class VanillaRNN(RNNCore):
    """``relu(inputs W + b + state U + c)``, both output and next state.

    Submodules: ``linear`` on the inputs and ``linear_1`` on the state.
    """

    def __init__(
        self, hidden_size: int, double_bias: bool = True, name: str | None = None
    ):
        """Takes the settings.

        Args:
          hidden_size: length of the state.
          double_bias: whether the product with the state has a bias too.
          name: of the module.
        """
        super().__init__(name)
        self.double_bias = double_bias
        self.hidden_size = hidden_size

    def __call__(self, inputs: jax.Array, prev_state: jax.Array) -> tuple[Any, Any]:
        """``[B, I]`` and ``[B, H]`` -> ``[B, H]`` twice; B optional."""
        size = self.hidden_size
        # Both are made before either is called: names count constructions.
        of_inputs, of_state = Linear(size), Linear(size, with_bias=self.double_bias)
        total = of_inputs(as_array(inputs)) + of_state(as_array(prev_state))
        out = jax.nn.relu(total)
        return out, out

    def initial_state(self, batch_size: int | None) -> jax.Array:
        """Zeros, ``[B, H]`` or ``[H]``."""
        return add_batch(jnp.zeros((self.hidden_size,)), batch_size)


class LSTMState(NamedTuple):
    """The state of an LSTM.

    Attributes:
      hidden: the last outputs.
      cell: the memory.
    """

    hidden: jax.Array
    cell: jax.Array


class LSTM(RNNCore):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; Zaremba et al. 2014,
    arXiv 1409.2329), without peepholes.

    Submodule: ``linear``, from inputs and hidden state together to the gates i, g, f,
    o; 1 is added to f before its sigmoid (Jozefowicz et al. 2015).
    """

    def __init__(self, hidden_size: int, name: str | None = None):
        """Takes the settings.

        Args:
          hidden_size: length of the hidden state and of the memory.
          name: of the module.
        """
        super().__init__(name)
        self.hidden_size = hidden_size

    def __call__(
        self, inputs: jax.Array, prev_state: LSTMState
    ) -> tuple[jax.Array, LSTMState]:
        """``[B, I]`` and the state -> ``[B, H]`` and the next state; B optional.

        Raises:
          ValueError: inputs of another rank.
        """
        x = as_array(inputs)
        if x.ndim not in (1, 2):
            raise ValueError("LSTM input must be rank-1 or rank-2.")
        hidden, cell = map(as_array, prev_state)
        gates = Linear(4 * self.hidden_size)(join(x, hidden))
        hidden, cell = lstm_gates_igfo(gates, cell)
        return hidden, LSTMState(hidden, cell)

    def initial_state(self, batch_size: int | None) -> LSTMState:
        """Zeros, ``[B, H]`` or ``[H]``."""
        zeros = jnp.zeros((self.hidden_size,))
        return add_batch(LSTMState(zeros, zeros), batch_size)


class GRU(RNNCore):
    """A gated recurrent unit (Cho et al. 2014, arXiv 1406.1078).

    The reset gate acts on the state before the matrix product. Parameters, in the
    dtype of the inputs: ``w_i`` ``[I, 3 H]``, ``w_h`` ``[H, 3 H]`` and ``b``
    ``[3 H]``, in the order z (update), r (reset), a (candidate).
    """

    def __init__(
        self,
        hidden_size: int,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          hidden_size: length of the state.
          w_i_init, w_h_init: default VarianceScaling().
          b_init: default zeros.
          name: of the module.
        """
        super().__init__(name)
        self.b_init = b_init or jnp.zeros
        self.w_h_init = w_h_init or VarianceScaling()
        self.w_i_init = w_i_init or VarianceScaling()
        self.hidden_size = hidden_size

    def __call__(self, inputs: jax.Array, state: jax.Array) -> tuple[Any, Any]:
        """``[B, I]`` and ``[B, H]`` -> ``[B, H]`` twice; B optional.

        Raises:
          ValueError: inputs of another rank.
        """
        x, state = as_array(inputs), as_array(state)
        if x.ndim not in (1, 2):
            raise ValueError("GRU input must be rank-1 or rank-2.")
        gates = 3 * self.hidden_size
        shapes = (x.shape[-1], gates), (self.hidden_size, gates)
        w_i = get_parameter("w_i", shapes[0], x.dtype, self.w_i_init)
        w_h = get_parameter("w_h", shapes[1], x.dtype, self.w_h_init)
        b = get_parameter("b", (gates,), x.dtype, self.b_init)
        state = gru_step(x, state, w_i, w_h, b)
        return state, state

    def initial_state(self, batch_size: int | None) -> jax.Array:
        """Zeros, ``[B, H]`` or ``[H]``."""
        return add_batch(jnp.zeros((self.hidden_size,)), batch_size)


class IdentityCore(RNNCore):
    """Passes inputs and state on as they are; its own state is empty."""

    def __call__(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """(inputs, state) -> (inputs, state)."""
        return inputs, state

    def initial_state(self, batch_size: int | None) -> tuple[()]:
        """The empty state."""
        return ()
