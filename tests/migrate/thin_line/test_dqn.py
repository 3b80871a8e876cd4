"""bsuite's DQN agent, rewritten: the whole agent's checkpoint, then step by step."""

import dm_env
import numpy as np
import pytest
import tensorflow as tf
from bsuite.baselines.tf.dqn import agent as legacy_agent
from dm_env import specs

from migrate import checkpoint
from tests.migrate.checkpoint.sonnet_side import save
from tests.migrate.thin_line.sources import installed, migrated
from tests.support.numbers import error

OBSERVATION = specs.Array((4, 3), np.float32)
ACTIONS = specs.DiscreteArray(3)
STEPS = 20


def transitions(seed):
    rng = np.random.RandomState(seed)
    return [
        rng.normal(size=(16, 4, 3)).astype(np.float32),
        rng.randint(0, 3, size=16).astype(np.int32),
        rng.normal(size=16),
        rng.uniform(size=16),
        rng.normal(size=(16, 4, 3)).astype(np.float32),
    ]


def timestep(seed):
    observation = np.random.RandomState(seed).normal(size=(4, 3)).astype(np.float32)
    return dm_env.transition(1.0, observation, 0.9)


def parts(agent):
    """Everything of the legacy agent that is kept in a checkpoint."""
    return dict(
        _online_network=agent._online_network,
        _target_network=agent._target_network,
        _optimizer=agent._optimizer,
        _total_steps=agent._total_steps,
    )


def made(module, observation):
    """A migrated agent whose variables and optimizer state exist."""
    agent = module.default_agent(OBSERVATION, ACTIONS)
    for network in (agent._online_network, agent._target_network):
        network(observation)
    agent._optimizer.init(agent._online_network.trainable_variables)
    return agent


def everything(agent):
    return (
        agent._online_network.params,
        agent._target_network.params,
        agent._optimizer.state.value,
        agent._total_steps.value,
    )


def twin_of(prefix):
    """The legacy agent once more, as a checkpoint has it."""
    twin = legacy_agent.default_agent(OBSERVATION, ACTIONS)
    twin._training_step([tf.constant(x) for x in transitions(0)])
    tf.train.Checkpoint(**parts(twin)).restore(prefix).assert_existing_objects_matched()
    return twin


def disturb(agent, rng):
    """Moves each weight by one unit in the last place, up or down."""
    for variable in agent._online_network.variables:
        value = variable.numpy()
        towards = np.where(rng.rand(*value.shape) < 0.5, -np.inf, np.inf)
        variable.assign(np.nextafter(value, towards.astype(np.float32)))


def learn(agent, batch):
    loss = agent._training_step([tf.constant(x) for x in batch])
    agent._total_steps.assign_add(1)
    return loss.numpy()


@pytest.mark.parametrize("haiku_name", ["haiku_core", "haiku"])
def test_twenty_steps(tmp_path, haiku_name):
    path = installed("bsuite", "bsuite/baselines/tf/dqn/agent.py")
    module = migrated(path, tmp_path / "out", haiku_name)
    legacy = legacy_agent.default_agent(OBSERVATION, ACTIONS)
    for seed in range(3):  # moments and counters that are not at their start
        learn(legacy, transitions(100 + seed))
    prefix = save(str(tmp_path / "start"), **parts(legacy))
    twins = [(twin_of(prefix), np.random.RandomState(seed)) for seed in range(3)]

    first = transitions(0)
    free, guided, reference = (made(module, first[0]) for _ in range(3))

    def as_migrated(agent):
        checkpoint.restore(save(str(tmp_path / "now"), **parts(agent)), reference)
        return everything(reference)

    checkpoint.restore(prefix, free)
    assert int(free._total_steps) == 3
    for step in range(STEPS):
        batch = transitions(step)
        if step % 5 == 0:
            # From the reference's weights: one step of each, compared whole.
            checkpoint.restore(save(str(tmp_path / "now"), **parts(legacy)), guided)
            guided_loss = guided._training_step(batch)
            guided._total_steps.assign_add(1)
        free_loss = free._training_step(batch)
        free._total_steps.assign_add(1)
        want = learn(legacy, batch)
        for twin, rng in twins:
            disturb(twin, rng)  # as rounding otherwise disturbs each step
        spread = max(error(learn(twin, batch), want) for twin, _ in twins)
        assert error(np.asarray(free_loss), want) <= max(1e-6, 10 * spread)
        if step % 5 == 0:
            assert error(np.asarray(guided_loss), want) <= 1e-5
            assert error(everything(guided), as_migrated(legacy)) <= 1e-5
    end = as_migrated(legacy)
    spread = max(error(as_migrated(twin), end) for twin, _ in twins)
    assert error(everything(free), end) <= 10 * spread
    assert int(free._total_steps) == 3 + STEPS

    # The agent acts, learns from what it sees, and moves its own counter.
    action = free.select_action(timestep(0))
    assert action in range(3)
    free.update(timestep(0), action, timestep(1))
    assert int(free._total_steps) == 4 + STEPS
