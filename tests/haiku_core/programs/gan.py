"""A generator against a discriminator: two transforms, two optimizers, batch norm."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def run(hk):
    class Generator(hk.Module):
        def __call__(self, z, is_training):
            z = hk.Linear(2 * 2 * 8)(z)
            z = hk.Reshape((2, 2, 8))(z)
            z = hk.BatchNorm(True, True, 0.9)(z, is_training)
            z = hk.Conv2DTranspose(4, 3, stride=2)(jax.nn.relu(z))
            z = hk.Conv2DTranspose(1, 3, stride=2)(jax.nn.relu(z))
            return jnp.tanh(z)

    class Discriminator(hk.Module):
        def __call__(self, x):
            x = jax.nn.leaky_relu(hk.Conv2D(4, 3, stride=2)(x), 0.2)
            x = jax.nn.leaky_relu(hk.Conv2D(8, 3, stride=2)(x), 0.2)
            return hk.Linear(2)(hk.Flatten()(x))

    generate = hk.transform_with_state(lambda *args: Generator()(*args))
    judge = hk.without_apply_rng(hk.transform(lambda x: Discriminator()(x)))
    real = np.sin(np.arange(8 * 64).reshape(8, 8, 8, 1) / 3).astype(np.float32)
    optimizer = optax.adam(2e-3, b1=0.5)

    def faked(params, state, key, is_training=True):
        z = jax.random.normal(key, (8, 5))
        return generate.apply(params, state, None, z, is_training)

    def judge_loss(judge_params, params, state, key):
        fake, _ = faked(params, state, key)
        logits = judge.apply(judge_params, jnp.concatenate([real, fake]))
        labels = jnp.repeat(jnp.array([1, 0]), 8)
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, labels))

    def generator_loss(params, judge_params, state, key):
        fake, state = faked(params, state, key)
        logits = judge.apply(judge_params, fake)
        return -jnp.mean(jax.nn.log_softmax(logits)[:, 1]), state

    @jax.jit
    def update(params, state, opt, judge_params, judge_opt, key):
        keys = jax.random.split(key)
        judged, grads = jax.value_and_grad(judge_loss)(
            judge_params, params, state, keys[0]
        )
        updates, judge_opt = optimizer.update(grads, judge_opt)
        judge_params = optax.apply_updates(judge_params, updates)
        (made, state), grads = jax.value_and_grad(generator_loss, has_aux=True)(
            params, judge_params, state, keys[1]
        )
        updates, opt = optimizer.update(grads, opt)
        params = optax.apply_updates(params, updates)
        return params, state, opt, judge_params, judge_opt, judged, made

    keys = hk.PRNGSequence(3)
    params, state = generate.init(next(keys), np.zeros((8, 5), np.float32), True)
    judge_params = judge.init(next(keys), real)
    carry = (
        params,
        state,
        optimizer.init(params),
        judge_params,
        optimizer.init(judge_params),
    )
    losses, made = [], []
    for _ in range(15):
        *carry, judged_value, made_value = update(*carry, next(keys))
        losses.append(float(judged_value))
        made.append(float(made_value))
    return {"losses": losses, "made": made}
