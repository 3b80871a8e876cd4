"""PopArt: values of many scales learnt by one linear layer.

Each output keeps running moments of its targets; the layer learns normalized targets
and is rescaled whenever the moments move, so that its outputs do not.
Van Hasselt et al. 2016, "Learning values across many orders of magnitude"; Hessel et
al. 2019, "Multi-task deep reinforcement learning with PopArt".
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from rlax_core._src.arrays import batched_index, one_hot
from rlax_core._src.checks import Signature, require_same_shape

Array = jax.Array
Params = Mapping[str, Array]
AxisName = str | Iterable[str] | None


class PopArtState(NamedTuple):
    """``[O]`` each: mean, standard deviation and second moment of each output."""

    shift: Array
    scale: Array
    second_moment: Array


class PopArtOutput(NamedTuple):
    """A value as the layer gives it, and in the units of the targets."""

    normalized: Array
    unnormalized: Array


def normalize(state: PopArtState, unnormalized: Array, indices: Array) -> Array:
    """Values in the layer's units: less the mean, over the standard deviation.

    Args:
      state: moments of ``O`` outputs.
      unnormalized: ``[...]`` values.
      indices: ``[...]`` int, the output that each belongs to.

    Returns:
      ``[...]`` normalized values.
    """
    return (unnormalized - state.shift[indices]) / state.scale[indices]


def unnormalize(state: PopArtState, normalized: Array, indices: Array) -> Array:
    """Values in the targets' units, from the layer's.

    Args:
      state: moments of ``O`` outputs.
      normalized: ``[...]`` values in the layer's units.
      indices: ``[...]`` int, the output that each belongs to.

    Returns:
      ``[...]`` values.
    """
    return normalized * state.scale[indices] + state.shift[indices]


_INDICES = Signature("unnormalize_linear", indices="int")


def unnormalize_linear(
    state: PopArtState, inputs: Array, indices: Array
) -> PopArtOutput:
    """Picks one output of the layer for each example, in both units.

    Args:
      state: moments of ``O`` outputs.
      inputs: ``[..., O]`` the layer's outputs.
      indices: ``[...]`` int, which output to take.

    Returns:
      The values normalized and not, ``[...]`` each.

    Raises:
      AssertionError: if the indices are not integer, or not of that shape.
    """
    _INDICES(indices)
    leading = jax.ShapeDtypeStruct(inputs.shape[:-1], inputs.dtype)
    require_same_shape("unnormalize_linear", indices=indices, leading_axes=leading)
    picked = batched_index(inputs, indices)
    return PopArtOutput(picked, unnormalize(state, picked, indices))


_TARGETS = Signature("art", indices="int")


def art(
    state: PopArtState,
    targets: Array,
    indices: Array,
    step_size: float,
    scale_lb: float,
    scale_ub: float,
    axis_name: AxisName = None,
) -> PopArtState:
    """Moves the moments towards new targets: the half of PopArt that adapts.

    Args:
      state: moments of ``O`` outputs.
      targets: ``[...]`` values to learn, in their own units.
      indices: ``[...]`` int, the output that each is for.
      step_size: share of the way to go for each target.
      scale_lb: the least standard deviation.
      scale_ub: the greatest standard deviation.
      axis_name: mapped axis, or axes, of devices to sum the changes over. None: none.

    Returns:
      The new moments, through which no gradient flows.

    Raises:
      AssertionError: if the indices are not integer, or not shaped as the targets.
    """
    _TARGETS(indices)
    require_same_shape("art", targets=targets, indices=indices)
    member = one_hot(jnp.ravel(indices), state.shift.shape[0])
    axes = (axis_name,) if isinstance(axis_name, str) else tuple(axis_name or ())

    def moved(moment: Array, values: Array) -> Array:
        steps = step_size * (values - moment[indices])
        # Sums over a one-hot matrix, since a scatter's order is not defined on all
        # accelerators.
        change = jnp.sum(jnp.ravel(steps)[:, None] * member, axis=0)
        return moment + (lax.psum(change, axes) if axes else change)

    shift = moved(state.shift, targets)
    second_moment = moved(state.second_moment, jnp.square(targets))
    variance = jnp.clip(second_moment - jnp.square(shift), scale_lb**2, scale_ub**2)
    new = PopArtState(shift, jnp.sqrt(variance), second_moment)
    return jax.tree.map(lax.stop_gradient, new)


def pop(params: Params, old: PopArtState, new: PopArtState) -> dict[str, Array]:
    """Rescales the layer so that its unnormalized outputs stay as they were.

    Args:
      params: the layer's ``"w"`` ``[..., O]`` and ``"b"`` ``[O]``.
      old: the moments before.
      new: the moments after.

    Returns:
      The new ``"w"`` and ``"b"``.
    """
    ratio = jnp.broadcast_to(old.scale / new.scale, params["w"].shape)
    moved = old.scale * params["b"] + old.shift - new.shift
    return {"w": params["w"] * ratio, "b": moved / new.scale}


def popart(
    num_outputs: int,
    step_size: float | None,
    scale_lb: float,
    scale_ub: float,
    axis_name: AxisName = None,
) -> tuple[Callable[[], PopArtState], Callable[..., tuple[Params, PopArtState]]]:
    """Makes the two functions that PopArt consists of.

    Args:
      num_outputs: number ``O`` of the layer's outputs.
      step_size: share of the way to go for each target; None switches PopArt off.
      scale_lb: the least standard deviation.
      scale_ub: the greatest standard deviation.
      axis_name: mapped axis, or axes, of devices to sum the changes over. None: none.

    Returns:
      ``initial_state()``, moments of mean 0 and deviation 1; and
      ``popart_update(params, state, targets, indices)``, which returns the rescaled
      parameters of the layer and the new moments.
    """

    def initial_state() -> PopArtState:
        ones = jnp.ones(num_outputs)
        return PopArtState(jnp.zeros(num_outputs), ones, ones)

    def popart_update(
        params: Params, state: PopArtState, targets: Array, indices: Array
    ) -> tuple[Params, PopArtState]:
        if step_size is None:
            return params, state
        bounds = scale_lb, scale_ub
        moved = art(state, targets, indices, step_size, *bounds, axis_name)
        return pop(params, state, moved), moved

    return initial_state, popart_update
