"""BatchApply and Deferred: modules in Sonnet, wrappers around one in Haiku."""

import haiku
import jax
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

import haiku_core
from haiku_core.objects import network
from migrate import checkpoint
from tests.migrate.checkpoint.sonnet_side import make, save

X = np.random.RandomState(0).normal(size=(2, 3, 5)).astype(np.float32)


class Original(snt.Module):
    def __init__(self):
        super().__init__()
        self._encode = snt.BatchApply(snt.Sequential([snt.Linear(4), tf.nn.relu]))
        self._late = snt.Deferred(lambda: snt.BatchApply(snt.nets.MLP([3])))

    def __call__(self, x):
        return self._late(self._encode(x))


def migrated(hk):
    class Original(hk.Module):
        def __init__(self):
            super().__init__()
            self._encode = hk.BatchApply(hk.Sequential([hk.Linear(4), jax.nn.relu]))
            self._late = hk.Deferred(lambda: hk.BatchApply(hk.nets.MLP([3])))

        def __call__(self, x):
            return self._late(self._encode(x))

    return lambda x: Original()(x)


@pytest.mark.parametrize("hk", [haiku, haiku_core], ids=lambda h: h.__name__)
def test_inside_a_module(hk, tmp_path):
    net = make(Original, tf.constant(X))
    program = migrated(hk)
    params, _ = checkpoint.convert(save(tmp_path, net=net), program, X, hk=hk)
    ours = hk.without_apply_rng(hk.transform(program)).apply(params, X)
    np.testing.assert_allclose(ours, net(tf.constant(X)), rtol=1e-5, atol=1e-6)


def test_as_a_network_of_an_owner(tmp_path):
    net = make(lambda: snt.BatchApply(snt.nets.MLP([4, 3])), tf.constant(X))
    prefix = save(tmp_path, _net=net)

    class Learner:
        def __init__(self):
            wrapped = haiku_core.BatchApply
            self._net = network(lambda: wrapped(haiku_core.nets.MLP([4, 3])))

    learner = Learner()
    learner._net(X)
    checkpoint.restore(prefix, learner)
    np.testing.assert_allclose(
        learner._net(X), net(tf.constant(X)), rtol=1e-5, atol=1e-6
    )
