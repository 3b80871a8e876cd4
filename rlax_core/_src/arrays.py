"""Indexing, masking and summing helpers that the losses are built from."""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from rlax_core._src import checks

Array = jax.Array


def batched_index(values: Array, indices: Array, keepdims: bool = False) -> Array:
    """Picks one entry of the last axis for each leading position.

    Args:
      values: array ``[..., A]``, for instance action values.
      indices: int array ``[...]``. Negative ones count from the end; those at or
        beyond ``A`` read NaN.
      keepdims: whether to keep the last axis, with length 1.

    Returns:
      ``[...]``, or ``[..., 1]`` with ``keepdims``; dtype of ``values``.
    """
    places = lax.expand_dims(jnp.asarray(indices), (-1,))
    picked = jnp.take_along_axis(values, places, axis=-1)
    return picked if keepdims else lax.squeeze(picked, (-1,))


# Compiled, so that a call outside of jit is one operation; traced once for a shape.
@functools.partial(jax.jit, static_argnums=(1, 2), inline=True)
def one_hot(indices: Array, num_classes: int, dtype=jnp.float32) -> Array:
    """Ones at the given classes of a new last axis, zeros elsewhere.

    Args:
      indices: array ``[...]`` of class numbers, integer or whole floats. A number
        that is no class gives a row of zeros.
      num_classes: length ``C`` of the new axis.
      dtype: dtype of the result.

    Returns:
      Array ``[..., C]``.
    """
    indices = jnp.asarray(indices)
    if indices.dtype == bool:
        indices = indices.astype(int)
    shape = (*indices.shape, num_classes)
    classes = lax.broadcasted_iota(indices.dtype, shape, indices.ndim)
    given = lax.broadcast_in_dim(indices, shape, tuple(range(indices.ndim)))
    return lax.convert_element_type(lax.eq(given, classes), dtype)


def lhs_broadcast(source: Array, target: Array) -> Array:
    """Gives ``source`` trailing axes of length 1, so that it broadcasts from the left.

    Args:
      source: array whose shape is a prefix of the target's, axis by axis the same
        length or 1.
      target: array of at least as many axes.

    Returns:
      ``source`` with ``target.ndim`` axes.

    Raises:
      ValueError: if the shapes do not line up.
    """
    lead = target.shape[: source.ndim]
    fits = source.ndim <= target.ndim and all(
        own in (1, other) for own, other in zip(source.shape, lead, strict=True)
    )
    if not fits:
        raise ValueError(
            f"source shape {source.shape} is no prefix of target shape {target.shape}:"
            " lengths must agree from the left or be 1."
        )
    return jnp.reshape(source, source.shape + (1,) * (target.ndim - source.ndim))


def replace_masked(data: Array, replacement: Array | None, mask: Array) -> Array:
    """Takes ``replacement`` where the mask is set and ``data`` elsewhere.

    Args:
      data: array ``[*S, ...]``.
      replacement: array shaped as ``data``; None stands for zeros.
      mask: array ``[*S]`` of booleans, or of 0 and 1.

    Returns:
      Array shaped as ``data``.

    Raises:
      ValueError: if the mask's shape is no prefix of the data's.
    """
    new = jnp.zeros_like(data, shape=()) if replacement is None else replacement
    return jnp.where(lhs_broadcast(mask, data), new, data)


class AllSum:
    """Sums over an array, and over the devices of a mapped axis where one is named."""

    def __init__(self, axis_name: str | None = None):
        """Keeps the name of the ``pmap``/``vmap`` axis to sum over; None: no axis."""
        self._axis_name = axis_name

    def __call__(self, x: Array, axis: int | Sequence[int] | None = None) -> Array:
        """The sum of ``x`` over ``axis`` (None: all), then over the devices."""
        local = jnp.sum(x, axis=axis)
        return lax.psum(local, self._axis_name) if self._axis_name else local


_EMBED = checks.Signature(
    "embed_oar", features="any[B _]", action="any[B]", reward="any[B]"
)


def embed_oar(features: Array, action: Array, reward: Array, num_actions: int) -> Array:
    """Joins features, the last action one-hot, and the last reward squashed by tanh.

    Args:
      features: ``[B, D]`` embedding of the observation.
      action: ``[B]`` int, the previous action.
      reward: ``[B]`` the previous reward.
      num_actions: number ``A`` of actions.

    Returns:
      ``[B, D + A + 1]``.
    """
    _EMBED(features, action, reward)
    action = one_hot(action, num_actions, jnp.result_type(float))
    squashed = lax.expand_dims(jnp.tanh(reward), (-1,))
    return jnp.concatenate([features, action, squashed], axis=-1)
