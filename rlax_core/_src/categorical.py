"""The categorical distribution, and the functions of logits built on it.

The probability of an outcome that is impossible (a logit of minus infinity) is zero
throughout: such outcomes add nothing to an entropy or divergence, nor to its gradient.
"""

import math
from collections.abc import Sequence
from functools import cached_property

import jax
import jax.numpy as jnp

from rlax_core._src.arrays import one_hot

Array = jax.Array


def expectation(log_probs: Array, values: Array) -> Array:
    """The mean of ``values`` under ``log_probs``, over the last axis.

    Outcomes of probability zero are left out, even if their value is not finite.
    """
    probs = jnp.exp(log_probs)
    return jnp.sum(jnp.where(probs == 0, 0, values) * probs, axis=-1)


def log_prob_of(outcome: Array, log_probs: Array) -> Array:
    """Picks the log-probability of ``outcome``; minus infinity for no such outcome.

    Args:
      outcome: ``[...]`` class numbers, broadcast against the batch axes.
      log_probs: ``[..., A]``.
    """
    outcome = jnp.asarray(outcome)
    hit = one_hot(outcome, log_probs.shape[-1], bool)
    picked = jnp.sum(jnp.where(hit, log_probs, 0), axis=-1)
    within = (outcome >= 0) & (outcome <= log_probs.shape[-1] - 1)
    return jnp.where(within, picked, -jnp.inf)


class Categorical:
    """A distribution over ``A`` outcomes, one for each position of a batch."""

    def __init__(
        self, logits: Array | None = None, probs: Array | None = None, dtype=int
    ):
        """Exactly one of the two parameters must be given; each is normalized.

        Args:
          logits: ``[..., A]`` unnormalized log-probabilities.
          probs: ``[..., A]`` unnormalized probabilities.
          dtype: dtype of samples.

        Raises:
          ValueError: if neither or both are given.
        """
        if (logits is None) == (probs is None):
            raise ValueError("Categorical: give either logits or probs, and not both.")
        self._given = logits if probs is None else probs
        self._by_logits = probs is None
        self._dtype = dtype

    @cached_property
    def logits(self) -> Array:
        """``[..., A]`` log-probabilities."""
        if self._by_logits:
            return jax.nn.log_softmax(jnp.asarray(self._given), axis=-1)
        return jnp.log(self.probs)

    @cached_property
    def probs(self) -> Array:
        """``[..., A]`` probabilities, summing to one."""
        if self._by_logits:
            return jax.nn.softmax(jnp.asarray(self._given), axis=-1)
        given = jnp.asarray(self._given)
        return given / given.sum(axis=-1, keepdims=True)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return jnp.shape(self._given)[:-1]

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one outcome: a scalar."""
        return ()

    def sample(self, *, seed: Array, sample_shape: int | Sequence[int] = ()) -> Array:
        """Draws outcomes, ``[*sample_shape, *batch_shape]``.

        A row that is no distribution (a probability that is negative or not finite)
        gives -1. ``seed`` is a JAX random key.
        """
        lead = (sample_shape,) if isinstance(sample_shape, int) else tuple(sample_shape)
        flat = (math.prod(lead), *self.batch_shape)
        draws = jax.random.categorical(seed, self.logits, axis=-1, shape=flat)
        sound = jnp.all(jnp.isfinite(self.probs) & (self.probs >= 0), axis=-1)
        draws = jnp.where(sound, draws.astype(self._dtype), -1)
        return draws.reshape(lead + self.batch_shape)

    def log_prob(self, value: Array) -> Array:
        """The log-probability of outcomes that broadcast against the batch shape."""
        return log_prob_of(value, self.logits)

    def prob(self, value: Array) -> Array:
        """The probability of outcomes that broadcast against the batch shape."""
        hit = one_hot(value, self.probs.shape[-1], bool)
        return jnp.sum(jnp.where(hit, self.probs, 0), axis=-1)

    def entropy(self) -> Array:
        """Shannon entropy in nats, ``[*batch_shape]``."""
        return -expectation(self.logits, self.logits)

    def kl_divergence(self, other: "Categorical") -> Array:
        """KL(self ‖ other) in nats, ``[*batch_shape]``.

        Raises:
          ValueError: if the numbers of outcomes differ.
        """
        own, others = self.logits, other.logits
        if own.shape[-1] != others.shape[-1]:
            raise ValueError(
                f"kl_divergence: {own.shape[-1]} outcomes against {others.shape[-1]}."
            )
        return expectation(own, own - others)


def tempered(logits: Array, temperature: float) -> Categorical:
    """The categorical of ``logits / temperature``."""
    return Categorical(logits=jnp.asarray(logits) / temperature)


def greedy_probs(preferences: Array) -> Array:
    """Shares the probability evenly among the greatest preferences of each row."""
    best = preferences == preferences.max(axis=-1, keepdims=True)
    return best / best.sum(axis=-1, keepdims=True)


def mixed_with_uniform(probs: Array, epsilon: float) -> Array:
    """``probs`` with the share ``epsilon`` spread evenly over all outcomes."""
    return (1 - epsilon) * probs + epsilon / probs.shape[-1] * jnp.ones_like(probs)


def categorical_sample(key: Array, probs: Array) -> Array:
    """Draws one outcome for each row of probabilities.

    Args:
      key: JAX random key.
      probs: ``[..., A]`` probabilities, normalized here.

    Returns:
      ``[...]`` int outcomes; -1 where the row is no distribution.
    """
    return Categorical(probs=probs).sample(seed=key)


def categorical_importance_sampling_ratios(
    pi_logits_t: Array, mu_logits_t: Array, a_t: Array
) -> Array:
    """π(a|s) / μ(a|s): how much likelier the target policy takes the actions.

    Args:
      pi_logits_t: ``[..., A]`` logits of the target policy π.
      mu_logits_t: ``[..., A]`` logits of the behaviour policy μ.
      a_t: ``[...]`` int, the actions taken.

    Returns:
      ``[...]`` ratios.
    """
    target = Categorical(pi_logits_t).log_prob(a_t)
    return jnp.exp(target - Categorical(mu_logits_t).log_prob(a_t))


def categorical_cross_entropy(labels: Array, logits: Array) -> Array:
    """Cross entropy −Σ p log q of a categorical q to label probabilities p.

    Args:
      labels: ``[..., A]`` probabilities, normalized here.
      logits: ``[..., A]`` unnormalized log-probabilities.

    Returns:
      ``[...]`` in nats.
    """
    probs = Categorical(probs=labels).probs
    log_q = jax.nn.log_softmax(logits, axis=-1)
    return -jnp.sum(jnp.where(probs == 0, 0, log_q) * probs, axis=-1)


def categorical_kl_divergence(
    p_logits: Array, q_logits: Array, temperature: float = 1.0
) -> Array:
    """KL(p ‖ q) between two softmax distributions of one temperature.

    Args:
      p_logits: ``[..., A]`` logits of p.
      q_logits: ``[..., A]`` logits of q.
      temperature: divides both.

    Returns:
      ``[...]`` in nats.
    """
    p = tempered(p_logits, temperature)
    return p.kl_divergence(tempered(q_logits, temperature))


def max_entropy(logits: Array) -> float:
    """The entropy of the uniform distribution over as many outcomes, in nats."""
    return math.log(logits.shape[-1])
