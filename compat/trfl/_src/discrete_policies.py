"""Policy gradients for softmax policies, of one action or of several at once."""

import jax
import jax.numpy as jnp

import rlax_core as rlax
from compat.dictionary import Call, Floats, Ignored, Ints, T, op
from compat.runtime import nest
from compat.trfl._src.lifting import composed, lifted, ops
from compat.trfl._src.outputs import ActorCriticExtra, EntropyExtra, LossOutput
from compat.trfl._src.sequences import DISCOUNTS, LAST, SEQUENCE, STEPS, A, B, td_lambda
from compat.trfl._src.shapes import require

LOGITS, ACTIONS = Floats(STEPS, B, A), Ints(STEPS, B, low=0, high=A)
MORE_LOGITS, MORE_ACTIONS = Floats(STEPS, B, 2), Ints(STEPS, B, low=0, high=2)


@op(
    "trfl.discrete_policy_gradient",
    "trfl.discrete_policy_gradient_ops.discrete_policy_gradient",
    check=[
        Call(LOGITS, ACTIONS, SEQUENCE),
        Call(Floats(B, A), Ints(B, low=0, high=A), LAST),
        Call(LOGITS, ACTIONS, LAST, raises_=ValueError),
    ],
)
def discrete_policy_gradient(
    policy_logits: T, actions: T, action_values: T, name: Ignored = None
):
    """Minus the log-probability of actions, times their values.

    Gradients reach the logits only.

    Args:
      policy_logits: ``[..., A]``.
      actions: ``[...]`` int.
      action_values: ``[...]`` values, or advantages, of the actions.
      name: has no effect.

    Returns:
      ``[...]`` losses.

    Raises:
      ValueError: shapes do not fit.
    """
    if action_values.shape != actions.shape or actions.ndim != policy_logits.ndim - 1:
        raise ValueError(
            f"discrete_policy_gradient: shapes {policy_logits.shape}, {actions.shape} "
            f"and {action_values.shape} of logits, actions and values do not fit"
        )
    log_probs = rlax.softmax().logprob(actions, policy_logits)
    return -log_probs * jax.lax.stop_gradient(action_values)


@discrete_policy_gradient.when()
def _(policy_logits, actions, action_values):
    return -rlax.softmax().logprob(actions, policy_logits) * jax.lax.stop_gradient(
        action_values
    )


@lifted
def sum_over_time(x):
    """The sum along the first axis."""
    return jnp.sum(x, axis=0)


@lifted
def _add(x, y):
    return x + y


@lifted
def scale(factor, x):
    """A tensor times a number or tensor."""
    return factor * x


def total(parts):
    """The sum of a list of tensors."""
    summed = parts[0]
    for part in parts[1:]:
        summed = _add(summed, part)
    return summed


@composed
@op(
    "trfl.discrete_policy_gradient_loss",
    "trfl.discrete_policy_gradient_ops.discrete_policy_gradient_loss",
    check=[
        Call(LOGITS, ACTIONS, SEQUENCE),
        Call([LOGITS, MORE_LOGITS], [ACTIONS, MORE_ACTIONS], SEQUENCE),
        Call(Floats(B, A), Ints(B, low=0, high=A), LAST, raises_=ValueError),
    ],
)
def discrete_policy_gradient_loss(
    policy_logits, actions, action_values: T, name: Ignored = None
):
    """The policy gradient's loss, summed over time and over several actions.

    Args:
      policy_logits: ``[T, B, A]``, or a nest of such with numbers of actions of their
        own.
      actions: ``[T, B]`` int, or such a nest.
      action_values: ``[T, B]`` values, or advantages, of the actions.
      name: has no effect.

    Returns:
      ``[B]`` losses.

    Raises:
      ValueError: ranks do not fit, or the nests are of different lengths.
    """
    logits, taken = nest.flatten(policy_logits), nest.flatten(actions)
    if len(logits) != len(taken):
        raise ValueError(
            f"discrete_policy_gradient_loss: {len(logits)} policies, but {len(taken)} "
            "actions"
        )
    for policy, action in zip(logits, taken, strict=True):
        require(
            "discrete_policy_gradient_loss",
            (3, {"policy_logits": _shell(policy)}),
            (2, {"actions": _shell(action)}),
        )
    gradient = ops(discrete_policy_gradient)
    losses = [
        gradient(policy, action, action_values)
        for policy, action in zip(logits, taken, strict=True)
    ]
    return sum_over_time(total(losses))


def _shell(value):
    """An empty array of a tensor's shape, to be checked in its stead."""
    return jax.ShapeDtypeStruct(tuple(value.shape), jnp.float32)


@discrete_policy_gradient_loss.when("policy_logits is tensor")
def _(policy_logits, actions, action_values):
    return -jnp.sum(
        rlax.softmax().logprob(actions, policy_logits)
        * jax.lax.stop_gradient(action_values),
        axis=0,
    )


@lifted
def _entropy(logits):
    return rlax.softmax().entropy(logits)


@composed
@op(
    "trfl.discrete_policy_entropy_loss",
    "trfl.discrete_policy_gradient_ops.discrete_policy_entropy_loss",
    check=[
        Call(LOGITS),
        Call(LOGITS, normalise=True),
        Call([LOGITS, MORE_LOGITS], True),
    ],
)
def discrete_policy_entropy_loss(policy_logits, normalise=False, name: Ignored = None):
    """Minus the entropy of softmax policies.

    Args:
      policy_logits: ``[..., A]``, or a nest of such.
      normalise: whether to divide by the entropy of uniform policies.
      name: has no effect.

    Returns:
      ``loss`` ``[...]``; ``extra`` with ``entropy`` ``[...]``.
    """
    policies = nest.flatten(policy_logits)
    entropy = total([_entropy(logits) for logits in policies])
    factor = -1.0
    if normalise:
        # In float32 as in TensorFlow: the counts, their logs, and the sum.
        counts = jnp.asarray([logits.shape[-1] for logits in policies], jnp.float32)
        factor = -1.0 / jnp.sum(jnp.log(counts))
    return LossOutput(scale(factor, entropy), EntropyExtra(entropy))


@composed
@op(
    "trfl.sequence_advantage_actor_critic_loss",
    "trfl.discrete_policy_gradient_ops.sequence_advantage_actor_critic_loss",
    check=[
        Call(LOGITS, SEQUENCE, ACTIONS, SEQUENCE, DISCOUNTS, LAST),
        Call(
            [LOGITS, MORE_LOGITS],
            SEQUENCE,
            [ACTIONS, MORE_ACTIONS],
            SEQUENCE,
            DISCOUNTS,
            LAST,
            lambda_=0.9,
            entropy_cost=0.03,
            baseline_cost=0.5,
            normalise_entropy=True,
        ),
    ],
)
def sequence_advantage_actor_critic_loss(
    policy_logits,
    baseline_values: T,
    actions,
    rewards: T,
    pcontinues: T,
    bootstrap_value: T,
    lambda_: T = 1,
    entropy_cost=None,
    baseline_cost=1,
    normalise_entropy=False,
    name: Ignored = None,
):
    """The loss of an advantage actor-critic with softmax policies (A2C, GAE).

    Args:
      policy_logits: ``[T, B, A]``, or a nest of such.
      baseline_values: ``[T, B]`` values of the states left.
      actions: ``[T, B]`` int, or a nest of such.
      rewards: ``[T, B]``.
      pcontinues: ``[T, B]`` discounts.
      bootstrap_value: ``[B]`` value of the last state reached.
      lambda_: scalar or ``[T, B]``.
      entropy_cost: weight of the entropy; None: left out.
      baseline_cost: weight of the baseline's loss.
      normalise_entropy: whether to divide the entropy by that of uniform policies.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``entropy``, ``entropy_loss``, ``baseline_loss``
      and ``policy_gradient_loss``, ``[B]``, and ``advantages`` and
      ``discounted_returns``, ``[T, B]``. Without a cost the first two are None.
    """
    return actor_critic(
        lambda advantages: discrete_policy_gradient_loss(
            policy_logits, actions, advantages
        ),
        lambda: discrete_policy_entropy_loss(policy_logits, normalise_entropy),
        (baseline_values, rewards, pcontinues, bootstrap_value, lambda_),
        entropy_cost,
        baseline_cost,
    )


def actor_critic(policy_loss_of, entropy_loss_of, td_arguments, entropy_cost, cost):
    """An actor-critic's loss from its parts, for any kind of policy."""
    td_loss, td_extra = ops(td_lambda)(*td_arguments)
    baseline_loss = scale(cost, td_loss)
    policy_loss = policy_loss_of(td_extra.temporal_differences)
    loss = _add(policy_loss, baseline_loss)
    entropy = entropy_loss = None
    if entropy_cost is not None:
        unscaled, extra = entropy_loss_of()
        entropy = sum_over_time(extra.entropy)
        entropy_loss = scale(entropy_cost, sum_over_time(unscaled))
        loss = _add(loss, entropy_loss)
    return LossOutput(
        loss,
        ActorCriticExtra(entropy, entropy_loss, baseline_loss, policy_loss, *td_extra),
    )
