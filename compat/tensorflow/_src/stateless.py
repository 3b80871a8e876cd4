"""Random numbers by a seed of two integers."""

import jax
import jax.numpy as jnp

from compat.dictionary import (
    FLOAT,
    INT,
    ByDtype,
    Call,
    Dtype,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    Shape,
    Static,
    T,
    op,
    seq,
)
from compat.tensorflow._src.random import RANDOM


def key_of_seed(seed):
    """A key of a seed of two integers."""
    return jax.random.fold_in(jax.random.key(seed[0]), seed[1])


@op(
    "tf.random.stateless_uniform",
    same=("minval", "maxval", "dtype"),
    returns=ByDtype("dtype", FLOAT),
    random=True,
    because=RANDOM,
    check=[
        Call([2, 3], [1, 2]),
        Call(shape=[5], seed=Ints(2, low=0), minval=-1.0, maxval=2.0),
        Call([5], [1, 2], minval=0, maxval=5, dtype="int32"),
    ],
)
def stateless_uniform(
    shape: Shape,
    seed: T,
    minval: T = 0,
    maxval: T = None,
    dtype: Dtype = jnp.float32,
    name: Ignored = None,
    alg: Ignored = "auto_select",
):
    """Numbers from a range, each as likely, by a seed of two integers."""
    key = key_of_seed(seed)
    if jnp.issubdtype(dtype, jnp.integer):
        return jax.random.randint(key, shape, minval, maxval, dtype)
    low = minval.astype(dtype)
    high = jnp.ones((), dtype) if maxval is None else maxval.astype(dtype)
    return jax.random.uniform(key, shape, dtype) * (high - low) + low


@op(
    "tf.random.stateless_normal",
    same=("mean", "stddev", "dtype"),
    returns=ByDtype("dtype", FLOAT),
    random=True,
    because=RANDOM,
    check=[
        Call([2, 3], [1, 2]),
        Call(shape=[5], seed=Ints(2, low=0), mean=1.0, stddev=2.0),
        Call([5], [1, 2], dtype="float64"),
    ],
)
def stateless_normal(
    shape: Shape,
    seed: T,
    mean: T = 0.0,
    stddev: T = 1.0,
    dtype: Dtype = jnp.float32,
    name: Ignored = None,
    alg: Ignored = "auto_select",
):
    """Normally distributed numbers, by a seed of two integers."""
    return jax.random.normal(key_of_seed(seed), shape, dtype) * stddev + mean


@op(
    "tf.random.stateless_truncated_normal",
    same=("mean", "stddev", "dtype"),
    returns=ByDtype("dtype", FLOAT),
    random=True,
    because=RANDOM,
    check=[Call([2, 3], [1, 2]), Call([5], [1, 2], 1.0, 2.0)],
)
def stateless_truncated_normal(
    shape: Shape,
    seed: T,
    mean: T = 0.0,
    stddev: T = 1.0,
    dtype: Dtype = jnp.float32,
    name: Ignored = None,
    alg: Ignored = "auto_select",
):
    """Normally distributed numbers within two deviations, by a seed of two integers."""
    key = key_of_seed(seed)
    return jax.random.truncated_normal(key, -2, 2, shape, dtype) * stddev + mean


@op(
    "tf.random.stateless_categorical",
    returns=ByDtype("dtype", INT),
    random=True,
    because=RANDOM,
    check=[Call(Floats(2, 4), 5, [1, 2])],
)
def stateless_categorical(
    logits: T,
    num_samples: Static,
    seed: T,
    dtype: Dtype = jnp.int64,
    name: Ignored = None,
):
    """So many draws per row from logits, by a seed of two integers."""
    shape = (int(num_samples), logits.shape[0])
    draws = jax.random.categorical(key_of_seed(seed), logits, axis=-1, shape=shape)
    return draws.T.astype(dtype)


@op(
    "tf.random.experimental.stateless_shuffle",
    returns=Like("value"),
    random=True,
    because=RANDOM,
    check=[Call(Floats(5, 2), [1, 2])],
)
def stateless_shuffle(
    value: T, seed: T, alg: Ignored = "auto_select", name: Ignored = None
):
    """The entries along the first axis in random order, by a seed of two integers."""
    return jax.random.permutation(key_of_seed(seed), value)


@op(
    "tf.random.split",
    "tf.random.experimental.stateless_split",
    returns=seq(INT),
    random=True,
    because=RANDOM,
    check=[Call(Exactly([1, 2], "int32"), 3)],
)
def stateless_split(seed: T, num: Static = 2, alg: Ignored = "auto_select"):
    """Seeds of two integers made out of one."""
    keys = jax.random.split(key_of_seed(seed), int(num))
    bits = jax.random.key_data(keys)[..., -2:]
    return jax.lax.bitcast_convert_type(bits, jnp.int32).astype(seed.dtype)


@op(
    "tf.random.fold_in",
    "tf.random.experimental.stateless_fold_in",
    returns=INT,
    random=True,
    because=RANDOM,
    check=[Call(Exactly([1, 2], "int32"), 3)],
)
def stateless_fold_in(seed: T, data: T, alg: Ignored = "auto_select"):
    """A seed of two integers made out of one and a number."""
    key = jax.random.fold_in(key_of_seed(seed), data)
    bits = jax.random.key_data(key)[-2:]
    return jax.lax.bitcast_convert_type(bits, jnp.int32).astype(seed.dtype)


@op(
    "tf.random.stateless_gamma",
    returns=ByDtype("dtype", FLOAT),
    random=True,
    because=RANDOM,
    check=[Call([3, 2], [1, 2], Floats(2, low=0.5)), Call([3], [1, 2], 0.5, beta=2.0)],
)
def stateless_gamma(
    shape: Shape,
    seed: T,
    alpha: T,
    beta: T = None,
    dtype: Dtype = jnp.float32,
    name: Ignored = None,
):
    """Draws from gamma distributions in a shape that the parameters broadcast to."""
    rate = jnp.ones((), dtype) if beta is None else beta.astype(dtype)
    alpha = jnp.broadcast_to(alpha.astype(dtype), shape)
    return jax.random.gamma(key_of_seed(seed), alpha, shape, dtype) / rate


@op(
    "tf.random.stateless_poisson",
    returns=ByDtype("dtype", INT),
    random=True,
    because=RANDOM,
    check=[Call([3, 2], [1, 2], Floats(2, low=0.5))],
)
def stateless_poisson(
    shape: Shape,
    seed: T,
    lam: T,
    dtype: Dtype = jnp.int32,
    name: Ignored = None,
):
    """Draws from Poisson distributions in a shape that the rates broadcast to."""
    rate = jnp.broadcast_to(lam, shape)
    return jax.random.poisson(key_of_seed(seed), rate, shape).astype(dtype)


@op(
    "tf.random.stateless_binomial",
    returns=ByDtype("output_dtype", INT),
    random=True,
    because=RANDOM,
    check=[Call([3, 2], [1, 2], 10.0, Floats(2, low=0.1, high=0.9))],
)
def stateless_binomial(
    shape: Shape,
    seed: T,
    counts: T,
    probs: T,
    output_dtype: Dtype = jnp.int32,
    name: Ignored = None,
):
    """Draws of how often of so many trials an event of a probability happens."""
    draws = jax.random.binomial(key_of_seed(seed), counts, probs, shape)
    return draws.astype(output_dtype)
