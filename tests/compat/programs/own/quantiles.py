"""Two distributional agents' losses, by hand, with target networks."""

import copy

import numpy as np
import sonnet as snt
import tensorflow as tf

from tests.compat.programs.programs import STEPS, Program, fill

ACTIONS, ATOMS, BATCH, FEATURES = 3, 7, 8, 5
LOW, HIGH = -2.0, 2.0


class Head(snt.Module):
    """One value per action and atom."""

    def __init__(self, atoms):
        super().__init__()
        self._net = snt.nets.MLP([16, ACTIONS * atoms])
        self._shape = snt.Reshape([ACTIONS, atoms])

    def __call__(self, observation):
        return self._shape(self._net(observation))


def project(probs, atoms, support):
    """Probabilities on shifted atoms, onto the support (Bellemare et al., 2017)."""
    spacing = support[1] - support[0]
    atoms = tf.clip_by_value(atoms, support[0], support[-1])
    nearness = 1.0 - tf.abs(atoms[:, None, :] - support[None, :, None]) / spacing
    return tf.reduce_sum(tf.maximum(nearness, 0.0) * probs[:, None, :], axis=-1)


class Learner:
    def __init__(self, categorical, quantile):
        self.online = [categorical, quantile]
        self.target = [copy.deepcopy(net) for net in self.online]
        self.optimizer = snt.optimizers.Adam(3e-3)
        self.counter = tf.Variable(0, dtype=tf.int64, name="counter")
        self.support = tf.linspace(LOW, HIGH, ATOMS)

    def categorical_loss(self, o, a, r, d, next_o):
        logits = tf.gather(self.online[0](o), a, batch_dims=1)
        next_probs = tf.nn.softmax(self.target[0](next_o))
        values = tf.tensordot(next_probs, self.support, axes=[[2], [0]])
        best = tf.argmax(values, axis=-1, output_type=tf.int32)
        rows = tf.range(tf.shape(best)[0])
        probs = tf.gather_nd(next_probs, tf.stack([rows, best], axis=1))
        atoms = r[:, None] + d[:, None] * self.support
        wanted = tf.stop_gradient(project(probs, atoms, self.support))
        return tf.nn.softmax_cross_entropy_with_logits(labels=wanted, logits=logits)

    def quantile_loss(self, o, a, r, d, next_o):
        mask = tf.one_hot(a, ACTIONS)
        quantiles = tf.einsum("baq,ba->bq", self.online[1](o), mask)
        following = self.target[1](next_o)
        best = tf.argmax(tf.reduce_mean(following, 2), 1)
        best = tf.gather(following, best, axis=1, batch_dims=1)
        wanted = tf.stop_gradient(r[:, tf.newaxis] + d[:, tf.newaxis] * best)
        delta = wanted[:, None, :] - quantiles[:, :, None]
        huber = tf.where(tf.abs(delta) < 1.0, 0.5 * delta**2, tf.abs(delta) - 0.5)
        taus = (tf.range(ATOMS, dtype=tf.float32) + 0.5) / ATOMS
        below = tf.cast(delta < 0, tf.float32)
        weight = tf.abs(taus[None, :, None] - below)
        return tf.reduce_sum(tf.reduce_mean(weight * huber, 2), 1)

    @tf.function
    def step(self, batch, weights):
        with tf.GradientTape(persistent=True) as tape:
            losses = self.categorical_loss(*batch), self.quantile_loss(*batch)
            totals = [tf.reduce_mean(weights * loss) for loss in losses]
        grads, variables = [], []
        for net, total in zip(self.online, totals):  # noqa: B905
            grads += tape.gradient(total, net.trainable_variables)
            variables += net.trainable_variables
        del tape
        self.optimizer.apply(grads, variables)
        if self.counter % 4 == 0:
            for old, new in zip(self.target[0].variables, self.online[0].variables):  # noqa: B905
                old.assign(new)
        for old, new in zip(self.target[1].variables, self.online[1].variables):  # noqa: B905
            old.assign(0.9 * old + 0.1 * new)
        self.counter.assign_add(1)
        return totals, tf.abs(losses[0])


def build():
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.standard_normal((STEPS, *shape)).astype(np.float32)  # noqa: E731
    batches = (
        draw(BATCH, FEATURES),
        rng.integers(0, ACTIONS, (STEPS, BATCH)).astype(np.int32),
        draw(BATCH),
        np.full((STEPS, BATCH), 0.9, np.float32),
        draw(BATCH, FEATURES),
    )
    weights = rng.random((STEPS, BATCH)).astype(np.float32)
    nets = Head(ATOMS), Head(ATOMS)
    for net in nets:
        net(tf.zeros([1, FEATURES]))
    fill(nets, 1)
    learner = Learner(*nets)

    def step(i):
        batch = tuple(tf.constant(part[i]) for part in batches)
        totals, priorities = learner.step(batch, tf.constant(weights[i]))
        return {
            "categorical": totals[0],
            "quantile": totals[1],
            "priority": tf.reduce_max(priorities),
        }

    return Program(step, [*learner.online, *learner.target, learner.optimizer])
