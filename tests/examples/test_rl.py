"""The examples learn what they say, in the time that they say."""

import importlib.util
import pathlib
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

# As for `python docs/examples/q_learning.py`.
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "docs" / "examples"))

import actor_critic
import catch
import q_learning


@pytest.mark.parametrize("seed", [0, 1])
def test_q_learning_catches(seed):
    assert q_learning.train(seed) > 0.95


@pytest.mark.parametrize("seed", [0, 1])
def test_actor_critic_catches(seed):
    assert actor_critic.train(seed) > 0.9


def test_untrained_networks_miss():
    """What the two above are measured against."""
    assert q_learning.train(rounds=1) < 0.6
    assert actor_critic.train(rounds=10) < 0.3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_catch_is_bsuites():
    if importlib.util.find_spec("bsuite") is None:
        pytest.skip("bsuite is not installed")
    from bsuite.environments.catch import Catch

    theirs = Catch(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        first = theirs.reset()
        column = int(np.argmax(first.observation[0]))
        game = catch.Game(jnp.int32(column), jnp.int32(0), jnp.int32(2))
        np.testing.assert_array_equal(catch.observe(game), first.observation)
        over = False
        while not over:
            action = int(rng.integers(3))
            after = theirs.step(action)
            game, mine = catch.play(game, action, jax.random.key(0))
            assert mine.reward == after.reward
            assert mine.discount == after.discount
            over = after.last()
            if not over:
                np.testing.assert_array_equal(mine.observation, after.observation)
