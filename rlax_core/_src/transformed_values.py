"""Learning transformed values: returns are formed in the values' own units.

A network may learn ``h(v)`` instead of ``v``, for instance to keep values of very
different sizes apart. The functions here undo ``h`` before forming a return and apply
it to the result. Van Hasselt et al. 2019, "General non-linear Bellman equations".
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rlax_core._src import returns, trace_errors, transforms
from rlax_core._src.arrays import batched_index
from rlax_core._src.checks import Signature

Array = jax.Array


class TxPair(NamedTuple):
    """A transformation ``apply`` and its inverse ``apply_inv``."""

    apply: Any
    apply_inv: Any


IDENTITY_PAIR = TxPair(transforms.identity, transforms.identity)
SIGNED_LOGP1_PAIR = TxPair(transforms.signed_logp1, transforms.signed_expm1)
SIGNED_HYPERBOLIC_PAIR = TxPair(
    transforms.signed_hyperbolic, transforms.signed_parabolic
)
HYPERBOLIC_SIN_PAIR = TxPair(transforms.hyperbolic_arcsin, transforms.hyperbolic_sin)
DISCOUNT_TRANSFORM_PAIR = TxPair(lambda x: -jnp.log(1 - x), lambda x: 1 - jnp.exp(-x))


def twohot_pair(min_value: float, max_value: float, num_bins: int) -> TxPair:
    """A pair that codes values as probabilities of evenly spaced bins.

    Args:
      min_value: value of the first bin.
      max_value: value of the last bin.
      num_bins: number ``K`` of bins.

    Returns:
      ``apply`` from ``[...]`` to ``[..., K]``, and back.
    """
    bins = {"min_value": min_value, "max_value": max_value, "num_bins": num_bins}
    return TxPair(
        functools.partial(transforms.transform_to_2hot, **bins),
        functools.partial(transforms.transform_from_2hot, **bins),
    )


def compose_tx(*tx_list: TxPair) -> TxPair:
    """A pair that applies the given ones in order, and undoes them in reverse.

    Args:
      *tx_list: pairs; none of them makes the identity.

    Returns:
      The composed pair.
    """

    def through(functions: list[Callable[[Array], Array]], x: Array) -> Array:
        return functools.reduce(lambda value, function: function(value), functions, x)

    forth = [tx.apply for tx in tx_list]
    back = [tx.apply_inv for tx in reversed(tx_list)]
    return TxPair(functools.partial(through, forth), functools.partial(through, back))


def muzero_pair(
    min_value: float, max_value: float, num_bins: int, tx: TxPair
) -> TxPair:
    """MuZero's coding: transform a value, then code it over evenly spaced bins.

    Schrittwieser et al. 2020, "Mastering Atari, Go, chess and shogi by planning with a
    learned model".

    Args:
      min_value: the first bin, in transformed units.
      max_value: the last bin, in transformed units.
      num_bins: number ``K`` of bins.
      tx: the transformation.

    Returns:
      A pair from ``[...]`` to ``[..., K]``.
    """
    return compose_tx(tx, twohot_pair(min_value, max_value, num_bins))


def unbiased_transform_pair(
    min_value: float, max_value: float, num_bins: int, tx: TxPair
) -> TxPair:
    """Coding over bins that are evenly spaced in transformed units.

    Here the bins are transformed and not the values, so that the mean of a code is the
    value itself; with ``muzero_pair`` noise in the code biases it.

    Args:
      min_value: the first bin, in transformed units.
      max_value: the last bin, in transformed units.
      num_bins: number ``K`` of bins.
      tx: the transformation.

    Returns:
      A pair from ``[...]`` to ``[..., K]``.
    """
    bins = tx.apply_inv(jnp.linspace(min_value, max_value, num_bins))
    return TxPair(
        functools.partial(transforms.transform_to_2hot_nonlinear, bins=bins),
        functools.partial(transforms.transform_from_2hot_nonlinear, bins=bins),
    )


def transform_values(
    build_targets: Callable[..., Array], *value_arguments: str
) -> Callable[..., Array]:
    """Makes a function of targets one of targets for transformed values.

    Args:
      build_targets: computes returns from values, among other arguments.
      *value_arguments: names of the arguments that are values.

    Returns:
      The function, with a ``TxPair`` as its first argument.
    """
    position = {
        name: list(inspect.signature(build_targets).parameters).index(name)
        for name in value_arguments
    }

    @functools.wraps(build_targets)
    def transformed(tx_pair: TxPair, *args: Any, **kwargs: Any) -> Array:
        args = list(args)
        for name, index in position.items():
            if index < len(args):
                args[index] = tx_pair.apply_inv(args[index])
            elif name in kwargs:
                kwargs[name] = tx_pair.apply_inv(kwargs[name])
        return tx_pair.apply(build_targets(*args, **kwargs))

    what = f"``{build_targets.__name__}`` for values transformed by a ``TxPair``.\n\n"
    transformed.__name__ = transformed.__qualname__ = "transformed"
    transformed.__doc__ = (
        f"{what}Takes the pair first, then the arguments of that function; values are"
        f" transformed ones ({', '.join(value_arguments)}), and so is the result."
    )
    return transformed


transformed_lambda_returns = transform_values(returns.lambda_returns, "v_t")
transformed_n_step_returns = transform_values(
    returns.n_step_bootstrapped_returns, "v_t"
)
transformed_general_off_policy_returns_from_action_values = transform_values(
    returns.general_off_policy_returns_from_action_values, "q_t"
)


_Q_LAMBDA = Signature(
    "transformed_q_lambda",
    q_tm1="float[_ _]",
    a_tm1="int[_]",
    r_t="float[_]",
    discount_t="float[_]",
    q_t="float[_ _]",
    lambda_="float[]|[_]",
)


def transformed_q_lambda(
    q_tm1: Array,
    a_tm1: Array,
    r_t: Array,
    discount_t: Array,
    q_t: Array,
    lambda_: Array,
    stop_target_gradients: bool = True,
    tx_pair: TxPair = IDENTITY_PAIR,
) -> Array:
    """Q(λ) errors of transformed action values.

    Args:
      q_tm1: ``[T, A]`` float, transformed action values of the states left.
      a_tm1: ``[T]`` int, actions taken there.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      q_t: ``[T, A]`` float, transformed action values of the states reached.
      lambda_: float, scalar or ``[T]``.
      stop_target_gradients: whether to keep gradients out of the returns.
      tx_pair: the transformation.

    Returns:
      ``[T]`` errors in transformed units.
    """
    _Q_LAMBDA(q_tm1, a_tm1, r_t, discount_t, q_t, lambda_)
    best = jnp.max(q_t, axis=-1)
    targets = transformed_lambda_returns(
        tx_pair, r_t, discount_t, best, lambda_, stop_target_gradients
    )
    return targets - batched_index(q_tm1, a_tm1)


_RETRACE = Signature("transformed_retrace", **trace_errors.RETRACE_ARGUMENTS)


def transformed_retrace(
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
    tx_pair: TxPair = IDENTITY_PAIR,
) -> Array:
    """Retrace(λ) errors of transformed action values.

    Kapturowski et al. 2019, "Recurrent experience replay in distributed reinforcement
    learning".

    Args:
      q_tm1: ``[T, A]`` float, transformed action values of the states left.
      q_t: ``[T, A]`` float, transformed action values of the states reached.
      a_tm1: ``[T]`` int, actions taken in the states left.
      a_t: ``[T]`` int, actions taken in the states reached.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      pi_t: ``[T, A]`` float, probabilities of the target policy in the states reached.
      mu_t: ``[T]`` float, probabilities with which the behaviour policy took ``a_t``.
      lambda_: λ, a scalar.
      eps: added to ``mu_t`` before dividing by it.
      stop_target_gradients: whether to keep gradients out of the returns.
      tx_pair: the transformation.

    Returns:
      ``[T]`` errors in transformed units.
    """
    _RETRACE(q_tm1, q_t, a_tm1, a_t, r_t, discount_t, pi_t, mu_t)
    traces = trace_errors.retrace_traces(a_t, pi_t, mu_t, lambda_, eps)
    steps = (a_t, r_t, discount_t, traces, pi_t)
    targets = transformed_general_off_policy_returns_from_action_values(
        tx_pair, q_t, *steps, stop_target_gradients
    )
    return targets - batched_index(q_tm1, a_tm1)


_N_STEP = Signature(
    "transformed_n_step_q_learning",
    q_tm1="float[_ _]",
    target_q_t="float[_ _]",
    a_tm1="int[_]",
    a_t="int[_]",
    r_t="float[_]",
    discount_t="float[_]",
)


def transformed_n_step_q_learning(
    q_tm1: Array,
    a_tm1: Array,
    target_q_t: Array,
    a_t: Array,
    r_t: Array,
    discount_t: Array,
    n: int,
    stop_target_gradients: bool = True,
    tx_pair: TxPair = IDENTITY_PAIR,
) -> Array:
    """n-step Q-learning errors of transformed action values.

    Kapturowski et al. 2019, "Recurrent experience replay in distributed reinforcement
    learning".

    Args:
      q_tm1: ``[T, A]`` float, transformed action values of the states left.
      a_tm1: ``[T]`` int, actions taken there.
      target_q_t: ``[T, A]`` float, transformed values to bootstrap from.
      a_t: ``[T]`` int, the actions whose values to bootstrap from: the best ones of the
        same values, or of others in double Q-learning.
      r_t: ``[T]`` float, rewards.
      discount_t: ``[T]`` float, discounts.
      n: number of steps before bootstrapping.
      stop_target_gradients: whether to keep gradients out of the returns.
      tx_pair: the transformation.

    Returns:
      ``[T]`` errors in transformed units.
    """
    _N_STEP(q_tm1, target_q_t, a_tm1, a_t, r_t, discount_t)
    bootstrap = batched_index(target_q_t, a_t)
    targets = transformed_n_step_returns(
        tx_pair,
        r_t,
        discount_t,
        bootstrap,
        n,
        stop_target_gradients=stop_target_gradients,
    )
    return targets - batched_index(q_tm1, a_tm1)
