"""Runs the classes of the corpus as they are, on TensorFlow: `legacy_side FOLDER`.

For each class: a checkpoint of random variables, the outputs, and a second checkpoint
with the gradients in the variables' places, so that they convert like the variables.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import sys
import traceback
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


import numpy as np
import sonnet as snt
import tensorflow as tf
import tensorflow_probability as tfp

from tests.corpus.classes import stubs
from tests.corpus.classes.specs import SPECS


class Adder(snt.Module):
    def __call__(self, a, b):
        return a + b


class Normal(snt.Module):
    def __init__(self, size):
        super().__init__()
        self._linear = snt.Linear(size)

    def __call__(self, x):
        return tfp.distributions.Normal(self._linear(x), 1.0)


def library() -> types.SimpleNamespace:
    from acme import specs
    from acme.wrappers import observation_action_reward, open_spiel_wrapper

    return types.SimpleNamespace(
        Linear=snt.Linear,
        MLP=snt.nets.MLP,
        LSTM=snt.LSTM,
        Sequential=snt.Sequential,
        Adder=Adder,
        Normal=Normal,
        OAR=observation_action_reward.OAR,
        OLT=open_spiel_wrapper.OLT,
        BoundedArray=specs.BoundedArray,
        DiscreteArray=specs.DiscreteArray,
    )


def randomize(module: tf.Module) -> None:
    rng = np.random.RandomState(1)
    for variable in sorted(module.variables, key=lambda v: v.name):
        if variable.dtype.is_integer:
            variable.assign(tf.cast(3, variable.dtype))
            continue
        fan_in = max(1, int(np.prod(variable.shape[:-1])))
        value = rng.normal(size=variable.shape) / np.sqrt(fan_in)
        positive = ("variance", "cluster_size", "scale")
        if any(word in variable.name for word in positive):
            value = np.abs(value) + 0.5
        variable.assign(tf.cast(value, variable.dtype))


def run(file: str, name: str, folder: str, lib) -> None:
    spec = SPECS[file, name]
    module = importlib.import_module(file[:-3].replace("/", "."))
    names = dict(m=module, lib=lib, np=np, rng=np.random.RandomState(0))
    net = snt.allow_empty_variables(eval(spec.make, names))
    x = eval(spec.inputs, names)
    names["net"] = net
    names["x"] = tf.nest.map_structure(tf.constant, x)
    eval(spec.call, names)
    randomize(net)
    holder = tf.train.Checkpoint(module=net)
    holder.save(os.path.join(folder, "weights"))
    state = {v.ref(): v.numpy() for v in net.variables}
    with tf.GradientTape() as tape:
        out = eval(spec.call, names)
        loss = tf.add_n(
            [
                tf.reduce_mean(tf.square(o))
                for o in tf.nest.flatten(out)
                if o.dtype.is_floating
            ]
        )
    variables = net.trainable_variables
    gradients = tape.gradient(loss, variables)
    after = {v.ref(): v.numpy() for v in net.variables}
    holder.save(os.path.join(folder, "after"))
    for variable in net.variables:
        variable.assign(tf.zeros_like(variable))
    for variable, gradient in zip(variables, gradients, strict=True):
        if gradient is not None:
            variable.assign(tf.convert_to_tensor(gradient))
    if net.variables:
        holder.save(os.path.join(folder, "gradients"))
    moved = any(not np.array_equal(state[r], after[r]) for r in state)
    flat = [np.asarray(o) for o in tf.nest.flatten(out)]
    with open(os.path.join(folder, "reference.pickle"), "wb") as f:
        pickle.dump(dict(x=x, out=flat, loss=loss.numpy(), moved=moved), f)


def main(root: str) -> None:
    stubs.install()
    lib = library()
    failures = {}
    for file, name in SPECS:
        folder = os.path.join(root, file.replace("/", "."), name)
        os.makedirs(folder, exist_ok=True)
        try:
            run(file, name, folder, lib)
        except Exception:
            failures[f"{file}::{name}"] = traceback.format_exc(limit=-3)
    with open(os.path.join(root, "legacy_failures.json"), "w") as f:
        json.dump(failures, f, indent=1)


if __name__ == "__main__":
    main(sys.argv[1])
