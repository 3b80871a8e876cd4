"""A variational autoencoder, trained eagerly with a decaying rate."""

import numpy as np
import sonnet as snt
import tensorflow as tf

from tests.compat.programs.programs import STEPS, Program, fill

LATENTS = 3


class Encoder(snt.Module):
    def __init__(self, latents, name="encoder"):
        super().__init__(name=name)
        self._torso = snt.nets.MLP([24, 16], activation=tf.nn.elu, activate_final=True)
        self._moments = snt.Linear(2 * latents)

    def __call__(self, x):
        mean, log_scale = tf.split(self._moments(self._torso(x)), 2, axis=-1)
        return mean, tf.clip_by_value(log_scale, -5.0, 5.0)


class VAE(snt.Module):
    def __init__(self, latents, pixels):
        super().__init__(name="vae")
        self.encoder = Encoder(latents)
        self.decoder = snt.Sequential(
            [snt.Linear(16), tf.nn.softplus, snt.LayerNorm(-1, True, True)]
        )
        self.logits = snt.Linear(pixels, with_bias=False)

    @snt.once
    def _create_prior(self, z):
        self.prior_scale = tf.Variable(tf.ones(z.shape[1:]), name="prior_scale")

    def elbo(self, x, noise):
        mean, log_scale = self.encoder(x)
        z = mean + tf.exp(log_scale) * noise
        self._create_prior(z)
        variance = tf.square(tf.exp(log_scale) / self.prior_scale)
        kl = 0.5 * tf.reduce_sum(
            variance + tf.square(mean / self.prior_scale) - 1.0 - tf.math.log(variance),
            axis=1,
        )
        logits = self.logits(self.decoder(z))
        nll = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
        return -tf.reduce_mean(tf.reduce_sum(nll, axis=-1) + kl), kl


def build():
    rng = np.random.default_rng(0)
    images = (rng.random((STEPS, 16, 20)) < 0.3).astype(np.float32)
    noise = rng.standard_normal((STEPS, 16, LATENTS)).astype(np.float32)
    model = VAE(LATENTS, images.shape[-1])
    model.elbo(tf.constant(images[0]), tf.constant(noise[0]))
    fill([model.encoder, model.decoder, model.logits], 1)
    rate = tf.Variable(1e-2, trainable=False)
    optimizer = snt.optimizers.Adam(learning_rate=rate)

    def step(i):
        with tf.GradientTape() as tape:
            elbo, kl = model.elbo(images[i], tf.constant(noise[i]))
            loss = -elbo
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(grads, model.trainable_variables)
        rate.assign(rate * 0.95)
        return {"loss": loss, "kl": tf.reduce_mean(kl)}

    return Program(step, [model, optimizer])
