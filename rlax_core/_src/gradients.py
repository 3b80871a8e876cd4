"""Which way gradients flow: stopping them by a flag, clipping them on the way back."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from rlax_core._src import checks


def stop_if(flag: Any, x: Any) -> jax.Array:
    """``x``, through which no gradient flows where ``flag`` holds.

    A Python flag is decided now and leaves nothing in the compiled code; a traced one
    (when the caller jits with the flag as an argument) becomes a select.
    """
    if isinstance(flag, jax.core.Tracer):
        return lax.select(flag, lax.stop_gradient(x), jnp.asarray(x))
    return lax.stop_gradient(x) if flag else jnp.asarray(x)


@jax.custom_vjp
def clip_gradient(x: Any, gradient_min: float, gradient_max: float) -> Any:
    """Passes ``x`` through unchanged and clips, element by element, what flows back.

    ``0.5 * clip_gradient(x, -d, d)**2`` therefore has the gradient of
    ``huber_loss(x, d)``: the error clipping of "Human-level control through deep
    reinforcement learning", Mnih et al. 2015.

    Args:
      x: float array of any shape, or a pytree of them.
      gradient_min: the least value of a gradient element.
      gradient_max: the greatest value of a gradient element.

    Returns:
      ``x``.

    Raises:
      AssertionError: if a leaf of ``x`` is not floating point.
    """
    for leaf in jax.tree.leaves(x):
        checks.require_family("clip_gradient", "float", x=leaf)
    return x


def _clip_gradient_forward(x, gradient_min, gradient_max):
    return clip_gradient(x, gradient_min, gradient_max), (gradient_min, gradient_max)


def _clip_gradient_backward(bounds, cotangent):
    low, high = bounds
    clipped = jax.tree.map(lambda g: jnp.clip(g, low, high), cotangent)
    return clipped, None, None


clip_gradient.defvjp(_clip_gradient_forward, _clip_gradient_backward)
