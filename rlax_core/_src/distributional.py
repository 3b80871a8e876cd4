"""Losses for values that are distributions: over fixed atoms, or as quantiles."""

import jax
import jax.numpy as jnp

from rlax_core._src.categorical import categorical_cross_entropy
from rlax_core._src.checks import Signature
from rlax_core._src.elementwise_losses import huber_loss
from rlax_core._src.gradients import stop_if

Array = jax.Array
Numeric = Array | float

_PROJECT = Signature(
    "categorical_l2_project", z_p="float[_]", probs="float[_]", z_q="float[_]"
)


def _inverse_gap(gap: Array) -> Array:
    """One over a gap between atoms; zero where there is none."""
    return jnp.where(gap > 0, 1 / gap, 0)


def categorical_l2_project(z_p: Array, probs: Array, z_q: Array) -> Array:
    """Moves probabilities from one set of atoms to another.

    Each atom shares its probability between its two neighbours among the new atoms, in
    proportion to its nearness; atoms outside their range go to the end. That is the
    projection which is closest in Cramér distance.

    Bellemare et al. 2017, "A distributional perspective on reinforcement learning".

    Args:
      z_p: ``[P]`` float, atoms.
      probs: ``[P]`` float, their probabilities.
      z_q: ``[Q]`` float, the new atoms in ascending order.

    Returns:
      ``[Q]`` probabilities.
    """
    _PROJECT(z_p, probs, z_q)
    z_p, z_q = jnp.asarray(z_p), jnp.asarray(z_q)
    rise = _inverse_gap(z_q - jnp.roll(z_q, 1))[:, None]
    fall = _inverse_gap(jnp.roll(z_q, -1) - z_q)[:, None]
    beyond = jnp.clip(z_p, z_q[0], z_q[-1])[None, :] - z_q[:, None]
    distance = jnp.where(beyond >= 0, beyond * fall, -beyond * rise)
    share = jnp.clip(1 - distance, 0, 1)
    return jnp.sum(share * probs[None, :], axis=-1)


def _cross_entropy_to_projection(
    logits: Array, atoms: Array, z_t: Array, p_t: Array, stop: bool
) -> Array:
    target = stop_if(stop, categorical_l2_project(z_t, p_t, atoms))
    return categorical_cross_entropy(labels=target, logits=logits)


_STEP = {"r_t": "float[]", "discount_t": "float[]"}
_CATEGORICAL_V = Signature(
    "categorical_td_learning",
    v_atoms_tm1="float[_]",
    v_logits_tm1="float[_]",
    **_STEP,
    v_atoms_t="float[_]",
    v_logits_t="float[_]",
)


def categorical_td_learning(
    v_atoms_tm1: Array,
    v_logits_tm1: Array,
    r_t: Numeric,
    discount_t: Numeric,
    v_atoms_t: Array,
    v_logits_t: Array,
    stop_target_gradients: bool = True,
) -> Array:
    """TD learning of a state value that is a categorical distribution over atoms.

    Bellemare et al. 2017, "A distributional perspective on reinforcement learning".

    Args:
      v_atoms_tm1: ``[K]`` float, atoms of the prediction.
      v_logits_tm1: ``[K]`` float, its logits.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      v_atoms_t: ``[L]`` float, atoms of the value of the state reached.
      v_logits_t: ``[L]`` float, its logits.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar loss: cross entropy to the projected target, in nats.
    """
    _CATEGORICAL_V(v_atoms_tm1, v_logits_tm1, r_t, discount_t, v_atoms_t, v_logits_t)
    return _cross_entropy_to_projection(
        v_logits_tm1,
        v_atoms_tm1,
        r_t + discount_t * v_atoms_t,
        jax.nn.softmax(v_logits_t),
        stop_target_gradients,
    )


_CATEGORICAL = {
    "q_atoms_tm1": "float[_]",
    "q_logits_tm1": "float[_ _]",
    "a_tm1": "int[]",
    **_STEP,
    "q_atoms_t": "float[_]",
    "q_logits_t": "float[_ _]",
}
_CATEGORICAL_Q = Signature("categorical_q_learning", **_CATEGORICAL)


def categorical_q_learning(
    q_atoms_tm1: Array,
    q_logits_tm1: Array,
    a_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    q_atoms_t: Array,
    q_logits_t: Array,
    stop_target_gradients: bool = True,
) -> Array:
    """Q-learning of categorical action values, C51: bootstraps from the best mean.

    Bellemare et al. 2017, "A distributional perspective on reinforcement learning".

    Args:
      q_atoms_tm1: ``[K]`` float, atoms of the prediction.
      q_logits_tm1: ``[A, K]`` float, its logits.
      a_tm1: int scalar, the action taken.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      q_atoms_t: ``[L]`` float, atoms of the values in the state reached.
      q_logits_t: ``[A, L]`` float, their logits.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar loss: cross entropy to the projected target, in nats.
    """
    _CATEGORICAL_Q(
        q_atoms_tm1, q_logits_tm1, a_tm1, r_t, discount_t, q_atoms_t, q_logits_t
    )
    probs = jax.nn.softmax(q_logits_t)
    best = jnp.argmax(jnp.sum(probs * jnp.asarray(q_atoms_t)[None], axis=1))
    return _cross_entropy_to_projection(
        q_logits_tm1[a_tm1],
        q_atoms_tm1,
        r_t + discount_t * q_atoms_t,
        probs[best],
        stop_target_gradients,
    )


_CATEGORICAL_DOUBLE = Signature(
    "categorical_double_q_learning", **_CATEGORICAL, q_t_selector="float[_]"
)


def categorical_double_q_learning(
    q_atoms_tm1: Array,
    q_logits_tm1: Array,
    a_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    q_atoms_t: Array,
    q_logits_t: Array,
    q_t_selector: Array,
    stop_target_gradients: bool = True,
) -> Array:
    """C51 with double Q-learning: other values select the action to bootstrap from.

    Bellemare et al. 2017, "A distributional perspective on reinforcement learning", and
    Van Hasselt 2010, "Double Q-learning".

    Args:
      q_atoms_tm1: ``[K]`` float, atoms of the prediction.
      q_logits_tm1: ``[A, K]`` float, its logits.
      a_tm1: int scalar, the action taken.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      q_atoms_t: ``[L]`` float, atoms of the values in the state reached.
      q_logits_t: ``[A, L]`` float, their logits.
      q_t_selector: ``[A]`` float, the action values that select.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar loss: cross entropy to the projected target, in nats.
    """
    _CATEGORICAL_DOUBLE(
        q_atoms_tm1,
        q_logits_tm1,
        a_tm1,
        r_t,
        discount_t,
        q_atoms_t,
        q_logits_t,
        q_t_selector,
    )
    return _cross_entropy_to_projection(
        q_logits_tm1[a_tm1],
        q_atoms_tm1,
        r_t + discount_t * q_atoms_t,
        jax.nn.softmax(q_logits_t[jnp.argmax(q_t_selector)]),
        stop_target_gradients,
    )


_QUANTILES = Signature(
    "quantile_regression_loss",
    dist_src="float[_]",
    tau_src="float[_]",
    dist_target="float[_]",
)


def quantile_regression_loss(
    dist_src: Array,
    tau_src: Array,
    dist_target: Array,
    huber_param: float = 0.0,
    stop_target_gradients: bool = True,
) -> Array:
    """Quantile regression between predicted quantiles and target samples.

    Each pair costs the distance between target and prediction, weighted τ where the
    target is above and 1 − τ where it is below.
    Dabney et al. 2018, "Distributional reinforcement learning with quantile
    regression".

    Args:
      dist_src: ``[N]`` float, the predicted quantiles.
      tau_src: ``[N]`` float, their probabilities τ.
      dist_target: ``[M]`` float, samples or quantiles of the target.
      huber_param: the distance is a Huber loss of this width; 0: the absolute value.
      stop_target_gradients: whether to keep gradients out of the weights' choice of
        side. It is no matter of the target: stop that yourself.

    Returns:
      Scalar loss, summed over the predictions and averaged over the targets.
    """
    _QUANTILES(dist_src, tau_src, dist_target)
    above = jnp.asarray(dist_target)[None, :] - jnp.asarray(dist_src)[:, None]
    below = stop_if(stop_target_gradients, (above < 0).astype(jnp.float32))
    weight = jnp.abs(tau_src[:, None] - below)
    cost = huber_loss(above, huber_param) if huber_param > 0 else jnp.abs(above)
    return jnp.sum(jnp.mean(cost * weight, axis=-1))


_QUANTILE_STEP = {
    "dist_q_tm1": "float[_ _]",
    "tau_q_tm1": "float[_]",
    "a_tm1": "int[]",
    **_STEP,
}
_QUANTILE_Q = Signature(
    "quantile_q_learning",
    **_QUANTILE_STEP,
    dist_q_t_selector="float[_ _]",
    dist_q_t="float[_ _]",
)


def quantile_q_learning(
    dist_q_tm1: Array,
    tau_q_tm1: Array,
    a_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    dist_q_t_selector: Array,
    dist_q_t: Array,
    huber_param: float = 0.0,
    stop_target_gradients: bool = True,
) -> Array:
    """Q-learning of action values given as quantiles, QR-DQN.

    Dabney et al. 2018, "Distributional reinforcement learning with quantile
    regression".

    Args:
      dist_q_tm1: ``[N, A]`` float, quantiles of each action's value.
      tau_q_tm1: ``[N]`` float, their probabilities.
      a_tm1: int scalar, the action taken.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      dist_q_t_selector: ``[M, A]`` float, quantiles whose mean selects the next action.
      dist_q_t: ``[M, A]`` float, quantiles bootstrapped from.
      huber_param: width of the Huber loss; 0: absolute value.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar loss.
    """
    _QUANTILE_Q(
        dist_q_tm1, tau_q_tm1, a_tm1, r_t, discount_t, dist_q_t_selector, dist_q_t
    )
    best = jnp.argmax(jnp.mean(dist_q_t_selector, axis=0))
    target = stop_if(stop_target_gradients, r_t + discount_t * dist_q_t[:, best])
    taken = dist_q_tm1[:, a_tm1]
    return quantile_regression_loss(taken, tau_q_tm1, target, huber_param)


_QUANTILE_SARSA = Signature(
    "quantile_expected_sarsa",
    **_QUANTILE_STEP,
    dist_q_t="float[_ _]",
    probs_a_t="float[_]",
)


def quantile_expected_sarsa(
    dist_q_tm1: Array,
    tau_q_tm1: Array,
    a_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    dist_q_t: Array,
    probs_a_t: Array,
    huber_param: float = 0.0,
    stop_target_gradients: bool = True,
) -> Array:
    """Expected SARSA of action values given as quantiles.

    The loss to each next action's quantiles, averaged under the policy.

    Args:
      dist_q_tm1: ``[N, A]`` float, quantiles of each action's value.
      tau_q_tm1: ``[N]`` float, their probabilities.
      a_tm1: int scalar, the action taken.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      dist_q_t: ``[M, A]`` float, quantiles in the state reached.
      probs_a_t: ``[A]`` float, the policy's probabilities there.
      huber_param: width of the Huber loss; 0: absolute value.
      stop_target_gradients: whether to keep gradients out of target and policy.

    Returns:
      Scalar loss.
    """
    _QUANTILE_SARSA(dist_q_tm1, tau_q_tm1, a_tm1, r_t, discount_t, dist_q_t, probs_a_t)
    taken = dist_q_tm1[:, a_tm1]
    targets = stop_if(stop_target_gradients, r_t + discount_t * dist_q_t)
    policy = stop_if(stop_target_gradients, probs_a_t)
    losses = jax.vmap(
        lambda target: quantile_regression_loss(taken, tau_q_tm1, target, huber_param),
        in_axes=1,
    )(targets)
    return jnp.dot(losses, policy)
