"""V-trace targets for values and policies."""

import jax
import jax.numpy as jnp

import rlax_core as rlax
from compat.dictionary import Call, Floats, Ignored, Ints, Static, T, op
from compat.trfl._src.outputs import VTraceFromLogitsReturns, VTraceReturns
from compat.trfl._src.sequences import (
    DISCOUNTS,
    LAST,
    SEQUENCE,
    STEPS,
    A,
    B,
    per_sequence,
)
from compat.trfl._src.shapes import next_values, require

WEIGHTS_CALL = (SEQUENCE, DISCOUNTS, SEQUENCE, SEQUENCE, LAST)
LOGITS = Floats(STEPS, B, A)
WIDE, WIDE_LAST = Floats(STEPS, B, 2), Floats(B, 2)


@op(
    "trfl.vtrace_from_importance_weights",
    "trfl.vtrace_ops.vtrace_from_importance_weights",
    check=[
        Call(*WEIGHTS_CALL),
        Call(*WEIGHTS_CALL, clip_rho_threshold=3.7, clip_pg_rho_threshold=2.2),
        Call(*WEIGHTS_CALL, None, None),
        Call(WIDE, WIDE, WIDE, WIDE, WIDE_LAST),
        Call(SEQUENCE, DISCOUNTS, SEQUENCE, SEQUENCE, SEQUENCE, raises_=ValueError),
    ],
)
def vtrace_from_importance_weights(
    log_rhos: T,
    discounts: T,
    rewards: T,
    values: T,
    bootstrap_value: T,
    clip_rho_threshold: Static = 1.0,
    clip_pg_rho_threshold: Static = 1.0,
    name: Ignored = None,
):
    """V-trace targets and advantages; no gradient flows through them.

    Args:
      log_rhos: ``[T, B, …]`` log of target over behaviour policy.
      discounts: ``[T, B, …]``.
      rewards: ``[T, B, …]``.
      values: ``[T, B, …]`` values of the states left.
      bootstrap_value: ``[B, …]`` value of the last state reached.
      clip_rho_threshold: greatest ratio for the values; None: no bound.
      clip_pg_rho_threshold: greatest ratio for the advantages; None: no bound.
      name: has no effect.

    Returns:
      ``vs`` and ``pg_advantages``, ``[T, B, …]`` each.

    Raises:
      ValueError: ranks do not fit.
    """
    rank = log_rhos.ndim
    for each in (values, discounts, rewards):
        require("vtrace_from_importance_weights", (rank, {"a tensor of steps": each}))
    require(
        "vtrace_from_importance_weights",
        (rank - 1, {"bootstrap_value": bootstrap_value}),
    )
    bound = jnp.inf if clip_rho_threshold is None else clip_rho_threshold
    pg_bound = jnp.inf if clip_pg_rho_threshold is None else clip_pg_rho_threshold

    def of_sequence(v_tm1, v_t, r_t, discount_t, rho_tm1):
        return rlax.vtrace_td_error_and_advantage(
            v_tm1, v_t, r_t, discount_t, rho_tm1, 1.0, bound, pg_bound
        )

    onward = next_values(values, bootstrap_value)
    made = per_sequence(of_sequence, rank)(
        values, onward, rewards, discounts, jnp.exp(log_rhos)
    )
    return VTraceReturns(
        vs=jax.lax.stop_gradient(made.errors + values),
        pg_advantages=jax.lax.stop_gradient(made.pg_advantage),
    )


@op(
    "trfl.vtrace_from_logits",
    "trfl.vtrace_ops.vtrace_from_logits",
    check=[
        Call(
            LOGITS,
            LOGITS,
            Ints(STEPS, B, low=0, high=A),
            DISCOUNTS,
            SEQUENCE,
            SEQUENCE,
            LAST,
        ),
        Call(
            LOGITS,
            LOGITS,
            SEQUENCE,
            DISCOUNTS,
            SEQUENCE,
            SEQUENCE,
            SEQUENCE,
            raises_=ValueError,
        ),
    ],
)
def vtrace_from_logits(
    behaviour_policy_logits: T,
    target_policy_logits: T,
    actions: T,
    discounts: T,
    rewards: T,
    values: T,
    bootstrap_value: T,
    clip_rho_threshold: Static = 1.0,
    clip_pg_rho_threshold: Static = 1.0,
    name: Ignored = None,
):
    """V-trace targets and advantages for softmax policies.

    Gradients flow through the log-probabilities returned, not through the targets.

    Args:
      behaviour_policy_logits: ``[T, B, A]`` of the policy that acted.
      target_policy_logits: ``[T, B, A]`` of the policy being learnt.
      actions: ``[T, B]`` int, actions taken.
      discounts: ``[T, B]``.
      rewards: ``[T, B]``.
      values: ``[T, B]`` values of the states left.
      bootstrap_value: ``[B]`` value of the last state reached.
      clip_rho_threshold: greatest ratio for the values; None: no bound.
      clip_pg_rho_threshold: greatest ratio for the advantages; None: no bound.
      name: has no effect.

    Returns:
      ``vs``, ``pg_advantages``, ``log_rhos``, ``behaviour_action_log_probs`` and
      ``target_action_log_probs``, ``[T, B]`` each.
    """
    logits = {
        "behaviour_policy_logits": behaviour_policy_logits,
        "target_policy_logits": target_policy_logits,
    }
    require("vtrace_from_logits", (3, logits), (2, {"actions": actions}))
    if not jnp.issubdtype(actions.dtype, jnp.integer):
        raise ValueError(
            f"vtrace_from_logits: actions must be int, not {actions.dtype}"
        )
    behaviour, target = (
        rlax.softmax().logprob(actions, each) for each in logits.values()
    )
    log_rhos = target - behaviour
    made = vtrace_from_importance_weights(
        log_rhos,
        discounts,
        rewards,
        values,
        bootstrap_value,
        clip_rho_threshold,
        clip_pg_rho_threshold,
    )
    return VTraceFromLogitsReturns(*made, log_rhos, behaviour, target)
