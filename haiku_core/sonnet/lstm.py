"""Sonnet's LSTM: its layout of weights, projections and a forget bias to choose."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk

Initializer = Callable[[Any, Any], jax.Array]


def _normal(fan_in: int) -> Initializer:
    return hk.initializers.TruncatedNormal(1.0 / math.sqrt(fan_in))


def _parameters(core: Any, input_size: int, state_size: int) -> tuple[jax.Array, ...]:
    """``w_i``, ``w_h`` and ``b`` of a core, created on first use."""
    gates = 4 * core._hidden_size

    def bias(shape: Any, dtype: Any) -> jax.Array:
        i, f, g, o = jnp.split(jnp.asarray(core._b_init(shape, dtype)), 4)
        return jnp.concatenate([i, f + jnp.asarray(core._forget_bias, dtype), g, o])

    core._input_size = input_size
    w_i_init = core._w_i_init or _normal(input_size)
    w_h_init = core._w_h_init or _normal(state_size)
    return (
        hk.get_parameter("w_i", (input_size, gates), core._dtype, init=w_i_init),
        hk.get_parameter("w_h", (state_size, gates), core._dtype, init=w_h_init),
        hk.get_parameter("b", (gates,), core._dtype, init=bias),
    )


def _step(
    x: jax.Array, hidden: jax.Array, cell: jax.Array, w_i: Any, w_h: Any, b: Any
) -> tuple[jax.Array, jax.Array]:
    gates = jnp.matmul(x, w_i) + jnp.matmul(hidden, w_h)
    gates = gates + jnp.broadcast_to(b, gates.shape)
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(cell), cell


def _zeros(batch_size: int | None, size: int, dtype: Any) -> jax.Array:
    return jnp.zeros((size,) if batch_size is None else (batch_size, size), dtype)


def _checked(inputs: Any, dtype: Any, ranks: tuple[int, ...]) -> jax.Array:
    inputs = jnp.asarray(inputs)
    if inputs.dtype != jnp.dtype(dtype):
        raise TypeError(
            f"inputs must have dtype {jnp.dtype(dtype)}, got {inputs.dtype}: cast "
            "them, or give the module that dtype."
        )
    if inputs.ndim not in ranks:
        raise ValueError(f"inputs must have rank {ranks[-1]}, got shape {inputs.shape}")
    return inputs


def _weight(core: Any, name: str, rows: int) -> jax.Array:
    if rows is None:
        raise AttributeError(f"{name} is created in the module's first call")
    return hk.get_parameter(name, (rows, 4 * core._hidden_size), core._dtype)


class LSTM(hk.RNNCore):
    """An LSTM with Sonnet's weights: three parameters, gates in the order i, f, g, o.

    Parameters: ``w_i`` ``[I, 4 H]``, ``w_h`` ``[P, 4 H]``, ``b`` ``[4 H]`` (with the
    forget bias in its second block) and, if the hidden state is projected,
    ``projection`` ``[H, P]``; otherwise P is H. In Sonnet the first two are the
    attributes ``_w_i`` and ``_w_h``. The state is an ``hk.LSTMState``.
    """

    _sonnet_layout = "LSTM"  # how checkpoints keep it

    def __init__(
        self,
        hidden_size: int,
        projection_size: int | None = None,
        projection_init: Initializer | None = None,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = jnp.float32,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          hidden_size: length H of the memory.
          projection_size: length P of the hidden state (Sak et al. 2014, 1402.1128).
          projection_init: default truncated normal, standard deviation 1 / sqrt(H).
          w_i_init: default truncated normal, standard deviation 1 / sqrt(I).
          w_h_init: default truncated normal, standard deviation 1 / sqrt(P).
          b_init: default zeros.
          forget_bias: added to the forget gate's block of the initial ``b``.
          dtype: of inputs, state and parameters.
          name: of the module.

        Raises:
          ValueError: ``projection_init`` without a projection.
        """
        super().__init__(name=name)
        if projection_size is None and projection_init is not None:
            raise ValueError("projection_init must be None when projection is not used")
        self._hidden_size = hidden_size
        self._projection_size = projection_size
        self._eff_hidden_size = projection_size or hidden_size
        self._projection_init = projection_init
        self._w_i_init, self._w_h_init = w_i_init, w_h_init
        self._b_init = b_init or jnp.zeros
        self._forget_bias = forget_bias
        self._dtype = dtype
        self._input_size: int | None = None

    def __call__(
        self, inputs: jax.Array, prev_state: hk.LSTMState
    ) -> tuple[jax.Array, hk.LSTMState]:
        """``[B, I]`` and the state -> ``[B, P]`` and the next state; B optional.

        Raises:
          TypeError: inputs of another dtype.
          ValueError: inputs of another rank.
        """
        x = _checked(inputs, self._dtype, (1, 2))
        weights = _parameters(self, x.shape[-1], self._eff_hidden_size)
        hidden, cell = _step(x, *prev_state, *weights)
        if self._projection_size is not None:
            hidden = jnp.matmul(hidden, self.projection)
        return hidden, hk.LSTMState(hidden, cell)

    def initial_state(self, batch_size: int | None) -> hk.LSTMState:
        """Zeros, hidden ``[B, P]`` and cell ``[B, H]``; None: without B."""
        return hk.LSTMState(
            _zeros(batch_size, self._eff_hidden_size, self._dtype),
            _zeros(batch_size, self._hidden_size, self._dtype),
        )

    @property
    def projection(self) -> jax.Array | None:
        """``[H, P]``, or None without projection."""
        if self._projection_size is None:
            return None
        init = self._projection_init or _normal(self._hidden_size)
        shape = (self._hidden_size, self._projection_size)
        return hk.get_parameter("projection", shape, self._dtype, init=init)

    @property
    def input_to_hidden(self) -> jax.Array:
        """``w_i``, after the first call."""
        return _weight(self, "w_i", self._input_size)

    @property
    def hidden_to_hidden(self) -> jax.Array:
        """``w_h``, after the first call."""
        return _weight(self, "w_h", self._input_size and self._eff_hidden_size)


class UnrolledLSTM(hk.Module):
    """An LSTM over a whole sequence in one call.

    Parameters: ``w_i`` ``[I, 4 H]``, ``w_h`` ``[H, 4 H]`` and ``b`` ``[4 H]``, as in
    ``LSTM``. Sonnet's picks a fused kernel by the device; this is a scan.
    """

    _sonnet_layout = "UnrolledLSTM"  # how checkpoints keep it

    def __init__(
        self,
        hidden_size: int,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = jnp.float32,
        name: str | None = None,
    ):
        """Arguments as for ``LSTM``."""
        super().__init__(name=name)
        self._hidden_size = hidden_size
        self._w_i_init, self._w_h_init = w_i_init, w_h_init
        self._b_init = b_init or jnp.zeros
        self._forget_bias = forget_bias
        self._dtype = dtype
        self._input_size: int | None = None

    def __call__(
        self, input_sequence: jax.Array, initial_state: hk.LSTMState
    ) -> tuple[jax.Array, hk.LSTMState]:
        """``[T, B, I]`` and a state -> ``[T, B, H]`` and the state after the last step.

        Raises:
          TypeError: inputs of another dtype.
          ValueError: inputs of another rank.
        """
        xs = _checked(input_sequence, self._dtype, (3,))
        weights = _parameters(self, xs.shape[-1], self._hidden_size)

        def step(state: hk.LSTMState, x: jax.Array) -> tuple[Any, jax.Array]:
            state = hk.LSTMState(*_step(x, *state, *weights))
            return state, state.hidden

        state, outputs = jax.lax.scan(step, hk.LSTMState(*initial_state), xs)
        return outputs, state

    def initial_state(self, batch_size: int) -> hk.LSTMState:
        """Zeros, ``[B, H]``."""
        zeros = _zeros(batch_size, self._hidden_size, self._dtype)
        return hk.LSTMState(zeros, zeros)

    @property
    def input_to_hidden(self) -> jax.Array:
        """``w_i``, after the first call."""
        return _weight(self, "w_i", self._input_size)

    @property
    def hidden_to_hidden(self) -> jax.Array:
        """``w_h``, after the first call."""
        return _weight(self, "w_h", self._input_size and self._hidden_size)
