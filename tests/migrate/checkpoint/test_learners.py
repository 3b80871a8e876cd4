"""Whole learners and optimizer state, saved in the middle of training."""

from __future__ import annotations

import copy

import haiku
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import haiku_core
from haiku_core import objects as own_objects
from migrate import checkpoint
from migrate.errors import UserError
from tests.migrate.checkpoint.sonnet_side import make, randomize, save, snt, tf, train
from tests.support.copied import on_dm_haiku

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
RNG = np.random.RandomState(0)
X = RNG.normal(size=(16, 5)).astype(np.float32)
Y = RNG.normal(size=(16, 2)).astype(np.float32)


@pytest.fixture(scope="module", params=["haiku_core", "haiku"])
def side(request, tmp_path_factory):
    """A Haiku, and the objects on it."""
    if request.param == "haiku_core":
        return haiku_core, own_objects
    folder = tmp_path_factory.mktemp("copied")
    return haiku, on_dm_haiku("haiku_core.objects", folder)


# ------------------------------------------------------------------- a small learner
class SonnetTorso(snt.Module):
    def __init__(self, name=None):
        super().__init__(name=name)
        self._norm = snt.BatchNorm(True, True)
        self._blocks = {"first": [snt.Linear(6)], "second": snt.LSTM(4)}

    @snt.once
    def _initialize(self, x):
        self.gain = tf.Variable(tf.ones([x.shape[-1]]), name="gain")
        self.__hidden = tf.Variable(0.5, name="hidden")

    def __call__(self, x, is_training):
        self._initialize(x)
        h = self._norm(x * self.gain * self.__hidden, is_training)
        h = tf.nn.relu(self._blocks["first"][0](h))
        core = self._blocks["second"]
        return core(h, core.initial_state(x.shape[0]))[0]


class SonnetLearner:
    def __init__(self):
        self._torso = SonnetTorso()
        self._head = snt.Linear(2)
        self._target = copy.deepcopy(self._head)
        self._optimizer = snt.optimizers.Adam(1e-2)
        self._steps = tf.Variable(0, dtype=tf.int64)

    def step(self, x, y):
        with tf.GradientTape() as tape:
            out = self._head(self._torso(x, is_training=True))
            loss = tf.reduce_mean(tf.square(out - y))
        variables = self._torso.trainable_variables + self._head.trainable_variables
        self._optimizer.apply(tape.gradient(loss, variables), variables)
        self._steps.assign_add(1)
        return float(loss)

    def parts(self):
        names = ("_torso", "_head", "_target", "_optimizer", "_steps")
        return {name: getattr(self, name) for name in names}


def haiku_learner(hk, objects, ready=True):
    class Torso(hk.Module):
        def __init__(self, name=None):
            super().__init__(name=name)
            self._norm = hk.BatchNorm(True, True, decay_rate=0.999)
            self._blocks = {"first": [hk.Linear(6)], "second": hk.LSTM(4)}

        def __call__(self, x, is_training):
            self.gain = hk.get_parameter("gain", [x.shape[-1]], init=jnp.ones)
            self.__hidden = hk.get_parameter("hidden", [], init=jnp.ones)
            h = self._norm(x * self.gain * self.__hidden, is_training)
            h = jax.nn.relu(self._blocks["first"][0](h))
            core = self._blocks["second"]
            return core(h, core.initial_state(x.shape[0]))[0]

    class Learner:
        def __init__(self):
            self._torso = objects.network(lambda: Torso())
            self._head = objects.network(lambda: hk.Linear(2))
            self._target = copy.deepcopy(self._head)
            self._optimizer = objects.Optimizer(optax.adam(1e-2))
            self._steps = objects.Box(0)

        def variables(self):
            return self._torso.trainable_variables + self._head.trainable_variables

        def step(self, x, y):
            def loss_fn():
                out = self._head(self._torso(x, is_training=True))
                return jnp.mean(jnp.square(out - y))

            loss, gradients = objects.value_and_grad(loss_fn, self.variables())
            self._optimizer.apply(gradients, self.variables())
            self._steps.assign_add(1)
            return float(loss)

    learner = Learner()
    if ready:
        hidden = learner._torso(X, is_training=True)
        learner._head(hidden)
        learner._target(hidden)
        learner._optimizer.init(learner.variables())
    return learner


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    learner = SonnetLearner()
    learner.step(X, Y)
    learner._target(learner._torso(X, is_training=False))
    for module in (learner._torso, learner._head, learner._target):
        randomize(module)
    for _ in range(4):
        learner.step(X, Y)
    return learner, save(tmp_path_factory.mktemp("learner"), **learner.parts())


def test_training_goes_on_as_if_nothing_had_happened(trained, side, tmp_path):
    original, prefix = trained
    original = continued(original, prefix)
    learner = haiku_learner(*side)
    checkpoint.restore(prefix, learner)
    assert int(learner._steps) == 5
    target = learner._target.params["linear"]
    np.testing.assert_array_equal(target["w"], original._target.w)
    for _ in range(3):
        np.testing.assert_allclose(learner.step(X, Y), original.step(X, Y), rtol=2e-5)


def continued(original, prefix):
    """A fresh Sonnet learner in the saved state."""
    learner = SonnetLearner()
    learner.step(X, Y)
    learner._target(learner._torso(X, is_training=False))
    tf.train.Checkpoint(**learner.parts()).restore(prefix).assert_consumed()
    del original
    return learner


def test_through_a_file(trained, side, tmp_path):
    _, prefix = trained
    first, second = haiku_learner(*side), haiku_learner(*side)
    from migrate.checkpoint._src import files, values

    path = tmp_path / "learner.safetensors"
    files.write(path, values.of_plan(checkpoint.make_plan(prefix, first)))
    checkpoint.restore(path, second)
    checkpoint.restore(prefix, first)
    assert first.step(X, Y) == second.step(X, Y)
    with pytest.raises(UserError, match="more than one network"):
        checkpoint.load(path)
    with pytest.raises(UserError, match="more than one network"):
        checkpoint.convert(prefix, first)


def test_a_learner_that_is_not_ready(trained, side):
    _, prefix = trained
    with pytest.raises(UserError, match="_torso has no variables yet"):
        checkpoint.restore(prefix, haiku_learner(*side, ready=False))
    learner = haiku_learner(*side)
    learner._optimizer = side[1].Optimizer(optax.adam(1e-2))
    with pytest.raises(UserError, match="unexpected: _optimizer/"):
        checkpoint.restore(prefix, learner)
    plan = checkpoint.make_plan(prefix, learner)
    assert any("_optimizer has no state yet" in note for note in plan.notes)


def test_nothing_changes_unless_all_fits(trained, side):
    _, prefix = trained
    learner = haiku_learner(*side)
    learner._extra = side[1].Box(0)
    before = np.array(learner._head.params["linear"]["w"])
    with pytest.raises(UserError, match="missing: _extra"):
        checkpoint.restore(prefix, learner)
    np.testing.assert_array_equal(learner._head.params["linear"]["w"], before)


def test_back_to_tensorflow(trained, side, tmp_path):
    original, prefix = trained
    from migrate.checkpoint._src import back, values

    learner = haiku_learner(*side)
    plan = checkpoint.make_plan(prefix, learner)
    back.write_like(plan, values.collect(plan), tmp_path / "back")
    reader, again = (
        tf.train.load_checkpoint(str(p)) for p in (prefix, tmp_path / "back")
    )
    for name in reader.get_variable_to_shape_map():
        a, b = reader.get_tensor(name), again.get_tensor(name)
        if name.endswith("_blocks/second/b/.ATTRIBUTES/VARIABLE_VALUE"):
            # Haiku's bias is one less in the forget gate: two roundings.
            np.testing.assert_allclose(a, b, rtol=0, atol=2e-7)
        else:
            assert np.asarray(a).tobytes() == np.asarray(b).tobytes(), name
    fresh = continued(None, str(tmp_path / "back"))
    assert int(fresh._steps) == 5


# --------------------------------------------------------------- one optimizer alone
def _net():
    return snt.Sequential([snt.Linear(4), tf.nn.relu, snt.Linear(2), snt.Linear(2)])


def _program(x):
    return haiku.Sequential(
        [haiku.Linear(4), jax.nn.relu, haiku.Linear(2), haiku.Linear(2)]
    )(x)


OPTIMIZERS = {
    "adam": (lambda: snt.optimizers.Adam(1e-2), optax.adam(1e-2)),
    "momentum": (
        lambda: snt.optimizers.Momentum(1e-2, 0.9),
        optax.sgd(1e-2, momentum=0.9),
    ),
    "nesterov": (
        lambda: snt.optimizers.Momentum(1e-2, 0.9, use_nesterov=True),
        optax.sgd(1e-2, momentum=0.9, nesterov=True),
    ),
    "rmsprop": (
        lambda: snt.optimizers.RMSProp(1e-2),
        optax.rmsprop(1e-2, decay=0.9, eps=1e-10),
    ),
    "rmsprop with momentum": (
        lambda: snt.optimizers.RMSProp(1e-2, momentum=0.8),
        optax.rmsprop(1e-2, decay=0.9, eps=1e-10, momentum=0.8),
    ),
    "centered rmsprop": (
        lambda: snt.optimizers.RMSProp(1e-2, momentum=0.8, centered=True),
        optax.rmsprop(1e-2, decay=0.9, eps=1e-10, momentum=0.8, centered=True),
    ),
    "sgd": (lambda: snt.optimizers.SGD(1e-2), optax.sgd(1e-2)),
    "clipped adam": (
        lambda: snt.optimizers.Adam(1e-2),
        optax.chain(optax.clip_by_global_norm(100.0), optax.adam(1e-2)),
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_state(name, tmp_path):
    build, optimizer = OPTIMIZERS[name]
    net, theirs = make(_net, X), build()
    train(net, theirs, X, steps=3)
    prefix = save(tmp_path, net=net, opt=theirs)
    params, state, slots = checkpoint.convert(
        prefix, _program, X, optimizer=optimizer, hk=haiku
    )
    assert state == {}
    pure = haiku.without_apply_rng(haiku.transform(_program))

    def loss(params):
        return jnp.mean(jnp.square(pure.apply(params, X)))

    for _ in range(4):
        updates, slots = optimizer.update(jax.grad(loss)(params), slots, params)
        params = optax.apply_updates(params, updates)
        train(net, theirs, X, steps=1)
    for layer, ours in zip(net._layers[::2], ("linear", "linear_1"), strict=False):
        np.testing.assert_allclose(params[ours]["w"], layer.w, rtol=1e-5, atol=1e-6)


def test_the_wrong_optimizer_is_refused(tmp_path):
    net, theirs = make(_net, X), snt.optimizers.Adam(1e-2)
    train(net, theirs, X)
    prefix = save(tmp_path, net=net, opt=theirs)
    with pytest.raises(UserError, match="missing: optimizer::.*trace"):
        checkpoint.convert(
            prefix, _program, X, optimizer=optax.sgd(1e-2, momentum=0.9), hk=haiku
        )
    with pytest.raises(UserError, match="unexpected: opt/step"):
        checkpoint.convert(prefix, _program, X, hk=haiku)
    params, _ = checkpoint.convert(prefix, _program, X, hk=haiku, ignore=["opt"])
    assert len(params) == 3


def test_moments_follow_the_layout(tmp_path):
    """An LSTM's moments change their gate order with the weights, but not by one."""

    def build():
        return snt.LSTM(3)

    def loss_of(module):
        return tf.reduce_mean(
            tf.square(module(tf.constant(X), module.initial_state(16))[0])
        )

    net, theirs = build(), snt.optimizers.Adam(1e-2)
    loss_of(net)
    randomize(net)

    def their_step():
        with tf.GradientTape() as tape:
            loss = loss_of(net)
        theirs.apply(tape.gradient(loss, net.trainable_variables),
                     net.trainable_variables)  # fmt: skip

    their_step()
    prefix = save(tmp_path, net=net, opt=theirs)

    def program(x):
        core = haiku.LSTM(3)
        return core(x, core.initial_state(16))[0]

    optimizer = optax.adam(1e-2)
    params, _, slots = checkpoint.convert(prefix, program, X, optimizer=optimizer)
    pure = haiku.without_apply_rng(haiku.transform(program))
    for _ in range(3):
        grads = jax.grad(lambda p: jnp.mean(jnp.square(pure.apply(p, X))))(params)
        updates, slots = optimizer.update(grads, slots, params)
        params = optax.apply_updates(params, updates)
        their_step()
    expected, _ = checkpoint.convert(save(tmp_path, net=net), program, X)
    np.testing.assert_allclose(
        params["lstm/linear"]["w"], expected["lstm/linear"]["w"], atol=2e-6
    )
    np.testing.assert_allclose(
        params["lstm/linear"]["b"], expected["lstm/linear"]["b"], atol=2e-6
    )
