"""Losses for values that are categorical distributions over fixed atoms."""

import jax
import jax.numpy as jnp

import rlax_core as rlax
from compat.dictionary import Call, Exactly, Floats, Ignored, Ints, T, op
from compat.trfl._src.outputs import DistributionExtra, LossOutput
from compat.trfl._src.shapes import require

B, A, N = 4, 3, 6
ATOMS = Exactly([-2.5, -1.0, -0.25, 0.5, 1.0, 2.75], "float32")
ATOMS_T = Exactly([-2.0, -1.5, -0.5, 0.25, 1.5, 2.0], "float32")
LOGITS, ACTIONS = Floats(B, A, N), Ints(B, low=0, high=A)
STEP = (Floats(B), Floats(B, low=0.0, high=1.0))


def _loss(atoms_tm1, logits_tm1, r_t, pcont_t, atoms_t, probs_t):
    reached = r_t[:, None] + pcont_t[:, None] * atoms_t[None, :]
    project = jax.vmap(rlax.categorical_l2_project, (0, 0, None))
    target = jax.lax.stop_gradient(project(reached, probs_t, atoms_tm1))
    # Labels as they are: a target from probabilities that do not sum to 1 counts so.
    loss = -jnp.sum(target * jax.nn.log_softmax(logits_tm1), axis=-1)
    return LossOutput(loss, DistributionExtra(target))


def _of_action(per_action, actions):
    return jnp.take_along_axis(per_action, actions[:, None, None], axis=1)[:, 0]


def _check(name, logits, steps, atoms):
    require(name, (3, logits), (1, steps), (1, atoms))


@op(
    "trfl.categorical_dist_qlearning",
    "trfl.dist_value_ops.categorical_dist_qlearning",
    check=[
        Call(ATOMS, LOGITS, ACTIONS, *STEP, ATOMS_T, LOGITS),
        Call(ATOMS, LOGITS, ACTIONS, *STEP, ATOMS_T, Floats(B, N), raises_=ValueError),
    ],
)
def categorical_dist_qlearning(
    atoms_tm1: T,
    logits_q_tm1: T,
    a_tm1: T,
    r_t: T,
    pcont_t: T,
    atoms_t: T,
    logits_q_t: T,
    name: Ignored = None,
):
    """Q-learning of categorical action values (C51).

    Args:
      atoms_tm1: ``[N]`` atoms of the predictions.
      logits_q_tm1: ``[B, A, N]`` their logits.
      a_tm1: ``[B]`` int, actions taken.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` discounts.
      atoms_t: ``[N]`` atoms of the values of the states reached.
      logits_q_t: ``[B, A, N]`` their logits.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target`` ``[B, N]``.
    """
    _check(
        "categorical_dist_qlearning",
        {"logits_q_tm1": logits_q_tm1, "logits_q_t": logits_q_t},
        {"a_tm1": a_tm1, "r_t": r_t, "pcont_t": pcont_t},
        {"atoms_tm1": atoms_tm1, "atoms_t": atoms_t},
    )
    probs = jax.nn.softmax(logits_q_t)
    best = jnp.argmax(jnp.sum(probs * atoms_t, axis=2), axis=1)
    taken, bootstrap = _of_action(logits_q_tm1, a_tm1), _of_action(probs, best)
    return _loss(atoms_tm1, taken, r_t, pcont_t, atoms_t, bootstrap)


@op(
    "trfl.categorical_dist_double_qlearning",
    "trfl.dist_value_ops.categorical_dist_double_qlearning",
    check=[Call(ATOMS, LOGITS, ACTIONS, *STEP, ATOMS_T, LOGITS, Floats(B, A))],
)
def categorical_dist_double_qlearning(
    atoms_tm1: T,
    logits_q_tm1: T,
    a_tm1: T,
    r_t: T,
    pcont_t: T,
    atoms_t: T,
    logits_q_t: T,
    q_t_selector: T,
    name: Ignored = None,
):
    """Double Q-learning of categorical action values.

    Args:
      atoms_tm1: ``[N]`` atoms of the predictions.
      logits_q_tm1: ``[B, A, N]`` their logits.
      a_tm1: ``[B]`` int, actions taken.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` discounts.
      atoms_t: ``[N]`` atoms of the values of the states reached.
      logits_q_t: ``[B, A, N]`` their logits.
      q_t_selector: ``[B, A]`` action values that select the next action.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target`` ``[B, N]``.
    """
    name = "categorical_dist_double_qlearning"
    _check(
        name,
        {"logits_q_tm1": logits_q_tm1, "logits_q_t": logits_q_t},
        {"a_tm1": a_tm1, "r_t": r_t, "pcont_t": pcont_t},
        {"atoms_tm1": atoms_tm1, "atoms_t": atoms_t},
    )
    require(name, (2, {"q_t_selector": q_t_selector}))
    best = jnp.argmax(q_t_selector, axis=1)
    taken = _of_action(logits_q_tm1, a_tm1)
    bootstrap = jax.nn.softmax(_of_action(logits_q_t, best))
    return _loss(atoms_tm1, taken, r_t, pcont_t, atoms_t, bootstrap)


@op(
    "trfl.categorical_dist_td_learning",
    "trfl.dist_value_ops.categorical_dist_td_learning",
    check=[Call(ATOMS, Floats(B, N), *STEP, ATOMS_T, Floats(B, N))],
)
def categorical_dist_td_learning(
    atoms_tm1: T,
    logits_v_tm1: T,
    r_t: T,
    pcont_t: T,
    atoms_t: T,
    logits_v_t: T,
    name: Ignored = None,
):
    """TD learning of categorical state values.

    Args:
      atoms_tm1: ``[N]`` atoms of the predictions.
      logits_v_tm1: ``[B, N]`` their logits.
      r_t: ``[B]`` rewards.
      pcont_t: ``[B]`` discounts.
      atoms_t: ``[N]`` atoms of the values of the states reached.
      logits_v_t: ``[B, N]`` their logits.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``target`` ``[B, N]``.
    """
    require(
        "categorical_dist_td_learning",
        (2, {"logits_v_tm1": logits_v_tm1, "logits_v_t": logits_v_t}),
        (1, {"r_t": r_t, "pcont_t": pcont_t}),
        (1, {"atoms_tm1": atoms_tm1, "atoms_t": atoms_t}),
    )
    probs = jax.nn.softmax(logits_v_t)
    return _loss(atoms_tm1, logits_v_tm1, r_t, pcont_t, atoms_t, probs)
