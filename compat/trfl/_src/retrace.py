"""Retrace: off-policy returns of action values with truncated importance ratios."""

import jax
import jax.numpy as jnp

import rlax_core as rlax
from compat.dictionary import Call, Floats, Ignored, Ints, Static, T, op
from compat.trfl._src.indexing import take
from compat.trfl._src.outputs import LossOutput, QTraceReturns, RetraceCoreExtra
from compat.trfl._src.sequences import DISCOUNTS, LAST, SEQUENCE, A, B, per_sequence
from compat.trfl._src.sequences import STEPS as T_STEPS
from compat.trfl._src.shapes import next_values, require

LONG = T_STEPS + 1
Q_LONG, PROBS_LONG = Floats(LONG, B, A), Floats(LONG, B, A, low=0.05, high=1.0)
TAKEN_LONG = Floats(LONG, B, low=0.1, high=0.9)
LONG_CALL = (
    0.9,
    Q_LONG,
    Q_LONG,
    Ints(LONG, B, low=0, high=A),
    Floats(LONG, B),
    Floats(LONG, B, low=0.0, high=1.0),
    PROBS_LONG,
    TAKEN_LONG,
)
CORE_CALL = (
    0.9,
    Floats(T_STEPS, B, A),
    Ints(T_STEPS, B, low=0, high=A),
    SEQUENCE,
    DISCOUNTS,
    Floats(T_STEPS, B, A, low=0.05, high=1.0),
    Floats(T_STEPS, B, low=0.1, high=0.9),
    Floats(T_STEPS, B, A),
    Ints(T_STEPS, B, low=0, high=A),
)


@op(
    "trfl.retrace_core",
    "trfl.retrace_ops.retrace_core",
    check=[Call(*CORE_CALL), Call(*CORE_CALL, stop_targnet_gradients=False)],
)
def retrace_core(
    lambda_: T,
    q_tm1: T,
    a_tm1: T,
    r_t: T,
    pcont_t: T,
    target_policy_t: T,
    behaviour_policy_t: T,
    targnet_q_t: T,
    a_t: T,
    stop_targnet_gradients: Static = True,
    name: Ignored = None,
):
    """Retrace's loss, of arguments that are shifted against each other already.

    Args:
      lambda_: scalar.
      q_tm1: ``[T, B, A]`` action values of the states left.
      a_tm1: ``[T, B]`` int, actions taken there.
      r_t: ``[T, B]`` rewards.
      pcont_t: ``[T, B]`` discounts.
      target_policy_t: ``[T, B, A]`` target policy in the states reached.
      behaviour_policy_t: ``[T, B]`` probabilities with which ``a_t`` was taken.
      targnet_q_t: ``[T, B, A]`` action values of the states reached.
      a_t: ``[T, B]`` int, actions taken in the states reached.
      stop_targnet_gradients: whether to keep gradients out of the target.
      name: has no effect.

    Returns:
      ``loss`` ``[T, B]``; ``extra`` with ``retrace_weights`` and ``target``.
    """
    ratios = take(target_policy_t, a_t) / behaviour_policy_t
    traces = jnp.minimum(1.0, ratios) * lambda_
    target = jax.vmap(rlax.general_off_policy_returns_from_action_values, 1, 1)(
        targnet_q_t, a_t, r_t, pcont_t, traces, target_policy_t
    )
    if stop_targnet_gradients:
        target = jax.lax.stop_gradient(target)
    loss = 0.5 * jnp.square(target - take(q_tm1, a_tm1))
    return LossOutput(loss, RetraceCoreExtra(traces, target))


@op(
    "trfl.retrace",
    "trfl.retrace_ops.retrace",
    check=[
        Call(*LONG_CALL),
        Call(*LONG_CALL, stop_targnet_gradients=False),
        Call(*LONG_CALL[:-1], Q_LONG, raises_=ValueError),
    ],
)
def retrace(
    lambda_: T,
    qs: T,
    targnet_qs: T,
    actions: T,
    rewards: T,
    pcontinues: T,
    target_policy_probs: T,
    behaviour_policy_probs: T,
    stop_targnet_gradients: Static = True,
    name: Ignored = None,
):
    """Retrace's loss over sequences of T transitions, of T + 1 states.

    Args:
      lambda_: scalar.
      qs: ``[T + 1, B, A]`` action values being learnt.
      targnet_qs: ``[T + 1, B, A]`` action values for the targets.
      actions: ``[T + 1, B]`` int, actions taken in the states.
      rewards: ``[T + 1, B]`` that followed them.
      pcontinues: ``[T + 1, B]`` discounts.
      target_policy_probs: ``[T + 1, B, A]`` target policy in the states.
      behaviour_policy_probs: ``[T + 1, B]`` probabilities of the actions taken.
      stop_targnet_gradients: whether to keep gradients out of the target.
      name: has no effect.

    Returns:
      ``loss`` ``[T, B]``; ``extra`` is None.

    Raises:
      ValueError: ranks do not fit.
    """
    for each in (qs, targnet_qs, target_policy_probs):
        require("retrace", (3, {"a tensor of action values or policies": each}))
    for each in (actions, rewards, pcontinues, behaviour_policy_probs):
        require("retrace", (2, {"a tensor of steps": each}))
    loss, _ = retrace_core(
        lambda_,
        qs[:-1],
        actions[:-1],
        rewards[:-1],
        pcontinues[:-1],
        target_policy_probs[1:],
        behaviour_policy_probs[1:],
        targnet_qs[1:],
        actions[1:],
        stop_targnet_gradients,
    )
    return LossOutput(loss, None)


@op(
    "trfl.retrace_from_importance_weights",
    "trfl.continuous_retrace_ops.retrace_from_importance_weights",
    check=[
        Call(SEQUENCE, DISCOUNTS, SEQUENCE, SEQUENCE, SEQUENCE, LAST),
        Call(SEQUENCE, DISCOUNTS, SEQUENCE, SEQUENCE, SEQUENCE, LAST, lambda_=0.9),
    ],
)
def retrace_from_importance_weights(
    log_rhos: T,
    discounts: T,
    rewards: T,
    q_values: T,
    values: T,
    bootstrap_value: T,
    lambda_: T = 1.0,
    name: Ignored = None,
):
    """Retrace targets from values of single actions; no gradient flows through them.

    Args:
      log_rhos: ``[T, B]`` log of target over behaviour policy, for the actions taken.
      discounts: ``[T, B]``.
      rewards: ``[T, B]``.
      q_values: ``[T, B]`` values of the actions taken.
      values: ``[T, B]`` values of the states left.
      bootstrap_value: ``[B]`` value of the last state reached.
      lambda_: scalar.
      name: has no effect.

    Returns:
      ``qs``, ``importance_weights``, ``log_importance_weights``,
      ``truncated_importance_weights``, ``deltas`` and ``vs_minus_q_xs``,
      ``[T, B]`` each.

    Raises:
      ValueError: ranks do not fit.
    """
    rank = log_rhos.ndim
    for each in (q_values, values, discounts, rewards):
        require("retrace_from_importance_weights", (rank, {"a tensor of steps": each}))
    require(
        "retrace_from_importance_weights",
        (rank - 1, {"bootstrap_value": bootstrap_value}),
    )
    onward = next_values(values, bootstrap_value)

    def of_sequence(q, v_t, r, discount, log_rho):
        return rlax.retrace_continuous(q, q[1:], v_t, r, discount, log_rho[1:], lambda_)

    errors = per_sequence(of_sequence, rank)(
        q_values, onward, rewards, discounts, log_rhos
    )
    ratios = jnp.exp(log_rhos)
    after = jnp.concatenate([ratios[1:], jnp.ones_like(ratios[:1])])
    made = QTraceReturns(
        qs=errors + q_values,
        importance_weights=ratios,
        log_importance_weights=log_rhos,
        truncated_importance_weights=jnp.minimum(1.0, after) * lambda_,
        deltas=rewards + discounts * onward - q_values,
        vs_minus_q_xs=errors,
    )
    return QTraceReturns(*map(jax.lax.stop_gradient, made))


@op(
    "trfl.retrace_from_action_log_probs",
    "trfl.continuous_retrace_ops.retrace_from_action_log_probs",
    check=[
        Call(SEQUENCE, SEQUENCE, DISCOUNTS, SEQUENCE, SEQUENCE, SEQUENCE, LAST, 0.9),
        Call(
            SEQUENCE,
            SEQUENCE,
            DISCOUNTS,
            LAST,
            SEQUENCE,
            SEQUENCE,
            LAST,
            raises_=ValueError,
        ),
    ],
)
def retrace_from_action_log_probs(
    behaviour_action_log_probs: T,
    target_action_log_probs: T,
    discounts: T,
    rewards: T,
    q_values: T,
    values: T,
    bootstrap_value: T,
    lambda_: T = 1.0,
    name: Ignored = None,
):
    """As ``retrace_from_importance_weights``, from both policies' log-probabilities.

    Args:
      behaviour_action_log_probs: ``[T, B]``, of the actions taken.
      target_action_log_probs: ``[T, B]``, of the same actions.
      discounts: ``[T, B]``.
      rewards: ``[T, B]``.
      q_values: ``[T, B]`` values of the actions taken.
      values: ``[T, B]`` values of the states left.
      bootstrap_value: ``[B]`` value of the last state reached.
      lambda_: scalar.
      name: has no effect.
    """
    return retrace_from_importance_weights(
        target_action_log_probs - behaviour_action_log_probs,
        discounts,
        rewards,
        q_values,
        values,
        bootstrap_value,
        lambda_,
    )
