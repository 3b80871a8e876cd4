"""Data parallelism by sharding: one program, the batch over eight devices."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec


def train(hk, devices):
    """Losses, parameters and state after some steps on this many devices."""

    def net(x, is_training):
        x = jax.nn.relu(hk.BatchNorm(True, True, 0.9)(hk.Linear(16)(x), is_training))
        return hk.Linear(3)(x)

    f = hk.transform_with_state(net)
    mesh = Mesh(np.array(jax.devices()[:devices]), ("batch",))
    everywhere = NamedSharding(mesh, PartitionSpec())
    by_batch = NamedSharding(mesh, PartitionSpec("batch"))
    rng = np.random.RandomState(0)
    x = jax.device_put(rng.randn(32, 6).astype(np.float32), by_batch)
    labels = jax.device_put(rng.randint(0, 3, 32), by_batch)
    optimizer = optax.adam(1e-2)

    def loss(params, state):
        logits, state = f.apply(params, state, None, x, True)
        terms = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return jnp.mean(terms), state

    @jax.jit
    def update(params, state, opt_state):
        (value, state), grads = jax.value_and_grad(loss, has_aux=True)(params, state)
        updates, opt_state = optimizer.update(grads, opt_state)
        return optax.apply_updates(params, updates), state, opt_state, value

    init = jax.jit(f.init, static_argnums=2, out_shardings=everywhere)
    params, state = init(jax.random.PRNGKey(0), x, True)
    opt_state, losses = optimizer.init(params), []
    for _ in range(10):
        params, state, opt_state, value = update(params, state, opt_state)
        losses.append(float(value))
    assert len(x.sharding.device_set) == devices
    flat = jnp.concatenate([v.ravel() for v in jax.tree.leaves((params, state))])
    return {"losses": losses, "values": np.asarray(flat).tolist()}


def run(hk):
    assert jax.device_count() == 8
    one, eight = train(hk, 1), train(hk, 8)
    for key, value in one.items():
        np.testing.assert_allclose(value, eight[key], rtol=1e-4, atol=1e-5)
    return eight
