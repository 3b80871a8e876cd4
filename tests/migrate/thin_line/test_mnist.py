"""Sonnet's MNIST example, rewritten: trains step by step like the original."""

import importlib.util
import sys
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf

from migrate import checkpoint
from tests.migrate.checkpoint.sonnet_side import randomize, save, snt
from tests.migrate.thin_line.sources import installed, migrated
from tests.support.numbers import error

STEPS = 20


@pytest.fixture
def datasets(monkeypatch):
    """The example imports TensorFlow Datasets, which it needs only for its own data."""
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", types.ModuleType("tfds"))


def batches():
    rng = np.random.RandomState(0)
    for _ in range(STEPS):
        images = rng.uniform(-1, 1, size=(16, 10, 10, 1)).astype(np.float32)
        yield images, rng.randint(0, 10, size=16)


def legacy_model():
    return snt.Sequential(
        [
            snt.Conv2D(8, 3, 1),
            tf.nn.relu,
            snt.Conv2D(8, 3, 1),
            tf.nn.relu,
            snt.Flatten(),
            snt.Linear(10),
        ]
    )


def test_twenty_steps(tmp_path, datasets):
    path = installed("dm-sonnet", "examples/simple_mnist.py")
    spec = importlib.util.spec_from_file_location("legacy_mnist", path)
    legacy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(legacy)
    ours = migrated(path, tmp_path / "out", blocked=False)
    import optax

    import haiku_core as hk
    from haiku_core import objects

    model, optimizer = legacy_model(), snt.optimizers.SGD(0.1)
    first = next(batches())[0]
    model(tf.constant(first))
    randomize(model)
    net = objects.network(
        lambda: hk.Sequential(
            [
                hk.Conv2D(8, 3),
                jax.nn.relu,
                hk.Conv2D(8, 3),
                jax.nn.relu,
                hk.Flatten(),
                hk.Linear(10),
            ]
        )
    )
    objects.build(net, first)
    net.params, _ = checkpoint.convert(
        save(str(tmp_path / "start"), model=model), net, first, root="model"
    )
    ours_optimizer = objects.Optimizer(optax.sgd(0.1))
    for images, labels in batches():
        want = legacy.train_step(
            model, optimizer, tf.constant(images), tf.constant(labels)
        )
        got = ours.train_step(net, ours_optimizer, images, labels)
        assert error(got, want.numpy()) <= 1e-5
    end, _ = checkpoint.convert(
        save(str(tmp_path / "end"), model=model), net, first, root="model"
    )
    assert error(net.params, end) <= 1e-5

    # The epoch loop and the metrics, over batches as arrays.
    data = list(batches())
    loss = ours.train_epoch(net, ours_optimizer, data)
    want = legacy.train_epoch.python_function(
        model, optimizer, [(tf.constant(i), tf.constant(y)) for i, y in data]
    )
    assert error(loss, want.numpy()) <= 1e-4
    metrics = ours.test_accuracy(net, data)
    correct = sum(int(jnp.sum(jnp.argmax(net(i), 1) == y)) for i, y in data)
    assert int(metrics["incorrect"]) == 16 * STEPS - correct
    assert float(metrics["accuracy"]) == pytest.approx(100 * correct / (16 * STEPS))
