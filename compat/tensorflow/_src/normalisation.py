"""Moments, normalisation, biases and dropout."""

import jax
import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import (
    FLOAT,
    Call,
    Floats,
    Ignored,
    Key,
    Like,
    Shape,
    Static,
    T,
    op,
    tup,
)

RANDOM = "the draws come from JAX's generator, not TensorFlow's"


@op(
    "tf.nn.moments",
    returns=tup(FLOAT, FLOAT),
    check=[
        Call(Floats(4, 3), [0]),
        Call(Floats(4, 3, 2), axes=[0, 1], keepdims=True),
        Call(Floats(4, dtype="float16"), [0]),
        Call(Floats(4, 3), -1),
    ],
)
def moments(
    x: T,
    axes: Static,
    shift: Ignored = None,
    keepdims: Static = False,
    name: Ignored = None,
):
    """(mean, variance) over axes; of 16-bit floats computed in 32 bits."""
    narrow = x.dtype in (jnp.float16, jnp.bfloat16)
    y = x.astype(jnp.float32) if narrow else x
    mean = jnp.mean(y, axis=axes, keepdims=True)
    apart = y - jax.lax.stop_gradient(mean)
    variance = jnp.mean(jnp.square(apart), axis=axes, keepdims=keepdims)
    mean = mean if keepdims else jnp.squeeze(mean, axes)
    return mean.astype(x.dtype), variance.astype(x.dtype)


@moments.when()
def _(x, axes, keepdims=False):
    return (
        jnp.mean(x, axis=axes, keepdims=keepdims),
        jnp.var(x, axis=axes, keepdims=keepdims),
    )


@op(
    "tf.nn.batch_normalization",
    returns=Like("x"),
    check=[
        Call(Floats(4, 3), Floats(3), Floats(3, low=0.1), Floats(3), Floats(3), 1e-3),
        Call(
            x=Floats(4, 3),
            mean=Floats(3),
            variance=Floats(3, low=0.1),
            offset=None,
            scale=None,
            variance_epsilon=1e-5,
        ),
        Call(Floats(4, 3), Floats(3), Floats(3, low=0.1), Floats(3), None, 1e-3),
        Call(Floats(4, 3), Floats(3), Floats(3, low=0.1), None, Floats(3), 1e-3),
    ],
)
def batch_normalization(
    x: T,
    mean: T,
    variance: T,
    offset: T,
    scale: T,
    variance_epsilon: Static,
    name: Ignored = None,
):
    """The tensor less a mean over the root of a variance, scaled and offset."""
    factor = jax.lax.rsqrt(variance + variance_epsilon)
    if scale is not None:
        factor = factor * scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return x * factor.astype(x.dtype) + shift.astype(x.dtype)


@op(
    "tf.nn.bias_add",
    returns=Like("value"),
    check=[
        Call(Floats(2, 4, 3), Floats(3)),
        Call(Floats(2, 4, 4, 3), Floats(3), data_format="NHWC"),
        Call(Floats(2, 3, 4), Floats(3), "NCW"),
    ],
)
def bias_add(value: T, bias: T, data_format: Static = None, name: Ignored = None):
    """The tensor with one number added per channel."""
    if data_format is not None and data_format.startswith("NC"):
        bias = jnp.reshape(bias, (-1, *[1] * (value.ndim - 2)))
    return value + bias


@bias_add.when("data_format in (None, 'NHWC', 'NWC', 'NDHWC', 'N...C')")
def _(value, bias, data_format=None):
    return value + bias


@op(
    "tf.nn.dropout",
    returns=Like("x"),
    because=RANDOM,
    check=[
        Call(Floats(20, 5), 0.5),
        Call(Floats(4, 5), rate=0.3, noise_shape=[4, 1]),
        Call(Floats(4, 5), rate=0),
    ],
)
def dropout(
    x: T,
    rate: T,
    noise_shape: Shape = None,
    seed: Ignored = None,
    name: Ignored = None,
    *,
    key: Key,
):
    """Elements set to 0 with a probability, the others scaled up to keep the mean."""
    share = 1 - rate.astype(jnp.float32)
    kept = jax.random.bernoulli(key, share, noise_shape or x.shape)
    return jnp.where(kept, x / share.astype(x.dtype), 0)


@dropout.when("noise_shape is None", because=RANDOM)
def _(x, rate):
    return hk.dropout(hk.next_rng_key(), rate, x)


@op(
    "tf.nn.experimental.stateless_dropout",
    returns=Like("x"),
    random=True,
    because=RANDOM,
    check=[Call(Floats(20, 5), 0.5, [1, 2])],
)
def stateless_dropout(
    x: T,
    rate: T,
    seed: T,
    rng_alg: Ignored = "auto_select",
    noise_shape: Shape = None,
    name: Ignored = None,
):
    """Elements set to 0 with a probability, by a seed of two integers."""
    key = jax.random.fold_in(jax.random.key(seed[0]), seed[1])
    share = 1 - rate.astype(jnp.float32)
    kept = jax.random.bernoulli(key, share, noise_shape or x.shape)
    return jnp.where(kept, x / share.astype(x.dtype), 0)


@op(
    "tf.nn.local_response_normalization",
    "tf.nn.lrn",
    returns=FLOAT,
    check=[Call(Floats(1, 2, 2, 8)), Call(Floats(1, 2, 2, 8), 2, 1.0, 0.5, 0.75)],
)
def local_response_normalization(
    input: T,
    depth_radius: Static = 5,
    bias: Static = 1,
    alpha: Static = 1,
    beta: Static = 0.5,
    name: Ignored = None,
):
    """Each element over a power of the sum of squares of its neighbour channels."""
    radius = int(depth_radius)
    squares = jnp.pad(jnp.square(input), [(0, 0)] * 3 + [(radius, radius)])
    total = sum(
        jax.lax.slice_in_dim(squares, i, i + input.shape[-1], axis=3)
        for i in range(2 * radius + 1)
    )
    return input / (bias + alpha * total) ** beta


@op(
    "tf.nn.weighted_moments",
    returns=tup(FLOAT, FLOAT),
    check=[
        Call(Floats(4, 3), [0], Floats(4, 1, low=0.1)),
        Call(Floats(4, 3), [0, 1], Floats(4, 3, low=0.1), keepdims=True),
    ],
)
def weighted_moments(
    x: T,
    axes: Static,
    frequency_weights: T,
    keepdims: Static = False,
    name: Ignored = None,
):
    """(mean, variance) over axes, elements counting by weights."""
    weights = jnp.broadcast_to(frequency_weights, x.shape)
    total = jnp.sum(weights, axis=axes, keepdims=True)
    mean = jnp.sum(weights * x, axis=axes, keepdims=True) / total
    spread = jnp.square(x - jax.lax.stop_gradient(mean))
    variance = jnp.sum(weights * spread, axis=axes, keepdims=True) / total
    if keepdims:
        return mean, variance
    return jnp.squeeze(mean, axes), jnp.squeeze(variance, axes)


@op(
    "tf.nn.normalize_moments",
    returns=tup(FLOAT, FLOAT),
    check=[
        Call(4.0, Floats(3), Floats(3, low=9, high=12), None),
        Call(4.0, Floats(3), Floats(3, low=9, high=12), Floats(3)),
    ],
)
def normalize_moments(
    counts: T, mean_ss: T, variance_ss: T, shift: T, name: Ignored = None
):
    """(mean, variance) out of a count and sums."""
    shifted = mean_ss / counts
    mean = shifted if shift is None else shifted + shift
    return mean, variance_ss / counts - jnp.square(shifted)
