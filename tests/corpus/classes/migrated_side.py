"""Runs the rewritten classes on JAX: `migrated_side FOLDER TREE OUT`.

TREE is the rewritten corpus, first on the path. FOLDER is what `legacy_side` wrote. OUT
gets, for each class, the errors measured or why there are none.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import pickle
import sys
import traceback
import types
import warnings

import jax
import jax.numpy as jnp
import numpy as np

import haiku_core as hk
from migrate import checkpoint
from tests.corpus.classes import stubs
from tests.corpus.classes.specs import SPECS
from tests.support.numbers import error, tolerance


class Adder(hk.Module):
    def __call__(self, a, b):
        return a + b


class Normal(hk.Module):
    def __init__(self, size):
        super().__init__()
        self._linear = hk.Linear(size)

    def __call__(self, x):
        from tensorflow_probability.substrates import jax as tfp

        return tfp.distributions.Normal(self._linear(x), 1.0)


def library() -> types.SimpleNamespace:
    from acme import specs
    from acme.wrappers import observation_action_reward, open_spiel_wrapper

    return types.SimpleNamespace(
        Linear=hk.Linear,
        MLP=hk.nets.MLP,
        LSTM=hk.sonnet.LSTM,
        Sequential=hk.Sequential,
        Adder=Adder,
        Normal=Normal,
        OAR=observation_action_reward.OAR,
        OLT=open_spiel_wrapper.OLT,
        BoundedArray=specs.BoundedArray,
        DiscreteArray=specs.DiscreteArray,
    )


def load(file: str, tree: str):
    """The rewritten module; Sonnet's own stands by itself."""
    if not file.startswith("sonnet/"):
        return importlib.import_module(file[:-3].replace("/", "."))
    name = os.path.basename(file)[:-3]
    path = os.path.join(tree, "nets", name + ".py")
    spec = importlib.util.spec_from_file_location(f"nets_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(file: str, name: str, folder: str, tree: str, lib) -> dict[str, float]:
    spec = SPECS[file, name]
    module = load(file, tree)
    with open(os.path.join(folder, "reference.pickle"), "rb") as f:
        reference = pickle.load(f)
    x = reference["x"]

    def call(*x):
        names = dict(m=module, lib=lib, np=np, x=x)
        names["net"] = eval(spec.make, names)
        return eval(spec.call, names)

    net = hk.transform_with_state(call)
    key = jax.random.PRNGKey(0)
    shapes = jax.eval_shape(net.init, key, *x)
    params, state = {}, {}
    if any(jax.tree.leaves(shapes)):

        def brought(kind):
            prefix = os.path.join(folder, f"{kind}-{kinds[kind]}")
            return checkpoint.convert(prefix, net, *x, root="module")

        kinds = {"weights": 1, "after": 2, "gradients": 3}
        params, state = brought("weights")

    def loss_fn(params, state, x):
        out, new = net.apply(params, state, key, *x)
        flat = jax.tree.leaves(out)
        loss = sum(
            jnp.mean(jnp.square(o))
            for o in flat
            if jnp.issubdtype(o.dtype, jnp.floating)
        )
        return loss, (flat, new)

    differentiate = jax.value_and_grad(loss_fn, has_aux=True)
    (loss, (out, new)), grads = jax.jit(differentiate)(params, state, x)
    floor = {"out": 0.0, "grads": 0.0}
    try:
        with jax.enable_x64(True):
            wide = jax.tree.map(_wide, (params, state, x))
            (_, (out64, _)), grads64 = jax.jit(differentiate)(*wide)
        floor["out"] = error(jax.tree.map(_narrow, out), jax.tree.map(_narrow, out64))
        floor["grads"] = error(grads, jax.tree.map(_narrow, grads64))
    except TypeError:
        pass  # the class itself says float32: then the least tolerance holds
    found = {
        "out": error([np.asarray(o) for o in out], reference["out"]),
        "loss": error(np.asarray(loss), reference["loss"]),
    }
    allowed = {"out": tolerance(floor["out"]), "loss": tolerance(floor["out"])}
    if params:
        want, _ = brought("gradients")
        found["grads"] = error(_scaled(grads, want), _scaled(want, want))
        allowed["grads"] = tolerance(floor["grads"])
    if state:
        _, want = brought("after")
        found["state"] = error(new, want)
        allowed["state"] = tolerance(floor["out"])
    return {k: (found[k], allowed[k]) for k in found}


def _scaled(grads, want):
    """Gradients over the largest of them all, so that zeros compare as zeros."""
    scale = max((float(np.max(np.abs(g))) for g in jax.tree.leaves(want)), default=1.0)
    flat = [np.ravel(np.asarray(g)) / (scale or 1.0) for g in jax.tree.leaves(grads)]
    return np.concatenate(flat)


def _wide(a):
    a = np.asarray(a)
    return a.astype(np.float64) if a.dtype == np.float32 else a


def _narrow(a):
    a = np.asarray(a)
    if a.dtype == np.float64:
        return a.astype(np.float32)
    return a.astype(np.int32) if a.dtype == np.int64 else a


def main(root: str, tree: str, out: str) -> None:
    stubs.install()
    warnings.simplefilter("ignore")
    sys.path.insert(0, tree)
    lib = library()
    report = {}
    for file, name in SPECS:
        folder = os.path.join(root, file.replace("/", "."), name)
        key = f"{file}::{name}"
        try:
            report[key] = run(file, name, folder, tree, lib)
        except Exception:
            report[key] = traceback.format_exc(limit=-4)
    with open(out, "w") as f:
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
