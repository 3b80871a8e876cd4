"""Identities with another gradient."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


@jax.custom_vjp
def scale_gradient(t: jax.Array, scale: Any) -> jax.Array:
    """``t``, with its gradient multiplied by ``scale``.

    Args:
      t: any array.
      scale: a scalar, or an array that broadcasts against ``t``; has no gradient.
    """
    del scale
    return t


def _scaled(scale: Any, g: jax.Array) -> tuple[jax.Array, Any]:
    return scale * g, jax.tree.map(jnp.zeros_like, scale)


scale_gradient.defvjp(lambda t, scale: (t, scale), _scaled)


@jax.custom_vjp
def leaky_clip_by_value(
    t: jax.Array, clip_value_min: Any, clip_value_max: Any
) -> jax.Array:
    """``t`` clipped, with a gradient that can still bring it back into the range.

    The gradient passes as it is, but for elements outside of the range that a descent
    step would move further out: those get zero.

    Args:
      t: any array.
      clip_value_min, clip_value_max: the range; have no gradient.
    """
    return jnp.clip(t, clip_value_min, clip_value_max)


def _leaky(residuals: Any, g: jax.Array) -> tuple[Any, Any, Any]:
    t, low, high = residuals
    outwards = ((t < low) & (g > 0)) | ((t > high) & (g < 0))
    zeros = jax.tree.map(jnp.zeros_like, (low, high))
    return jnp.where(outwards, jnp.zeros_like(g), g), *zeros


leaky_clip_by_value.defvjp(
    lambda t, low, high: (leaky_clip_by_value(t, low, high), (t, low, high)), _leaky
)
