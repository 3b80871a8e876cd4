"""Losses of one-step temporal differences, over a batch of transitions."""

import jax
import jax.numpy as jnp

import rlax_core as rlax
from compat.dictionary import Call, Floats, Ignored, Ints, Static, T, op
from compat.trfl._src.indexing import take
from compat.trfl._src.outputs import DoubleQExtra, LossOutput, QExtra, TDExtra
from compat.trfl._src.shapes import require

B, A = 4, 3
Q, V, ACTIONS = Floats(B, A), Floats(B), Ints(B, low=0, high=A)
REWARDS, PCONTINUES = Floats(B), Floats(B, low=0.0, high=1.0)
STEP = (Q, ACTIONS, REWARDS, PCONTINUES)
POLICY = Floats(B, A, low=0.1, high=1.0)


def half_squares(prediction, r_t, pcont_t, bootstrap, extra=QExtra):
    """The loss of predictions, and what TRFL tells beside it.

    Gradients reach the predictions only, through the loss and the error.
    """
    errors = jax.vmap(rlax.td_learning)(prediction, r_t, pcont_t, bootstrap)
    target = jax.lax.stop_gradient(r_t + pcont_t * bootstrap)
    return LossOutput(0.5 * jnp.square(errors), extra(target, errors))


@op(
    "trfl.qlearning",
    "trfl.action_value_ops.qlearning",
    check=[
        Call(*STEP, Q),
        Call(*STEP, Floats(B), raises_=ValueError),
        Call(*STEP, Floats(B + 1, A), raises_=ValueError),
    ],
)
def qlearning(q_tm1: T, a_tm1: T, r_t: T, pcont_t: T, q_t: T, name: Ignored = None):
    """Q-learning: half the squared error to the best action's value.

    Args:
      q_tm1: ``[B, A]`` action values of the states left.
      a_tm1: ``[B]`` int, actions taken there.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` probabilities of going on: discounts.
      q_t: ``[B, A]`` action values of the states reached.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target`` and ``td_error``, ``[B]`` each.

    Raises:
      ValueError: shapes do not fit.
    """
    steps = {"a_tm1": a_tm1, "r_t": r_t, "pcont_t": pcont_t}
    require("qlearning", (2, {"q_tm1": q_tm1, "q_t": q_t}), (1, steps))
    return half_squares(take(q_tm1, a_tm1), r_t, pcont_t, jnp.max(q_t, axis=1))


@op(
    "trfl.double_qlearning",
    "trfl.action_value_ops.double_qlearning",
    check=[Call(*STEP, Q, Floats(B, A))],
)
def double_qlearning(
    q_tm1: T,
    a_tm1: T,
    r_t: T,
    pcont_t: T,
    q_t_value: T,
    q_t_selector: T,
    name: Ignored = None,
):
    """Double Q-learning: one estimate selects the next action, another values it.

    Args:
      q_tm1: ``[B, A]`` action values of the states left.
      a_tm1: ``[B]`` int, actions taken there.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` discounts.
      q_t_value: ``[B, A]`` values bootstrapped from.
      q_t_selector: ``[B, A]`` values that select.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target``, ``td_error`` and ``best_action``.
    """
    steps = {"a_tm1": a_tm1, "r_t": r_t, "pcont_t": pcont_t}
    values = {"q_tm1": q_tm1, "q_t_value": q_t_value, "q_t_selector": q_t_selector}
    require("double_qlearning", (2, values), (1, steps))
    best = jnp.argmax(q_t_selector, axis=1).astype(jnp.int32)
    loss, extra = half_squares(take(q_tm1, a_tm1), r_t, pcont_t, take(q_t_value, best))
    return LossOutput(loss, DoubleQExtra(*extra, best))


@op(
    "trfl.persistent_qlearning",
    "trfl.action_value_ops.persistent_qlearning",
    check=[
        Call(*STEP, Q),
        Call(*STEP, Q, action_gap_scale=0.1),
        Call(*STEP, Q, 1.5, raises_=ValueError),
    ],
)
def persistent_qlearning(
    q_tm1: T,
    a_tm1: T,
    r_t: T,
    pcont_t: T,
    q_t: T,
    action_gap_scale: Static = 0.5,
    name: Ignored = None,
):
    """Persistent Q-learning: bootstraps in part from the action just taken.

    Args:
      q_tm1: ``[B, A]`` action values of the states left.
      a_tm1: ``[B]`` int, actions taken there.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` discounts.
      q_t: ``[B, A]`` action values of the states reached.
      action_gap_scale: share of the action just taken, from 0 to 1.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target`` and ``td_error``.

    Raises:
      ValueError: shapes do not fit, or the share is out of range.
    """
    steps = {"a_tm1": a_tm1, "r_t": r_t, "pcont_t": pcont_t}
    require("persistent_qlearning", (2, {"q_tm1": q_tm1, "q_t": q_t}), (1, steps))
    if not 0 <= action_gap_scale <= 1:
        raise ValueError("persistent_qlearning: action_gap_scale must be in [0, 1]")
    best, same = jnp.max(q_t, axis=1), take(q_t, a_tm1)
    mixed = (1 - action_gap_scale) * best + action_gap_scale * same
    return half_squares(take(q_tm1, a_tm1), r_t, pcont_t, mixed)


@op(
    "trfl.sarsa",
    "trfl.action_value_ops.sarsa",
    check=[Call(*STEP, Q, Ints(B, low=0, high=A))],
)
def sarsa(q_tm1: T, a_tm1: T, r_t: T, pcont_t: T, q_t: T, a_t: T, name: Ignored = None):
    """SARSA: bootstraps from the action taken next.

    Args:
      q_tm1: ``[B, A]`` action values of the states left.
      a_tm1: ``[B]`` int, actions taken there.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` discounts.
      q_t: ``[B, A]`` action values of the states reached.
      a_t: ``[B]`` int, actions taken there.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target`` and ``td_error``.
    """
    steps = {"a_t": a_t, "r_t": r_t, "pcont_t": pcont_t, "a_tm1": a_tm1}
    require("sarsa", (2, {"q_tm1": q_tm1, "q_t": q_t}), (1, steps))
    return half_squares(take(q_tm1, a_tm1), r_t, pcont_t, take(q_t, a_t))


@op(
    "trfl.sarse",
    "trfl.action_value_ops.sarse",
    check=[Call(*STEP, Q, POLICY), Call(*STEP, Q, probs_a_t=POLICY)],
)
def sarse(
    q_tm1: T,
    a_tm1: T,
    r_t: T,
    pcont_t: T,
    q_t: T,
    probs_a_t: T,
    debug: Static = False,
    name: Ignored = None,
):
    """Expected SARSA: bootstraps from the mean value under a policy.

    Args:
      q_tm1: ``[B, A]`` action values of the states left.
      a_tm1: ``[B]`` int, actions taken there.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` discounts.
      q_t: ``[B, A]`` action values of the states reached.
      probs_a_t: ``[B, A]`` probabilities of the policy there.
      debug: whether to check that the probabilities sum to 1; needs concrete values.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target`` and ``td_error``.

    Raises:
      ValueError: shapes do not fit, or ``debug`` finds other sums.
    """
    steps = {"a_tm1": a_tm1, "r_t": r_t, "pcont_t": pcont_t}
    values = {"q_tm1": q_tm1, "q_t": q_t, "probs_a_t": probs_a_t}
    require("sarse", (2, values), (1, steps))
    if debug and not bool(jnp.all(jnp.abs(jnp.sum(probs_a_t, axis=1) - 1) < 1e-6)):
        raise ValueError("sarse: probs_a_t does not sum to 1")
    expected = jnp.sum(q_t * probs_a_t, axis=1)
    return half_squares(take(q_tm1, a_tm1), r_t, pcont_t, expected)


@op(
    "trfl.qv_learning",
    "trfl.action_value_ops.qv_learning",
    check=[Call(*STEP, V)],
)
def qv_learning(q_tm1: T, a_tm1: T, r_t: T, pcont_t: T, v_t: T, name: Ignored = None):
    """QV-learning: an action value bootstraps from a state value.

    Args:
      q_tm1: ``[B, A]`` action values of the states left.
      a_tm1: ``[B]`` int, actions taken there.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` discounts.
      v_t: ``[B]`` values of the states reached.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target`` and ``td_error``.
    """
    steps = {"a_tm1": a_tm1, "r_t": r_t, "pcont_t": pcont_t, "v_t": v_t}
    require("qv_learning", (2, {"q_tm1": q_tm1}), (1, steps))
    return half_squares(take(q_tm1, a_tm1), r_t, pcont_t, v_t)


@op(
    "trfl.qv_max",
    "trfl.value_ops.qv_max",
    check=[Call(V, REWARDS, PCONTINUES, Q)],
)
def qv_max(v_tm1: T, r_t: T, pcont_t: T, q_t: T, name: Ignored = None):
    """QVMAX: a state value bootstraps from the best action value.

    Args:
      v_tm1: ``[B]`` values of the states left.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` discounts.
      q_t: ``[B, A]`` action values of the states reached.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target`` and ``td_error``.
    """
    steps = {"v_tm1": v_tm1, "r_t": r_t, "pcont_t": pcont_t}
    require("qv_max", (1, steps), (2, {"q_t": q_t}))
    return half_squares(v_tm1, r_t, pcont_t, jnp.max(q_t, axis=1), TDExtra)


@op(
    "trfl.td_learning",
    "trfl.value_ops.td_learning",
    check=[
        Call(V, REWARDS, PCONTINUES, V),
        Call(V, REWARDS, PCONTINUES, Floats(B + 1), raises_=ValueError),
    ],
)
def td_learning(v_tm1: T, r_t: T, pcont_t: T, v_t: T, name: Ignored = None):
    """TD(0): half the squared error of state values.

    Args:
      v_tm1: ``[B]`` values of the states left.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` discounts.
      v_t: ``[B]`` values of the states reached.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target`` and ``td_error``.
    """
    steps = {"v_tm1": v_tm1, "r_t": r_t, "pcont_t": pcont_t, "v_t": v_t}
    require("td_learning", (1, steps))
    return half_squares(v_tm1, r_t, pcont_t, v_t, TDExtra)
