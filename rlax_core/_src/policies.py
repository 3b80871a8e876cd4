"""Distributions as tuples of functions of a network's outputs.

A policy network gives preferences or a mean; each maker here returns the functions
that sample from, score and compare the distributions those parametrize.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rlax_core._src import categorical, gaussian
from rlax_core._src.categorical import Categorical
from rlax_core._src.gaussian import DiagonalNormal, SquashedNormal

Array = jax.Array


class DiscreteDistribution(NamedTuple):
    """Functions over ``[..., A]`` preferences.

    ``sample(key, preferences)``, ``probs(preferences)``,
    ``logprob(sample, preferences)``, ``entropy(preferences)`` and
    ``kl(p_preferences, q_preferences)``, None where there is no divergence.
    """

    sample: Any
    probs: Any
    logprob: Any
    entropy: Any
    kl: Any


class ContinuousDistribution(NamedTuple):
    """Functions over a mean ``mu`` ``[..., D]`` and ``sigma`` that broadcasts to it.

    ``sample(key, mu, sigma)``, ``prob(sample, mu, sigma)``,
    ``logprob(sample, mu, sigma)``, ``entropy(mu, sigma)``,
    ``kl_to_standard_normal(mu, sigma)`` and ``kl(mu_0, sigma_0, mu_1, sigma_1)``.
    """

    sample: Any
    prob: Any
    logprob: Any
    entropy: Any
    kl_to_standard_normal: Any
    kl: Any


def softmax(temperature: float = 1.0) -> DiscreteDistribution:
    """The categorical of ``logits / temperature``.

    Args:
      temperature: towards 0 the best outcome takes all; large values level them.

    Returns:
      Functions of ``logits`` ``[..., A]``.
    """

    def of(logits: Array) -> Categorical:
        return categorical.tempered(logits, temperature)

    return DiscreteDistribution(
        sample=lambda key, logits: of(logits).sample(seed=key),
        probs=lambda logits: of(logits).probs,
        logprob=lambda sample, logits: of(logits).log_prob(sample),
        entropy=lambda logits: of(logits).entropy(),
        kl=lambda p_logits, q_logits: of(p_logits).kl_divergence(of(q_logits)),
    )


def clipped_entropy_softmax(
    temperature: float = 1.0, entropy_clip: float = 1.0
) -> DiscreteDistribution:
    """A softmax whose entropy is reported no higher than a share of the greatest.

    Used as a bonus, the entropy then stops pulling once it exceeds the share.

    Args:
      temperature: as for ``softmax``.
      entropy_clip: share of the uniform distribution's entropy; 1 does not clip.

    Returns:
      Functions of ``logits`` ``[..., A]``; all but the entropy and the divergence also
      take an ``action_spec``, which is not used.
    """
    plain = softmax(temperature)

    def entropy(logits: Array) -> Array:
        ceiling = entropy_clip * categorical.max_entropy(logits)
        return jnp.minimum(plain.entropy(logits), ceiling)

    return DiscreteDistribution(
        sample=lambda key, logits, action_spec=None: plain.sample(key, logits),
        probs=lambda logits, action_spec=None: plain.probs(logits),
        logprob=lambda sample, logits, action_spec=None: plain.logprob(sample, logits),
        entropy=entropy,
        kl=plain.kl,
    )


def _over_preferences(probs_of: Any) -> Any:
    return lambda preferences, *rest: Categorical(
        probs=probs_of(jnp.asarray(preferences), *rest)
    )


def greedy() -> DiscreteDistribution:
    """All probability on the greatest preference, shared evenly among equals.

    Returns:
      Functions of ``preferences`` ``[..., A]``; there is no divergence.
    """
    of = _over_preferences(categorical.greedy_probs)
    return DiscreteDistribution(
        sample=lambda key, preferences: of(preferences).sample(seed=key),
        probs=lambda preferences: of(preferences).probs,
        logprob=lambda sample, preferences: of(preferences).log_prob(sample),
        entropy=lambda preferences: of(preferences).entropy(),
        kl=None,
    )


def epsilon_greedy(epsilon: float | None = None) -> DiscreteDistribution:
    """Greedy with probability 1 − ε, any action alike with probability ε.

    Args:
      epsilon: share of uniform exploration; each function also takes its own.

    Returns:
      Functions of ``preferences`` ``[..., A]``; there is no divergence.
    """

    def explore(preferences: Array, share: float) -> Array:
        best = categorical.greedy_probs(preferences)
        return categorical.mixed_with_uniform(best, share)

    of = _over_preferences(explore)
    return DiscreteDistribution(
        sample=lambda key, preferences, epsilon=epsilon: of(
            preferences, epsilon
        ).sample(seed=key),
        probs=lambda preferences, epsilon=epsilon: of(preferences, epsilon).probs,
        logprob=lambda sample, preferences, epsilon=epsilon: of(
            preferences, epsilon
        ).log_prob(sample),
        entropy=lambda preferences, epsilon=epsilon: of(preferences, epsilon).entropy(),
        kl=None,
    )


def gaussian_diagonal(sigma: Array | None = None) -> ContinuousDistribution:
    """A normal distribution with independent components.

    Args:
      sigma: standard deviation; each function but ``kl`` also takes its own.

    Returns:
      Functions of ``mu`` ``[..., D]`` and ``sigma``.
    """

    def of(mu: Array, deviation: Array) -> DiagonalNormal:
        return DiagonalNormal(mu, jnp.ones_like(mu) * deviation)

    def to_standard(mu: Array, sigma: Array = sigma) -> Array:
        return of(mu, sigma).kl_divergence(of(jnp.zeros_like(mu), 1))

    return ContinuousDistribution(
        sample=lambda key, mu, sigma=sigma: of(mu, sigma).sample(seed=key),
        prob=lambda sample, mu, sigma=sigma: of(mu, sigma).prob(sample),
        logprob=lambda sample, mu, sigma=sigma: of(mu, sigma).log_prob(sample),
        entropy=lambda mu, sigma=sigma: of(mu, sigma).entropy(),
        kl_to_standard_normal=to_standard,
        kl=gaussian_kl,
    )


def gaussian_kl(mu_0: Array, sigma_0: Array, mu_1: Array, sigma_1: Array) -> Array:
    """KL of two diagonal normals whose deviations may be scalars."""
    return gaussian.multivariate_normal_kl_divergence(
        mu_0, jnp.ones_like(mu_0) * sigma_0, mu_1, jnp.ones_like(mu_1) * sigma_1
    )


def squashed_gaussian(
    sigma_min: float = -4, sigma_max: float = 0.0
) -> ContinuousDistribution:
    """A normal distribution squashed into the bounds of the actions.

    The network's ``mu`` goes through tanh, and its ``sigma`` to a standard deviation
    between ``exp(sigma_min)`` and ``exp(sigma_max)``. Entropy and divergences are those
    of the normal distribution before it is squashed.

    Args:
      sigma_min: log of the least standard deviation.
      sigma_max: log of the greatest standard deviation.

    Returns:
      Functions of ``mu`` ``[..., D]`` and ``sigma``. ``sample``, ``prob`` and
      ``logprob`` also take an ``action_spec`` with ``minimum`` and ``maximum``; None
      stands for −1 and 1.
    """

    def free(mu: Array, sigma: Array) -> DiagonalNormal:
        share = 0.5 * (jnp.tanh(sigma) + 1)
        deviation = jnp.exp(sigma_min + (sigma_max - sigma_min) * share)
        return DiagonalNormal(jnp.tanh(mu), deviation)

    def squashed(mu: Array, sigma: Array, action_spec: Any) -> SquashedNormal:
        if action_spec is None:
            return SquashedNormal(free(mu, sigma))
        ends = action_spec.minimum, action_spec.maximum
        return SquashedNormal(free(mu, sigma), ends)

    def to_standard(mu: Array, sigma: Array) -> Array:
        standard = DiagonalNormal(jnp.zeros_like(mu), jnp.ones_like(mu))
        return free(mu, sigma).kl_divergence(standard)

    return ContinuousDistribution(
        sample=lambda key, mu, sigma, action_spec: squashed(
            mu, sigma, action_spec
        ).sample(seed=key),
        prob=lambda sample, mu, sigma, action_spec: squashed(
            mu, sigma, action_spec
        ).prob(sample),
        logprob=lambda sample, mu, sigma, action_spec: squashed(
            mu, sigma, action_spec
        ).log_prob(sample),
        entropy=lambda mu, sigma: free(mu, sigma).entropy(),
        kl_to_standard_normal=to_standard,
        kl=lambda mu_0, sigma_0, mu_1, sigma_1: free(mu_0, sigma_0).kl_divergence(
            free(mu_1, sigma_1)
        ),
    )
