"""Activations and softmaxes."""

import jax
import jax.numpy as jnp

from compat.dictionary import (
    FLOAT,
    Call,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    Static,
    T,
    op,
)

AT_ZERO = "at 0 JAX takes the slope above it, TensorFlow the one below"
ANY = [Call(Floats(2, 3)), Call(Floats(3, low=-30, high=30))]
ZERO = Call(Exactly([0.0, -1.0, 1.0], "float32"))


@op("tf.nn.relu", returns=Like("features"), check=[*ANY, ZERO, Call(Ints(5))])
def relu(features: T, name: Ignored = None):
    """The value where it is positive, else 0."""
    return jax.nn.relu(features)


@op(
    "tf.nn.relu6",
    returns=Like("features"),
    check=[*ANY, Call(Exactly([0.0, 6.0, 7.0, 3.0], "float32"))],
)
def relu6(features: T, name: Ignored = None):
    """The value held between 0 and 6."""
    inside = (features > 0) & (features < 6)
    held = jnp.clip(jax.lax.stop_gradient(features), 0, 6)
    return jnp.where(inside, features, held)


@relu6.when(because="at 0 and at 6 the gradient is a half instead of 0")
def _(features):
    return jax.nn.relu6(features)


@op(
    "tf.nn.leaky_relu",
    same=("features",),
    returns=FLOAT,
    check=[*ANY, ZERO, Call(Floats(4), 0.1), Call(Floats(4), alpha=0.0)],
)
def leaky_relu(features: T, alpha: Static = 0.2, name: Ignored = None):
    """The value where it is positive, else that times alpha."""
    return jnp.where(features > 0, features, alpha * features)


@leaky_relu.when(because=AT_ZERO)
def _(features, alpha=0.2):
    return jax.nn.leaky_relu(features, alpha)


@op("tf.nn.elu", returns=FLOAT, check=[*ANY, ZERO])
def elu(features: T, name: Ignored = None):
    """The value where it is positive, else its exponential less 1."""
    return jax.nn.elu(features)


@op("tf.nn.selu", returns=FLOAT, check=ANY)
def selu(features: T, name: Ignored = None):
    """The scaled exponential linear unit (Klambauer and others, 2017)."""
    return jax.nn.selu(features)


@op(
    "tf.nn.gelu",
    returns=FLOAT,
    check=[*ANY, Call(Floats(3), True), Call(Floats(3), approximate=True)],
)
def gelu(features: T, approximate: Static = False, name: Ignored = None):
    """The value times the normal distribution function of it (or its tanh fit)."""
    return jax.nn.gelu(features, approximate=approximate)


@op("tf.nn.silu", "tf.nn.swish", returns=FLOAT, check=[*ANY, Call(Floats(3), 2.0)])
def silu(features: T, beta: T = 1.0):
    """The value times the sigmoid of beta times it."""
    beta = beta.astype(features.dtype)
    return features * jax.nn.sigmoid(beta * features)


@silu.when("beta is default")
def _(features):
    return jax.nn.silu(features)


@op("tf.nn.crelu", returns=FLOAT, check=[*ANY, Call(Floats(2, 3), axis=0)])
def crelu(features: T, axis: Static = -1, name: Ignored = None):
    """The positive part and the negated negative part, side by side."""
    return jax.nn.relu(jnp.concatenate([features, -features], axis=axis))


@op(
    "tf.sigmoid",
    "tf.math.sigmoid",
    "tf.nn.sigmoid",
    returns=FLOAT,
    check=ANY,
)
def sigmoid(x: T, name: Ignored = None):
    """The logistic function."""
    return jax.nn.sigmoid(x)


@op("tf.math.log_sigmoid", returns=FLOAT, check=ANY)
def log_sigmoid(x: T, name: Ignored = None):
    """The logarithm of the logistic function."""
    return jax.nn.log_sigmoid(x)


@op("tf.tanh", "tf.math.tanh", "tf.nn.tanh", returns=FLOAT, check=ANY)
def tanh(x: T, name: Ignored = None):
    """The hyperbolic tangent."""
    return jnp.tanh(x)


@op("tf.nn.softplus", "tf.math.softplus", returns=FLOAT, check=ANY)
def softplus(features: T, name: Ignored = None):
    """The logarithm of 1 + exp(x)."""
    return jax.nn.softplus(features)


@op("tf.nn.softsign", "tf.math.softsign", returns=FLOAT, check=[*ANY, ZERO])
def softsign(features: T, name: Ignored = None):
    """x / (1 + |x|)."""
    return features / (1 + jnp.abs(features))


@softsign.when()
def _(features):
    return jax.nn.soft_sign(features)


SATURATED = Call(Floats(3, low=-30, high=30), grad_=False)  # ill-conditioned
SOFTMAX = [
    Call(Floats(2, 3)),
    SATURATED,
    Call(Floats(2, 3), axis=0),
    Call(Floats(2, 3), -1),
]


@op("tf.nn.softmax", "tf.math.softmax", returns=FLOAT, check=SOFTMAX)
def softmax(logits: T, axis: Static = None, name: Ignored = None):
    """Exponentials that sum to 1 along an axis, by default the last."""
    return jax.nn.softmax(logits, axis=-1 if axis is None else axis)


@softmax.when("axis is None")
def _(logits):
    return jax.nn.softmax(logits)


@softmax.when("not axis is None")
def _(logits, axis):
    return jax.nn.softmax(logits, axis=axis)


@op("tf.nn.log_softmax", "tf.math.log_softmax", returns=FLOAT, check=SOFTMAX)
def log_softmax(logits: T, axis: Static = None, name: Ignored = None):
    """The logarithm of softmax."""
    return jax.nn.log_softmax(logits, axis=-1 if axis is None else axis)


@log_softmax.when("axis is None")
def _(logits):
    return jax.nn.log_softmax(logits)


@log_softmax.when("not axis is None")
def _(logits, axis):
    return jax.nn.log_softmax(logits, axis=axis)
