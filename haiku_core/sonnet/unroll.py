"""Sonnet's unrolling of cores over sequences of different lengths."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk


def _length(input_sequence: Any) -> int:
    lengths = {x.shape[0] for x in jax.tree.leaves(input_sequence)}
    if len(lengths) > 1:
        raise ValueError(
            "input_sequence tensors must have consistent number of time steps"
        )
    (length,) = lengths
    if length == 0:
        raise ValueError("input_sequence must have at least a single time step")
    return length


def _kept(past: jax.Array, old: Any, new: Any) -> Any:
    """The old arrays for the elements that are past their end; scalars are new."""

    def one(before: jax.Array, after: jax.Array) -> jax.Array:
        if after.ndim == 0:
            return after
        flag = past.reshape(past.shape + (1,) * (after.ndim - past.ndim))
        return jnp.where(flag, before, after)

    return jax.tree.map(one, old, new)


def _frozen(core: Any, lengths: jax.Array) -> Any:
    """The core with a step counter, keeping outputs and state past the end.

    Inputs are (inputs, step) and the state (last outputs, state).
    """

    def step(inputs: Any, carried: Any) -> tuple[Any, Any]:
        (inputs, t), (last, state) = inputs, carried
        outputs, following = core(inputs, state)
        outputs = _kept(t >= lengths, last, outputs)
        return outputs, (outputs, _kept(t >= lengths, state, following))

    return step


def _unroll(
    unroll: Any, core: Any, input_sequence: Any, initial_state: Any, lengths: Any
) -> tuple[Any, Any]:
    steps = _length(input_sequence)
    if lengths is None:
        return unroll(core, input_sequence, initial_state)
    input_sequence = jax.tree.map(jnp.asarray, input_sequence)
    lengths = jnp.asarray(lengths)
    # The first step runs on its own: it tells the structure of the outputs.
    first = jax.tree.map(lambda x: x[0], input_sequence)
    outputs, state = core(first, initial_state)
    blank = jax.tree.map(jnp.zeros_like, outputs)
    outputs = _kept(lengths <= 0, blank, outputs)
    state = _kept(lengths <= 0, initial_state, state)
    first = jax.tree.map(lambda x: x[None], outputs)
    if steps == 1:
        return first, state
    rest = jax.tree.map(lambda x: x[1:], input_sequence)
    later, (_, state) = unroll(
        _frozen(core, lengths), (rest, jnp.arange(1, steps)), (outputs, state)
    )
    joined = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), first, later)
    return joined, state


def static_unroll(
    core: Any, input_sequence: Any, initial_state: Any, sequence_length: Any = None
) -> tuple[Any, Any]:
    """Runs a core over a sequence by a Python loop.

    Args:
      core: (inputs, state) -> (outputs, state).
      input_sequence: arrays ``[T, B, ...]``.
      initial_state: the state to start from.
      sequence_length: ints ``[B]``; past its end an element's outputs and state stay
        as they were. None: all elements have T steps.

    Returns:
      (outputs ``[T, B, ...]``, the final state).

    Raises:
      ValueError: arrays of different lengths, or of length 0.
    """
    return _unroll(
        hk.static_unroll, core, input_sequence, initial_state, sequence_length
    )


def dynamic_unroll(
    core: Any,
    input_sequence: Any,
    initial_state: Any,
    sequence_length: Any = None,
    parallel_iterations: int = 1,
    swap_memory: bool = False,
) -> tuple[Any, Any]:
    """Runs a core over a sequence by a scan.

    Args:
      core, input_sequence, initial_state, sequence_length: see ``static_unroll``.
      parallel_iterations, swap_memory: without effect.

    Returns, raises: as ``static_unroll``.
    """
    del parallel_iterations, swap_memory
    return _unroll(
        hk.dynamic_unroll, core, input_sequence, initial_state, sequence_length
    )
