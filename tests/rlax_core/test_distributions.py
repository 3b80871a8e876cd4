"""The distribution classes, against sums over all outcomes and known integrals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rlax_core as rlax
from rlax_core.distributions import Categorical, DiagonalNormal, SquashedNormal

KEY = jax.random.key(0)


def test_categorical_wants_one_parameter():
    for given in ({}, {"logits": jnp.ones(2), "probs": jnp.ones(2)}):
        with pytest.raises(ValueError, match="either logits or probs"):
            Categorical(**given)


def test_impossible_outcomes_count_for_nothing():
    logits = jnp.array([0.0, -jnp.inf, 1.0])
    dist = Categorical(logits)
    two = jax.nn.log_softmax(logits[::2])
    np.testing.assert_allclose(dist.entropy(), -jnp.sum(two * jnp.exp(two)), rtol=1e-6)
    gradient = jax.grad(lambda x: Categorical(x).entropy())(logits)
    assert jnp.all(jnp.isfinite(gradient))
    assert dist.log_prob(1) == dist.log_prob(3) == dist.log_prob(-1) == -jnp.inf
    assert dist.kl_divergence(dist) == 0


def test_rows_that_are_no_distribution():
    rows = jnp.array([[1.0, jnp.nan], [-1.0, 2.0], [0.0, 1.0]])
    np.testing.assert_array_equal(Categorical(probs=rows).sample(seed=KEY), [-1, -1, 1])


def test_sample_shapes_and_frequencies():
    dist = Categorical(probs=jnp.array([[1.0, 3.0], [1.0, 1.0]]))
    draws = dist.sample(seed=KEY, sample_shape=(4000,))
    assert draws.shape == (4000, 2)
    np.testing.assert_allclose(draws.mean(0), [0.75, 0.5], atol=0.03)
    assert dist.sample(seed=KEY, sample_shape=5).shape == (5, 2)
    assert dist.sample(seed=KEY).shape == (2,)


def test_normal_moments():
    dist = DiagonalNormal(jnp.array([1.0, -2.0]), jnp.array([0.5, 2.0]))
    draws = dist.sample(seed=KEY, sample_shape=(20_000,))
    np.testing.assert_allclose(draws.mean(0), [1.0, -2.0], atol=0.05)
    np.testing.assert_allclose(draws.std(0), [0.5, 2.0], rtol=0.03)
    np.testing.assert_allclose(-dist.log_prob(draws).mean(), dist.entropy(), rtol=0.02)
    with pytest.raises(ValueError, match="axis of components"):
        DiagonalNormal(jnp.float32(0), jnp.ones(1))
    with pytest.raises(ValueError, match="kl_divergence"):
        dist.kl_divergence(DiagonalNormal(jnp.ones(3), jnp.ones(3)))


@pytest.mark.parametrize("interval", [None, (np.float32(-1), np.float32(3))])
def test_squashed_density_integrates_to_one(interval):
    dist = SquashedNormal(DiagonalNormal(jnp.array([0.3]), jnp.array([0.7])), interval)
    low, high = interval or (-1, 1)
    grid = jnp.linspace(low, high, 20_001)[1:-1, None]
    total = jnp.sum(dist.prob(grid)) * (high - low) / 20_000
    np.testing.assert_allclose(total, 1.0, rtol=1e-3)
    draws = dist.sample(seed=KEY, sample_shape=(100,))
    assert low <= draws.min() and draws.max() <= high


def test_policy_targets_of_any_distribution():
    class Coin:
        def sample(self, seed, sample_shape):
            return jax.random.bernoulli(seed, 0.5, (*sample_shape, 3)).astype(int)

        def log_prob(self, value):
            return jnp.log(jnp.where(value == 1, 0.5, 0.5))

    targets = rlax.constant_policy_targets(Coin(), KEY, 4, 0.3)
    assert targets.weights.shape == targets.actions.shape == (4, 3)
    assert not rlax.zero_policy_targets(Coin(), KEY, 4).weights.any()
    loss = rlax.sampled_policy_distillation_loss(Coin(), targets)
    np.testing.assert_allclose(loss, 0.3 * np.log(2), rtol=1e-6)


def test_works_where_ranks_must_agree():
    """Programs may forbid implicit broadcasting of ranks."""
    logits, actions = jnp.ones((4, 3)), jnp.zeros(4, int)
    with jax.numpy_rank_promotion("raise"):
        for dist in (rlax.softmax(), rlax.greedy(), rlax.epsilon_greedy(0.1)):
            dist.probs(logits), dist.logprob(actions, logits), dist.entropy(logits)
            dist.sample(KEY, logits)
        rlax.policy_gradient_loss(logits, actions, jnp.ones(4), jnp.ones(4))
        rlax.one_hot(actions, 3)
        rlax.categorical_l2_project(jnp.ones(3), jnp.ones(3), jnp.arange(3.0))
