"""One step of the recurrent cells: inputs and state in, new state out."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from haiku_core.layers._src.arrays import add_vector, constant
from haiku_core.layers._src.linear import linear


def _gate_parts(gates: jax.Array, axis: int) -> list[jax.Array]:
    size = gates.shape[axis] // 4
    return lax.split(gates, (size,) * 4, axis % gates.ndim)


def _memory(
    i: jax.Array, g: jax.Array, f: jax.Array, o: jax.Array, cell: jax.Array
) -> tuple[jax.Array, jax.Array]:
    if f.dtype != cell.dtype:
        cell = f * cell + i * g
        return o * jnp.tanh(cell), cell
    cell = lax.add(lax.mul(f, cell), lax.mul(i, g))
    return lax.mul(o, lax.tanh(cell)), cell


def lstm_gates_igfo(
    gates: jax.Array, cell: jax.Array, axis: int = -1
) -> tuple[jax.Array, jax.Array]:
    """Haiku's LSTM after the matrix product: order i, g, f, o, and f + 1.

    Jozefowicz et al. 2015 (proceedings.mlr.press/v37/jozefowicz15) for the 1 that
    keeps the memory open at the start.

    Args:
      gates: pre-activations, four blocks along ``axis``.
      cell: the memory.
      axis: the axis of the blocks.

    Returns:
      (hidden, cell) after the step.
    """
    i, g, f, o = _gate_parts(gates, axis)
    f = lax.logistic(lax.add(f, constant(1, f.dtype)))
    return _memory(lax.logistic(i), lax.tanh(g), f, lax.logistic(o), cell)


def lstm_gates_ifgo(
    gates: jax.Array, cell: jax.Array, axis: int = -1
) -> tuple[jax.Array, jax.Array]:
    """Sonnet's LSTM after the matrix product: order i, f, g, o, nothing added.

    Arguments and result as in ``lstm_gates_igfo``.
    """
    i, f, g, o = _gate_parts(gates, axis)
    return _memory(lax.logistic(i), lax.tanh(g), lax.logistic(f), lax.logistic(o), cell)


def lstm_step(
    x: jax.Array, hidden: jax.Array, cell: jax.Array, w: jax.Array, b: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Haiku's LSTM: one matrix for the inputs joined with the hidden state.

    Args:
      x: ``[..., I]``.
      hidden, cell: ``[..., H]``.
      w: ``[I + H, 4 H]``, blocks i, g, f, o.
      b: ``[4 H]``; 1 is added to its f block.

    Returns:
      (hidden, cell) after the step.
    """
    return lstm_gates_igfo(linear(join(x, hidden), w, b), cell)


def join(a: jax.Array, b: jax.Array) -> jax.Array:
    """The two arrays one after the other along their last axis."""
    if a.dtype == b.dtype:
        return lax.concatenate((a, b), a.ndim - 1)
    return jnp.concatenate([a, b], axis=-1)


def sonnet_lstm_step(
    x: jax.Array,
    hidden: jax.Array,
    cell: jax.Array,
    w_i: jax.Array,
    w_h: jax.Array,
    b: jax.Array,
    projection: jax.Array | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Sonnet's LSTM, with an optional projection (Sak et al. 2014, arXiv 1402.1128).

    Args:
      x: ``[B, I]``.
      hidden: ``[B, P]``, where P = H without projection.
      cell: ``[B, H]``.
      w_i: ``[I, 4 H]``, blocks i, f, g, o.
      w_h: ``[P, 4 H]``.
      b: ``[4 H]``, the forget bias already inside.
      projection: ``[H, P]`` or None.

    Returns:
      (hidden, cell) after the step.
    """
    gates = lax.add(linear(x, w_i), linear(hidden, w_h))
    hidden, cell = lstm_gates_ifgo(add_vector(gates, b), cell)
    if projection is not None:
        hidden = linear(hidden, projection)
    return hidden, cell


def gru_step(
    x: jax.Array, state: jax.Array, w_i: jax.Array, w_h: jax.Array, b: jax.Array
) -> jax.Array:
    """A gated recurrent unit that resets the state before the matrix product.

    Cho et al. 2014 (arXiv 1406.1078); the form of both Haiku and Sonnet.

    Args:
      x: ``[..., I]``.
      state: ``[..., H]``.
      w_i: ``[I, 3 H]``, blocks z, r, a.
      w_h: ``[H, 3 H]``.
      b: ``[3 H]``.

    Returns:
      The new state: ``(1 - z) * state + z * a``.
    """
    size = state.shape[-1]
    parts = (2 * size, size)
    last = state.ndim - 1
    x_zr, x_a = lax.split(linear(x, w_i), parts, last)
    w_zr, w_a = lax.split(w_h, parts, 1)
    b_zr, b_a = lax.split(b, parts, 0)
    zr = lax.logistic(add_vector(x_zr + linear(state, w_zr), b_zr))
    z, r = lax.split(zr, (size, size), last)
    a = jnp.tanh(add_vector(x_a + linear(r * state, w_a), b_a))
    return (1 - z) * state + z * a


def cudnn_gru_step(
    x: jax.Array, state: jax.Array, w_i: jax.Array, w_h: jax.Array, b: jax.Array
) -> jax.Array:
    """The gated recurrent unit of cuDNN: resets *after* the matrix product.

    ``a = tanh(x W_a + b_a + r * (state U_a))`` and ``state = (1 - z) a + z state``.
    Arguments as in ``gru_step``.
    """
    x_z, x_r, x_a = jnp.split(linear(x, w_i, b), 3, axis=-1)
    h_z, h_r, h_a = jnp.split(linear(state, w_h), 3, axis=-1)
    z = lax.logistic(x_z + h_z)
    r = lax.logistic(x_r + h_r)
    a = jnp.tanh(x_a + r * h_a)
    return (1 - z) * a + z * state


def rnn_step(
    x: jax.Array,
    state: jax.Array,
    w_i: jax.Array,
    w_h: jax.Array,
    b: jax.Array,
    activation: Any = jnp.tanh,
) -> jax.Array:
    """Elman's recurrence ``activation(x W + state U + b)``, as Sonnet has it.

    Args:
      x: ``[B, I]``.
      state: ``[B, H]``.
      w_i: ``[I, H]``.
      w_h: ``[H, H]``.
      b: ``[H]``.
      activation: applied elementwise.

    Returns:
      The new state ``[B, H]``.
    """
    return activation(add_vector(linear(x, w_i) + linear(state, w_h), b))
