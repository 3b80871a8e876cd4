"""Sonnet's residual networks and vector quantizers, rewritten: the same numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf

import haiku_core as hk
from migrate import checkpoint
from tests.migrate.checkpoint.sonnet_side import save, snt
from tests.migrate.thin_line.sources import installed, migrated
from tests.support.numbers import error, tolerance


def randomize(module):
    """Random variables whose sizes keep a deep network's values of one order."""
    rng = np.random.RandomState(0)
    for variable in module.variables:
        if variable.dtype.is_integer:
            variable.assign(tf.cast(3, variable.dtype))
            continue
        shape = variable.shape
        value = rng.normal(size=shape) / np.sqrt(max(1, np.prod(shape[:-1])))
        if any(part in variable.name for part in ("variance", "scale", "cluster")):
            value = np.abs(rng.normal(size=shape)) * 0.1 + 0.9
        variable.assign(tf.cast(value, variable.dtype))


def widened(tree):
    return jax.tree.map(
        lambda a: np.asarray(a, np.float64) if a.dtype == np.float32 else a, tree
    )


def narrowed(tree):
    return jax.tree.map(
        lambda a: np.asarray(a, np.float32) if a.dtype == np.float64 else np.asarray(a),
        tree,
    )


def flat(gradients, scale):
    parts = [np.ravel(np.asarray(g)) / scale for g in jax.tree.leaves(gradients)]
    return np.concatenate(parts)


def compare(folder, legacy, make, x, pick, **calls):
    """Outputs, loss, gradients and new state of a network and its rewrite."""
    legacy(tf.constant(x), is_training=True)
    randomize(legacy)
    start = save(str(folder / "start"), module=legacy)
    with tf.GradientTape() as tape:
        out = pick(legacy(tf.constant(x), **calls))
        loss = tf.reduce_mean(tf.square(out))
    variables = snt.allow_empty_variables(legacy).trainable_variables
    gradients = tape.gradient(loss, variables)
    after = save(str(folder / "after"), module=legacy)
    for variable, gradient in zip(variables, gradients, strict=True):
        variable.assign(tf.zeros_like(variable) if gradient is None else gradient)
    slopes = save(str(folder / "gradients"), module=legacy)

    net = hk.transform_with_state(lambda x, **kw: make()(x, **kw))

    def brought(prefix):
        return checkpoint.convert(prefix, net, x, is_training=True, root="module")

    params, state = brought(start)

    def loss_fn(params, state, x):
        y, new = net.apply(params, state, None, x, **calls)
        y = pick(y)
        return jnp.mean(jnp.square(y)), (y, new)

    differentiate = jax.jit(jax.value_and_grad(loss_fn, has_aux=True))
    (got, (y, new)), grads = differentiate(params, state, x)
    with jax.enable_x64(True):
        (_, (y64, new64)), grads64 = differentiate(*widened((params, state, x)))
    floor = error(y, narrowed(y64))
    assert error(np.asarray(y), out.numpy()) <= tolerance(floor)
    assert error(np.asarray(got), loss.numpy()) <= tolerance(floor)
    state_floor = error(new, narrowed(new64))
    assert error(new, brought(after)[1]) <= tolerance(state_floor)
    if variables:
        want = brought(slopes)[0]
        scale = max(float(np.max(np.abs(g))) for g in jax.tree.leaves(want)) or 1.0
        exact = flat(narrowed(grads64), scale)
        floor = error(flat(grads, scale), exact)
        assert error(flat(grads, scale), flat(want, scale)) <= tolerance(floor)


@pytest.mark.slow
@pytest.mark.parametrize("resnet_v2", [False, True])
@pytest.mark.parametrize("is_training", [False, True])
def test_resnet50(tmp_path, resnet_v2, is_training):
    path = installed("dm-sonnet", "sonnet/src/nets/resnet.py")
    module = migrated(path, tmp_path / "out")
    x = np.random.RandomState(0).normal(size=(8, 64, 64, 3)).astype(np.float32)
    compare(
        tmp_path,
        snt.nets.ResNet50(10, resnet_v2=resnet_v2),
        lambda: module.ResNet50(10, resnet_v2=resnet_v2),
        x,
        lambda out: out,
        is_training=is_training,
    )


@pytest.mark.parametrize("ema", [False, True])
@pytest.mark.parametrize("is_training", [False, True])
def test_vector_quantizers(tmp_path, ema, is_training):
    path = installed("dm-sonnet", "sonnet/src/nets/vqvae.py")
    module = migrated(path, tmp_path / "out")
    name = "VectorQuantizerEMA" if ema else "VectorQuantizer"
    args = (4, 6, 0.25, 0.9) if ema else (4, 6, 0.25)
    x = np.random.RandomState(0).normal(size=(5, 4)).astype(np.float32)
    for key in ("quantize", "loss", "perplexity"):
        compare(
            tmp_path / key,
            getattr(snt.nets, name)(*args),
            lambda: getattr(module, name)(*args),
            x,
            lambda out, key=key: out[key],
            is_training=is_training,
        )
