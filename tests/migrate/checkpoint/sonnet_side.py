"""What the tests need of TensorFlow and Sonnet: random variables, saved checkpoints."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import sonnet as snt
import tensorflow as tf


def randomize(module: tf.Module, seed: int = 0) -> None:
    """Gives every variable random values that its role allows."""
    rng = np.random.RandomState(seed)
    for variable in sorted(module.variables, key=lambda v: v.name):
        if variable.dtype.is_integer:
            variable.assign(tf.cast(7, variable.dtype))
            continue
        value = 0.4 * rng.normal(size=variable.shape)
        if "variance" in variable.name or "cluster_size" in variable.name:
            value = np.abs(value) + 0.5
        variable.assign(tf.cast(value, variable.dtype))


def make(build, *inputs, seed=0, **kwargs):
    """A module whose variables exist and are random."""
    module = build()
    module(*inputs, **kwargs)
    randomize(module, seed)
    return module


def save(folder, **objects) -> str:
    """Writes a checkpoint of the objects; returns its prefix."""
    return tf.train.Checkpoint(**objects).save(os.path.join(folder, "ckpt"))


def train(module, optimizer, inputs, steps=2, **kwargs):
    """Some optimizer steps on a made-up loss."""
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(module(inputs, **kwargs)))
        variables = module.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)


__all__ = ("make", "randomize", "save", "snt", "tf", "train")
