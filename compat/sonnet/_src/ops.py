"""The dictionary's entries of Sonnet's functions on tensors."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from compat.dictionary import Call, Exactly, Floats, Ignored, Like, Static, T, op


@op(
    "snt.reshape",
    returns=Like("inputs"),
    check=[
        Call(Floats(2, 3, 4), output_shape=[12]),
        Call(Floats(2, 3, 4), output_shape=[2, -1], preserve_dims=2),
    ],
)
def reshape(
    inputs: T, output_shape: Static, preserve_dims: Static = 1, name: Ignored = None
):
    """`inputs` with all axes after the first `preserve_dims` in another shape."""
    return jnp.reshape(inputs, (*inputs.shape[:preserve_dims], *output_shape))


@op("snt.flatten", returns=Like("inputs"), check=[Call(Floats(2, 3, 4))])
def flatten(inputs: T, name: Ignored = "flatten"):
    """`inputs` as a matrix: all axes after the first in one."""
    return jnp.reshape(inputs, (inputs.shape[0], -1))


@op(
    "snt.merge_leading_dims",
    returns=Like("x"),
    check=[Call(Floats(2, 3, 4), num_dims=2), Call(Floats(2), num_dims=2)],
)
def merge_leading_dims(x: T, num_dims: Static):
    """`x` with its first `num_dims` axes made one; unchanged if it has fewer."""
    if num_dims > x.ndim:
        return x
    size = 1
    for n in x.shape[:num_dims]:
        size *= n
    return jnp.reshape(x, (size, *x.shape[num_dims:]))


@merge_leading_dims.when("num_dims == 2 and rank(x) == 3")
def _(x, num_dims):
    return jnp.reshape(x, (-1, x.shape[2]))


@op(
    "snt.split_leading_dim",
    returns=Like("x"),
    check=[Call(Floats(6, 4), Floats(2, 3, 5), num_dims=2)],
)
def split_leading_dim(x: T, example: T, num_dims: Static):
    """`x` with its first axis split as the first `num_dims` axes of `example` are."""
    return jnp.reshape(x, (*example.shape[:num_dims], *x.shape[1:]))


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
