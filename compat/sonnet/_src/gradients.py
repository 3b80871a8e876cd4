"""Functions with another gradient than their own."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from compat.dictionary import Call, Exactly, Floats, Ignored, Like, T, op


@op(
    "snt.scale_gradient",
    returns=Like("t"),
    check=[Call(Floats(3), 0.1), Call(Floats(2, 3), -2.0)],
)
def scale_gradient(t: T, scale: T):
    """`t` itself, with its gradient multiplied by `scale` (none flows to `scale`)."""

    @jax.custom_vjp
    def through(t, scale):
        return t

    through.defvjp(
        lambda t, scale: (t, scale),
        lambda scale, up: (jnp.asarray(scale * up, up.dtype), jnp.zeros_like(scale)),
    )
    return through(t, scale)


@op(
    "snt.leaky_clip_by_value",
    same=("t", "clip_value_min", "clip_value_max"),
    returns=Like("t"),
    check=[
        Call(Floats(8), -0.5, 0.5),
        Call(Exactly([-2.0, -1.0, 0.0, 1.0, 2.0], "float32"), -1.0, 1.0),
    ],
)
def leaky_clip_by_value(
    t: T, clip_value_min: T, clip_value_max: T, name: Ignored = None
):
    """Clips; the gradient is stopped only where descent would go further outside."""

    @jax.custom_vjp
    def clip(t, low, high):
        return jnp.clip(t, low, high)

    def pull(residuals, up):
        t, low, high = residuals
        outwards = ((t < low) & (up > 0)) | ((t > high) & (up < 0))
        back = jnp.where(outwards, jnp.zeros_like(up), up)
        return back, jnp.zeros_like(low), jnp.zeros_like(high)

    clip.defvjp(lambda t, low, high: (jnp.clip(t, low, high), (t, low, high)), pull)
    return clip(t, clip_value_min, clip_value_max)
