"""Whole models: every variable finds its place, and the numbers are the same."""

from __future__ import annotations

import haiku
import jax
import numpy as np
import optax
import pytest

import haiku_core
from fixtures.models import haiku_models
from migrate import checkpoint
from tests.migrate.checkpoint.sonnet_side import make, randomize, save, snt, tf

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
RNG = np.random.RandomState(0)


def on(hk):
    """The models on a Haiku; both batch norms keep the same variables."""
    if hk is haiku:
        return haiku_models.models(hk, lambda: hk.BatchNorm(True, True, 0.9))

    def cross_replica():
        averages = [hk.sonnet.ExponentialMovingAverage(0.9) for _ in range(2)]
        return hk.sonnet.CrossReplicaBatchNorm(True, True, *averages)

    return haiku_models.models(hk, cross_replica)


def compare(ours, theirs, tolerance=2e-5):
    ours, theirs = tf.nest.flatten(ours), tf.nest.flatten(theirs)
    for a, b in zip(ours, theirs, strict=True):
        b = np.asarray(b, np.float64)
        assert np.isfinite(b).all()
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * np.abs(b).max())


def converted(hk, prefix, program, *inputs, **kwargs):
    params, state = checkpoint.convert(prefix, program, *inputs, hk=hk, **kwargs)
    apply = jax.jit(hk.transform_with_state(program).apply, static_argnums=(4,))
    return lambda *args: apply(params, state, None, *args)[0]


@pytest.fixture(scope="module")
def originals():
    from fixtures.models import sonnet_models

    return sonnet_models


@pytest.mark.parametrize("hk", [haiku, haiku_core], ids=lambda h: h.__name__)
class TestModels:
    def test_sequence_trunk(self, hk, originals, tmp_path):
        x = RNG.normal(size=(2, 24, 4)).astype(np.float32)
        net = make(originals.SequenceTrunk, x, is_training=True)
        prefix = save(tmp_path, model=net)
        trunk = on(hk).SequenceTrunk
        apply = converted(hk, prefix, lambda x, is_training: trunk()(x, is_training), x)
        compare(apply(x, False), net(x, is_training=False))
        compare(apply(x, True), net(x, is_training=True))

    def test_recurrent_agent(self, hk, originals, tmp_path):
        x = RNG.normal(size=(3, 12, 12, 3)).astype(np.float32)
        net = originals.RecurrentAgent(4)
        net(x, net.initial_state(3))
        randomize(net)
        prefix = save(tmp_path, agent=net)
        agent = on(hk).RecurrentAgent

        def program(x, steps):
            core = agent(4)
            state = core.initial_state(3)
            outs = []
            for _ in range(steps):
                out, state = core(x, state)
                outs.append(out)
            return outs, [state[0].hidden, state[0].cell, state[1]]

        apply = converted(hk, prefix, program, x, 3)
        state, outs = net.initial_state(3), []
        for _ in range(3):
            out, state = net(x, state)
            outs.append(out)
        compare(apply(x, 3), (outs, [state[0].hidden, state[0].cell, state[1]]))

    def test_vqvae(self, hk, originals, tmp_path):
        x = RNG.normal(size=(2, 8, 8, 3)).astype(np.float32)
        net = make(originals.VQVAE, x, is_training=True)
        prefix = save(tmp_path, module=net)
        vqvae = on(hk).VQVAE
        apply = converted(hk, prefix, lambda x, is_training: vqvae()(x, is_training), x)
        compare(apply(x, False), net(x, is_training=False))


@pytest.mark.slow
@pytest.mark.parametrize("v2", [False, True], ids=["v1", "v2"])
def test_resnet50_with_adam(v2, tmp_path):
    hk = haiku_core
    x = RNG.normal(size=(1, 32, 32, 3)).astype(np.float32)
    net = snt.nets.ResNet50(10, resnet_v2=v2)
    net(x, is_training=True)
    # Deviations small enough that fifty layers don't overflow.
    for i, v in enumerate(net.variables):
        if v.dtype.is_integer:
            v.assign(tf.cast(3, v.dtype))
        elif "variance" in v.name:
            v.assign(1.0 + tf.random.stateless_uniform(v.shape, (i, 0)))
        elif "/w" in v.name:
            fan_in = np.prod(v.shape[:-1])
            v.assign(tf.random.stateless_normal(v.shape, (i, 0)) / np.sqrt(fan_in))
        else:
            v.assign(0.3 + 0.2 * tf.random.stateless_normal(v.shape, (i, 0)))
    adam = snt.optimizers.Adam(1e-3)
    zeros = [tf.zeros_like(v) + 0.01 for v in net.trainable_variables]
    adam.apply(zeros, net.trainable_variables)
    prefix = save(tmp_path, model=net, optimizer=adam)

    def program(x, is_training):
        return hk.sonnet.ResNet50(10, resnet_v2=v2)(x, is_training)

    params, state, slots = checkpoint.convert(
        prefix, program, x, hk=hk, optimizer=optax.adam(1e-3)
    )
    apply = jax.jit(hk.transform_with_state(program).apply, static_argnums=(4,))
    compare(apply(params, state, None, x, False)[0], net(x, is_training=False))
    assert slots[0].count == 1
    # Haiku's own has the same variables, but another padding: it says so.
    plan = checkpoint.make_plan(
        prefix,
        lambda x, is_training: haiku.nets.ResNet50(10, resnet_v2=v2)(x, is_training),
        x,
        hk=haiku,
        ignore=["optimizer"],
    )
    assert plan.complete and any("pads its strided" in note for note in plan.notes)
    first = jax.tree.leaves(slots[0].mu)
    assert len(first) == len(net.trainable_variables)
    assert all(np.allclose(m, 0.001, atol=1e-7) for m in first)
