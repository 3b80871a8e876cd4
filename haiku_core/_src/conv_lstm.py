"""Convolutional LSTMs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from haiku_core._src.conv import ConvND
from haiku_core._src.recurrent import LSTMState, RNNCore, add_batch
from haiku_core.layers._src.arrays import as_array
from haiku_core.layers._src.recurrent import lstm_gates_igfo


class ConvNDLSTM(RNNCore):
    """An LSTM whose products are convolutions (Shi et al. 2015, arXiv 1506.04214).

    Submodules: the convolutions ``input_to_hidden`` and ``hidden_to_hidden``, each
    with a bias, to the gates i, g, f, o; 1 is added to f.
    """

    def __init__(
        self,
        num_spatial_dims: int,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          num_spatial_dims: number of spatial axes.
          input_shape: their sizes, without batch and channels.
          output_channels: number of channels of outputs and state.
          kernel_shape: of both convolutions.
          name: of the module.
        """
        super().__init__(name)
        self.kernel_shape = kernel_shape
        self.output_channels = output_channels
        self.input_shape = tuple(input_shape)
        self.num_spatial_dims = num_spatial_dims

    def __call__(
        self, inputs: jax.Array, state: LSTMState
    ) -> tuple[jax.Array, LSTMState]:
        """``[B, *spatial, I]`` and the state -> outputs and the next state."""
        sizes = self.num_spatial_dims, 4 * self.output_channels, self.kernel_shape
        of_inputs = ConvND(*sizes, name="input_to_hidden")
        of_hidden = ConvND(*sizes, name="hidden_to_hidden")
        hidden, cell = map(as_array, state)
        gates = of_inputs(as_array(inputs)) + of_hidden(hidden)
        hidden, cell = lstm_gates_igfo(gates, cell)
        return hidden, LSTMState(hidden, cell)

    def initial_state(self, batch_size: int | None) -> LSTMState:
        """Zeros, ``[B, *spatial, output_channels]``; None: without B."""
        zeros: Any = jnp.zeros((*self.input_shape, self.output_channels))
        return add_batch(LSTMState(zeros, zeros), batch_size)


class Conv1DLSTM(ConvNDLSTM):
    """``ConvNDLSTM`` over one spatial axis."""

    def __init__(
        self,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        name: str | None = None,
    ):
        """Arguments as for ``ConvNDLSTM``."""
        super().__init__(1, input_shape, output_channels, kernel_shape, name)


class Conv2DLSTM(ConvNDLSTM):
    """``ConvNDLSTM`` over two spatial axes."""

    def __init__(
        self,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        name: str | None = None,
    ):
        """Arguments as for ``ConvNDLSTM``."""
        super().__init__(2, input_shape, output_channels, kernel_shape, name)


class Conv3DLSTM(ConvNDLSTM):
    """``ConvNDLSTM`` over three spatial axes."""

    def __init__(
        self,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        name: str | None = None,
    ):
        """Arguments as for ``ConvNDLSTM``."""
        super().__init__(3, input_shape, output_channels, kernel_shape, name)
