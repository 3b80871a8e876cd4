"""An ensemble inside of a model: a part of it lifted, and mapped by jax.vmap."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def run(hk):
    def model(x):
        member = hk.transform(lambda x: hk.nets.MLP([8, 1])(x))
        keys = hk.next_rng_keys(5) if hk.running_init() else None
        init = jax.vmap(member.init, in_axes=(0, None))
        params = hk.lift(init, name="ensemble")(keys, x)
        votes = jax.vmap(member.apply, in_axes=(0, None, None))(params, None, x)
        gate = jax.nn.softmax(hk.Linear(5)(x))
        return jnp.einsum("enk,ne->nk", votes, gate), votes

    f = hk.without_apply_rng(hk.transform(model))
    x = np.random.RandomState(0).randn(16, 3).astype(np.float32)
    y = np.sin(x.sum(-1, keepdims=True))
    optimizer = optax.adam(1e-2)

    @jax.jit
    def update(params, opt_state):
        def loss(params):
            return jnp.mean((f.apply(params, x)[0] - y) ** 2)

        value, grads = jax.value_and_grad(loss)(params)
        updates, opt_state = optimizer.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, value

    params = f.init(jax.random.PRNGKey(0), x)
    spread = float(jnp.std(f.apply(params, x)[1], axis=0).mean())
    assert spread > 0.05, "the members should differ"
    opt_state, losses = optimizer.init(params), []
    for _ in range(20):
        params, opt_state, value = update(params, opt_state)
        losses.append(float(value))
    return {"losses": losses, "names": sorted(params)}
