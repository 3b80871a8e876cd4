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
    Exactly,
    Floats,
    Ignored,
    Ints,
    Key,
    Like,
    Shape,
    Static,
    T,
    op,
    seq,
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


@op(
    "tf.random.shuffle",
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
    return draw_uniform(key_of_seed(seed), shape, minval, maxval, dtype)


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
