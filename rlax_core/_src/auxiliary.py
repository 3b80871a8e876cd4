"""Auxiliary tasks: learning to control pixels and features.

Jaderberg et al. 2017, "Reinforcement learning with unsupervised auxiliary tasks".
"""

import jax
import jax.numpy as jnp

from rlax_core._src.checks import Signature
from rlax_core._src.trace_errors import q_lambda

Array = jax.Array
Numeric = Array | float

_PIXELS = Signature("pixel_control_rewards", observations="float[_ _ _ _]")


def pixel_control_rewards(observations: Array, cell_size: int) -> Array:
    """How much each cell of an image changes from step to step.

    Args:
      observations: ``[T + 1, H, W, C]`` float, images with values from 0 to 1, whose
        height and width are multiples of ``cell_size``.
      cell_size: side of the square cells, in pixels.

    Returns:
      ``[T, H / cell_size, W / cell_size]``: absolute change, averaged over the pixels
      and channels of the cell.
    """
    _PIXELS(observations)
    _, height, width, channels = observations.shape
    change = jnp.abs(observations[1:] - observations[:-1])
    rows, columns = height // cell_size, width // cell_size
    cells = change.reshape(-1, rows, cell_size, columns, cell_size, channels)
    return cells.mean(axis=(2, 4, 5))


_FEATURES = Signature("feature_control_rewards", features="float[_ _]")


def feature_control_rewards(
    features: Array,
    cumulant_type: str = "absolute_change",
    discount: float | None = None,
) -> Array:
    """A reward for each feature of a state, from how it changes.

    Args:
      features: ``[T + 1, D]`` float.
      cumulant_type: ``"feature"`` the feature itself, after the step;
        ``"absolute_change"``; ``"increase"``; ``"decrease"``; or ``"potential"``, the
        discounted feature after the step less that before.
      discount: for ``"potential"``.

    Returns:
      ``[T, D]`` rewards.

    Raises:
      ValueError: for another ``cumulant_type``.
    """
    _FEATURES(features)
    after = features[1:]
    if cumulant_type == "feature":
        return after
    before = features[:-1]
    match cumulant_type:
        case "absolute_change":
            return jnp.abs(after - before)
        case "increase":
            return after - before
        case "decrease":
            return before - after
        case "potential":
            return discount * after - before
    raise ValueError(
        f"Unknown cumulant_type {cumulant_type!r}: it is feature, absolute_change, "
        "increase, decrease or potential."
    )


_CONTROL = Signature(
    "pixel_control_loss",
    observations="float",
    actions="int[_]",
    action_values="any[_ _ _ _]",
)


def pixel_control_loss(
    observations: Array,
    actions: Array,
    action_values: Array,
    discount_factor: Numeric,
    cell_size: int,
) -> Array:
    """The loss of action values for changing each cell of the image.

    Each cell is a task of its own, learnt by Q(λ) with λ = 1 from the actions taken.

    Args:
      observations: ``[T + 1, H, W, C]`` float, images with values from 0 to 1.
      actions: ``[T]`` int, actions taken.
      action_values: ``[T + 1, H / cell_size, W / cell_size, A]`` float, action values
        of each cell.
      discount_factor: scalar or ``[T]``, usually 0.9.
      cell_size: side of the square cells, in pixels.

    Returns:
      ``[T, H / cell_size, W / cell_size]`` losses.

    Raises:
      ValueError: if the cells of the two do not agree, or the discount is neither a
        scalar nor a sequence.
    """
    _CONTROL(observations, actions, action_values)
    rewards = pixel_control_rewards(observations, cell_size)
    grid = rewards.shape[1:]
    if action_values.shape[1:-1] != grid:
        raise ValueError(
            "Pixel Control values are not compatible with the rewards: the values have "
            f"cells {action_values.shape[1:-1]}, and observations of this size with "
            f"cell_size={cell_size} have {grid}."
        )
    discount = jnp.asarray(discount_factor)
    if discount.ndim > 1:
        raise ValueError(
            "discount_factor must be a scalar or a tensor of rank 1, one for each step;"
            f" it has shape {discount.shape}."
        )
    discounts = jnp.broadcast_to(discount, actions.shape)

    def of_cell(values: Array, reward: Array) -> Array:
        before, after = values[:-1], values[1:]
        return q_lambda(before, actions, reward, discounts, after, 1.0)

    of_all = of_cell
    for _ in grid:  # over columns, then over rows: axes 2 and 1 of the given arrays
        of_all = jax.vmap(of_all, in_axes=1, out_axes=1)
    return 0.5 * jnp.square(of_all(action_values, rewards))
