"""Random numbers.

TensorFlow's own bit streams are not reproduced: shapes, dtypes and distributions are.
In migrated code a draw takes its key from `hk.next_rng_key()`; the stateless functions
make one out of their seed.
"""

import jax
import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import (
    FLOAT,
    INT,
    ByDtype,
    Call,
    Dtype,
    Floats,
    Ignored,
    Ints,
    Key,
    Like,
    Shape,
    Static,
    T,
    op,
)

RANDOM = "the draws come from JAX's generator, not TensorFlow's"


def draw_uniform(key, shape, low, high, dtype):
    """Floats in [low, high), 1 being the highest where none is given; or integers."""
    if jnp.issubdtype(dtype, jnp.integer):
        if high is None:
            raise ValueError(f"maxval must be given for integers ({dtype})")
        return jax.random.randint(key, shape, low, high, dtype)
    high = jnp.asarray(1 if high is None else high, dtype)
    low = jnp.asarray(low, dtype)
    return jax.random.uniform(key, shape, dtype) * (high - low) + low


UNIFORM = [
    Call([2, 3]),
    Call([200], -3.0, 5.0),
    Call([100], minval=2, maxval=7, dtype="int32"),
    Call([4], maxval=2.0, dtype="float64"),
    Call([3], 0, 9, "int64"),
    Call([2], dtype="int32", raises_=ValueError),
]


@op(
    "tf.random.uniform",
    same=("minval", "maxval", "dtype"),
    returns=ByDtype("dtype", FLOAT),
    because=RANDOM,
    check=UNIFORM,
)
def uniform(
    shape: Shape,
    minval: T = 0,
    maxval: T = None,
    dtype: Dtype = jnp.float32,
    seed: Ignored = None,
    name: Ignored = None,
    *,
    key: Key,
):
    """Numbers from a range, each as likely; integers leave out the upper end."""
    return draw_uniform(key, shape, minval, maxval, dtype)


@uniform.when(
    "minval is default and maxval is None and dtype is omitted", because=RANDOM
)
def _(shape):
    return jax.random.uniform(hk.next_rng_key(), shape)


@uniform.when("not maxval is None and dtype is omitted", because=RANDOM)
def _(shape, minval=0, *, maxval):
    return jax.random.uniform(hk.next_rng_key(), shape, minval=minval, maxval=maxval)


@uniform.when(
    "not maxval is None and dtype in ('int32', 'int64', 'uint8')", because=RANDOM
)
def _(shape, minval=0, *, maxval, dtype):
    return jax.random.randint(hk.next_rng_key(), shape, minval, maxval, dtype)


NORMAL = [
    Call([2, 3]),
    Call([500], 3.0, 0.5),
    Call([4], mean=Floats(4), stddev=2.0),
    Call([4], dtype="float64"),
    Call([4], dtype="bfloat16"),
    Call([3], stddev=0.1),
]


@op(
    "tf.random.normal",
    same=("mean", "stddev", "dtype"),
    returns=ByDtype("dtype", FLOAT),
    because=RANDOM,
    check=NORMAL,
)
def normal(
    shape: Shape,
    mean: T = 0.0,
    stddev: T = 1.0,
    dtype: Dtype = jnp.float32,
    seed: Ignored = None,
    name: Ignored = None,
    *,
    key: Key,
):
    """Normally distributed numbers."""
    return jax.random.normal(key, shape, dtype) * stddev + mean


@normal.when(
    "mean is default and stddev is default and dtype is omitted", because=RANDOM
)
def _(shape):
    return jax.random.normal(hk.next_rng_key(), shape)


@normal.when("mean is default and dtype is omitted", because=RANDOM)
def _(shape, stddev=1.0):
    return stddev * jax.random.normal(hk.next_rng_key(), shape)


@normal.when("dtype is omitted", because=RANDOM)
def _(shape, mean=0.0, stddev=1.0):
    return mean + stddev * jax.random.normal(hk.next_rng_key(), shape)


@normal.when("mean is default and stddev is default and dtype is given", because=RANDOM)
def _(shape, dtype):
    return jax.random.normal(hk.next_rng_key(), shape, dtype)


@op(
    "tf.random.truncated_normal",
    same=("mean", "stddev", "dtype"),
    returns=ByDtype("dtype", FLOAT),
    because=RANDOM,
    check=NORMAL,
)
def truncated_normal(
    shape: Shape,
    mean: T = 0.0,
    stddev: T = 1.0,
    dtype: Dtype = jnp.float32,
    seed: Ignored = None,
    name: Ignored = None,
    *,
    key: Key,
):
    """Normally distributed numbers within two deviations of the mean."""
    return jax.random.truncated_normal(key, -2, 2, shape, dtype) * stddev + mean


@truncated_normal.when("mean is default and dtype is omitted", because=RANDOM)
def _(shape, stddev=1.0):
    return stddev * jax.random.truncated_normal(hk.next_rng_key(), -2, 2, shape)


@truncated_normal.when("dtype is omitted", because=RANDOM)
def _(shape, mean=0.0, stddev=1.0):
    return mean + stddev * jax.random.truncated_normal(hk.next_rng_key(), -2, 2, shape)


@op(
    "tf.random.categorical",
    returns=ByDtype("dtype", INT),
    because=RANDOM,
    check=[
        Call(Floats(2, 4), 5),
        Call(Floats(2, 4), 1),
        Call(Floats(2, 4), num_samples=1, dtype="int32"),
    ],
)
def categorical(
    logits: T,
    num_samples: Static,
    dtype: Dtype = None,
    seed: Ignored = None,
    name: Ignored = None,
    *,
    key: Key,
):
    """So many draws per row from the distributions given by logits."""
    shape = (int(num_samples), logits.shape[0])
    draws = jax.random.categorical(key, logits, axis=-1, shape=shape)
    return draws.T.astype(dtype or jnp.int64)


@categorical.when("num_samples == 1 and dtype is None", because=RANDOM)
def _(logits, num_samples):
    return jax.random.categorical(hk.next_rng_key(), logits)[:, None]


@categorical.when("num_samples == 1 and dtype in ('int32', 'int64')", because=RANDOM)
def _(logits, num_samples, dtype):
    return jax.random.categorical(hk.next_rng_key(), logits)[:, None]


@op(
    "tf.random.shuffle",
    constant=True,
    returns=Like("value"),
    because=RANDOM,
    check=[Call(Floats(5, 2)), Call(Ints(4))],
)
def shuffle(value: T, seed: Ignored = None, name: Ignored = None, *, key: Key):
    """The entries along the first axis in random order."""
    return jax.random.permutation(key, value)


@shuffle.when(because=RANDOM)
def _(value):
    return jax.random.permutation(hk.next_rng_key(), value)


@op(
    "tf.random.gamma",
    returns=ByDtype("dtype", FLOAT),
    because=RANDOM,
    check=[Call([3], Floats(2, low=0.5)), Call([3], 0.5, beta=2.0)],
)
def gamma(
    shape: Shape,
    alpha: T,
    beta: T = None,
    dtype: Dtype = jnp.float32,
    seed: Ignored = None,
    name: Ignored = None,
    *,
    key: Key,
):
    """Draws from gamma distributions, so many per pair of parameters."""
    rate = jnp.ones((), dtype) if beta is None else beta.astype(dtype)
    alpha, rate = jnp.broadcast_arrays(alpha.astype(dtype), rate)
    return jax.random.gamma(key, alpha, (*shape, *alpha.shape), dtype) / rate


@op(
    "tf.random.poisson",
    returns=ByDtype("dtype", FLOAT),
    because=RANDOM,
    check=[Call([3], Floats(2, low=0.5)), Call([3], 4.0, dtype="int32")],
)
def poisson(
    shape: Shape,
    lam: T,
    dtype: Dtype = jnp.float32,
    seed: Ignored = None,
    name: Ignored = None,
    *,
    key: Key,
):
    """Draws from Poisson distributions, so many per rate."""
    return jax.random.poisson(key, lam, (*shape, *lam.shape)).astype(dtype)
