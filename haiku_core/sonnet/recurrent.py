"""Sonnet's recurrent cores beside the LSTM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import haiku_core as hk

Initializer = Callable[[Any, Any], jax.Array]


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


def _zeros(batch_size: int | None, size: int, dtype: Any) -> jax.Array:
    return jnp.zeros((size,) if batch_size is None else (batch_size, size), dtype)


class VanillaRNN(hk.RNNCore):
    """``activation(inputs W + state U + b)``, both output and next state.

    Parameters: ``w`` ``[I, H]`` and ``[H, H]`` of the submodules ``input_to_hidden``
    and ``hidden_to_hidden``, and ``b`` ``[H]`` (the attribute ``_b`` in Sonnet).
    """

    _sonnet_layout = "VanillaRNN"  # how checkpoints keep it

    def __init__(
        self,
        hidden_size: int,
        activation: Callable[[jax.Array], jax.Array] = jnp.tanh,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        dtype: Any = jnp.float32,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          hidden_size: length H of the state.
          activation: of the new state.
          w_i_init, w_h_init: default truncated normal, standard deviation
            1 / sqrt(fan in).
          b_init: default zeros.
          dtype: of inputs, state and parameters.
          name: of the module.
        """
        super().__init__(name=name)
        self._hidden_size = hidden_size
        self._activation = activation
        self._b_init = b_init or jnp.zeros
        self._dtype = dtype
        self._input_to_hidden = hk.Linear(
            hidden_size, with_bias=False, w_init=w_i_init, name="input_to_hidden"
        )
        self._hidden_to_hidden = hk.Linear(
            hidden_size, with_bias=False, w_init=w_h_init, name="hidden_to_hidden"
        )

    def __call__(
        self, inputs: jax.Array, prev_state: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """``[B, I]`` and ``[B, H]`` -> ``[B, H]`` twice; B optional.

        Raises:
          TypeError: inputs of another dtype.
          ValueError: inputs of another rank.
        """
        x = _checked(inputs, self._dtype, (1, 2))
        total = self._input_to_hidden(x) + self._hidden_to_hidden(prev_state)
        b = hk.get_parameter("b", (self._hidden_size,), self._dtype, self._b_init)
        out = self._activation(total + jnp.broadcast_to(b, total.shape))
        return out, out

    def initial_state(self, batch_size: int | None) -> jax.Array:
        """Zeros, ``[B, H]``; None: without B."""
        return _zeros(batch_size, self._hidden_size, self._dtype)


def _gru_parameters(core: Any, input_size: int) -> tuple[jax.Array, ...]:
    gates = 3 * core._hidden_size
    dtype = core._dtype
    core._input_size = input_size
    return (
        hk.get_parameter("w_i", (input_size, gates), dtype, init=core._w_i_init),
        hk.get_parameter("w_h", (core._hidden_size, gates), dtype, core._w_h_init),
        hk.get_parameter("b", (gates,), dtype, init=core._b_init),
    )


def _configure_gru(
    core: Any, hidden_size: int, inits: tuple[Any, Any, Any], dtype: Any
) -> None:
    glorot = hk.initializers.VarianceScaling(1.0, "fan_avg", "uniform")
    w_i_init, w_h_init, b_init = inits
    core._hidden_size = hidden_size
    core._w_i_init, core._w_h_init = w_i_init or glorot, w_h_init or glorot
    core._b_init = b_init or jnp.zeros
    core._dtype = dtype
    core._input_size = None


def _gru_weight(core: Any, name: str) -> jax.Array:
    if core._input_size is None:
        raise AttributeError(f"{name} is created in the module's first call")
    rows = core._input_size if name == "w_i" else core._hidden_size
    return hk.get_parameter(name, (rows, 3 * core._hidden_size), core._dtype)


class GRU(hk.RNNCore):
    """``hk.GRU`` with Sonnet's initial weights (Glorot uniform) and a dtype to choose.

    Parameters: ``w_i`` ``[I, 3 H]``, ``w_h`` ``[H, 3 H]`` and ``b`` ``[3 H]``, in the
    order z (update), r (reset), a (candidate). In Sonnet the first two are the
    attributes ``_w_i`` and ``_w_h``.
    """

    _sonnet_layout = "GRU"  # how checkpoints keep it

    def __init__(
        self,
        hidden_size: int,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        dtype: Any = jnp.float32,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          hidden_size: length H of the state.
          w_i_init, w_h_init: default uniform of variance 2 / (fan in + fan out).
          b_init: default zeros.
          dtype: of inputs, state and parameters.
          name: of the module.
        """
        super().__init__(name=name)
        _configure_gru(self, hidden_size, (w_i_init, w_h_init, b_init), dtype)

    def __call__(
        self, inputs: jax.Array, prev_state: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """``[B, I]`` and ``[B, H]`` -> ``[B, H]`` twice; B optional.

        Raises:
          TypeError: inputs of another dtype.
          ValueError: inputs of another rank.
        """
        x = _checked(inputs, self._dtype, (1, 2))
        w_i, w_h, b = _gru_parameters(self, x.shape[-1])
        n = 2 * self._hidden_size
        of_x = jnp.matmul(x, w_i)
        of_x = of_x + jnp.broadcast_to(b, of_x.shape)
        zr = jax.nn.sigmoid(of_x[..., :n] + jnp.matmul(prev_state, w_h[:, :n]))
        z, r = jnp.split(zr, 2, axis=-1)
        a = jnp.tanh(of_x[..., n:] + jnp.matmul(r * prev_state, w_h[:, n:]))
        state = (1 - z) * prev_state + z * a
        return state, state

    def initial_state(self, batch_size: int | None) -> jax.Array:
        """Zeros, ``[B, H]``; None: without B."""
        return _zeros(batch_size, self._hidden_size, self._dtype)

    @property
    def input_to_hidden(self) -> jax.Array:
        """``w_i``, after the first call."""
        return _gru_weight(self, "w_i")

    @property
    def hidden_to_hidden(self) -> jax.Array:
        """``w_h``, after the first call."""
        return _gru_weight(self, "w_h")


class CuDNNGRU(hk.RNNCore):
    """The gated recurrent unit of cuDNN, over a whole sequence in one call.

    It resets after the matrix product (``a = tanh(x W + r * (state U) + b)``) and
    keeps the old state where z is one. Parameters as in ``GRU``.
    """

    _sonnet_layout = "CuDNNGRU"  # how checkpoints keep it

    def __init__(
        self,
        hidden_size: int,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        dtype: Any = jnp.float32,
        name: str | None = None,
    ):
        """Arguments as for ``GRU``."""
        super().__init__(name=name)
        _configure_gru(self, hidden_size, (w_i_init, w_h_init, b_init), dtype)

    def __call__(
        self, inputs: jax.Array, prev_state: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """``[T, B, I]`` and ``[B, H]`` -> ``[T, B, H]`` and the final ``[1, B, H]``.

        Raises:
          TypeError: inputs of another dtype.
          ValueError: inputs of another rank.
        """
        xs = _checked(inputs, self._dtype, (3,))
        w_i, w_h, b = _gru_parameters(self, xs.shape[-1])
        of_x = jnp.matmul(xs, w_i)
        of_x = of_x + jnp.broadcast_to(b, of_x.shape)

        def step(state: jax.Array, gates: jax.Array) -> tuple[jax.Array, jax.Array]:
            x_z, x_r, x_a = jnp.split(gates, 3, axis=-1)
            h_z, h_r, h_a = jnp.split(jnp.matmul(state, w_h), 3, axis=-1)
            z, r = jax.nn.sigmoid(x_z + h_z), jax.nn.sigmoid(x_r + h_r)
            state = (1 - z) * jnp.tanh(x_a + r * h_a) + z * state
            return state, state

        state, outputs = lax.scan(step, jnp.asarray(prev_state), of_x)
        return outputs, state[None]

    def initial_state(self, batch_size: int | None) -> jax.Array:
        """Zeros, ``[B, H]``."""
        return _zeros(batch_size, self._hidden_size, self._dtype)

    @property
    def input_to_hidden(self) -> jax.Array:
        """``w_i``, after the first call."""
        return _gru_weight(self, "w_i")

    @property
    def hidden_to_hidden(self) -> jax.Array:
        """``w_h``, after the first call."""
        return _gru_weight(self, "w_h")
