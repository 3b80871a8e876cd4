"""A variational auto-encoder on small binary pictures."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def run(hk):
    class Encoder(hk.Module):
        def __init__(self, latent):
            super().__init__()
            self._latent = latent

        def __call__(self, x):
            x = jax.nn.relu(hk.Linear(32)(hk.Flatten()(x)))
            return hk.Linear(self._latent)(x), jnp.exp(hk.Linear(self._latent)(x))

    class Decoder(hk.Module):
        def __init__(self, shape):
            super().__init__()
            self._shape = shape

        def __call__(self, z):
            z = jax.nn.relu(hk.Linear(32)(z))
            z = hk.Linear(int(np.prod(self._shape)))(z)
            return hk.Reshape(self._shape)(z)

    class Autoencoder(hk.Module):
        def __init__(self, shape):
            super().__init__()
            self.encode, self.decode = Encoder(4), Decoder(shape)

        def __call__(self, x):
            mean, stddev = self.encode(x)
            noise = jax.random.normal(hk.next_rng_key(), mean.shape)
            return self.decode(mean + stddev * noise), mean, stddev

    model = hk.transform(lambda x: Autoencoder(x.shape[1:])(x))
    optimizer = optax.adam(3e-3)
    pictures = np.random.RandomState(0).rand(16, 6, 6, 1) > 0.6
    pictures = pictures.astype(np.float32)

    def loss(params, key, x):
        logits, mean, stddev = model.apply(params, key, x)
        likelihood = x * logits - jnp.logaddexp(0.0, logits)
        variance = stddev**2
        kl = 0.5 * jnp.sum(-jnp.log(variance) - 1 + variance + mean**2, axis=-1)
        return jnp.mean(kl - jnp.sum(likelihood, axis=(1, 2, 3)))

    @jax.jit
    def update(params, opt_state, key):
        value, grads = jax.value_and_grad(loss)(params, key, pictures)
        updates, opt_state = optimizer.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, value

    keys = hk.PRNGSequence(42)
    params = model.init(next(keys), pictures)
    opt_state = optimizer.init(params)
    losses = []
    for _ in range(25):
        params, opt_state, value = update(params, opt_state, next(keys))
        losses.append(float(value))
    return {"losses": losses}
