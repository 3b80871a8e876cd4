"""Legacy code inside Haiku, Haiku inside legacy code, JAX functions on tensors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import compat
import haiku_core as hk
from compat import sonnet as snt
from compat import tensorflow as tf

X = np.arange(8, dtype=np.float32).reshape(4, 2)


def normalised():
    linear, norm = snt.Linear(3), snt.BatchNorm(True, True, decay_rate=0.9)
    return linear, norm, lambda x: norm(linear(x), is_training=True)


def test_to_haiku_gives_the_same_numbers_and_new_state():
    _, norm, model = normalised()
    init, apply = compat.to_haiku(model)
    params, state = init(jax.random.key(0), X)
    assert params["linear"]["w"].shape == (2, 3)
    before = np.asarray(norm.moving_mean.value)
    out, after = jax.jit(apply)(params, state, None, X)
    np.testing.assert_array_equal(np.asarray(norm.moving_mean.value), before)
    np.testing.assert_allclose(out, model(tf.constant(X)).numpy(), rtol=1e-5, atol=1e-6)
    name = "batch_norm/moving_mean"
    np.testing.assert_allclose(
        after[name]["average"], norm.moving_mean.value, rtol=1e-6
    )
    assert all(a.dtype.itemsize <= 4 for a in jax.tree.leaves((params, state, after)))


def test_to_haiku_has_the_gradients_of_a_tape():
    linear, _, model = normalised()
    init, apply = compat.to_haiku(model)
    params, state = init(jax.random.key(0), X)
    weights = np.arange(12, dtype=np.float32).reshape(4, 3)
    ours = jax.grad(lambda p: (apply(p, state, None, X)[0] * weights).sum())(params)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(tf.constant(X)) * weights)
    want = tape.gradient(loss, linear.w)
    np.testing.assert_allclose(ours["linear"]["w"], want.numpy(), rtol=1e-4, atol=1e-4)


def test_to_haiku_takes_keys_and_asks_for_them():
    dropout = snt.Dropout(0.5)
    init, apply = compat.to_haiku(lambda x: dropout(x, is_training=True))
    params, state = init(jax.random.key(0), X)
    one, _ = apply(params, state, jax.random.key(1), X)
    again, _ = apply(params, state, jax.random.key(1), X)
    other, _ = apply(params, state, jax.random.key(2), np.ones((50, 50), np.float32))
    np.testing.assert_array_equal(one, again)
    assert 0.3 < float((other == 0).mean()) < 0.7
    with pytest.raises(ValueError, match="random key"):
        apply(params, state, None, X)
    with pytest.raises(ValueError, match="init before apply"):
        compat.to_haiku(dropout)[1]({}, {}, None, X)


def test_a_legacy_module_inside_a_transform():
    legacy = snt.nets.MLP([3, 2])

    def f(x):
        module = compat.in_transform(legacy)
        return hk.Linear(1)(module(x)) + module(x)[:, :1]

    pure = hk.without_apply_rng(hk.transform(f))
    params = pure.init(jax.random.key(0), X)
    assert set(params) == {"mlp", "linear"}
    own = {v.name.split(":")[0]: v for v in legacy.variables}
    for name, value in params["mlp"].items():
        np.testing.assert_array_equal(value, own[name].numpy())
    out = jax.jit(pure.apply)(params, X)
    inner = legacy(tf.constant(X)).numpy()
    want = inner @ params["linear"]["w"] + params["linear"]["b"] + inner[:, :1]
    np.testing.assert_allclose(out, want, rtol=1e-5)


def test_a_haiku_function_in_legacy_code_trains():
    def f(x):
        hk.get_state("calls", (), jnp.int32, init=jnp.zeros)
        hk.set_state("calls", hk.get_state("calls") + 1)
        return hk.nets.MLP([8, 1])(x)

    module = compat.from_haiku(hk.transform_with_state(f))
    optimizer = snt.optimizers.SGD(0.05)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(module(x) - y))
        variables = module.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    x, y = tf.constant(X / 8), tf.constant(X[:, :1] / 8)
    module(x)
    losses = [float(step(x, y)) for _ in range(30)]
    assert losses[-1] < losses[0] * 0.5
    assert isinstance(module, snt.Module) and len(module.trainable_variables) == 4
    (calls,) = [v for v in module.variables if not v.trainable]
    assert int(calls) == 31


def test_pure_functions_are_seen_by_tapes_and_raw_ones_refuse():
    x = tf.constant(X)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with pytest.raises(TypeError, match="compat.pure"):
            jnp.sin(x)
        with pytest.raises(TypeError, match="compat.pure"):
            jax.jit(jnp.sin)(x)
        y = compat.pure(lambda a, scale: {"y": jnp.sin(a) * scale})(x, 2.0)["y"]
    np.testing.assert_allclose(tape.gradient(y, x), 2 * np.cos(X), rtol=1e-5)
    np.testing.assert_allclose(jnp.sin(x), np.sin(X), rtol=1e-6)


def test_half_legacy_half_migrated_saves_and_restores(tmp_path):
    legacy = snt.Linear(3)
    migrated = compat.from_haiku(hk.transform(lambda x: hk.Linear(2)(x)))
    x = tf.constant(X)
    want = migrated(legacy(x)).numpy()
    path = tf.train.Checkpoint(a=legacy, b=migrated).save(str(tmp_path / "both"))
    other = snt.Linear(3)
    other_migrated = compat.from_haiku(hk.transform(lambda x: hk.Linear(2)(x)))
    other_migrated(other(x))
    status = tf.train.Checkpoint(a=other, b=other_migrated).restore(path)
    status.assert_consumed()
    np.testing.assert_array_equal(other_migrated(other(x)).numpy(), want)
