"""Returns and losses over a batch of sequences, time first: ``[T, B]``."""

import jax
import jax.numpy as jnp

import rlax_core as rlax
from compat.dictionary import Call, Exactly, Floats, Ignored, Ints, Static, T, op
from compat.trfl._src.indexing import take
from compat.trfl._src.outputs import LossOutput, QExtra, TDLambdaExtra
from compat.trfl._src.shapes import next_values, require

STEPS, B, A = 5, 3, 4
SEQUENCE, LAST = Floats(STEPS, B), Floats(B)
DISCOUNTS = Floats(STEPS, B, low=0.0, high=1.0)
LAMBDAS = Floats(STEPS, B, low=0.0, high=1.0)
Q, ACTIONS = Floats(STEPS, B, A), Ints(STEPS, B, low=0, high=A)
LENGTHS = Exactly([2, 5, 1], "int32")


def per_sequence(function, rank, in_axes=1):
    """Maps a function of single sequences over all axes but the first."""
    for _ in range(rank - 1):
        function = jax.vmap(function, in_axes, 1)
    return function


def mixing(lambda_, like):
    """λ as a float of the shape and dtype of ``like``."""
    return jnp.broadcast_to(jnp.asarray(lambda_, like.dtype), like.shape)


def _cut(sequence, decay, initial_value, lengths, reverse):
    """Sequence and decay of rows that end early, and what follows their ends."""
    where = jnp.expand_dims(lengths, tuple(range(1, sequence.ndim - 1)))
    time = jnp.expand_dims(
        jnp.arange(sequence.shape[0]), tuple(range(1, sequence.ndim))
    )
    within = time < where
    sequence, decay = jnp.where(within, sequence, 0), jnp.where(within, decay, 0)
    if not reverse:
        return sequence, decay, initial_value
    # The initial value comes in at each row's own last step.
    last = time == where - 1
    sequence = jnp.where(last, sequence + decay * initial_value, sequence)
    return sequence, jnp.where(last, 0, decay), jnp.zeros_like(initial_value)


@op(
    "trfl.scan_discounted_sum",
    "trfl.sequence_ops.scan_discounted_sum",
    check=[
        Call(SEQUENCE, DISCOUNTS, LAST),
        Call(SEQUENCE, DISCOUNTS, LAST, reverse=True),
        Call(SEQUENCE, DISCOUNTS, LAST, True, back_prop=False),
        Call(SEQUENCE, DISCOUNTS, LAST, reverse=True, sequence_lengths=LENGTHS),
        Call(SEQUENCE, DISCOUNTS, LAST, sequence_lengths=LENGTHS),
        Call(Floats(STEPS, B, 2), Floats(STEPS, B, 2), Floats(B, 2), reverse=True),
    ],
)
def scan_discounted_sum(
    sequence: T,
    decay: T,
    initial_value: T,
    reverse: Static = False,
    sequence_lengths: T = None,
    back_prop: Static = True,
    name: Ignored = None,
):
    """Discounted sums along the first axis.

    Each result is the sequence's element and the decay times the result before it; or
    after it, with ``reverse``.

    Args:
      sequence: ``[T, B, …]``.
      decay: ``[T, B, …]``.
      initial_value: ``[B, …]`` the result before the first (or after the last).
      reverse: whether to go from the end.
      sequence_lengths: ``[B]`` int, where each row ends; results beyond are 0.
      back_prop: whether gradients flow.
      name: has no effect.

    Returns:
      ``[T, B, …]``.
    """
    decay = jnp.broadcast_to(decay, sequence.shape)
    initial_value = jnp.broadcast_to(initial_value, sequence.shape[1:])
    if sequence_lengths is not None:
        sequence, decay, initial_value = _cut(
            sequence, decay, initial_value, sequence_lengths, reverse
        )
    if not reverse:
        sequence, decay = sequence[::-1], decay[::-1]
    sums = per_sequence(rlax.discounted_returns, sequence.ndim, (1, 1, 0))
    summed = sums(sequence, decay, initial_value)
    if not reverse:
        summed = summed[::-1]
    return summed if back_prop else jax.lax.stop_gradient(summed)


@scan_discounted_sum.when(
    "reverse == True and sequence_lengths is None and back_prop == True "
    "and rank(sequence) == 2"
)
def _(sequence, decay, initial_value, reverse=False, back_prop=True):
    return jax.vmap(rlax.discounted_returns, (1, 1, 0), 1)(
        sequence, decay, initial_value
    )


@op(
    "trfl.multistep_forward_view",
    "trfl.sequence_ops.multistep_forward_view",
    check=[
        Call(SEQUENCE, DISCOUNTS, SEQUENCE, 0.8),
        Call(SEQUENCE, DISCOUNTS, SEQUENCE, LAMBDAS),
        Call(SEQUENCE, DISCOUNTS, SEQUENCE, 0.8, back_prop=False),
        Call(SEQUENCE, DISCOUNTS, SEQUENCE, 0.8, sequence_lengths=LENGTHS),
    ],
    because="with sequence_lengths, a row that ends early bootstraps from the last "
    "value of the sequence, as in TRFL",
)
def multistep_forward_view(
    rewards: T,
    pcontinues: T,
    state_values: T,
    lambda_: T,
    back_prop: Static = True,
    sequence_lengths: T = None,
    name: Ignored = None,
):
    """λ-returns, the forward view of eligibility traces.

    Args:
      rewards: ``[T, B]``.
      pcontinues: ``[T, B]`` discounts.
      state_values: ``[T, B]`` values of the states reached.
      lambda_: scalar or ``[T, B]``.
      back_prop: whether gradients flow.
      sequence_lengths: ``[B]`` int, where each row ends; results beyond are 0.
      name: has no effect.

    Returns:
      ``[T, B]``.
    """
    lambda_ = mixing(lambda_, rewards)
    if sequence_lengths is not None:
        bootstrapped = rewards + pcontinues * state_values * (1 - lambda_)
        decay = pcontinues * lambda_
        return scan_discounted_sum(
            bootstrapped, decay, state_values[-1], True, sequence_lengths, back_prop
        )
    returns = jax.vmap(rlax.lambda_returns, 1, 1)(
        rewards, pcontinues, state_values, lambda_
    )
    return returns if back_prop else jax.lax.stop_gradient(returns)


@multistep_forward_view.when(
    "rank(lambda_) == 0 and lambda_ is float and back_prop == True "
    "and sequence_lengths is None"
)
def _(rewards, pcontinues, state_values, lambda_, back_prop=True):
    return jax.vmap(rlax.lambda_returns, (1, 1, 1, None), 1)(
        rewards, pcontinues, state_values, lambda_
    )


@multistep_forward_view.when(
    "rank(lambda_) == 2 and back_prop == True and sequence_lengths is None"
)
def _(rewards, pcontinues, state_values, lambda_, back_prop=True):
    return jax.vmap(rlax.lambda_returns, 1, 1)(
        rewards, pcontinues, state_values, lambda_
    )


@op(
    "trfl.generalized_lambda_returns",
    "trfl.value_ops.generalized_lambda_returns",
    check=[
        Call(SEQUENCE, DISCOUNTS, SEQUENCE, LAST),
        Call(SEQUENCE, DISCOUNTS, SEQUENCE, LAST, lambda_=0.9),
        Call(SEQUENCE, DISCOUNTS, SEQUENCE, SEQUENCE, raises_=ValueError),
    ],
)
def generalized_lambda_returns(
    rewards: T,
    pcontinues: T,
    values: T,
    bootstrap_value: T,
    lambda_: T = 1,
    name: Ignored = None,
):
    """λ-returns as targets: no gradient flows through them.

    Args:
      rewards: ``[T, B]``.
      pcontinues: ``[T, B]`` discounts.
      values: ``[T, B]`` values of the states left.
      bootstrap_value: ``[B]`` value of the last state reached.
      lambda_: scalar or ``[T, B]``; 1: no bootstrapping but at the end.
      name: has no effect.

    Returns:
      ``[T, B]``.

    Raises:
      ValueError: ranks do not fit.
    """
    for size, given in ((2, (rewards, pcontinues, values)), (1, (bootstrap_value,))):
        if any(x.ndim != size for x in given):
            raise ValueError(
                "generalized_lambda_returns: rewards, pcontinues and values must be "
                "[T, B] and bootstrap_value [B]"
            )
    returns = jax.vmap(rlax.lambda_returns, 1, 1)(
        rewards,
        pcontinues,
        next_values(values, bootstrap_value),
        mixing(lambda_, rewards),
    )
    return jax.lax.stop_gradient(returns)


@generalized_lambda_returns.when("lambda_ == 1")
def _(rewards, pcontinues, values, bootstrap_value, lambda_=1):
    return jax.lax.stop_gradient(
        jax.vmap(rlax.discounted_returns, (1, 1, 0), 1)(
            rewards, pcontinues, bootstrap_value
        )
    )


@generalized_lambda_returns.when("rank(lambda_) == 0 and lambda_ is float")
def _(rewards, pcontinues, values, bootstrap_value, lambda_=1):
    return jax.lax.stop_gradient(
        jax.vmap(rlax.lambda_returns, (1, 1, 1, None), 1)(
            rewards,
            pcontinues,
            jnp.concatenate([values[1:], bootstrap_value[None]]),
            lambda_,
        )
    )


@op(
    "trfl.td_lambda",
    "trfl.value_ops.td_lambda",
    check=[
        Call(SEQUENCE, SEQUENCE, DISCOUNTS, LAST),
        Call(SEQUENCE, SEQUENCE, DISCOUNTS, LAST, 0.9),
    ],
)
def td_lambda(
    state_values: T,
    rewards: T,
    pcontinues: T,
    bootstrap_value: T,
    lambda_: T = 1,
    name: Ignored = None,
):
    """TD(λ) loss of state values, summed over time.

    Args:
      state_values: ``[T, B]`` values of the states left.
      rewards: ``[T, B]``.
      pcontinues: ``[T, B]`` discounts.
      bootstrap_value: ``[B]`` value of the last state reached.
      lambda_: scalar or ``[T, B]``.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``temporal_differences`` and
      ``discounted_returns``, ``[T, B]`` each.
    """
    returns = generalized_lambda_returns(
        rewards, pcontinues, state_values, bootstrap_value, lambda_
    )
    errors = returns - state_values
    loss = 0.5 * jnp.sum(jnp.square(errors), axis=0)
    return LossOutput(loss, TDLambdaExtra(errors, returns))


def _trace_loss(q_tm1, a_tm1, r_t, pcont_t, bootstrap, lambda_):
    prediction = take(q_tm1, a_tm1)
    errors = jax.vmap(rlax.td_lambda, 1, 1)(
        prediction, r_t, pcont_t, bootstrap, mixing(lambda_, r_t)
    )
    target = jax.lax.stop_gradient(errors + prediction)
    return LossOutput(0.5 * jnp.square(errors), QExtra(target, errors))


@op(
    "trfl.qlambda",
    "trfl.action_value_ops.qlambda",
    check=[
        Call(Q, ACTIONS, SEQUENCE, DISCOUNTS, Q, 0.7),
        Call(Q, ACTIONS, SEQUENCE, DISCOUNTS, Q, lambda_=LAMBDAS),
        Call(
            Q, ACTIONS, SEQUENCE, DISCOUNTS, Floats(STEPS, B), 0.7, raises_=ValueError
        ),
    ],
)
def qlambda(
    q_tm1: T,
    a_tm1: T,
    r_t: T,
    pcont_t: T,
    q_t: T,
    lambda_: T,
    name: Ignored = None,
):
    """Q(λ), Peng's with one λ and Watkins' with λ 0 after actions that were not best.

    Args:
      q_tm1: ``[T, B, A]`` action values of the states left.
      a_tm1: ``[T, B]`` int, actions taken there.
      r_t: ``[T, B]`` rewards.
      pcont_t: ``[T, B]`` discounts.
      q_t: ``[T, B, A]`` action values of the states reached.
      lambda_: scalar or ``[T, B]``.
      name: has no effect.

    Returns:
      ``loss`` ``[T, B]``; ``extra`` with ``target`` and ``td_error``, ``[T, B]`` each.
    """
    steps = {"a_tm1": a_tm1, "r_t": r_t, "pcont_t": pcont_t}
    require("qlambda", (3, {"q_tm1": q_tm1, "q_t": q_t}), (2, steps))
    return _trace_loss(q_tm1, a_tm1, r_t, pcont_t, jnp.max(q_t, axis=2), lambda_)


@op(
    "trfl.sarsa_lambda",
    "trfl.action_value_ops.sarsa_lambda",
    check=[
        Call(Q, ACTIONS, SEQUENCE, DISCOUNTS, Q, ACTIONS, 0.7),
        Call(Q, ACTIONS, SEQUENCE, DISCOUNTS, Q, ACTIONS, LAMBDAS),
    ],
)
def sarsa_lambda(
    q_tm1: T,
    a_tm1: T,
    r_t: T,
    pcont_t: T,
    q_t: T,
    a_t: T,
    lambda_: T,
    name: Ignored = None,
):
    """SARSA(λ): λ-returns over the values of the actions taken.

    Args:
      q_tm1: ``[T, B, A]`` action values of the states left.
      a_tm1: ``[T, B]`` int, actions taken there.
      r_t: ``[T, B]`` rewards.
      pcont_t: ``[T, B]`` discounts.
      q_t: ``[T, B, A]`` action values of the states reached.
      a_t: ``[T, B]`` int, actions taken there.
      lambda_: scalar or ``[T, B]``.
      name: has no effect.

    Returns:
      ``loss`` ``[T, B]``; ``extra`` with ``target`` and ``td_error``, ``[T, B]`` each.
    """
    steps = {"a_tm1": a_tm1, "r_t": r_t, "pcont_t": pcont_t, "a_t": a_t}
    require("sarsa_lambda", (3, {"q_tm1": q_tm1, "q_t": q_t}), (2, steps))
    return _trace_loss(q_tm1, a_tm1, r_t, pcont_t, take(q_t, a_t), lambda_)
