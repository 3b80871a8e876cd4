"""Returns: discounted sums of rewards, bootstrapped from value estimates.

All functions take one sequence. Index ``t`` of ``r_t``, ``discount_t`` and ``v_t`` is
the reward, discount and value that follow the ``t``-th state, so that a one-step return
is ``r_t + discount_t * v_t``. Use ``jax.vmap`` for batches.
"""

import jax
import jax.numpy as jnp
from jax import lax

from rlax_core._src import checks
from rlax_core._src.arrays import batched_index
from rlax_core._src.gradients import stop_if
from rlax_core._src.recurrence import solve_backward, solve_steps

Array = jax.Array
Numeric = Array | float

_LAMBDA = checks.Signature(
    "lambda_returns",
    r_t="float[T]",
    discount_t="float[T]",
    v_t="float[T]",
    lambda_="float[]|[_]",
)


def lambda_returns(
    r_t: Array,
    discount_t: Array,
    v_t: Array,
    lambda_: Numeric = 1.0,
    stop_target_gradients: bool = False,
) -> Array:
    """λ-returns: at each step a mix of bootstrapping and going on.

    ``G[t] = r[t] + discount[t] * ((1 - λ[t]) * v[t] + λ[t] * G[t+1])``, with the last
    value standing in for the return after the end. λ = 0 gives one-step returns and
    λ = 1 the discounted sum of all rewards. With a λ per step this also expresses
    importance sampling, Watkins' Q(λ), and other off-policy corrections.

    Sutton & Barto, "Reinforcement Learning: An Introduction", on the λ-return.

    Args:
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts; 0 where an episode ends.
      v_t: ``[T]`` float, values of the states the steps lead to.
      lambda_: float, scalar or ``[T]``.
      stop_target_gradients: whether to keep gradients from flowing through the result.

    Returns:
      ``[T]`` returns.

    Raises:
      AssertionError: on other ranks, dtypes or unequal lengths.
    """
    _LAMBDA(r_t, discount_t, v_t, lambda_)
    if isinstance(lambda_, float) and lambda_ == 1.0:
        weights, offsets = discount_t, r_t
    else:
        weights = discount_t * lambda_
        offsets = r_t + discount_t * (1 - lambda_) * v_t
    returns = solve_backward(jnp.asarray(weights), jnp.asarray(offsets), v_t[-1])
    return stop_if(stop_target_gradients, returns)


_DISCOUNTED = checks.Signature(
    "discounted_returns", r_t="float[T]", discount_t="float[T]", v_t="float[]|[_]"
)


def discounted_returns(
    r_t: Array,
    discount_t: Array,
    v_t: Array,
    stop_target_gradients: bool = False,
) -> Array:
    """Discounted sums of all rewards to the end, where a value is bootstrapped.

    ``G[t] = r[t] + discount[t] * G[t+1]``.

    Args:
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      v_t: float, a scalar or ``[T]``; only the last value counts.
      stop_target_gradients: whether to keep gradients from flowing through the result.

    Returns:
      ``[T]`` returns.
    """
    _DISCOUNTED(r_t, discount_t, v_t)
    values = jnp.ones_like(discount_t) * v_t
    return lambda_returns(r_t, discount_t, values, 1.0, stop_target_gradients)


_N_STEP = checks.Signature(
    "n_step_bootstrapped_returns",
    r_t="float[T]",
    discount_t="float[T]",
    v_t="float[T]",
    lambda_t="float[]|[_]",
)


def _earlier(x: Array, steps: int, fill: Numeric) -> Array:
    """``x[t + steps]`` for each t, and ``fill`` beyond the end."""
    if not steps:
        return x
    fill = jnp.asarray(fill, x.dtype)
    return lax.pad(x, fill, ((-steps, steps, 0),))


def n_step_bootstrapped_returns(
    r_t: Array,
    discount_t: Array,
    v_t: Array,
    n: int,
    lambda_t: Numeric = 1.0,
    stop_target_gradients: bool = False,
) -> Array:
    """Returns over ``n`` steps from each state, bootstrapped from the value there.

    A step maps the return after it, ``g``, to ``r + discount * ((1 - λ) v + λ g)``. The
    maps of ``n`` steps are composed from those of 1, 2, 4, … steps, so that the traced
    program has O(log n) operations. Windows that reach over the end bootstrap from the
    last value there.

    Args:
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      v_t: ``[T]`` float, values of the states the steps lead to.
      n: number of steps, at least 1.
      lambda_t: float, scalar or ``[T]``; below 1 each step also bootstraps in part.
      stop_target_gradients: whether to keep gradients from flowing through the result.

    Returns:
      ``[T]`` returns, at least float32.

    Raises:
      ValueError: if ``n`` is less than 1.
      AssertionError: on other ranks, dtypes or unequal lengths.
    """
    _N_STEP(r_t, discount_t, v_t, lambda_t)
    if n < 1:
        raise ValueError(f"n_step_bootstrapped_returns: n must be at least 1, got {n}.")
    length = r_t.shape[0]
    n = min(int(n), length)  # longer windows all reach over the end
    given = jnp.result_type(r_t, discount_t, v_t, lambda_t)
    dtype = jnp.promote_types(given, jnp.result_type(float))
    r_t, discount_t, v_t = (jnp.asarray(x, dtype) for x in (r_t, discount_t, v_t))
    if isinstance(lambda_t, float) and lambda_t == 1.0:
        step = discount_t, r_t
    else:
        partly = discount_t * (1 - lambda_t) * v_t
        step = (discount_t * lambda_t).astype(dtype), (r_t + partly).astype(dtype)

    def append(window, more, size):
        """Extends each window of ``size`` steps by the window that starts there."""
        weight, offset = window
        further_weight = _earlier(more[0], size, 1)
        further_offset = _earlier(more[1], size, 0)
        return weight * further_weight, offset + weight * further_offset

    doubled, size, whole, covered, left = step, 1, None, 0, n
    while left:
        if left % 2:
            whole = append(whole, doubled, covered) if covered else doubled
            covered += size
        left //= 2
        if left:
            doubled, size = append(doubled, doubled, size), 2 * size
    weight, offset = whole
    bootstrap = _earlier(v_t, n - 1, v_t[-1]) if length else v_t
    return stop_if(stop_target_gradients, offset + weight * bootstrap)


_GAE = checks.Signature(
    "truncated_generalized_advantage_estimation",
    r_t="float[T]",
    discount_t="float[T]",
    values="float[T+1]",
)


def truncated_generalized_advantage_estimation(
    r_t: Array,
    discount_t: Array,
    lambda_: Numeric,
    values: Array,
    stop_target_gradients: bool = False,
) -> Array:
    """Generalized advantage estimates over a sequence that is cut off at its end.

    ``A[t] = δ[t] + discount[t] * λ[t] * A[t+1]`` with the one-step errors
    ``δ[t] = r[t] + discount[t] * values[t+1] - values[t]``.

    Schulman et al. 2017, "Proximal policy optimization algorithms", equations 11–12.

    Args:
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      lambda_: scalar or ``[T]``.
      values: ``[T + 1]`` float, values of all states, the one after the end too.
      stop_target_gradients: whether to keep gradients from flowing through the result.

    Returns:
      ``[T]`` advantages.
    """
    _GAE(r_t, discount_t, values)
    errors = r_t + discount_t * values[1:] - values[:-1]
    decay = jnp.asarray(discount_t * lambda_)
    return stop_if(stop_target_gradients, solve_backward(decay, errors, 0.0))


_OFF_POLICY_Q = checks.Signature(
    "general_off_policy_returns_from_action_values",
    q_t="float[T _]",
    a_t="int[T]",
    r_t="float[T]",
    discount_t="float[T]",
    c_t="float[T]",
    pi_t="float[T _]",
)


def general_off_policy_returns_from_action_values(
    q_t: Array,
    a_t: Array,
    r_t: Array,
    discount_t: Array,
    c_t: Array,
    pi_t: Array,
    stop_target_gradients: bool = False,
) -> Array:
    """Off-policy returns of a target policy from action values.

    ``G[t] = r[t] + discount[t] * (E_π q[t] - c[t] q[t, a[t]] + c[t] G[t+1])``.
    The trace ``c`` selects the method: π/μ importance sampling, λ Q(λ) of Harutyunyan
    et al., π tree backup, λ min(1, π/μ) Retrace.

    Munos et al. 2016, "Safe and efficient off-policy reinforcement learning".

    Args:
      q_t: ``[T, A]`` float, action values of the states the steps lead to.
      a_t: ``[T]`` int, actions taken there.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      c_t: ``[T]`` float, traces; the last is not used.
      pi_t: ``[T, A]`` float, probabilities of the target policy.
      stop_target_gradients: whether to keep gradients from flowing through the result.

    Returns:
      ``[T]`` returns.
    """
    _OFF_POLICY_Q(q_t, a_t, r_t, discount_t, c_t, pi_t)
    taken = batched_index(q_t[:-1], a_t[:-1])
    expected = jnp.sum(pi_t * q_t, axis=-1)
    return general_off_policy_returns_from_q_and_v(
        taken, expected, r_t, discount_t, c_t[:-1], stop_target_gradients
    )


def _off_policy_step(q, v, r, discount, trace) -> tuple[Array, Array]:
    return discount * trace, r + discount * (v - trace * q)


_OFF_POLICY = checks.Signature(
    "general_off_policy_returns_from_q_and_v",
    q_t="float[T-1]",
    v_t="float[T]",
    r_t="float[T]",
    discount_t="float[T]",
    c_t="float[T-1]",
)


def general_off_policy_returns_from_q_and_v(
    q_t: Array,
    v_t: Array,
    r_t: Array,
    discount_t: Array,
    c_t: Array,
    stop_target_gradients: bool = False,
) -> Array:
    """Off-policy returns from values, and action values of the actions taken.

    As ``general_off_policy_returns_from_action_values``, for when the expectation over
    actions is known otherwise, with continuous actions for instance.

    Args:
      q_t: ``[T - 1]`` float, values of the actions taken after all steps but the last.
      v_t: ``[T]`` float, values under the target policy of the states reached.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      c_t: ``[T - 1]`` float, traces.
      stop_target_gradients: whether to keep gradients from flowing through the result.

    Returns:
      ``[T]`` returns.
    """
    _OFF_POLICY(q_t, v_t, r_t, discount_t, c_t)
    end = r_t[-1:] + discount_t[-1:] * v_t[-1:]
    steps = (q_t, v_t[:-1], r_t[:-1], discount_t[:-1], c_t)
    before = solve_steps(_off_policy_step, steps, end[0])
    returns = jnp.concatenate([before, end])
    return stop_if(stop_target_gradients, returns)
