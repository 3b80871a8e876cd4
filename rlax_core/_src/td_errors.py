"""One-step temporal-difference errors, for one transition each.

Every error is ``target - prediction`` with ``target = r_t + discount_t * bootstrap``;
the functions differ in what they predict and what they bootstrap from. They take
unbatched arrays: use ``jax.vmap``.

In each, ``r_t`` is the reward and ``discount_t`` the discount of the transition (0
where the episode ends), ``a_tm1`` the action that led to it, and
``stop_target_gradients`` keeps gradients from flowing into the target.
"""

from typing import Any

import jax
import jax.numpy as jnp

from rlax_core._src.checks import Signature
from rlax_core._src.gradients import stop_if

Array = jax.Array
Numeric = Array | float


def _error(
    prediction: Any, r_t: Any, discount_t: Any, bootstrap: Any, stop: bool
) -> Array:
    return stop_if(stop, r_t + discount_t * bootstrap) - prediction


_STEP = {"r_t": "float[]", "discount_t": "float[]"}
_TAKEN = {"q_tm1": "float[_]", "a_tm1": "int[]", **_STEP}

_TD = Signature("td_learning", v_tm1="float[]", **_STEP, v_t="float[]")


def td_learning(
    v_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    v_t: Numeric,
    stop_target_gradients: bool = True,
) -> Array:
    """The TD(0) error of a state value.

    Sutton 1988, "Learning to predict by the methods of temporal differences".

    Args:
      v_tm1: float scalar, value of the state left.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      v_t: float scalar, value of the state reached.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar error.

    Raises:
      AssertionError: if an argument is no float scalar.
    """
    _TD(v_tm1, r_t, discount_t, v_t)
    return _error(v_tm1, r_t, discount_t, v_t, stop_target_gradients)


_SARSA = Signature("sarsa", **_TAKEN, q_t="float[_]", a_t="int[]")


def sarsa(
    q_tm1: Array,
    a_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    q_t: Array,
    a_t: Numeric,
    stop_target_gradients: bool = True,
) -> Array:
    """The SARSA error: bootstraps from the action that was taken next.

    Rummery & Niranjan 1994, "On-line Q-learning using connectionist systems".

    Args:
      q_tm1: ``[A]`` float, action values of the state left.
      a_tm1: int scalar, the action taken there.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      q_t: ``[A]`` float, action values of the state reached.
      a_t: int scalar, the action taken there.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar error.
    """
    _SARSA(q_tm1, a_tm1, r_t, discount_t, q_t, a_t)
    return _error(q_tm1[a_tm1], r_t, discount_t, q_t[a_t], stop_target_gradients)


_EXPECTED = Signature("expected_sarsa", **_TAKEN, q_t="float[_]", probs_a_t="float[_]")


def expected_sarsa(
    q_tm1: Array,
    a_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    q_t: Array,
    probs_a_t: Array,
    stop_target_gradients: bool = True,
) -> Array:
    """The expected SARSA error: bootstraps from the mean value under a policy.

    Van Seijen et al. 2009, "A theoretical and empirical analysis of Expected Sarsa".

    Args:
      q_tm1: ``[A]`` float, action values of the state left.
      a_tm1: int scalar, the action taken there.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      q_t: ``[A]`` float, action values of the state reached.
      probs_a_t: ``[A]`` float, the policy's probabilities there.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar error.
    """
    _EXPECTED(q_tm1, a_tm1, r_t, discount_t, q_t, probs_a_t)
    expected = jnp.dot(q_t, probs_a_t)
    return _error(q_tm1[a_tm1], r_t, discount_t, expected, stop_target_gradients)


_Q = Signature("q_learning", **_TAKEN, q_t="float[_]")


def q_learning(
    q_tm1: Array,
    a_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    q_t: Array,
    stop_target_gradients: bool = True,
) -> Array:
    """The Q-learning error: bootstraps from the best action.

    Watkins & Dayan 1992, "Q-learning".

    Args:
      q_tm1: ``[A]`` float, action values of the state left.
      a_tm1: int scalar, the action taken there.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      q_t: ``[A]`` float, action values of the state reached.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar error.
    """
    _Q(q_tm1, a_tm1, r_t, discount_t, q_t)
    return _error(q_tm1[a_tm1], r_t, discount_t, jnp.max(q_t), stop_target_gradients)


_DOUBLE = Signature(
    "double_q_learning", **_TAKEN, q_t_value="float[_]", q_t_selector="float[_]"
)


def double_q_learning(
    q_tm1: Array,
    a_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    q_t_value: Array,
    q_t_selector: Array,
    stop_target_gradients: bool = True,
) -> Array:
    """The double Q-learning error: one estimate selects the action, another values it.

    Van Hasselt 2010, "Double Q-learning".

    Args:
      q_tm1: ``[A]`` float, action values of the state left.
      a_tm1: int scalar, the action taken there.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      q_t_value: ``[A]`` float, the values bootstrapped from.
      q_t_selector: ``[A]`` float, the values that select the action.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar error.
    """
    _DOUBLE(q_tm1, a_tm1, r_t, discount_t, q_t_value, q_t_selector)
    bootstrap = q_t_value[jnp.argmax(q_t_selector)]
    return _error(q_tm1[a_tm1], r_t, discount_t, bootstrap, stop_target_gradients)


_PERSISTENT = Signature("persistent_q_learning", **_TAKEN, q_t="float[_]")


def persistent_q_learning(
    q_tm1: Array,
    a_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    q_t: Array,
    action_gap_scale: float,
    stop_target_gradients: bool = True,
) -> Array:
    """The error of persistent advantage learning, which widens the gap between actions.

    Bootstraps from a mix of the best action and the one just taken.
    Bellemare et al. 2016, "Increasing the action gap".

    Args:
      q_tm1: ``[A]`` float, action values of the state left.
      a_tm1: int scalar, the action taken there.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      q_t: ``[A]`` float, action values of the state reached.
      action_gap_scale: share of the action just taken, from 0 to 1.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar error.
    """
    _PERSISTENT(q_tm1, a_tm1, r_t, discount_t, q_t)
    best = (1.0 - action_gap_scale) * jnp.max(q_t)
    mixed = best + action_gap_scale * q_t[a_tm1]
    return _error(q_tm1[a_tm1], r_t, discount_t, mixed, stop_target_gradients)


_QV = Signature("qv_learning", **_TAKEN, v_t="float[]")


def qv_learning(
    q_tm1: Array,
    a_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    v_t: Numeric,
    stop_target_gradients: bool = True,
) -> Array:
    """The QV-learning error: an action value bootstraps from a state value.

    Wiering & van Hasselt 2007, "Two novel on-policy reinforcement learning algorithms
    based on TD(lambda)-methods".

    Args:
      q_tm1: ``[A]`` float, action values of the state left.
      a_tm1: int scalar, the action taken there.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      v_t: float scalar, value of the state reached.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar error.
    """
    _QV(q_tm1, a_tm1, r_t, discount_t, v_t)
    return _error(q_tm1[a_tm1], r_t, discount_t, v_t, stop_target_gradients)


_QV_MAX = Signature("qv_max", v_tm1="float[]", **_STEP, q_t="float[_]")


def qv_max(
    v_tm1: Numeric,
    r_t: Numeric,
    discount_t: Numeric,
    q_t: Array,
    stop_target_gradients: bool = True,
) -> Array:
    """The QVMAX error: a state value bootstraps from the best action value.

    Wiering & van Hasselt 2009, "The QV family compared to other reinforcement learning
    algorithms".

    Args:
      v_tm1: float scalar, value of the state left.
      r_t: float scalar, reward.
      discount_t: float scalar, discount.
      q_t: ``[A]`` float, action values of the state reached.
      stop_target_gradients: whether to keep gradients out of the target.

    Returns:
      Scalar error.
    """
    _QV_MAX(v_tm1, r_t, discount_t, q_t)
    return _error(v_tm1, r_t, discount_t, jnp.max(q_t), stop_target_gradients)
