"""Maximum a posteriori policy optimization, MPO and V-MPO.

Abdolmaleki et al. 2018, "Maximum a posteriori policy optimisation" and "Relative
entropy regularized policy iteration"; Song et al. 2020, "V-MPO: on-policy maximum a
posteriori policy optimization for discrete and continuous control".

Losses come per example. ``E`` stands for the axes of the examples, whatever they are
(time, batch, both), as long as all arguments have the same ones.
"""

import functools
from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from rlax_core._src import checks
from rlax_core._src.arrays import AllSum
from rlax_core._src.gradients import stop_if

Array = jax.Array
Numeric = Array | float
Projection = Callable[[Array], Array]

_TINY = 1e-10  # keeps dual variables positive and divisors off zero
_POSITIVE = functools.partial(jnp.clip, min=_TINY)
_NEVER = 1e6  # below any advantage, so that a step is never among the best


class LagrangePenalty(NamedTuple):
    """A constraint held by a dual variable.

    Attributes:
      alpha: the dual variable, learnt; a scalar or one per dimension.
      epsilon: the bound, a float scalar.
      per_dimension: whether each action dimension has a constraint of its own.
    """

    alpha: Array
    epsilon: Numeric
    per_dimension: bool = False


_OUTPUTS = (
    "temperature_loss policy_loss kl_loss alpha_loss normalized_weights num_samples"
)


class MpoOutputs(namedtuple("MpoOutputs", _OUTPUTS)):
    """The parts of an MPO loss.

    Attributes:
      temperature_loss: ``E`` for MPO, a scalar for V-MPO.
      policy_loss: ``E``.
      kl_loss: ``E``.
      alpha_loss: ``E``.
      normalized_weights: weights of the samples, shaped as the values given.
      num_samples: how many samples took part.
    """

    __slots__ = ()


_PENALTY = checks.Signature("LagrangePenalty", alpha="float", epsilon="float[]")


def _check_bound(penalty: LagrangePenalty) -> None:
    _PENALTY(penalty.alpha, penalty.epsilon)


def _check_divergences(function: str, constraints: Any, examples: Any) -> None:
    for kl, penalty in constraints:
        _check_bound(penalty)
        checks.require_family(function, "float", kl=kl)
        if examples is None:
            continue
        wanted = len(examples) + bool(penalty.per_dimension)
        if jnp.ndim(kl) != wanted or jnp.shape(kl)[: len(examples)] != examples:
            per = "one more for the dimensions" if penalty.per_dimension else "no more"
            raise AssertionError(
                f"{function}: a divergence must have the axes of the examples, "
                f"{examples}, and {per}; got {checks.show(kl)}."
            )


def _check_all_float(function: str, *arrays: Array) -> None:
    for array in arrays:
        checks.require_family(function, "float", array=array)


def _weighted(parts: Sequence[Any], weights: Sequence[Any]) -> Array:
    return sum(weight * part for weight, part in zip(weights, parts, strict=True))


def mpo_loss(
    sample_log_probs: Array,
    sample_q_values: Array,
    temperature_constraint: LagrangePenalty,
    kl_constraints: Sequence[tuple[Array, LagrangePenalty]],
    projection_operator: Projection = _POSITIVE,
    policy_loss_weight: float = 1.0,
    temperature_loss_weight: float = 1.0,
    kl_loss_weight: float = 1.0,
    alpha_loss_weight: float = 1.0,
    sample_axis: int = 0,
    use_stop_gradient: bool = True,
) -> tuple[Array, MpoOutputs]:
    """The loss of MPO: fit the policy to its own samples, reweighted by their values.

    Args:
      sample_log_probs: ``E`` with a sample axis put in: log-probabilities of actions
        sampled from the target policy, under the policy being learnt.
      sample_q_values: the same shape, their values.
      temperature_constraint: bound on how far the weights may be from even.
      kl_constraints: pairs of a divergence between old and new policy, ``E`` or
        ``E + [D]`` where its penalty is per dimension, and the penalty that bounds it.
      projection_operator: keeps dual variables positive.
      policy_loss_weight: multiplies the policy's part of the loss.
      temperature_loss_weight: multiplies the temperature's part.
      kl_loss_weight: multiplies the divergences' part.
      alpha_loss_weight: multiplies the part of the divergences' dual variables.
      sample_axis: where the sample axis is.
      use_stop_gradient: whether each part trains its own variables only.

    Returns:
      The loss, ``E``, and its parts.

    Raises:
      AssertionError: on dtypes or shapes that do not fit.
      ValueError: if there is no such sample axis.
    """
    name = "mpo_loss"
    checks.require_same_shape(
        name, sample_log_probs=sample_log_probs, sample_q_values=sample_q_values
    )
    _check_all_float(name, sample_log_probs, sample_q_values)
    _check_bound(temperature_constraint)
    axis = checks.normalize_axis(name, sample_axis, sample_q_values.ndim)
    shape = sample_q_values.shape
    _check_divergences(name, kl_constraints, shape[:axis] + shape[axis + 1 :])
    temperature_loss, weights, count = mpo_compute_weights_and_temperature_loss(
        sample_q_values, temperature_constraint, projection_operator, axis
    )
    weights = stop_if(use_stop_gradient, weights)
    policy_loss = -jnp.sum(weights * sample_log_probs, axis=axis)
    kl_loss, alpha_loss = compute_parametric_kl_penalty_and_dual_loss(
        kl_constraints, projection_operator, use_stop_gradient
    )
    checks.require_same_shape(
        name, policy_loss=policy_loss, kl_loss=kl_loss, alpha_loss=alpha_loss
    )
    loss = _weighted(
        (policy_loss, temperature_loss, kl_loss, alpha_loss),
        (
            policy_loss_weight,
            temperature_loss_weight,
            kl_loss_weight,
            alpha_loss_weight,
        ),
    )
    return loss, MpoOutputs(
        temperature_loss, policy_loss, kl_loss, alpha_loss, weights, count
    )


def mpo_compute_weights_and_temperature_loss(
    sample_q_values: Array,
    temperature_constraint: LagrangePenalty,
    projection_operator: Projection,
    sample_axis: int = 0,
) -> tuple[Array, Array, Numeric]:
    """MPO's E-step: a softmax over the samples' values, at a learnt temperature.

    Args:
      sample_q_values: ``E`` with a sample axis put in, values of sampled actions.
      temperature_constraint: the temperature, and the bound it enforces.
      projection_operator: keeps the temperature positive.
      sample_axis: where the sample axis is.

    Returns:
      The temperature's loss, ``E``; the weights, shaped as the values and summing to
      one over the samples; and the number of samples.
    """
    name = "mpo_compute_weights_and_temperature_loss"
    _check_all_float(name, sample_q_values)
    _check_bound(temperature_constraint)
    axis = checks.normalize_axis(name, sample_axis, sample_q_values.ndim)
    count = sample_q_values.shape[axis]
    temperature = projection_operator(temperature_constraint.alpha)
    scaled = sample_q_values / temperature
    log_total = jax.nn.logsumexp(scaled, axis=axis, keepdims=True)
    log_mean = log_total.squeeze(axis) - jnp.log(count)
    temperature_loss = temperature * (temperature_constraint.epsilon + log_mean)
    return temperature_loss, jnp.exp(scaled - log_total), count


def compute_parametric_kl_penalty_and_dual_loss(
    kl_constraints: Sequence[tuple[Array, LagrangePenalty]],
    projection_operator: Projection,
    use_stop_gradient: bool = True,
) -> tuple[Array, Array]:
    """Penalties on divergences, and the losses that train the penalties' weights.

    A dual variable grows while its divergence is over the bound and shrinks while it is
    under, so that the divergence settles at the bound.

    Args:
      kl_constraints: pairs of a divergence, ``E`` or ``E + [D]`` where its penalty is
        per dimension, and the penalty.
      projection_operator: keeps dual variables positive.
      use_stop_gradient: whether the penalty trains the policy only, and the dual loss
        the dual variables only.

    Returns:
      The summed penalties and the summed dual losses, ``E`` each; zeros without
      constraints.
    """
    name = "compute_parametric_kl_penalty_and_dual_loss"
    _check_divergences(name, kl_constraints, None)
    penalty_sum = dual_sum = 0
    for kl, penalty in kl_constraints:
        alpha = projection_operator(penalty.alpha)
        cost = stop_if(use_stop_gradient, alpha) * kl
        dual = alpha * (penalty.epsilon - stop_if(use_stop_gradient, kl))
        if penalty.per_dimension:
            cost, dual = jnp.sum(cost, axis=-1), jnp.sum(dual, axis=-1)
        penalty_sum, dual_sum = penalty_sum + cost, dual_sum + dual
    return penalty_sum, dual_sum


def vmpo_loss(
    sample_log_probs: Array,
    advantages: Array,
    temperature_constraint: LagrangePenalty,
    kl_constraints: Sequence[tuple[Array, LagrangePenalty]],
    projection_operator: Projection = _POSITIVE,
    restarting_weights: Array | None = None,
    importance_weights: Array | None = None,
    top_k_fraction: float = 0.5,
    policy_loss_weight: float = 1.0,
    temperature_loss_weight: float = 1.0,
    kl_loss_weight: float = 1.0,
    alpha_loss_weight: float = 1.0,
    axis_name: str | None = None,
    use_stop_gradient: bool = True,
) -> tuple[Array, MpoOutputs]:
    """The loss of V-MPO: fit the policy to the steps of greatest advantage.

    Args:
      sample_log_probs: ``E`` float, log-probabilities of the actions taken.
      advantages: ``E`` float, their advantages.
      temperature_constraint: bound on how far the weights may be from even.
      kl_constraints: pairs of a divergence between old and new policy, ``E`` or
        ``E + [D]`` where its penalty is per dimension, and the penalty that bounds it.
      projection_operator: keeps dual variables positive.
      restarting_weights: ``E`` float, 0 where an episode starts and the step is not the
        agent's doing, else 1. None: ones.
      importance_weights: ``E`` float, weights for stale data. None: ones.
      top_k_fraction: share of the steps to learn from, those of greatest advantage.
      policy_loss_weight: multiplies the policy's part of the loss.
      temperature_loss_weight: multiplies the temperature's part.
      kl_loss_weight: multiplies the divergences' part.
      alpha_loss_weight: multiplies the part of the divergences' dual variables.
      axis_name: mapped axis of devices over which the batch is spread. None: none.
      use_stop_gradient: whether each part trains its own variables only.

    Returns:
      The loss, ``E``, and its parts.

    Raises:
      AssertionError: on dtypes or shapes that do not fit.
      ValueError: if the share is not in (0, 1], or selects no step.
    """
    name = "vmpo_loss"
    evenly = jnp.ones_like(sample_log_probs)
    restarting_weights = evenly if restarting_weights is None else restarting_weights
    importance_weights = evenly if importance_weights is None else importance_weights
    checks.require_same_shape(
        name, advantages=advantages, sample_log_probs=sample_log_probs
    )
    _check_all_float(name, sample_log_probs)
    _check_divergences(name, kl_constraints, jnp.shape(advantages))
    temperature_loss, weights, count = vmpo_compute_weights_and_temperature_loss(
        advantages,
        restarting_weights,
        importance_weights,
        temperature_constraint,
        projection_operator,
        top_k_fraction,
        axis_name,
        use_stop_gradient,
    )
    # The weights sum to one over everything: scaled, the mean loss is the weighted sum.
    devices = lax.psum(1, axis_name) if axis_name else 1
    policy_loss = -sample_log_probs * weights * (jnp.size(sample_log_probs) * devices)
    kl_loss, alpha_loss = compute_parametric_kl_penalty_and_dual_loss(
        kl_constraints, projection_operator, use_stop_gradient
    )
    checks.require_same_shape(
        name, policy_loss=policy_loss, kl_loss=kl_loss, alpha_loss=alpha_loss
    )
    loss = _weighted(
        (policy_loss, temperature_loss, kl_loss, alpha_loss),
        (
            policy_loss_weight,
            temperature_loss_weight,
            kl_loss_weight,
            alpha_loss_weight,
        ),
    )
    return loss, MpoOutputs(
        temperature_loss, policy_loss, kl_loss, alpha_loss, weights, count
    )


def _best_steps(
    fraction: float, restarting_weights: Array, scaled: Array, axis_name: str | None
) -> Array:
    """The restarting weights, with zeros for steps not among the best ``fraction``."""
    if not 0.0 < fraction <= 1.0:
        raise ValueError(f"V-MPO: top_k_fraction must be in (0, 1], got {fraction}.")
    if fraction == 1.0:
        return restarting_weights
    eligible = scaled - (1.0 - restarting_weights) * _NEVER
    everywhere = lax.all_gather(eligible, axis_name) if axis_name else eligible
    number = int(fraction * everywhere.size)
    if number == 0:
        raise ValueError(
            f"V-MPO: top_k_fraction {fraction} of {everywhere.size} steps selects none."
        )
    threshold = jnp.sort(everywhere.ravel())[everywhere.size - number]
    return restarting_weights * (eligible >= threshold).astype(jnp.float32)


def vmpo_compute_weights_and_temperature_loss(
    advantages: Array,
    restarting_weights: Array,
    importance_weights: Array,
    temperature_constraint: LagrangePenalty,
    projection_operator: Projection,
    top_k_fraction: float,
    axis_name: str | None = None,
    use_stop_gradient: bool = True,
) -> tuple[Array, Array, Array]:
    """V-MPO's E-step: a softmax over the best steps, at a learnt temperature.

    Args:
      advantages: ``E`` float.
      restarting_weights: ``E`` float, 0 for steps to ignore, else 1.
      importance_weights: ``E`` float, weights for stale data.
      temperature_constraint: the temperature, and the bound it enforces.
      projection_operator: keeps the temperature positive.
      top_k_fraction: share of the steps to weigh, those of greatest advantage.
      axis_name: mapped axis of devices over which the batch is spread. None: none.
      use_stop_gradient: whether to keep gradients out of the weights; needed with an
        ``axis_name``.

    Returns:
      The temperature's loss, a scalar; the weights, ``E``, summing to one over all
      devices; and the number of steps weighed, a scalar.

    Raises:
      AssertionError: on dtypes or shapes that do not fit, or if gradients are asked for
        across devices.
      ValueError: if the share is not in (0, 1], or selects no step.
    """
    name = "vmpo_compute_weights_and_temperature_loss"
    checks.require_same_shape(
        name,
        advantages=advantages,
        restarting_weights=restarting_weights,
        importance_weights=importance_weights,
    )
    _check_all_float(name, advantages, restarting_weights, importance_weights)
    _check_bound(temperature_constraint)
    temperature = projection_operator(temperature_constraint.alpha)
    scaled = restarting_weights * advantages / temperature
    greatest = jnp.max(scaled)
    if axis_name:
        assert use_stop_gradient, f"{name}: no gradient through a maximum over devices"
        greatest = lax.pmax(lax.stop_gradient(greatest), axis_name)
    else:
        greatest = stop_if(use_stop_gradient, greatest)
    chosen = _best_steps(top_k_fraction, restarting_weights, scaled, axis_name)
    importance = stop_if(use_stop_gradient, importance_weights)
    total = AllSum(axis_name)
    weights = chosen * importance * jnp.exp(scaled - greatest)
    weight_sum = total(weights) + _TINY
    count = total(chosen) + _TINY
    log_mean = jnp.log(weight_sum) - jnp.log(count) + greatest
    temperature_loss = temperature * (temperature_constraint.epsilon + log_mean)
    return temperature_loss, stop_if(use_stop_gradient, weights / weight_sum), count
