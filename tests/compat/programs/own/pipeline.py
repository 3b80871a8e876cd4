"""Data from a generator, and a checkpoint gone back to half-way."""

import pathlib
import tempfile

import numpy as np
import sonnet as snt
import tensorflow as tf

from tests.compat.programs.programs import STEPS, Program, fill

BATCH, SAVED_AT = 8, 8


def examples():
    """Sequences of several lengths, and how many of their numbers are positive."""
    rng = np.random.default_rng(0)
    for number in range(4 * BATCH * STEPS):
        length = rng.integers(3, 6)
        values = rng.standard_normal((length, 2)).astype(np.float32)
        yield {"values": values, "number": number}, np.int32((values > 0).sum() % 3)


def dataset():
    data = tf.data.Dataset.from_generator(
        examples,
        output_signature=(
            {
                "values": tf.TensorSpec([None, 2], tf.float32),
                "number": tf.TensorSpec([], tf.int32),
            },
            tf.TensorSpec([], tf.int32),
        ),
    )
    data = data.filter(lambda x, label: tf.shape(x["values"])[0] > 3)
    data = data.map(
        lambda x, label: (
            x["values"],
            tf.cast(x["number"] % 2 == 0, tf.float32),
            label,
        ),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    data = data.padded_batch(BATCH, padded_shapes=([5, 2], [], []), drop_remainder=True)
    extra = tf.data.Dataset.range(10).map(lambda n: tf.cast(n, tf.float32) / 10.0)
    return tf.data.Dataset.zip((data, extra.repeat())).prefetch(2)


class Model(snt.Module):
    def __init__(self):
        super().__init__()
        self.flat = snt.Flatten()
        self.norm = snt.BaseBatchNorm(
            create_scale=True,
            create_offset=True,
            moving_mean=snt.Mean(),
            moving_variance=snt.ExponentialMovingAverage(0.8),
        )
        self.net = snt.nets.MLP([12, 3], activation=tf.nn.selu)

    def __call__(self, values, is_training):
        return self.net(self.norm(self.flat(values), is_training))


def build():
    folder = pathlib.Path(tempfile.mkdtemp())
    model, optimizer = Model(), snt.optimizers.Adam(0.01)
    model(tf.zeros([2, 5, 2]), is_training=True)
    model.norm.moving_mean.reset()
    model.norm.moving_variance.reset()
    fill([model.net], 1)
    step_counter = tf.Variable(0, dtype=tf.int64, trainable=False)
    checkpoint = tf.train.Checkpoint(
        model=model, optimizer=optimizer, step=step_counter
    )
    manager = tf.train.CheckpointManager(
        checkpoint, str(folder / "checkpoints"), max_to_keep=2, checkpoint_name="kept"
    )
    batches = iter(dataset())

    @tf.function
    def train(values, weights, labels, shift):
        with tf.GradientTape() as tape:
            logits = model(values + shift, is_training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean((0.5 + weights) * losses)
        params = model.trainable_variables
        optimizer.apply(tape.gradient(loss, params), params)
        step_counter.assign_add(1)
        return loss

    def step(i):
        (values, weights, labels), shift = next(batches)
        loss = train(values, weights, labels, shift)
        if i == SAVED_AT:
            manager.save(checkpoint_number=step_counter)
        if i == SAVED_AT + 3:
            for variable in model.variables:
                variable.assign(tf.ones_like(variable))
            status = checkpoint.restore(manager.latest_checkpoint)
            status.assert_existing_objects_matched()
        return {"loss": loss, "step": step_counter}

    return Program(step, [model, optimizer])
