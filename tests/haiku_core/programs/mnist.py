"""Digits with an MLP, Adam, and an average of the parameters for evaluation."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def digits(count, seed=0):
    """Noisy pictures of ten fixed patterns, 8 by 8."""
    rng = np.random.RandomState(seed)
    patterns = np.random.RandomState(1).rand(10, 8, 8, 1).astype(np.float32)
    labels = rng.randint(0, 10, count)
    noise = 0.3 * rng.randn(count, 8, 8, 1).astype(np.float32)
    return patterns[labels] + noise, labels


def run(hk):
    def net(images):
        mlp = hk.Sequential(
            [hk.Flatten(), hk.Linear(32), jax.nn.relu, hk.Linear(16), jax.nn.relu]
        )
        return hk.Linear(10)(mlp(images))

    network = hk.without_apply_rng(hk.transform(net))
    optimizer = optax.adam(1e-2)

    def loss(params, images, labels):
        logits = network.apply(params, images)
        l2 = 0.5 * sum(jnp.sum(jnp.square(p)) for p in jax.tree.leaves(params))
        nll = -jnp.sum(jax.nn.one_hot(labels, 10) * jax.nn.log_softmax(logits))
        return nll / len(labels) + 1e-4 * l2

    @jax.jit
    def update(state, images, labels):
        params, average, opt_state = state
        value, grads = jax.value_and_grad(loss)(params, images, labels)
        updates, opt_state = optimizer.update(grads, opt_state)
        params = optax.apply_updates(params, updates)
        average = optax.incremental_update(params, average, step_size=0.1)
        return (params, average, opt_state), value

    images, labels = digits(64)
    params = network.init(jax.random.PRNGKey(0), images)
    state = params, params, optimizer.init(params)
    losses = []
    for _ in range(20):
        state, value = update(state, images, labels)
        losses.append(float(value))
    right = jnp.argmax(network.apply(state[1], images), -1) == labels
    return {"losses": losses, "accuracy": float(jnp.mean(right))}
