"""Running a core over a sequence, and cores made of cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from haiku_core._src import control_flow, frames
from haiku_core._src.recurrent import RNNCore
from haiku_core.layers._src.arrays import as_array

Core = Callable[[Any, Any], tuple[Any, Any]]


def static_unroll(
    core: Core, input_sequence: Any, initial_state: Any, time_major: bool = True
) -> tuple[Any, Any]:
    """Runs a core over a sequence by a Python loop: one copy of it for each step.

    Args:
      core: (inputs, state) -> (outputs, state).
      input_sequence: arrays ``[T, B, ...]`` or, not time major, ``[B, T, ...]``.
      initial_state: the state to start from.
      time_major: layout of inputs and outputs.

    Returns:
      (outputs of all steps in the layout of the inputs, the final state).
    """
    axis = 0 if time_major else 1
    leaves, structure = jax.tree.flatten(input_sequence)
    by_step = zip(*(jnp.unstack(x, axis=axis) for x in leaves), strict=True)
    outputs, state = [], initial_state
    for inputs in by_step:
        out, state = core(jax.tree.unflatten(structure, inputs), state)
        outputs.append(out)
    stacked = jax.tree.map(lambda *steps: jnp.stack(steps, axis), *outputs)
    return stacked, state


def dynamic_unroll(
    core: Core,
    input_sequence: Any,
    initial_state: Any,
    time_major: bool = True,
    reverse: bool = False,
    return_all_states: bool = False,
    unroll: int = 1,
) -> tuple[Any, Any]:
    """Runs a core over a sequence by a scan: one copy of it, whatever the length.

    Args:
      core: (inputs, state) -> (outputs, state).
      input_sequence: arrays ``[T, B, ...]`` or, not time major, ``[B, T, ...]``.
      initial_state: the state to start from.
      time_major: layout of inputs and outputs.
      reverse: from the last step to the first; outputs stay where their inputs are.
      return_all_states: return the states after each step, not just the last one.
      unroll: steps in one iteration of the compiled loop.

    Returns:
      (outputs of all steps, the final state or the states of all steps).
    """

    def swapped(nest: Any) -> Any:
        if time_major:
            return nest
        return jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), nest)

    def step(state: Any, inputs: Any) -> tuple[Any, Any]:
        outputs, state = core(inputs, state)
        return state, (outputs, state) if return_all_states else outputs

    scan = control_flow.scan if frames.inside_transform() else lax.scan
    final, steps = scan(
        step, initial_state, swapped(input_sequence), reverse=reverse, unroll=unroll
    )
    if return_all_states:
        outputs, states = swapped(steps)
        return outputs, states
    return swapped(steps), final


class ResetCore(RNNCore):
    """Starts the state of a core anew where a flag is set, before the step.

    For sequences in which several episodes follow one another. The inputs are pairs
    (inputs of the core, flags); the flags are one bool array ``[B]`` (a scalar without
    batch), or a nest of them in the structure of the state.
    """

    def __init__(self, core: RNNCore, name: str | None = None):
        """Takes the settings.

        Args:
          core: the core; its ``initial_state`` gives the new states.
          name: of the module.
        """
        super().__init__(name)
        self.core = core

    def __call__(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """((inputs, flags), state) -> (outputs, next state).

        Raises:
          ValueError: a flag array whose shape doesn't start that of its state.
        """
        inputs, flags = inputs
        inputs, flags, state = jax.tree.map(as_array, (inputs, flags, state))
        if isinstance(flags, jax.Array):
            everywhere = flags
            flags = jax.tree.map(lambda _: everywhere, state)
        leaves = jax.tree.leaves(state)
        alone = jax.tree.leaves(self.initial_state(1))
        batched = bool(leaves) and all(
            fresh.shape[1:] == s.shape[1:]
            for fresh, s in zip(alone, leaves, strict=False)
        )
        size = jax.tree.leaves(inputs)[0].shape[0] if batched else None

        def reset(flag: jax.Array, fresh: jax.Array, s: jax.Array) -> jax.Array:
            n = flag.ndim
            if flag.shape != s.shape[:n]:
                raise ValueError(
                    f"should_reset signal shape {flag.shape} is not compatible with "
                    f"state shape {s.shape}"
                )
            flag = lax.expand_dims(flag, range(n, s.ndim))
            return jnp.where(flag, fresh.astype(s.dtype), s)

        state = jax.tree.map(reset, flags, self.initial_state(size), state)
        return self.core(inputs, state)

    def initial_state(self, batch_size: int | None) -> Any:
        """That of the core."""
        return self.core.initial_state(batch_size)


class _DeepRNN(RNNCore):
    """Cores and other layers on top of one another, as one core."""

    def __init__(
        self, layers: Sequence[Any], skip_connections: bool, name: str | None = None
    ):
        super().__init__(name)
        if skip_connections and not all(isinstance(x, RNNCore) for x in layers):
            raise ValueError(
                "skip_connections requires for all layers to be `hk.RNNCore`s. Layers "
                f"is: {layers}"
            )
        self.skip_connections = skip_connections
        self.layers = layers

    def __call__(self, inputs: Any, state: Any) -> tuple[Any, tuple[Any, ...]]:
        """(inputs, states of the cores) -> (outputs, next states)."""
        states = iter(state)
        nexts, outputs = [], []
        current = inputs
        for depth, layer in enumerate(self.layers):
            if depth and self.skip_connections:
                current = _joined(inputs, current)
            if isinstance(layer, RNNCore):
                current, following = layer(current, next(states))
                nexts.append(following)
                outputs.append(current)
            else:
                current = layer(current)
        if self.skip_connections:
            current = _joined(*outputs)
        return current, tuple(nexts)

    def initial_state(self, batch_size: int | None) -> tuple[Any, ...]:
        """One state for each core, in order."""
        cores = (x for x in self.layers if isinstance(x, RNNCore))
        return tuple(core.initial_state(batch_size) for core in cores)


def _joined(*nests: Any) -> Any:
    """Arrays of nests of one structure, joined along their last axis; None: None."""
    return jax.tree.map(
        lambda *xs: None if xs[0] is None else jnp.concatenate(xs, axis=-1),
        *nests,
        is_leaf=lambda x: x is None,
    )


class DeepRNN(_DeepRNN):
    """Cores and other layers on top of one another, as one core.

    The inputs go through all layers in order; the state is a tuple with one state for
    each layer that is an ``RNNCore``.
    """

    def __init__(self, layers: Sequence[Any], name: str | None = None):
        """Takes the settings.

        Args:
          layers: cores, modules and functions.
          name: of the module.
        """
        super().__init__(layers, False, name)


def deep_rnn_with_skip_connections(
    layers: Sequence[RNNCore], name: str | None = None
) -> RNNCore:
    """Cores on top of one another with connections past them (Graves, 1308.0850).

    Each core but the first sees the inputs joined with the outputs below; the outputs
    are those of all cores joined, along the last axis.

    Args:
      layers: cores.
      name: of the module.

    Raises:
      ValueError: a layer that isn't an ``RNNCore``.
    """
    return _DeepRNN(layers, True, name)
