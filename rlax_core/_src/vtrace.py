"""V-trace: off-policy corrections of state values by truncated importance ratios.

Espeholt et al. 2018, "IMPALA: Scalable distributed deep-RL with importance weighted
actor-learner architectures"; the leaky variant is from Zahavy et al. 2020, "A
self-tuning actor-critic algorithm".
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from rlax_core._src.checks import Signature
from rlax_core._src.gradients import stop_if
from rlax_core._src.recurrence import solve_backward

Array = jax.Array
Numeric = Array | float
Truncate = Callable[[Numeric, Array], Array]


class VTraceOutput(NamedTuple):
    """``[T]`` each: value errors, policy advantages, action value estimates."""

    errors: Array
    pg_advantage: Array
    q_estimate: Array


_ARGUMENTS = {
    "v_tm1": "float[T]",
    "v_t": "float[T]",
    "r_t": "float[T]",
    "discount_t": "float[T]",
    "rho_tm1": "float[T]",
    "lambda_": "float[]|[_]",
}


def _checker(function: str) -> Callable[..., None]:
    required = Signature(function, **_ARGUMENTS)
    mask = Signature(function, rho_tm1="float[T]", sample_mask="bool[T]")

    def check(v_tm1, v_t, r_t, discount_t, rho_tm1, lambda_, sample_mask):
        required(v_tm1, v_t, r_t, discount_t, rho_tm1, lambda_)
        if sample_mask is not None:
            mask(rho_tm1, sample_mask)

    return check


def _hard(bound: Numeric, rho: Array) -> Array:
    return jnp.minimum(bound, rho)


def _leaky(alpha: Numeric) -> Truncate:
    """Truncation of which the share 1 - alpha leaks through."""
    return lambda bound, rho: (1 - alpha) * rho + alpha * jnp.minimum(bound, rho)


def _value_errors(
    truncate: Truncate, v_tm1, v_t, r_t, discount_t, rho_tm1, lambda_, bound, stop, mask
) -> Array:
    one_step = truncate(bound, rho_tm1) * (r_t + discount_t * v_t - v_tm1)
    decay = discount_t * (truncate(1.0, rho_tm1) * lambda_)
    if mask is not None:  # a step that is masked hands on what comes after it
        one_step = jnp.where(mask, one_step, 0)
        decay = jnp.where(mask, decay, 1)
    errors = solve_backward(jnp.asarray(decay), jnp.asarray(one_step), 0.0)
    if stop is False:
        return errors
    # Only the prediction keeps its gradient, and it has that of -v_tm1.
    return stop_if(stop, errors + v_tm1) - v_tm1


def _with_advantage(
    truncate: Truncate, errors, v_tm1, v_t, r_t, discount_t, rho_tm1, lambda_, bound
) -> VTraceOutput:
    targets = (errors + v_tm1)[1:]
    if isinstance(lambda_, float) and lambda_ == 1.0:
        onward = targets
    else:
        mix = lambda_[:-1] if jnp.ndim(lambda_) else lambda_
        onward = mix * targets + (1 - mix) * v_tm1[1:]
    q_estimate = r_t + discount_t * jnp.concatenate([onward, v_t[-1:]])
    advantage = truncate(bound, rho_tm1) * (q_estimate - v_tm1)
    return VTraceOutput(errors, advantage, q_estimate)


_check_vtrace = _checker("vtrace")


def vtrace(
    v_tm1: Array,
    v_t: Array,
    r_t: Array,
    discount_t: Array,
    rho_tm1: Array,
    lambda_: Numeric = 1.0,
    clip_rho_threshold: float = 1.0,
    stop_target_gradients: bool = True,
    sample_mask: Array | None = None,
) -> Array:
    """V-trace errors of state values.

    Args:
      v_tm1: ``[T]`` float, values of the states left.
      v_t: ``[T]`` float, values of the states reached.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      rho_tm1: ``[T]`` float, ratios π/μ of the actions taken in the states left.
      lambda_: float, scalar or ``[T]``: multiplies the traces.
      clip_rho_threshold: the greatest ratio in the one-step errors, ρ̄.
      stop_target_gradients: whether to keep gradients out of the targets.
      sample_mask: ``[T]`` bool, the steps to learn from; others have no error of their
        own and pass on that of the step after them. None: all.

    Returns:
      ``[T]`` errors.

    Raises:
      AssertionError: on other ranks, dtypes or unequal lengths.
    """
    _check_vtrace(v_tm1, v_t, r_t, discount_t, rho_tm1, lambda_, sample_mask)
    return _value_errors(
        _hard,
        v_tm1,
        v_t,
        r_t,
        discount_t,
        rho_tm1,
        lambda_,
        clip_rho_threshold,
        stop_target_gradients,
        sample_mask,
    )


_check_leaky = _checker("leaky_vtrace")


def leaky_vtrace(
    v_tm1: Array,
    v_t: Array,
    r_t: Array,
    discount_t: Array,
    rho_tm1: Array,
    alpha_: float = 1.0,
    lambda_: Numeric = 1.0,
    clip_rho_threshold: float = 1.0,
    stop_target_gradients: bool = True,
    sample_mask: Array | None = None,
) -> Array:
    """V-trace errors with ratios between truncated and plain ones.

    Args:
      v_tm1: ``[T]`` float, values of the states left.
      v_t: ``[T]`` float, values of the states reached.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      rho_tm1: ``[T]`` float, ratios π/μ of the actions taken in the states left.
      alpha_: share of truncation: 1 is V-trace, 0 plain importance sampling.
      lambda_: float, scalar or ``[T]``: multiplies the traces.
      clip_rho_threshold: the bound of truncated ratios in the one-step errors.
      stop_target_gradients: whether to keep gradients out of the targets.
      sample_mask: ``[T]`` bool, the steps to learn from; None: all.

    Returns:
      ``[T]`` errors.
    """
    _check_leaky(v_tm1, v_t, r_t, discount_t, rho_tm1, lambda_, sample_mask)
    return _value_errors(
        _leaky(alpha_),
        v_tm1,
        v_t,
        r_t,
        discount_t,
        rho_tm1,
        lambda_,
        clip_rho_threshold,
        stop_target_gradients,
        sample_mask,
    )


_check_advantage = _checker("vtrace_td_error_and_advantage")


def vtrace_td_error_and_advantage(
    v_tm1: Array,
    v_t: Array,
    r_t: Array,
    discount_t: Array,
    rho_tm1: Array,
    lambda_: Numeric = 1.0,
    clip_rho_threshold: float = 1.0,
    clip_pg_rho_threshold: float = 1.0,
    stop_target_gradients: bool = True,
    sample_mask: Array | None = None,
) -> VTraceOutput:
    """V-trace errors, with the advantages for the policy gradient.

    Gradients do flow from the advantages to the values: stop them where that is not
    wanted.

    Args:
      v_tm1: ``[T]`` float, values of the states left.
      v_t: ``[T]`` float, values of the states reached.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      rho_tm1: ``[T]`` float, ratios π/μ of the actions taken in the states left.
      lambda_: float, scalar or ``[T]``: multiplies the traces.
      clip_rho_threshold: the greatest ratio in the one-step errors, ρ̄.
      clip_pg_rho_threshold: the greatest ratio in the advantages.
      stop_target_gradients: whether to keep gradients out of the targets.
      sample_mask: ``[T]`` bool, the steps to learn from; None: all.

    Returns:
      ``errors``, ``pg_advantage`` and ``q_estimate``, ``[T]`` each.
    """
    _check_advantage(v_tm1, v_t, r_t, discount_t, rho_tm1, lambda_, sample_mask)
    steps = (v_tm1, v_t, r_t, discount_t, rho_tm1, lambda_)
    errors = _value_errors(
        _hard, *steps, clip_rho_threshold, stop_target_gradients, sample_mask
    )
    return _with_advantage(_hard, errors, *steps, clip_pg_rho_threshold)


_check_leaky_advantage = _checker("leaky_vtrace_td_error_and_advantage")


def leaky_vtrace_td_error_and_advantage(
    v_tm1: Array,
    v_t: Array,
    r_t: Array,
    discount_t: Array,
    rho_tm1: Array,
    alpha: float = 1.0,
    lambda_: Numeric = 1.0,
    clip_rho_threshold: float = 1.0,
    clip_pg_rho_threshold: float = 1.0,
    stop_target_gradients: bool = True,
    sample_mask: Array | None = None,
) -> VTraceOutput:
    """Leaky V-trace errors, with the advantages for the policy gradient.

    Args:
      v_tm1: ``[T]`` float, values of the states left.
      v_t: ``[T]`` float, values of the states reached.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      rho_tm1: ``[T]`` float, ratios π/μ of the actions taken in the states left.
      alpha: share of truncation: 1 is V-trace, 0 plain importance sampling.
      lambda_: float, scalar or ``[T]``: multiplies the traces.
      clip_rho_threshold: the bound of truncated ratios in the one-step errors.
      clip_pg_rho_threshold: the bound of truncated ratios in the advantages.
      stop_target_gradients: whether to keep gradients out of the targets.
      sample_mask: ``[T]`` bool, the steps to learn from; None: all.

    Returns:
      ``errors``, ``pg_advantage`` and ``q_estimate``, ``[T]`` each.
    """
    _check_leaky_advantage(v_tm1, v_t, r_t, discount_t, rho_tm1, lambda_, sample_mask)
    steps = (v_tm1, v_t, r_t, discount_t, rho_tm1, lambda_)
    truncate = _leaky(alpha)
    errors = _value_errors(
        truncate, *steps, clip_rho_threshold, stop_target_gradients, sample_mask
    )
    return _with_advantage(truncate, errors, *steps, clip_pg_rho_threshold)
