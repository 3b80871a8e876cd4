"""Parameters shared between functions: by object, by name, by merged dictionaries."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def run(hk):
    images = np.random.RandomState(0).randn(4, 6).astype(np.float32)

    def torso(x):
        return hk.nets.MLP([8, 4], name="torso")(x)

    def classify(x):
        return hk.Linear(3, name="classes")(torso(x))

    def predict(x):
        net = hk.nets.MLP([8, 4], name="torso")
        tied = hk.Linear(4, name=hk.force_name("torso/~/linear_1"), with_bias=True)
        del tied  # Shares its parameters with the torso's second layer.
        return hk.Linear(2, name="rotation")(net(x)) + jnp.mean(net(2 * x))

    a, b = (hk.without_apply_rng(hk.transform(f)) for f in (classify, predict))
    params = hk.data_structures.merge(
        a.init(jax.random.PRNGKey(0), images), b.init(jax.random.PRNGKey(1), images)
    )
    frozen, trained = hk.data_structures.partition(
        lambda module, name, value: name == "b", params
    )
    optimizer = optax.sgd(0.1)

    def loss(trained):
        params = hk.data_structures.merge(frozen, trained)
        targets = jnp.arange(4) % 3
        logits = a.apply(params, images)
        terms = optax.softmax_cross_entropy_with_integer_labels(logits, targets)
        return jnp.mean(terms) + jnp.mean(b.apply(params, images) ** 2)

    losses, state = [], optimizer.init(trained)
    for _ in range(10):
        value, grads = jax.value_and_grad(loss)(trained)
        updates, state = optimizer.update(grads, state)
        trained = optax.apply_updates(trained, updates)
        losses.append(float(value))
    size = hk.data_structures.tree_size(params)
    return {"losses": losses, "names": sorted(params), "size": size}
