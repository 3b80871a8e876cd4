"""Handling recorded sequences: cutting pieces out, marking breaks."""

import jax
import jax.numpy as jnp
from jax import lax

from rlax_core._src.checks import Signature

Array = jax.Array

# The step types of dm_env.
_FIRST, _MID, _LAST = 0, 1, 2

_STEP_TYPE = Signature("fix_step_type_on_interruptions", step_type="any[_ _]")


def fix_step_type_on_interruptions(step_type: Array) -> Array:
    """Ends episodes that were cut off, so that learning does not bridge the cut.

    Where an episode begins right after a step in the middle of another, because an
    actor crashed while recording it, that step becomes a last one. Its discount stays
    as it is: the episode was interrupted, it did not terminate.

    Args:
      step_type: ``[T, B]`` of ``dm_env.StepType``: 0 first, 1 middle, 2 last.

    Returns:
      ``[T, B]`` step types. The last row stays, as what follows it is not known.
    """
    _STEP_TYPE(step_type)
    step_type = jnp.asarray(step_type)
    unknown = jnp.asarray(_MID, step_type.dtype)
    following = lax.pad(step_type, unknown, ((-1, 1, 0), (0, 0, 0)))
    cut = (step_type == _MID) & (following == _FIRST)
    return jnp.where(cut, jnp.asarray(_LAST, step_type.dtype), step_type)


def extract_subsequences(
    trajectories: Array,
    start_indices: Array,
    subsequence_len: int = 1,
    max_valid_start_idx: int | None = None,
) -> Array:
    """Cuts pieces of one length out of each trajectory of a batch.

    Indices are not known while JAX traces, so pieces that reach over the end are not
    noticed: they repeat the last step. ``max_valid_start_idx`` guards against it.

    Args:
      trajectories: ``[T, B, ...]``.
      start_indices: ``[B, N]`` int, where the pieces of each trajectory begin.
      subsequence_len: their length ``L``.
      max_valid_start_idx: the greatest index that may be among them; None: no check.

    Returns:
      ``[L, B, N, ...]``.

    Raises:
      AssertionError: if a piece from ``max_valid_start_idx`` would reach over the end.
    """
    if max_valid_start_idx is not None:
        needed, length = max_valid_start_idx + subsequence_len, trajectories.shape[0]
        if length < needed:
            raise AssertionError(
                f"extract_subsequences: Expected len >= {needed} of trajectories, for "
                f"pieces of {subsequence_len} that start at {max_valid_start_idx}; "
                f"got {length}."
            )
    within = jnp.arange(subsequence_len)[:, None, None]
    times = within + jnp.asarray(start_indices)[None]
    rows = jnp.arange(times.shape[1])[None, :, None]
    return trajectories[times, rows]


def sample_start_indices(
    rng_key: Array, batch_size: int, num_start_indices: int, max_valid_start_idx: int
) -> Array:
    """Draws where pieces of trajectories begin, without repetition in a trajectory.

    Args:
      rng_key: JAX random key.
      batch_size: number ``B`` of trajectories.
      num_start_indices: number ``N`` of pieces of each.
      max_valid_start_idx: the greatest index drawn.

    Returns:
      ``[B, N]`` int.
    """

    def draw(key: Array) -> Array:
        shape = (num_start_indices,)
        return jax.random.choice(key, max_valid_start_idx + 1, shape, replace=False)

    return jax.vmap(draw)(jax.random.split(rng_key, batch_size))
