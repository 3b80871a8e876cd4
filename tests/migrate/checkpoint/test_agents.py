"""bsuite's DQN agent as published: its checkpoint goes into a migrated agent."""

from __future__ import annotations

import copy

import dm_env
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from dm_env import specs

import haiku_core as hk
from haiku_core import objects
from migrate import checkpoint
from tests.migrate.checkpoint.sonnet_side import randomize, save, tf

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
ACTIONS = 3
RNG = np.random.RandomState(0)
OBSERVATION = specs.Array((2, 4), np.float32)
PARTS = ("_online_network", "_target_network", "_optimizer", "_total_steps")


def transitions(size=8):
    observations = RNG.normal(size=(2, size, 2, 4)).astype(np.float32)
    actions = RNG.randint(ACTIONS, size=size).astype(np.int32)
    rewards = RNG.normal(size=size).astype(np.float32)
    discounts = np.full(size, 0.9, np.float32)
    return [observations[0], actions, rewards, discounts, observations[1]]


class Agent:
    """The same agent on Haiku: what of it a checkpoint holds, and its update."""

    def __init__(self):
        self._optimizer = objects.Optimizer(optax.adam(1e-3))
        self._online_network = objects.network(
            lambda: hk.Sequential([hk.Flatten(), hk.nets.MLP([50, 50, ACTIONS])])
        )
        self._target_network = copy.deepcopy(self._online_network)
        self._total_steps = objects.Box(0)
        for network in (self._online_network, self._target_network):
            objects.build(network, jax.ShapeDtypeStruct((1, 2, 4), np.float32))
            network(np.zeros((1, 2, 4), np.float32))
        self._optimizer.init(self._online_network.trainable_variables)

    def training_step(self, before, actions, rewards, discounts, after):
        def loss_fn():
            chosen = jax.nn.one_hot(actions, ACTIONS)
            value = jnp.sum(self._online_network(before) * chosen, axis=-1)
            best = jnp.max(self._target_network(after), axis=-1)
            error = value - (rewards + discounts * 0.99 * best)
            return 0.5 * jnp.mean(error**2)

        variables = self._online_network.trainable_variables
        loss, gradients = objects.value_and_grad(loss_fn, variables)
        self._optimizer.apply(gradients, variables)
        return loss


def test_dqn(tmp_path):
    from bsuite.baselines.tf import dqn

    agent = dqn.default_agent(OBSERVATION, specs.DiscreteArray(ACTIONS))
    start = dm_env.restart(np.zeros((2, 4), np.float32))
    agent.select_action(start)
    agent._target_network(tf.zeros((1, 2, 4)))
    randomize(agent._online_network)
    randomize(agent._target_network, seed=1)
    for _ in range(3):
        agent._training_step(transitions())
        agent._total_steps.assign_add(1)
    prefix = save(tmp_path, **{name: getattr(agent, name) for name in PARTS})

    migrated = Agent()
    checkpoint.restore(prefix, migrated)
    assert int(migrated._total_steps) == 3
    for name in ("_online_network", "_target_network"):
        layers = getattr(migrated, name).params
        theirs = getattr(agent, name)._layers[1]._layers
        for i, layer in enumerate(theirs):
            np.testing.assert_array_equal(layers[f"mlp/~/linear_{i}"]["w"], layer.w)
    # No step of these copies the online network to the target network.
    assert int(agent._total_steps) % agent._target_update_period
    for _ in range(5):
        batch = transitions()
        theirs = float(agent._training_step(batch))
        np.testing.assert_allclose(migrated.training_step(*batch), theirs, rtol=1e-5)
    w = migrated._online_network.params["mlp/~/linear_2"]["w"]
    expected = tf.convert_to_tensor(agent._online_network._layers[1]._layers[2].w)
    np.testing.assert_allclose(w, expected, rtol=0, atol=1e-5)
