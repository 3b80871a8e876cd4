"""Losses whose gradient improves a policy."""

import jax
import jax.numpy as jnp

from rlax_core._src.categorical import Categorical
from rlax_core._src.checks import Signature
from rlax_core._src.elementwise_losses import l2_loss
from rlax_core._src.gradients import stop_if

Array = jax.Array
Numeric = Array | float


def _within_norm(x: Array, bound: Numeric) -> Array:
    """``x`` scaled down to an L2 norm of ``bound`` where it is longer."""
    squares = jnp.sum(jnp.square(x))
    # The square root of 0 has no gradient: take that of 1, and the norm is 0 anyway.
    positive = squares > 0
    norm = jnp.where(positive, jnp.sqrt(jnp.where(positive, squares, 1)), 0)
    return x * (bound / jnp.maximum(norm, bound))


_DPG = Signature("dpg_loss", a_t="float[_]", dqda_t="float[_]")


def dpg_loss(
    a_t: Array,
    dqda_t: Array,
    dqda_clipping: Numeric | None = None,
    use_stop_gradient: bool = True,
) -> Array:
    """The deterministic policy gradient as a loss of the action.

    Its gradient with respect to ``a_t`` is ``-dqda_t``: descent climbs the critic.
    Silver et al. 2014, "Deterministic policy gradient algorithms".

    Args:
      a_t: ``[D]`` float, the policy's action.
      dqda_t: ``[D]`` float, gradient of the critic with respect to the action.
      dqda_clipping: the greatest L2 norm of that gradient; None: no bound.
      use_stop_gradient: whether to keep gradients out of the target ``a_t + dqda_t``.

    Returns:
      ``[D]`` losses, to be summed.
    """
    _DPG(a_t, dqda_t)
    if dqda_clipping is not None:
        dqda_t = _within_norm(dqda_t, dqda_clipping)
    return l2_loss(stop_if(use_stop_gradient, dqda_t + a_t) - a_t)


_PG = Signature(
    "policy_gradient_loss",
    logits_t="float[_ _]",
    a_t="int[_]",
    adv_t="float[_]",
    w_t="float[_]",
)


def policy_gradient_loss(
    logits_t: Array,
    a_t: Array,
    adv_t: Array,
    w_t: Array,
    use_stop_gradient: bool = True,
) -> Array:
    """REINFORCE: minus the log-probability of the actions, times their advantages.

    Williams 1992, "Simple statistical gradient-following algorithms for connectionist
    reinforcement learning".

    Args:
      logits_t: ``[T, A]`` float, the policy's logits.
      a_t: ``[T]`` int, actions drawn from it.
      adv_t: ``[T]`` float, their advantages.
      w_t: ``[T]`` float, weights of the steps.
      use_stop_gradient: whether to keep gradients out of the advantages.

    Returns:
      Scalar: the mean over the steps.
    """
    _PG(logits_t, a_t, adv_t, w_t)
    adv_t = stop_if(use_stop_gradient, adv_t)
    return -jnp.mean(Categorical(logits_t).log_prob(a_t) * adv_t * w_t)


_ENTROPY = Signature("entropy_loss", logits_t="float[_ _]", w_t="float[_]")


def entropy_loss(logits_t: Array, w_t: Array) -> Array:
    """Minus the policy's entropy, which keeps it from settling too early.

    Williams & Peng 1991, "Function optimization using connectionist reinforcement
    learning algorithms".

    Args:
      logits_t: ``[T, A]`` float, the policy's logits.
      w_t: ``[T]`` float, weights of the steps.

    Returns:
      Scalar: the mean over the steps, in nats.
    """
    _ENTROPY(logits_t, w_t)
    return -jnp.mean(Categorical(logits_t).entropy() * w_t)


def _policy_and_advantage(
    logits_t: Array, q_t: Array, stop: bool
) -> tuple[Array, Array]:
    """The policy, and by how much each action's value exceeds the policy's mean."""
    policy = jax.nn.softmax(logits_t, axis=1)
    q_t = stop_if(stop, q_t)
    return policy, q_t - jnp.sum(policy * q_t, axis=1, keepdims=True)


_QPG = Signature("qpg_loss", logits_t="float[_ _]", q_t="float[_ _]")


def qpg_loss(logits_t: Array, q_t: Array, use_stop_gradient: bool = True) -> Array:
    """The policy gradient over all actions, with critic values for all of them.

    Srinivasan et al. 2018, "Actor-critic policy optimization in partially observable
    multiagent environments".

    Args:
      logits_t: ``[T, A]`` float, the policy's logits.
      q_t: ``[T, A]`` float, action values; no gradient flows into them.
      use_stop_gradient: whether to keep gradients out of the advantages as well, where
        they come from the policy's mean value.

    Returns:
      Scalar: the mean over the steps.
    """
    _QPG(logits_t, q_t)
    policy, advantage = _policy_and_advantage(logits_t, q_t, True)
    gain = policy * stop_if(use_stop_gradient, advantage)
    return -jnp.mean(jnp.sum(gain, axis=1))


_RM = Signature("rm_loss", logits_t="float[_ _]", q_t="float[_ _]")


def rm_loss(logits_t: Array, q_t: Array, use_stop_gradient: bool = True) -> Array:
    """Regret matching policy gradient: as ``qpg_loss``, for positive advantages only.

    Srinivasan et al. 2018, "Actor-critic policy optimization in partially observable
    multiagent environments".

    Args:
      logits_t: ``[T, A]`` float, the policy's logits.
      q_t: ``[T, A]`` float, action values; no gradient flows into them.
      use_stop_gradient: whether to keep gradients out of the regrets as well.

    Returns:
      Scalar: the mean over the steps.
    """
    _RM(logits_t, q_t)
    policy, advantage = _policy_and_advantage(logits_t, q_t, True)
    gain = policy * stop_if(use_stop_gradient, jax.nn.relu(advantage))
    return -jnp.mean(jnp.sum(gain, axis=1))


_RPG = Signature("rpg_loss", logits_t="float[_ _]", q_t="float[_ _]")


def rpg_loss(logits_t: Array, q_t: Array, use_stop_gradient: bool = True) -> Array:
    """Regret policy gradient: the sum of positive advantages, to be minimized.

    Srinivasan et al. 2018, "Actor-critic policy optimization in partially observable
    multiagent environments".

    Args:
      logits_t: ``[T, A]`` float, the policy's logits.
      q_t: ``[T, A]`` float, action values.
      use_stop_gradient: whether to keep gradients out of the action values.

    Returns:
      Scalar: the mean over the steps.
    """
    _RPG(logits_t, q_t)
    _, advantage = _policy_and_advantage(logits_t, q_t, use_stop_gradient)
    return jnp.mean(jnp.sum(jax.nn.relu(advantage), axis=1))


_CLIPPED = Signature(
    "clipped_surrogate_pg_loss", prob_ratios_t="float[_]", adv_t="float[_]"
)


def clipped_surrogate_pg_loss(
    prob_ratios_t: Array,
    adv_t: Array,
    epsilon: Numeric,
    use_stop_gradient: bool = True,
) -> Array:
    """PPO's loss: the lesser gain of the ratio and the ratio clipped to 1 ± ε.

    Schulman et al. 2017, "Proximal policy optimization algorithms", equation 7.

    Args:
      prob_ratios_t: ``[T]`` float, probabilities of the actions now over then.
      adv_t: ``[T]`` float, their advantages.
      epsilon: half-width of the interval in which the ratio may gain.
      use_stop_gradient: whether to keep gradients out of the advantages.

    Returns:
      Scalar: minus the mean over the steps.
    """
    _CLIPPED(prob_ratios_t, adv_t)
    adv_t = stop_if(use_stop_gradient, adv_t)
    near = jnp.clip(prob_ratios_t, 1.0 - epsilon, 1.0 + epsilon)
    return -jnp.mean(jnp.fmin(prob_ratios_t * adv_t, near * adv_t))
