"""A GAN whose critic has a gradient penalty: two optimizers, a tape within a tape."""

import numpy as np
import sonnet as snt
import tensorflow as tf

from tests.compat.programs.programs import STEPS, Program, fill

CODE, BATCH, CRITIC_STEPS = 4, 6, 2


class Generator(snt.Module):
    def __init__(self):
        super().__init__(name="generator")
        self.project = snt.Linear(2 * 2 * 8)
        self.norm = snt.BatchNorm(create_scale=True, create_offset=True, decay_rate=0.9)
        self.up = snt.Conv2DTranspose(4, 3, stride=2, padding="SAME")
        self.paint = snt.Conv2D(1, [3, 3], w_init=snt.initializers.Orthogonal())

    def __call__(self, code, is_training=True):
        x = tf.reshape(self.project(code), [-1, 2, 2, 8])
        x = tf.nn.leaky_relu(self.norm(x, is_training=is_training))
        return tf.tanh(self.paint(tf.nn.leaky_relu(self.up(x), alpha=0.1)))


def make_critic():
    return snt.Sequential(
        [
            snt.Conv2D(6, 3, stride=2),
            tf.nn.swish,
            lambda x: tf.reduce_mean(x, axis=[1, 2]),
            snt.Linear(1, name="score"),
        ]
    )


class Trainer:
    def __init__(self, generator, critic):
        self.generator, self.critic = generator, critic
        self.generator_optimizer = snt.optimizers.RMSProp(1e-3, 0.9, 0.5, epsilon=1e-6)
        snt.allow_empty_variables(self.generator_optimizer)
        self.critic_optimizer = snt.optimizers.Adam(2e-3, beta1=0.0, beta2=0.9)

    def gradient_penalty(self, real, fake, mix):
        between = real + mix[:, None, None, None] * (fake - real)
        with tf.GradientTape() as tape:
            tape.watch(between)
            scores = self.critic(between)
        slopes = tape.gradient(scores, between)
        norms = tf.norm(tf.reshape(slopes, [slopes.shape[0], -1]) + 1e-6, axis=1)
        return tf.reduce_mean((norms - 1.0) ** 2)

    @tf.function
    def train_critic(self, real, code, mix):
        with tf.GradientTape() as tape:
            fake = tf.stop_gradient(self.generator(code))
            wasserstein = tf.reduce_mean(self.critic(fake)) - tf.reduce_mean(
                self.critic(real)
            )
            loss = wasserstein + 10.0 * self.gradient_penalty(real, fake, mix)
        variables = self.critic.trainable_variables
        self.critic_optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    @tf.function
    def train_generator(self, code):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.generator.trainable_variables)
            scores = self.critic(self.generator(code))
            loss = tf.reduce_mean(tf.nn.softplus(-scores))
        variables = self.generator.trainable_variables
        self.generator_optimizer.apply(tape.gradient(loss, variables), variables)
        return loss


def build():
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.standard_normal((STEPS, *shape)).astype(np.float32)  # noqa: E731
    real = np.tanh(draw(CRITIC_STEPS, BATCH, 4, 4, 1))
    codes = draw(CRITIC_STEPS + 1, BATCH, CODE)
    mixes = rng.random((STEPS, CRITIC_STEPS, BATCH)).astype(np.float32)
    trainer = Trainer(Generator(), make_critic())
    trainer.critic(trainer.generator(tf.zeros([1, CODE])))
    fill([trainer.generator, trainer.critic], 1)

    def step(i):
        for k in range(CRITIC_STEPS):
            critic_loss = trainer.train_critic(
                tf.constant(real[i, k]), tf.constant(codes[i, k]), mixes[i, k]
            )
        loss = trainer.train_generator(tf.constant(codes[i, -1]))
        return {"critic": critic_loss, "generator": loss}

    return Program(
        step,
        [
            trainer.generator,
            trainer.critic,
            trainer.critic_optimizer,
            trainer.generator_optimizer,
        ],
    )
