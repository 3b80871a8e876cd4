"""Policies learnt from weighted actions.

A distribution here is any object with ``sample(seed=, sample_shape=)`` and
``log_prob``: those of ``rlax_core.distributions``, of Distrax, or your own.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from rlax_core._src.checks import require_same_shape
from rlax_core._src.gradients import stop_if
from rlax_core._src.records import record

Array = jax.Array


@record(frozen=True)
class PolicyTarget:
    """Actions ``[N, ...]`` and weights, shaped as the actions' log-probabilities."""

    actions: Array
    weights: Array


def constant_policy_targets(
    distribution: Any, rng_key: Array, num_samples: int, weights_scale: float = 1.0
) -> PolicyTarget:
    """Actions drawn from a distribution, all with one weight.

    From a uniform distribution they pull a policy towards uniformity.

    Args:
      distribution: where to draw from; batches are fine.
      rng_key: JAX random key.
      num_samples: number ``N`` of actions.
      weights_scale: the weight.

    Returns:
      ``[N, *batch, *event]`` actions and ``[N, *batch]`` weights.
    """
    actions = distribution.sample(seed=rng_key, sample_shape=(num_samples,))
    batch = getattr(distribution, "batch_shape", None)
    if batch is None:
        batch = jax.eval_shape(distribution.log_prob, actions).shape[1:]
    weights = weights_scale * jnp.ones((num_samples, *batch))
    return PolicyTarget(actions=actions, weights=weights)


zero_policy_targets = functools.partial(constant_policy_targets, weights_scale=0.0)


def sampled_policy_distillation_loss(
    distribution: Any, policy_targets: PolicyTarget, stop_target_gradients: bool = True
) -> Array:
    """Minus the weighted log-probability of target actions: a sampled cross entropy.

    Args:
      distribution: the policy to be learnt.
      policy_targets: actions and their weights.
      stop_target_gradients: whether to keep gradients out of both.

    Returns:
      Scalar: the mean over samples and batch.

    Raises:
      AssertionError: if the weights are not shaped as the log-probabilities.
    """
    weights = stop_if(stop_target_gradients, policy_targets.weights)
    actions = stop_if(stop_target_gradients, policy_targets.actions)
    log_probs = distribution.log_prob(actions)
    require_same_shape(
        "sampled_policy_distillation_loss", weights=weights, log_probs=log_probs
    )
    # An impossible action of weight zero must cost nothing, and 0 * -inf is no number.
    bounded = jnp.maximum(log_probs, jnp.finfo(log_probs.dtype).min)
    return -jnp.mean(weights * bounded)
