"""Losses of logits and labels, norms, and clipping."""

import jax
import jax.numpy as jnp
import optax

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
    Ts,
    op,
    seq,
    tup,
)

ONE_HOT = Exactly([[0.0, 1.0, 0.0], [0.25, 0.25, 0.5]], "float32")


@op(
    "tf.nn.softmax_cross_entropy_with_logits",
    same=("labels", "logits"),
    returns=FLOAT,
    check=[
        Call(ONE_HOT, Floats(2, 3)),
        Call(labels=ONE_HOT, logits=Floats(2, 3), axis=-1),
        Call(Floats(2, 3, low=0.0), Floats(2, 3)),
        Call(Exactly([[0.0, 1.0], [1.0, 0.0]], "f4"), Floats(2, 2), axis=0),
    ],
)
def softmax_cross_entropy_with_logits(
    labels: T, logits: T, axis: Static = -1, name: Ignored = None
):
    """Minus the sum of labels times log-softmax, along an axis.

    The gradient to the logits is softmax less labels, whether or not these sum to 1.
    """
    log_p = jax.lax.stop_gradient(jax.nn.log_softmax(logits, axis))
    loss = -jnp.sum(labels * log_p, axis)
    fixed = jax.lax.stop_gradient(labels)
    pull = jax.nn.logsumexp(logits, axis) - jnp.sum(fixed * logits, axis)
    return loss + (pull - jax.lax.stop_gradient(pull))


@softmax_cross_entropy_with_logits.when(
    because="where labels do not sum to 1 the gradient differs"
)
def _(labels, logits, axis=-1):
    return optax.softmax_cross_entropy(logits, labels, axis=axis)


@op(
    "tf.nn.sparse_softmax_cross_entropy_with_logits",
    returns=FLOAT,
    check=[
        Call(Ints(4, low=0, high=3), Floats(4, 3)),
        Call(labels=Ints(2, 2, low=0, high=3, dtype="int64"), logits=Floats(2, 2, 3)),
        Call(Exactly(1, "int32"), Floats(3)),
    ],
)
def sparse_softmax_cross_entropy_with_logits(
    labels: T, logits: T, name: Ignored = None
):
    """Minus log-softmax at the label, along the last axis."""
    log_p = jax.nn.log_softmax(logits)
    picked = jnp.take_along_axis(log_p, labels[..., None], axis=-1)
    return -picked[..., 0]


@sparse_softmax_cross_entropy_with_logits.when()
def _(labels, logits):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels)


@op(
    "tf.nn.sigmoid_cross_entropy_with_logits",
    same=("labels", "logits"),
    returns=FLOAT,
    check=[
        Call(Floats(2, 3, low=0.0, high=1.0), Floats(2, 3, low=-9, high=9)),
        Call(labels=Exactly([0.0, 1.0], "f4"), logits=Floats(2)),
    ],
)
def sigmoid_cross_entropy_with_logits(
    labels: T = None, logits: T = None, name: Ignored = None
):
    """Minus the log-likelihood of labels between 0 and 1, element by element."""
    magnitude = jnp.where(logits >= 0, -logits, logits)
    positive = jnp.where(logits >= 0, logits, 0)
    return positive - logits * labels + jnp.log1p(jnp.exp(magnitude))


@sigmoid_cross_entropy_with_logits.when()
def _(labels, logits):
    return optax.sigmoid_binary_cross_entropy(logits, labels)


@op(
    "tf.nn.weighted_cross_entropy_with_logits",
    same=("labels", "logits", "pos_weight"),
    returns=FLOAT,
    check=[Call(Floats(2, 3, low=0.0, high=1.0), Floats(2, 3), 2.5)],
)
def weighted_cross_entropy_with_logits(
    labels: T, logits: T, pos_weight: T, name: Ignored = None
):
    """As the sigmoid cross-entropy, with a weight on the positive labels."""
    weight = 1 + (pos_weight - 1) * labels
    tail = jnp.log1p(jnp.exp(-jnp.abs(logits))) + jax.nn.relu(-logits)
    return (1 - labels) * logits + weight * tail


@op(
    "tf.nn.log_poisson_loss",
    same=("targets", "log_input"),
    returns=FLOAT,
    check=[
        Call(Floats(4, low=0.1), Floats(4)),
        Call(Floats(4, low=1.5, high=9), Floats(4), compute_full_loss=True),
    ],
)
def log_poisson_loss(
    targets: T,
    log_input: T,
    compute_full_loss: Static = False,
    name: Ignored = None,
):
    """Minus the Poisson log-likelihood, with Stirling's term where it is wanted."""
    loss = jnp.exp(log_input) - log_input * targets
    if compute_full_loss:
        stirling = (
            targets * jnp.log(targets) - targets + 0.5 * jnp.log(2 * jnp.pi * targets)
        )
        small = (targets >= 0) & (targets <= 1)
        loss += jnp.where(small, 0, stirling)
    return loss


@op("tf.nn.l2_loss", returns=FLOAT, check=[Call(Floats(2, 3))])
def l2_loss(t: T, name: Ignored = None):
    """Half the sum of squares."""
    return jnp.sum(jnp.square(t)) / 2


@op(
    "tf.nn.l2_normalize",
    "tf.math.l2_normalize",
    "tf.linalg.l2_normalize",
    returns=FLOAT,
    check=[
        Call(Floats(2, 3)),
        Call(Floats(2, 3), axis=-1),
        Call(Floats(2, 3), [0], 1e-3),
        Call(Exactly([0.0, 0.0], "float32")),
    ],
)
def l2_normalize(
    x: T,
    axis: Static = None,
    epsilon: Static = 1e-12,
    name: Ignored = None,
    dim: Ignored = None,
):
    """The tensor over the square root of its sum of squares, this at least epsilon."""
    total = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(total, epsilon))


@l2_normalize.when()
def _(x, axis=None, epsilon=1e-12):
    return x * jax.lax.rsqrt(
        jnp.maximum(jnp.sum(jnp.square(x), axis=axis, keepdims=True), epsilon)
    )


@op(
    "tf.clip_by_value",
    same=("t", "clip_value_min", "clip_value_max"),
    returns=Like("t"),
    check=[
        Call(Floats(2, 3), -1.0, 1.0),
        Call(Floats(2, 3), clip_value_min=-1, clip_value_max=0.5),
        Call(Exactly([-1.0, 0.0, 1.0, 2.0], "float32"), -1.0, 1.0),
        Call(Ints(5), -1, 2),
        Call(Floats(2, 3), Floats(3, high=0.0), Floats(3, low=0.0)),
    ],
)
def clip_by_value(t: T, clip_value_min: T, clip_value_max: T, name: Ignored = None):
    """The tensor held between bounds; on a bound the gradient passes."""
    below, above = t < clip_value_min, t > clip_value_max
    return jnp.where(below, clip_value_min, jnp.where(above, clip_value_max, t))


@clip_by_value.when(because="on a bound the gradient is a half instead of 1")
def _(t, clip_value_min, clip_value_max):
    return jnp.clip(t, clip_value_min, clip_value_max)


@op(
    "tf.clip_by_norm",
    same=("t", "clip_norm"),
    returns=Like("t"),
    check=[
        Call(Floats(2, 3), 1.0),
        Call(Floats(2, 3), clip_norm=100.0),
        Call(Floats(2, 3), 1.0, axes=[1]),
        Call(Exactly([0.0, 0.0], "float32"), 1.0),
    ],
)
def clip_by_norm(t: T, clip_norm: T, axes: Static = None, name: Ignored = None):
    """The tensor scaled down to a norm (over axes) where it is longer."""
    total = jnp.sum(jnp.square(t), axis=axes, keepdims=True)
    positive = total > 0
    norm = jnp.where(positive, jnp.sqrt(jnp.where(positive, total, 1)), total)
    return t * clip_norm / jnp.where(norm >= clip_norm, norm, clip_norm)


def _norm_of(tensors):
    present = [t for t in tensors if t is not None]
    return jnp.sqrt(sum(jnp.sum(jnp.square(t)) for t in present))


@op(
    "tf.linalg.global_norm",
    returns=FLOAT,
    check=[
        Call([Floats(2, 3), Floats(4)]),
        Call(t_list=(Floats(2, 3), None, Floats(4))),
    ],
)
def global_norm(t_list: Ts, name: Ignored = None):
    """The norm of all tensors of a list together."""
    return _norm_of(t_list)


@global_norm.when()
def _(t_list):
    return jnp.sqrt(sum(jnp.sum(jnp.square(t)) for t in t_list if t is not None))


@op(
    "tf.clip_by_global_norm",
    returns=tup(seq(FLOAT), FLOAT),
    check=[
        Call([Floats(2, 3), Floats(4)], 1.0),
        Call((Floats(2), None, Floats(4)), clip_norm=100.0),
        Call([Floats(2, 3), Floats(4)], 1.0, Floats(low=0.5)),
        Call([Exactly([1.0, float("inf")], "float32")], 1.0, grad_=False),
    ],
)
def clip_by_global_norm(
    t_list: Ts, clip_norm: T, use_norm: T = None, name: Ignored = None
):
    """(the tensors scaled down together to a common norm, the norm they had).

    Where the norm is not finite, all become NaN.
    """
    norm = _norm_of(t_list) if use_norm is None else use_norm
    scale = clip_norm * jnp.minimum(1 / norm, 1 / clip_norm)
    scale = scale + (norm - norm)  # NaN where the norm is not finite
    return [None if t is None else t * scale.astype(t.dtype) for t in t_list], norm


@op(
    "tf.nn.compute_average_loss",
    returns=FLOAT,
    check=[Call(Floats(4)), Call(Floats(4), Floats(4), 8)],
)
def compute_average_loss(
    per_example_loss: T, sample_weight: T = None, global_batch_size: T = None
):
    """The (weighted) sum of losses over the size of the whole batch."""
    if sample_weight is not None:
        per_example_loss = per_example_loss * sample_weight
    size = per_example_loss.shape[0] if global_batch_size is None else global_batch_size
    return jnp.sum(per_example_loss) / jnp.asarray(size, per_example_loss.dtype)
