"""Sums, means and other reductions over axes."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import Call, Floats, Ignored, Ints, Like, Static, T, op


@op(
    "tf.reduce_mean",
    "tf.math.reduce_mean",
    returns=Like("input_tensor"),
    check=[
        Call(Floats(2, 3)),
        Call(Floats(2, 3, 4), axis=[0, 2], keepdims=True),
        Call(Ints(4)),
        Call(Ints(3, 4), axis=-1),
    ],
)
def reduce_mean(
    input_tensor: T, axis: Static = None, keepdims: Static = False, name: Ignored = None
):
    """The mean over axes; of integers it is an integer, rounded towards zero."""
    if jnp.issubdtype(input_tensor.dtype, jnp.inexact):
        return jnp.mean(input_tensor, axis=axis, keepdims=keepdims)
    axes = range(input_tensor.ndim) if axis is None else np.atleast_1d(axis)
    count = np.prod([input_tensor.shape[a] for a in axes], dtype=np.int64)
    total = jnp.sum(
        input_tensor, axis=axis, keepdims=keepdims, dtype=input_tensor.dtype
    )
    return jax.lax.div(total, jnp.asarray(count, total.dtype))


@reduce_mean.when("input_tensor is float")
def _(input_tensor, axis=None, keepdims=False):
    return jnp.mean(input_tensor, axis=axis, keepdims=keepdims)
