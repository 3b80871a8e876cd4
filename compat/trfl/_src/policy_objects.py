"""Policy gradients for policies given as distribution objects.

A policy is any object with ``log_prob`` and ``entropy``, such as those of
``rlax_core.distributions``. What it returns decides whether the losses are arrays or
tensors.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

import rlax_core as rlax
from compat.dictionary import Ignored, T, op
from compat.runtime import nest, next_key
from compat.trfl._src.discrete_policies import (
    actor_critic,
    scale,
    sum_over_time,
    total,
)
from compat.trfl._src.lifting import composed, is_runtime, lifted
from compat.trfl._src.outputs import EntropyExtra, LossOutput


@lifted
def _stopped(x):
    return jax.lax.stop_gradient(x)


@lifted
def _negated_product(x, values):
    return -x * jax.lax.stop_gradient(values)


@composed
@op(
    "trfl.policy_gradient",
    "trfl.policy_gradient_ops.policy_gradient",
    helper=False,
)
def policy_gradient(
    policies,
    actions: T,
    action_values: T,
    policy_vars: Ignored = None,
    name: Ignored = None,
):
    """Minus the log-probability of actions, times their values.

    Gradients reach the policy's parameters only.

    Args:
      policies: a distribution over a batch.
      actions: as its ``log_prob`` takes them.
      action_values: shaped as the log-probabilities.
      policy_vars: has no effect.
      name: has no effect.

    Raises:
      ValueError: the values are not shaped so.
    """
    log_probs = policies.log_prob(_stopped(actions))
    if tuple(log_probs.shape) != tuple(action_values.shape):
        raise ValueError(
            f"policy_gradient: action_values are {tuple(action_values.shape)}, but the "
            f"log-probabilities {tuple(log_probs.shape)}"
        )
    return _negated_product(log_probs, action_values)


@policy_gradient.when()
def _(policies, actions, action_values):
    return -policies.log_prob(jax.lax.stop_gradient(actions)) * jax.lax.stop_gradient(
        action_values
    )


@composed
@op(
    "trfl.policy_gradient_loss",
    "trfl.policy_gradient_ops.policy_gradient_loss",
    because="rlax.policy_gradient_loss is another function: of logits, and a mean",
)
def policy_gradient_loss(
    policies,
    actions,
    action_values: T,
    policy_vars: Ignored = None,
    name: Ignored = None,
):
    """The policy gradient's loss, summed over time and over several policies.

    Args:
      policies: a distribution of batch shape ``[T, B]``, or a nest of such.
      actions: ``[T, B, …]``, or such a nest.
      action_values: ``[T, B]``.
      policy_vars: has no effect.
      name: has no effect.

    Returns:
      ``[B]`` losses.

    Raises:
      ValueError: shapes do not fit, or the nests are of different lengths.
    """
    several, taken = nest.flatten(policies), nest.flatten(actions)
    if len(several) != len(taken):
        raise ValueError(
            f"policy_gradient_loss: {len(several)} policies, but {len(taken)} actions"
        )
    for policy in several:
        if len(policy.batch_shape) != 2:
            raise ValueError(
                "policy_gradient_loss: policies must have batch shape [T, B], not "
                f"{tuple(policy.batch_shape)}"
            )
    losses = [
        policy_gradient(policy, action, action_values)
        for policy, action in zip(several, taken, strict=True)
    ]
    return sum_over_time(total(losses))


@composed
@op(
    "trfl.policy_entropy_loss",
    "trfl.policy_gradient_ops.policy_entropy_loss",
)
def policy_entropy_loss(
    policies, policy_vars: Ignored = None, scale_op=None, name: Ignored = None
):
    """Minus the entropy of policies.

    Args:
      policies: a distribution, or a nest of such.
      policy_vars: has no effect.
      scale_op: a function of ``policies`` whose result multiplies the loss.
      name: has no effect.

    Returns:
      ``loss`` and ``extra.entropy``, of the policies' batch shape.
    """
    entropy = total([policy.entropy() for policy in nest.flatten(policies)])
    factor = -1.0 if scale_op is None else scale(-1.0, scale_op(policies))
    return LossOutput(scale(factor, entropy), EntropyExtra(entropy))


@composed
@op(
    "trfl.sequence_a2c_loss",
    "trfl.policy_gradient_ops.sequence_a2c_loss",
)
def sequence_a2c_loss(
    policies,
    baseline_values: T,
    actions,
    rewards: T,
    pcontinues: T,
    bootstrap_value: T,
    policy_vars: Ignored = None,
    lambda_: T = 1,
    entropy_cost=None,
    baseline_cost=1,
    entropy_scale_op=None,
    name: Ignored = None,
):
    """The loss of an advantage actor-critic with any policies (A2C, GAE).

    Args:
      policies: a distribution of batch shape ``[T, B]``, or a nest of such.
      baseline_values: ``[T, B]`` values of the states left.
      actions: ``[T, B, …]``, or a nest of such.
      rewards: ``[T, B]``.
      pcontinues: ``[T, B]`` discounts.
      bootstrap_value: ``[B]`` value of the last state reached.
      policy_vars: has no effect.
      lambda_: scalar or ``[T, B]``.
      entropy_cost: weight of the entropy; None: left out.
      baseline_cost: weight of the baseline's loss.
      entropy_scale_op: a function of ``policies`` that scales the entropy's loss.
      name: has no effect.

    Returns:
      As ``sequence_advantage_actor_critic_loss``.
    """
    return actor_critic(
        lambda advantages: policy_gradient_loss(policies, actions, advantages),
        lambda: policy_entropy_loss(policies, scale_op=entropy_scale_op),
        (baseline_values, rewards, pcontinues, bootstrap_value, lambda_),
        entropy_cost,
        baseline_cost,
    )


class EpsilonGreedyPolicy:
    """A categorical distribution given by its probabilities, ``[..., A]``.

    Has what programs use of TensorFlow Probability's: ``probs``, ``logits``,
    ``sample``, ``log_prob``, ``prob``, ``entropy``, ``mode`` and the shapes. Given
    tensors it returns tensors.
    """

    def __init__(self, probs):
        self.probs = probs

    @property
    def batch_shape(self):
        """The shape of one sample."""
        return self.probs.shape[:-1]

    @property
    def event_shape(self):
        """The shape of one outcome: a scalar."""
        return self.probs.shape[:0]

    @property
    def logits(self):
        """``[..., A]`` log-probabilities."""
        return _log(self.probs)

    def sample(self, sample_shape=(), seed=None, name=None):
        """Draws actions, int32 ``[*sample_shape, ...]``.

        ``seed`` is a number or a JAX random key; None takes the runtime's next one.
        """
        del name
        if seed is None:
            key = next_key() if is_runtime(self.probs) else np.asarray(next_key())
        elif isinstance(seed, int):
            key = jax.random.key_data(jax.random.key(seed))
        else:
            key = jax.random.key_data(seed)
        lead = sample_shape if isinstance(sample_shape, int) else tuple(sample_shape)
        return _sampler(lead)(self.probs, key)

    def log_prob(self, value):
        """The log-probability of actions."""
        return _log_prob(self.probs, value)

    def prob(self, value):
        """The probability of actions."""
        return _prob(self.probs, value)

    def entropy(self):
        """Shannon entropy in nats."""
        return _entropy(self.probs)

    def mode(self):
        """The likeliest action, int32; the first among equals."""
        return _mode(self.probs)


_log = lifted(jnp.log)
_mode = lifted(lambda probs: jnp.argmax(probs, axis=-1).astype(jnp.int32))


def _categorical(probs):
    return rlax.distributions.Categorical(probs=probs, dtype=jnp.int32)


_entropy = lifted(lambda probs: _categorical(probs).entropy())
_log_prob = lifted(lambda probs, value: _categorical(probs).log_prob(value))
_prob = lifted(lambda probs, value: _categorical(probs).prob(value))


@functools.cache
def _sampler(sample_shape):
    def draw(probs, key_data):
        key = jax.random.wrap_key_data(key_data)
        return _categorical(probs).sample(seed=key, sample_shape=sample_shape)

    return lifted(draw)


@lifted
def _epsilon_greedy_probs(action_values, epsilon):
    return rlax.epsilon_greedy(epsilon).probs(action_values)


@lifted
def _masked_probs(action_values, epsilon, mask):
    # Only the exploring part is masked: the best action counts even if it is illegal.
    explore = mask / jnp.sum(mask, axis=-1, keepdims=True)
    return epsilon * explore + (1 - epsilon) * rlax.greedy().probs(action_values)


@composed
@op(
    "trfl.epsilon_greedy",
    "trfl.policy_ops.epsilon_greedy",
    helper=False,
    because="the result's sample() needs a random key in JAX",
)
def epsilon_greedy(action_values: T, epsilon, legal_actions_mask: T = None):
    """The ε-greedy policy: the best action, or with probability ε any one.

    Args:
      action_values: ``[..., A]``.
      epsilon: scalar from 0 to 1.
      legal_actions_mask: like ``action_values``, 1 where an action is legal: the only
        ones to explore. None: all.

    Returns:
      The distribution; equal action values share the probability of the best.
    """
    if not is_runtime(action_values):
        action_values = jnp.asarray(action_values)
    if legal_actions_mask is None:
        return EpsilonGreedyPolicy(_epsilon_greedy_probs(action_values, epsilon))
    return EpsilonGreedyPolicy(
        _masked_probs(action_values, epsilon, legal_actions_mask)
    )


@epsilon_greedy.when("legal_actions_mask is None")
def _(action_values, epsilon, legal_actions_mask=None):
    return rlax.distributions.Categorical(
        probs=rlax.epsilon_greedy(epsilon).probs(action_values)
    )
