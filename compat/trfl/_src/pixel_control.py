"""Pixel control: learning to change the cells of an image."""

import jax
import jax.numpy as jnp

import rlax_core as rlax
from compat.dictionary import Call, Floats, Ints, Static, T, op
from compat.trfl._src.outputs import LossOutput, PixelControlExtra
from compat.trfl._src.sequences import qlambda

STEPS, B, A = 3, 2, 4
IMAGES = Floats(STEPS + 1, B, 8, 12, 2)
CELLS = Floats(STEPS + 1, B, 2, 3, A)
ACTIONS = Ints(STEPS, B, low=0, high=A)


@op(
    "trfl.pixel_control_rewards",
    "trfl.pixel_control_ops.pixel_control_rewards",
    check=[
        Call(IMAGES, 4),
        Call(Floats(STEPS, B, 9, 11, 2, 2), cell_size=4),
    ],
    because="TRFL crops an image to whole cells, RLax refuses it",
)
def pixel_control_rewards(observations: T, cell_size: Static):
    """How much each cell of an image changes from step to step.

    Args:
      observations: ``[T + 1, B, H, W, C…]``, with one axis of channels or more.
      cell_size: side of the square cells, in pixels; pixels beyond whole cells at the
        lower and right edges are left out.

    Returns:
      ``[T, B, H', W']``, absolute changes averaged over pixels and channels.
    """
    steps, batch, height, width = observations.shape[:4]
    rows, columns = height // cell_size, width // cell_size
    cropped = observations[:, :, : rows * cell_size, : columns * cell_size]
    merged = cropped.reshape(steps, batch, *cropped.shape[2:4], -1)
    of_row = lambda images: rlax.pixel_control_rewards(images, cell_size)  # noqa: E731
    return jax.vmap(of_row, 1, 1)(merged)


@pixel_control_rewards.when("rank(observations) == 5")
def _(observations, cell_size):
    return jax.vmap(rlax.pixel_control_rewards, (1, None), 1)(observations, cell_size)


@op(
    "trfl.pixel_control_loss",
    "trfl.pixel_control_ops.pixel_control_loss",
    check=[
        Call(IMAGES, ACTIONS, CELLS, 4, 0.9, 1.0),
        Call(
            IMAGES,
            ACTIONS,
            CELLS,
            cell_size=4,
            discount_factor=Floats(STEPS, B, low=0.0, high=1.0),
            scale=0.3,
        ),
        Call(
            Floats(STEPS + 1, B, 10, 16, 2),
            ACTIONS,
            CELLS,
            4,
            0.9,
            0.5,
            crop_height_dim=(1, 9),
            crop_width_dim=(2, 14),
        ),
        Call(IMAGES, ACTIONS, CELLS, 2, 0.9, 1.0, raises_=ValueError),
        Call(IMAGES, ACTIONS, CELLS, 4, Floats(STEPS), 1.0, raises_=ValueError),
    ],
)
def pixel_control_loss(
    observations: T,
    actions: T,
    action_values: T,
    cell_size: Static,
    discount_factor: T,
    scale: T,
    crop_height_dim: Static = (None, None),
    crop_width_dim: Static = (None, None),
):
    """The loss of action values for changing each cell, by Q(λ) with λ = 1.

    Args:
      observations: ``[T + 1, B, H, W, C…]``.
      actions: ``[T, B]`` int.
      action_values: ``[T + 1, B, H', W', A]``.
      cell_size: side of the square cells, in pixels.
      discount_factor: scalar or ``[T, B]``.
      scale: multiplies the pixels.
      crop_height_dim: first row and the row after the last to use; None: all.
      crop_width_dim: likewise for columns.

    Returns:
      ``loss`` ``[B]``, summed over steps and cells; ``extra`` with ``spatial_loss`` and
      ``pseudo_rewards``, ``[T, B, H', W']`` each.

    Raises:
      ValueError: the cells of values and observations differ, or the discount is
        neither a scalar nor ``[T, B]``.
    """
    if crop_height_dim[0] is not None:
        observations = observations[:, :, slice(*crop_height_dim)]
    if crop_width_dim[0] is not None:
        observations = observations[:, :, :, slice(*crop_width_dim)]
    rewards = pixel_control_rewards(observations * scale, cell_size)
    if rewards.shape[2:] != action_values.shape[2:-1]:
        raise ValueError(
            "pixel_control_loss: Pixel Control values have cells "
            f"{action_values.shape[2:-1]}, but the observations {rewards.shape[2:]}"
        )
    discount = jnp.asarray(discount_factor)
    if discount.ndim not in (0, 2):
        raise ValueError(
            "pixel_control_loss: discount_factor must be a scalar or [T, B], not "
            f"{discount.shape}"
        )
    if discount.ndim:
        discount = discount[:, :, None, None]
    grid = rewards.shape

    def flat(per_cell):
        """All cells of all rows of the batch as one batch."""
        trailing = per_cell.shape[4:]
        return per_cell.reshape(grid[0], -1, *trailing)

    def everywhere(per_step):
        return jnp.broadcast_to(per_step, grid).reshape(grid[0], -1)

    loss, _ = qlambda(
        flat(action_values[:-1]),
        everywhere(actions[:, :, None, None]),
        flat(rewards),
        everywhere(discount),
        flat(action_values[1:]),
        1.0,
    )
    spatial = loss.reshape(grid)
    extra = PixelControlExtra(spatial, rewards)
    return LossOutput(jnp.sum(spatial, axis=(0, 2, 3)), extra)
