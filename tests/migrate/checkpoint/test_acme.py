"""Acme's D4PG and MPO learners as published: trained, saved by Acme, restored here."""

from __future__ import annotations

import collections
import importlib
import sys
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fixtures.models import actor_critics
from haiku_core import objects
from migrate import checkpoint
from migrate.checkpoint._src import owners
from migrate.errors import UserError
from tests.corpus.classes import stubs
from tests.migrate.checkpoint.sonnet_side import snt, tf

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
RNG = np.random.RandomState(0)
BATCH, OBSERVED, ACTIONS = 16, 5, 3
ATOMS = (-2.0, 3.0, 11)
NETWORKS = ("observation", "policy", "critic")
Sample = collections.namedtuple("Sample", "data")


@pytest.fixture(scope="module")
def acme():
    """The parts of Acme in use; packages it asks for and doesn't need are stand-ins."""
    path, known = list(sys.meta_path), set(sys.modules)
    stubs.install()
    modules = {
        "types": "acme.types",
        "d4pg": "acme.agents.tf.d4pg.learning",
        "mpo": "acme.agents.tf.mpo.learning",
        "networks": "acme.tf.networks",
        "savers": "acme.tf.savers",
    }
    found = {name: importlib.import_module(m) for name, m in modules.items()}
    sys.meta_path[:] = path
    for name in set(sys.modules) - known:
        if name.partition(".")[0] in stubs.MISSING:
            del sys.modules[name]
    return types.SimpleNamespace(**found)


@pytest.fixture(autouse=True)
def eagerly():
    """Compiling a step takes longer than running four of them."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def batch():
    def random(*shape):
        return RNG.normal(size=shape).astype(np.float32)

    return (random(BATCH, OBSERVED), np.tanh(random(BATCH, ACTIONS)), random(BATCH),
            np.full(BATCH, 0.9, np.float32), random(BATCH, OBSERVED))  # fmt: skip


class Quiet:
    """A logger that keeps the last values."""

    def write(self, values):
        self.values = values


def train(acme, batch, learner_class, policy, critic, data, **options):
    """Acme's learner with small networks after three steps."""

    def network(*layers):
        return snt.Sequential(list(layers))

    tensors = [tf.constant(array) for array in batch]

    def networks():
        body = acme.networks.LayerNormMLP
        observation = network(tf.identity, snt.Linear(6), tf.nn.elu)
        features = observation(tensors[0])
        multiplexer = acme.networks.CriticMultiplexer()
        made = (
            observation,
            network(body((8, 7), activate_final=True), *policy()),
            network(multiplexer, body((8, 5), activate_final=True), critic()),
        )
        for inner, inputs in zip(
            made[1:], [(features,), (features, tensors[1])], strict=True
        ):
            inner(*inputs)
        return dict(zip(NETWORKS, made, strict=True))

    online, target = networks(), networks()
    transition = acme.types.Transition(*tensors)
    steps = [Sample(transition)] * 4
    learner = learner_class(
        **{f"{name}_network": net for name, net in online.items()},
        **{f"target_{name}_network": net for name, net in target.items()},
        **{data: iter(steps) if data == "dataset_iterator" else steps},
        discount=0.99,
        clipping=False,
        checkpoint=False,
        logger=Quiet(),
        policy_optimizer=snt.optimizers.Adam(1e-3),
        critic_optimizer=snt.optimizers.Adam(1e-3),
        **options,
    )
    for _ in range(3):
        learner.step()
    return learner


def saved(acme, learner, names, folder):
    """A checkpoint as the learner's own checkpointer writes it."""
    parts = {name: getattr(learner, attribute) for name, attribute in names.items()}
    saver = acme.savers.Checkpointer(
        {**parts, "counter": learner._counter}, directory=str(folder), add_uid=False
    )
    saver.save(force=True)
    return saver.directory


def names_of(observation, *others):
    """Acme's names for the parts of a learner, and the attributes that hold them."""
    nets = {"policy": "policy", "critic": "critic", observation: "observation"}
    return {
        **{key: f"_{name}_network" for key, name in nets.items()},
        **{f"target_{key}": f"_target_{name}_network" for key, name in nets.items()},
        **{name: f"_{name}" for name in ("policy_optimizer", "critic_optimizer")},
        **{name: f"_{name}" for name in ("num_steps", *others)},
    }


def same(ours, theirs, tolerance=1e-5):
    theirs = np.asarray(theirs)
    scale = np.abs(theirs).max()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * scale)


def same_networks(ours, theirs, batch, numbers):
    """All six networks give the same; `numbers` takes arrays out of Acme's."""
    observations, actions = map(tf.constant, batch[:2])
    expected = []
    for prefix in ("", "target_"):
        net = {n: getattr(theirs, f"_{prefix}{n}_network") for n in NETWORKS}
        features = net["observation"](observations)
        expected += [features, *numbers(net["policy"](features))]
        expected += numbers(net["critic"](features, actions))
    found = jax.tree.leaves(ours.outputs(batch[0], batch[1]))
    for a, b in zip(found, expected, strict=True):
        same(a, b)


def same_everything(ours, folder):
    """All arrays of a learner are as in a checkpoint: parameters, slots, counters.

    Adam divides by 1 - 0.999**4, of which float32 keeps some four digits.
    """
    found = arrays_of(ours)
    checkpoint.restore(folder, ours.parts(), ignore=["counter"])
    for a, b in zip(found, arrays_of(ours), strict=True):
        same(a, b, 5e-5)


def arrays_of(learner):
    return [
        box.value if leaf is None else jax.tree.leaves(box.value)[leaf]
        for box, leaf in owners.examine(learner.parts()).boxes.values()
    ]


def test_d4pg(acme, batch, tmp_path):
    theirs = train(
        acme,
        batch,
        acme.d4pg.D4PGLearner,
        lambda: (acme.networks.NearZeroInitializedLinear(ACTIONS), tf.tanh),
        lambda: acme.networks.DiscreteValuedHead(*ATOMS),
        "dataset_iterator",
        target_update_period=2,
    )
    names = names_of("observation")
    folder = saved(acme, theirs, names, tmp_path / "before")

    ours = actor_critics.D4PG(batch[0], batch[1], atoms=ATOMS)
    checkpoint.restore(folder, ours.parts(), ignore=["counter"])
    assert int(ours.num_steps) == 3
    same_networks(ours, theirs, batch, lambda out: [getattr(out, "logits", out)])
    with pytest.raises(UserError, match="unexpected: counter/"):
        checkpoint.restore(folder, ours.parts())
    # One step more on both sides. It changes no target network: its number is odd.
    assert int(theirs._num_steps) % 2
    theirs.step()
    losses = ours.step(batch[0], batch[1], batch[2], 0.99 * batch[3], batch[4])
    same(losses[0], theirs._logger.values["critic_loss"])
    same(losses[1], theirs._logger.values["policy_loss"])
    same_everything(ours, saved(acme, theirs, names, tmp_path / "after"))


def test_mpo(acme, batch, tmp_path):
    theirs = train(
        acme,
        batch,
        acme.mpo.MPOLearner,
        lambda: (acme.networks.MultivariateNormalDiagHead(ACTIONS),),
        lambda: acme.networks.NearZeroInitializedLinear(1),
        "dataset",
        num_samples=4,
        target_policy_update_period=2,
        target_critic_update_period=2,
        dual_optimizer=snt.optimizers.Adam(1e-3),
    )
    names = names_of("observation_network", "dual_optimizer", "policy_loss_module")
    folder = saved(acme, theirs, names, tmp_path / "before")

    def numbers(out):
        return [out] if tf.is_tensor(out) else [out.mean(), out.stddev()]

    ours = actor_critics.MPO(batch[0], batch[1])
    checkpoint.restore(folder, ours.parts(), ignore=["counter"])
    same_networks(ours, theirs, batch, numbers)
    for name in actor_critics.Duals.NAMES:
        mine, other = (
            getattr(x, f"_log_{name}")
            for x in (ours.policy_loss_module, theirs._policy_loss_module)
        )
        assert np.asarray(mine).tobytes() == other.numpy().tobytes()
    # Its loss draws samples, so the optimizers go on with made-up gradients.
    critics = theirs._observation_network, theirs._critic_network
    for name, boxes, variables in (
        ("policy", ours.policy_variables, theirs._policy_network.trainable_variables),
        ("critic", ours.critic_variables,
         critics[0].trainable_variables + critics[1].trainable_variables),
        ("dual", ours.policy_loss_module.variables,
         theirs._policy_loss_module.trainable_variables),
    ):  # fmt: skip
        apply = getattr(ours, f"{name}_optimizer").apply
        objects.jit(lambda: apply([jnp.sin(b.value) for b in boxes], boxes))()  # noqa: B023
        apply = getattr(theirs, f"_{name}_optimizer").apply
        apply([tf.sin(v) for v in variables], variables)
    same_everything(ours, saved(acme, theirs, names, tmp_path / "after"))
