"""Sonnet's own networks, rewritten, with a Sonnet checkpoint: the same numbers."""

import haiku
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

import haiku_core
from migrate import checkpoint
from tests.migrate.checkpoint.sonnet_side import randomize, save
from tests.migrate.thin_line.sources import installed, migrated
from tests.support.numbers import error, tolerance

HAIKUS = {"haiku_core": haiku_core, "haiku": haiku}


class Legacy:
    """A Sonnet network with random variables, and its checkpoint."""

    def __init__(self, module, inputs, folder, **kwargs):
        self.module = module
        module(tf.constant(inputs), **kwargs)
        randomize(module)
        self.checkpoint = save(str(folder), module=module)

    def run(self, inputs, loss, **kwargs):
        """(outputs, loss, gradients by variable path)."""
        with tf.GradientTape() as tape:
            out = self.module(tf.constant(inputs), **kwargs)
            value = loss(out)
        variables = self.module.trainable_variables
        gradients = tape.gradient(value, variables)
        return tf.nest.map_structure(np.asarray, out), value.numpy(), gradients


def _pairs(a, b):
    return zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)


def assert_same_gradients(tf_gradients, grads, tol):
    """Each gradient of the one side has its like on the other, one to one."""
    ours = [np.asarray(g) for g in jax.tree.leaves(grads)]
    theirs = [np.asarray(g) for g in tf_gradients if g is not None]
    assert len(ours) == len(theirs)
    scale = max(float(np.max(np.abs(g))) for g in theirs)
    for g in theirs:
        flat = [o.reshape(g.shape) for o in ours if o.size == g.size]
        errors = [float(np.max(np.abs(o - g))) / scale for o in flat]
        best = int(np.argmin(errors))
        assert errors[best] <= tol, errors
        index = [i for i, o in enumerate(ours) if o.size == g.size][best]
        ours.pop(index)


@pytest.mark.parametrize("haiku_name", sorted(HAIKUS))
def test_mlp(tmp_path, haiku_name):
    hk = HAIKUS[haiku_name]
    path = installed("dm-sonnet", "sonnet/src/nets/mlp.py")
    module = migrated(path, tmp_path / "out", haiku_name)
    x = np.random.RandomState(0).normal(size=(4, 5)).astype(np.float32)
    legacy = Legacy(snt.nets.MLP([7, 6, 3], activate_final=True), x, tmp_path)
    out, loss, gradients = legacy.run(x, lambda y: tf.reduce_mean(tf.square(y)))

    net = hk.without_apply_rng(
        hk.transform(lambda x: module.MLP([7, 6, 3], activate_final=True)(x))
    )
    params, state = checkpoint.convert(legacy.checkpoint, net, x, root="module")
    assert not state

    def loss_fn(params):
        y = net.apply(params, x)
        return jnp.mean(jnp.square(y)), y

    (got, y), grads = jax.value_and_grad(loss_fn, has_aux=True)(params)
    assert error(y, out) <= 1e-5
    assert error(got, loss) <= 1e-5
    assert_same_gradients(gradients, grads, 1e-5)


@pytest.mark.parametrize(
    "haiku_name, is_training",
    [("haiku_core", True), ("haiku_core", False), ("haiku", True)],
)
def test_cifar10_convnet(tmp_path, haiku_name, is_training):
    hk = HAIKUS[haiku_name]
    path = installed("dm-sonnet", "sonnet/src/nets/cifar10_convnet.py")
    module = migrated(path, tmp_path / "out", haiku_name)
    options = dict(output_channels=(4, 5, 6), strides=(1, 2, 1))
    x = np.random.RandomState(0).normal(size=(3, 8, 8, 3)).astype(np.float32)
    legacy = Legacy(
        snt.nets.Cifar10ConvNet(10, **options), x, tmp_path, is_training=True
    )
    calls = dict(is_training=is_training, test_local_stats=False)
    out, loss, gradients = legacy.run(
        x, lambda y: tf.reduce_mean(tf.square(y["logits"])), **calls
    )

    net = hk.transform_with_state(
        lambda x, **kw: module.Cifar10ConvNet(10, **options)(x, **kw)
    )
    params, state = checkpoint.convert(
        legacy.checkpoint, net, x, is_training=True, root="module"
    )

    def loss_fn(params, x):
        y, new = net.apply(params, state, None, x, **calls)
        return jnp.mean(jnp.square(y["logits"])), (y, new)

    differentiate = jax.value_and_grad(loss_fn, has_aux=True)
    (got, (y, new)), grads = differentiate(params, x)
    with jax.enable_x64(True):
        exact = jax.tree.map(
            lambda a: np.asarray(a, np.float64) if a.dtype.kind == "f" else a,
            (params, state),
        )
        state32, state = state, exact[1]
        (_, (y64, _)), grads64 = differentiate(exact[0], x.astype(np.float64))
        state = state32
    floor = error(y["logits"], np.asarray(y64["logits"], np.float32))
    tol = tolerance(floor)
    assert error(y, out) <= tol, floor
    assert error(got, loss) <= tol
    narrow = jax.tree.map(lambda g: np.asarray(g, np.float32), grads64)
    grad_floor = error(grads, narrow)
    assert_same_gradients(gradients, grads, tolerance(grad_floor))

    # The state after the step is what Sonnet's variables hold now.
    after = save(str(tmp_path / "after"), module=legacy.module)
    _, want = checkpoint.convert(after, net, x, is_training=True, root="module")
    assert error(new, want) <= tol
    moved = [not np.array_equal(a, b) for a, b in _pairs(new, state)]
    assert any(moved) == is_training
