"""The programs: learners out of their packages' own source, and some of our own.

A program's data, and its first weights, are drawn by numpy and so are the same on both
sides. The imports are inside the functions: they go where the side sends them.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

STEPS = 20


@dataclasses.dataclass
class Program:
    """A learner ready to run.

    Attributes:
      step: does the step of that number; returns named losses.
      trained: modules and optimizers whose variables are compared.
    """

    step: Callable[[int], dict[str, Any]]
    trained: list[Any]

    def variables(self) -> list[Any]:
        """All variables, in a fixed order."""
        return [v for owner in self.trained for v in owner.variables]


def fill(modules: list[Any], seed: int) -> None:
    """Gives the modules' variables values drawn by numpy."""
    rng = np.random.default_rng(seed)
    for module in modules:
        for variable in module.variables:
            shape = tuple(variable.shape)
            fan_in = np.prod(shape[:-1]) if len(shape) > 1 else 10.0
            value = rng.standard_normal(shape) / np.sqrt(fan_in)
            variable.assign(value.astype(variable.dtype.as_numpy_dtype))


def _from_wheel(path: str) -> Any:
    """A module of dm-sonnet's wheel that lies outside of its package."""
    file = importlib.metadata.distribution("dm-sonnet").locate_file(path)
    spec = importlib.util.spec_from_file_location("sonnet_example", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mnist() -> Program:
    """The convolutional network and step of Sonnet's simple_mnist."""
    import sonnet as snt
    import tensorflow as tf

    simple_mnist = _from_wheel("examples/simple_mnist.py")
    model = snt.Sequential(
        [
            snt.Conv2D(32, 3, 1),
            tf.nn.relu,
            snt.Conv2D(32, 3, 1),
            tf.nn.relu,
            snt.Flatten(),
            snt.Linear(10),
        ]
    )
    optimizer = snt.optimizers.SGD(0.1)
    rng = np.random.default_rng(0)
    images = rng.standard_normal((STEPS, 8, 12, 12, 1)).astype(np.float32)
    labels = rng.integers(0, 10, (STEPS, 8))
    model(tf.constant(images[0]))
    fill([model], 1)
    step = tf.function(simple_mnist.train_step)

    def run(i: int) -> dict[str, Any]:
        image, label = tf.constant(images[i]), tf.constant(labels[i])
        return {"loss": step(model, optimizer, image, label)}

    return Program(run, [model])


def _timesteps(count: int, last_every: int) -> list[Any]:
    import dm_env

    rng = np.random.default_rng(3)
    steps = []
    for i in range(count + 1):
        kind = (
            dm_env.StepType.LAST if i % last_every == 0 and i else dm_env.StepType.MID
        )
        reward, discount = rng.standard_normal(), float(kind != dm_env.StepType.LAST)
        observation = rng.standard_normal((3, 2)).astype(np.float32)
        steps.append(dm_env.TimeStep(kind, reward, discount, observation))
    return steps


def _specs() -> tuple[Any, Any]:
    from dm_env import specs

    return specs.Array((3, 2), np.float32), specs.DiscreteArray(4)


def _agent_program(agent: Any, networks: list[Any], optimizer: Any, per_step: int):
    """A program that feeds an agent `per_step` transitions for each step."""
    transitions = _timesteps(STEPS * per_step + 200, 5)
    at = iter(zip(transitions, transitions[1:], strict=False))
    actions = np.random.default_rng(4).integers(0, 4, 10_000)

    def run(i: int) -> dict[str, Any]:
        np.random.seed(i)
        for k in range(per_step):
            before, after = next(at)
            agent.update(before, int(actions[i * per_step + k]), after)
        return {}

    return Program(run, [*networks, optimizer])


def bsuite_dqn() -> Program:
    import sonnet as snt
    import tensorflow as tf
    from bsuite.baselines.tf.dqn import agent as lib

    _, action_spec = _specs()
    network = snt.Sequential([snt.Flatten(), snt.nets.MLP([16, 4])])
    network(tf.zeros([1, 3, 2]))
    fill([network], 1)
    optimizer = snt.optimizers.Adam(1e-3)
    agent = lib.DQN(
        action_spec=action_spec,
        network=network,
        batch_size=8,
        discount=0.99,
        replay_capacity=100,
        min_replay_size=1,
        sgd_period=1,
        target_update_period=4,
        optimizer=optimizer,
        epsilon=0.05,
        seed=42,
    )
    return _agent_program(agent, [network, agent._target_network], optimizer, 1)


def bsuite_boot_dqn() -> Program:
    import sonnet as snt
    from bsuite.baselines.tf.boot_dqn import agent as lib

    obs_spec, action_spec = _specs()
    ensemble = lib.make_ensemble(4, num_ensemble=3, num_hidden_layers=1, num_units=8)
    optimizer = snt.optimizers.Adam(1e-3)
    agent = lib.BootstrappedDqn(
        obs_spec=obs_spec,
        action_spec=action_spec,
        ensemble=ensemble,
        batch_size=8,
        discount=0.99,
        replay_capacity=100,
        min_replay_size=1,
        sgd_period=1,
        target_update_period=4,
        optimizer=optimizer,
        mask_prob=0.5,
        noise_scale=0.1,
        seed=42,
    )
    for target in agent._target_ensemble:
        snt.build(target, (None, *obs_spec.shape))
    networks = [*ensemble, *agent._target_ensemble]
    fill(networks, 1)
    return _agent_program(agent, networks, optimizer, 1)


def bsuite_actor_critic() -> Program:
    import sonnet as snt
    import tensorflow as tf
    from bsuite.baselines.tf.actor_critic import agent as lib

    obs_spec, action_spec = _specs()
    network = lib.PolicyValueNet([16, 8], action_spec)
    network(tf.zeros([1, 3, 2]))
    fill([network], 1)
    optimizer = snt.optimizers.Adam(1e-3)
    agent = lib.ActorCritic(
        obs_spec=obs_spec,
        action_spec=action_spec,
        network=network,
        optimizer=optimizer,
        max_sequence_length=5,
        td_lambda=0.9,
        discount=0.99,
        seed=42,
    )
    return _agent_program(agent, [network], optimizer, 5)


def bsuite_actor_critic_rnn() -> Program:
    import sonnet as snt
    import tensorflow as tf
    from bsuite.baselines.tf.actor_critic_rnn import agent as lib

    obs_spec, action_spec = _specs()
    network = lib.PolicyValueRNN([16, 8], 4)
    network(tf.zeros([1, 3, 2]), network.initial_state(1))
    fill([network], 1)
    optimizer = snt.optimizers.Adam(1e-3)
    agent = lib.ActorCriticRNN(
        obs_spec=obs_spec,
        action_spec=action_spec,
        network=network,
        optimizer=optimizer,
        max_sequence_length=5,
        td_lambda=0.9,
        discount=0.99,
        seed=42,
        entropy_cost=0.01,
    )
    return _agent_program(agent, [network], optimizer, 5)


def _samples(info: bool) -> Any:
    """A dataset of replay samples."""
    import tensorflow as tf
    from acme import types

    from tests.compat.programs.stubs import ReplaySample

    rng = np.random.default_rng(5)

    def floats(*shape: int) -> np.ndarray:
        return rng.standard_normal((STEPS, 8, *shape)).astype(np.float32)

    action = floats(2) if not info else rng.integers(0, 4, (STEPS, 8)).astype(np.int32)
    data = types.Transition(
        observation=floats(5),
        action=action,
        reward=floats(),
        discount=np.ones((STEPS, 8), np.float32),
        next_observation=floats(5),
        extras=(),
    )
    keys = rng.integers(0, 100, (STEPS, 8)).astype(np.uint64)
    probabilities = rng.uniform(0.1, 1.0, (STEPS, 8))
    sample = ReplaySample(info=(keys, probabilities), data=data)
    return tf.data.Dataset.from_tensor_slices(sample)


class _Silent:
    def write(self, values: Any) -> None:
        self.last = values


def acme_dqn() -> Program:
    import sonnet as snt
    import tensorflow as tf
    from acme.agents.tf.dqn.learning import DQNLearner

    networks = [snt.nets.MLP([16, 4]) for _ in range(2)]
    for network in networks:
        network(tf.zeros([1, 5]))
    fill(networks, 1)
    logger = _Silent()
    learner = DQNLearner(
        network=networks[0],
        target_network=networks[1],
        discount=0.99,
        importance_sampling_exponent=0.2,
        learning_rate=1e-3,
        target_update_period=3,
        dataset=_samples(info=True),
        logger=logger,
        checkpoint=False,
        max_gradient_norm=5.0,
    )

    def run(i: int) -> dict[str, Any]:
        learner.step()
        return {"loss": logger.last["loss"]}

    return Program(run, [*networks, learner._optimizer])


def acme_d4pg() -> Program:
    import sonnet as snt
    import tensorflow as tf
    from acme.agents.tf.d4pg.learning import D4PGLearner
    from acme.tf import networks as acme_nets

    def policy() -> Any:
        return snt.Sequential(
            [acme_nets.LayerNormMLP([16, 16]), acme_nets.NearZeroInitializedLinear(2)]
        )

    def critic() -> Any:
        return snt.Sequential(
            [
                acme_nets.CriticMultiplexer(),
                acme_nets.LayerNormMLP([16, 16]),
                acme_nets.DiscreteValuedHead(-3.0, 3.0, 7),
            ]
        )

    policies, critics = [policy(), policy()], [critic(), critic()]
    for p, c in zip(policies, critics, strict=True):
        p(tf.zeros([1, 5]))
        c(tf.zeros([1, 5]), tf.zeros([1, 2]))
    fill([*policies, *critics], 1)
    optimizers = [snt.optimizers.Adam(1e-3), snt.optimizers.Adam(1e-3)]
    logger = _Silent()
    learner = D4PGLearner(
        policy_network=policies[0],
        critic_network=critics[0],
        target_policy_network=policies[1],
        target_critic_network=critics[1],
        discount=0.99,
        target_update_period=3,
        dataset_iterator=iter(_samples(info=False)),
        policy_optimizer=optimizers[0],
        critic_optimizer=optimizers[1],
        logger=logger,
        checkpoint=False,
    )

    def run(i: int) -> dict[str, Any]:
        learner.step()
        last = logger.last
        return {name: last[name] for name in ("critic_loss", "policy_loss")}

    return Program(run, [*policies, *critics, *optimizers])


# The files in `own`.
OWN = (
    "vae",
    "gan",
    "seq2seq",
    "quantiles",
    "graph_net",
    "adaptive_core",
    "transformer",
    "pipeline",
)


def _own(name: str) -> Callable[[], Program]:
    def build() -> Program:
        return importlib.import_module(f"{__package__}.own.{name}").build()

    return build


PROGRAMS = {
    program.__name__: program
    for program in (
        mnist,
        bsuite_dqn,
        bsuite_boot_dqn,
        bsuite_actor_critic,
        bsuite_actor_critic_rnn,
        acme_dqn,
        acme_d4pg,
    )
} | {name: _own(name) for name in OWN}
