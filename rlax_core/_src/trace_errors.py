"""Temporal-difference errors whose targets reach over many steps of one sequence.

Index ``t`` of ``q_tm1`` is the state that step ``t`` leaves, of ``q_t`` the one it
leads to. All functions take one sequence: use ``jax.vmap`` for batches.
"""

import jax
import jax.numpy as jnp

from rlax_core._src.arrays import batched_index
from rlax_core._src.checks import Signature
from rlax_core._src.returns import (
    general_off_policy_returns_from_action_values,
    general_off_policy_returns_from_q_and_v,
    lambda_returns,
)

Array = jax.Array
Numeric = Array | float

_STEPS = {"r_t": "float[_]", "discount_t": "float[_]"}
_TAKEN = {"q_tm1": "float[_ _]", "a_tm1": "int[_]", **_STEPS, "q_t": "float[_ _]"}

_TD_LAMBDA = Signature(
    "td_lambda", v_tm1="float[_]", **_STEPS, v_t="float[_]", lambda_="float[]|[_]"
)


def td_lambda(
    v_tm1: Array,
    r_t: Array,
    discount_t: Array,
    v_t: Array,
    lambda_: Numeric,
    stop_target_gradients: bool = True,
) -> Array:
    """TD(λ) errors of state values: λ-return less prediction.

    Sutton & Barto, "Reinforcement Learning: An Introduction", on TD(λ).

    Args:
      v_tm1: ``[T]`` float, values of the states left.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      v_t: ``[T]`` float, values of the states reached.
      lambda_: float, scalar or ``[T]``.
      stop_target_gradients: whether to keep gradients out of the returns.

    Returns:
      ``[T]`` errors.
    """
    _TD_LAMBDA(v_tm1, r_t, discount_t, v_t, lambda_)
    returns = lambda_returns(r_t, discount_t, v_t, lambda_, stop_target_gradients)
    return returns - v_tm1


_SARSA_LAMBDA = Signature("sarsa_lambda", **_TAKEN, a_t="int[_]", lambda_="float[]|[_]")


def sarsa_lambda(
    q_tm1: Array,
    a_tm1: Array,
    r_t: Array,
    discount_t: Array,
    q_t: Array,
    a_t: Array,
    lambda_: Numeric,
    stop_target_gradients: bool = True,
) -> Array:
    """SARSA(λ) errors: λ-returns over the values of the actions taken.

    Sutton & Barto, "Reinforcement Learning: An Introduction", on Sarsa(λ).

    Args:
      q_tm1: ``[T, A]`` float, action values of the states left.
      a_tm1: ``[T]`` int, actions taken there.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      q_t: ``[T, A]`` float, action values of the states reached.
      a_t: ``[T]`` int, actions taken there.
      lambda_: float, scalar or ``[T]``.
      stop_target_gradients: whether to keep gradients out of the returns.

    Returns:
      ``[T]`` errors.
    """
    _SARSA_LAMBDA(q_tm1, a_tm1, r_t, discount_t, q_t, a_t, lambda_)
    bootstrap = batched_index(q_t, a_t)
    returns = lambda_returns(r_t, discount_t, bootstrap, lambda_, stop_target_gradients)
    return returns - batched_index(q_tm1, a_tm1)


_Q_LAMBDA = Signature("q_lambda", **_TAKEN, lambda_="float[]|[_]")


def q_lambda(
    q_tm1: Array,
    a_tm1: Array,
    r_t: Array,
    discount_t: Array,
    q_t: Array,
    lambda_: Numeric,
    stop_target_gradients: bool = True,
) -> Array:
    """Q(λ) errors: λ-returns over the values of the best actions.

    A fixed λ gives Peng's Q(λ); one that is 0 where the next action was not the best
    gives Watkins'. Peng & Williams 1996, "Incremental multi-step Q-learning".

    Args:
      q_tm1: ``[T, A]`` float, action values of the states left.
      a_tm1: ``[T]`` int, actions taken there.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      q_t: ``[T, A]`` float, action values of the states reached.
      lambda_: float, scalar or ``[T]``.
      stop_target_gradients: whether to keep gradients out of the returns.

    Returns:
      ``[T]`` errors.
    """
    _Q_LAMBDA(q_tm1, a_tm1, r_t, discount_t, q_t, lambda_)
    best = jnp.max(q_t, axis=-1)
    returns = lambda_returns(r_t, discount_t, best, lambda_, stop_target_gradients)
    return returns - batched_index(q_tm1, a_tm1)


RETRACE_ARGUMENTS = {
    "q_tm1": "float[_ _]",
    "q_t": "float[_ _]",
    "a_tm1": "int[_]",
    "a_t": "int[_]",
    **_STEPS,
    "pi_t": "float[_ _]",
    "mu_t": "float[_]",
}
_RETRACE = Signature("retrace", **RETRACE_ARGUMENTS)


def retrace_traces(
    a_t: Array, pi_t: Array, mu_t: Array, lambda_: Numeric, eps: float
) -> Array:
    """``[T]`` Retrace's traces, λ min(1, π(a) / (μ(a) + eps))."""
    return jnp.minimum(1.0, batched_index(pi_t, a_t) / (mu_t + eps)) * lambda_


def retrace(
    q_tm1: Array,
    q_t: Array,
    a_tm1: Array,
    a_t: Array,
    r_t: Array,
    discount_t: Array,
    pi_t: Array,
    mu_t: Array,
    lambda_: float,
    eps: float = 1e-8,
    stop_target_gradients: bool = True,
) -> Array:
    """Retrace(λ) errors: off-policy returns with truncated importance ratios.

    Munos et al. 2016, "Safe and efficient off-policy reinforcement learning".

    Args:
      q_tm1: ``[T, A]`` float, action values of the states left.
      q_t: ``[T, A]`` float, action values of the states reached.
      a_tm1: ``[T]`` int, actions taken in the states left.
      a_t: ``[T]`` int, actions taken in the states reached.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      pi_t: ``[T, A]`` float, probabilities of the target policy in the states reached.
      mu_t: ``[T]`` float, probabilities with which the behaviour policy took ``a_t``.
      lambda_: λ, a scalar.
      eps: added to ``mu_t`` before dividing by it.
      stop_target_gradients: whether to keep gradients out of the returns.

    Returns:
      ``[T]`` errors.
    """
    _RETRACE(q_tm1, q_t, a_tm1, a_t, r_t, discount_t, pi_t, mu_t)
    traces = retrace_traces(a_t, pi_t, mu_t, lambda_, eps)
    returns = general_off_policy_returns_from_action_values(
        q_t, a_t, r_t, discount_t, traces, pi_t, stop_target_gradients
    )
    return returns - batched_index(q_tm1, a_tm1)


_CONTINUOUS = Signature(
    "retrace_continuous",
    q_tm1="float[_]",
    q_t="float[_]",
    v_t="float[_]",
    **_STEPS,
    log_rhos="float[_]",
    lambda_="any[]|[_]",
)


def retrace_continuous(
    q_tm1: Array,
    q_t: Array,
    v_t: Array,
    r_t: Array,
    discount_t: Array,
    log_rhos: Array,
    lambda_: Numeric,
    stop_target_gradients: bool = True,
) -> Array:
    """Retrace(λ) errors from values of single actions, for continuous actions.

    Munos et al. 2016, "Safe and efficient off-policy reinforcement learning".

    Args:
      q_tm1: ``[T]`` float, values of the actions taken in the states left.
      q_t: ``[T - 1]`` float, values of the actions taken in the states reached, the
        last left out.
      v_t: ``[T]`` float, values of the states reached under the target policy.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      log_rhos: ``[T - 1]`` float, log of π/μ for the actions behind ``q_t``.
      lambda_: λ, a scalar or ``[T - 1]``.
      stop_target_gradients: whether to keep gradients out of the returns.

    Returns:
      ``[T]`` errors.
    """
    _CONTINUOUS(q_tm1, q_t, v_t, r_t, discount_t, log_rhos, lambda_)
    traces = jnp.minimum(1.0, jnp.exp(log_rhos)) * lambda_
    returns = general_off_policy_returns_from_q_and_v(
        q_t, v_t, r_t, discount_t, traces, stop_target_gradients
    )
    return returns - q_tm1
