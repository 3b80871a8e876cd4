"""Sonnet's convolutional LSTMs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk

Initializer = Callable[[Any, Any], jax.Array]


class _ConvNDLSTM(hk.RNNCore):
    """An LSTM whose products are convolutions (Shi et al. 2015, arXiv 1506.04214).

    Parameters: ``w`` ``[*kernel, I, 4 C]`` and ``[*kernel, C, 4 C]`` of the submodules
    ``input_to_hidden`` and ``hidden_to_hidden``, and ``b`` ``[4 C]``, gates in the
    order i, f, g, o. The state is an ``hk.LSTMState``.
    """

    def __init__(
        self,
        num_spatial_dims: int,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        data_format: str,
        inits: tuple[Initializer | None, Initializer | None, Initializer | None],
        forget_bias: float,
        dtype: Any,
        name: str | None,
    ):
        super().__init__(name=name)
        w_i_init, w_h_init, b_init = inits
        self._input_shape = tuple(input_shape)
        self._num_spatial_dims = num_spatial_dims
        self._output_channels = output_channels
        self._channel_index = 1 if data_format.startswith("NC") else -1
        self._b_init = b_init or jnp.zeros
        self._forget_bias = forget_bias
        self._dtype = dtype

        def conv(init: Initializer | None, name: str) -> hk.ConvND:
            return hk.ConvND(
                num_spatial_dims,
                4 * output_channels,
                kernel_shape,
                with_bias=False,
                w_init=init,
                data_format=data_format,
                name=name,
            )

        self._input_to_hidden = conv(w_i_init, "input_to_hidden")
        self._hidden_to_hidden = conv(w_h_init, "hidden_to_hidden")

    def __call__(
        self, inputs: jax.Array, prev_state: hk.LSTMState
    ) -> tuple[jax.Array, hk.LSTMState]:
        """``[B, *input_shape]`` and the state -> outputs and the next state.

        Raises:
          TypeError: inputs of another dtype.
        """
        x = jnp.asarray(inputs)
        if x.dtype != jnp.dtype(self._dtype):
            raise TypeError(
                f"inputs must have dtype {jnp.dtype(self._dtype)}, got {x.dtype}: cast "
                "them, or give the module that dtype."
            )
        hidden, cell = prev_state
        gates = self._input_to_hidden(x) + self._hidden_to_hidden(hidden)
        channel = self._channel_index % gates.ndim
        shape = [1] * gates.ndim
        shape[channel] = 4 * self._output_channels
        b = hk.get_parameter("b", (shape[channel],), self._dtype, _bias(self))
        gates = gates + b.reshape(shape)
        i, f, g, o = jnp.split(gates, 4, axis=channel)
        cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        hidden = jax.nn.sigmoid(o) * jnp.tanh(cell)
        return hidden, hk.LSTMState(hidden, cell)

    def initial_state(self, batch_size: int | None) -> hk.LSTMState:
        """Zeros, ``[B, *spatial, C]`` or ``[B, C, *spatial]``; None: without B."""
        shape = list(self._input_shape)
        shape[0 if self._channel_index == 1 else -1] = self._output_channels
        if batch_size is not None:
            shape = [batch_size, *shape]
        zeros = jnp.zeros(shape, self._dtype)
        return hk.LSTMState(zeros, zeros)


def _bias(core: Any) -> Initializer:
    def init(shape: Any, dtype: Any) -> jax.Array:
        i, f, g, o = jnp.split(jnp.asarray(core._b_init(shape, dtype)), 4)
        return jnp.concatenate([i, f + jnp.asarray(core._forget_bias, dtype), g, o])

    return init


class Conv1DLSTM(_ConvNDLSTM):
    __doc__ = (_ConvNDLSTM.__doc__ or "") + "\n    Over one spatial axis."

    def __init__(
        self,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        data_format: str = "NWC",
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = jnp.float32,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          input_shape: of one example, channels included, in the data format.
          output_channels: number C of channels of outputs and state.
          kernel_shape: of both convolutions.
          data_format: where the channels are. (With the channels first Sonnet itself
            fails; here it works.)
          w_i_init, w_h_init: default truncated normal, standard deviation
            1 / sqrt(fan in).
          b_init: default zeros.
          forget_bias: added to the forget gate's block of the initial ``b``.
          dtype: of inputs, state and parameters.
          name: of the module.
        """
        sizes = (1, input_shape, output_channels, kernel_shape, data_format)
        inits = (w_i_init, w_h_init, b_init)
        super().__init__(*sizes, inits, forget_bias, dtype, name)


class Conv2DLSTM(_ConvNDLSTM):
    __doc__ = (_ConvNDLSTM.__doc__ or "") + "\n    Over two spatial axes."

    def __init__(
        self,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        data_format: str = "NHWC",
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = jnp.float32,
        name: str | None = None,
    ):
        """Arguments as for ``Conv1DLSTM``."""
        sizes = (2, input_shape, output_channels, kernel_shape, data_format)
        inits = (w_i_init, w_h_init, b_init)
        super().__init__(*sizes, inits, forget_bias, dtype, name)


class Conv3DLSTM(_ConvNDLSTM):
    __doc__ = (_ConvNDLSTM.__doc__ or "") + "\n    Over three spatial axes."

    def __init__(
        self,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        data_format: str = "NDHWC",
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = jnp.float32,
        name: str | None = None,
    ):
        """Arguments as for ``Conv1DLSTM``."""
        sizes = (3, input_shape, output_channels, kernel_shape, data_format)
        inits = (w_i_init, w_h_init, b_init)
        super().__init__(*sizes, inits, forget_bias, dtype, name)
