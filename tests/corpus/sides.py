"""Runs the specs of `tests.corpus.classes` with the originals, or with what they became.

    python -m tests.corpus.sides original DIR    # TensorFlow: weights, outputs, gradients
    python -m tests.corpus.sides migrated DIR    # JAX: rewrites, converts, compares

The second writes DIR/results.json: each class with "agrees", or why not.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.metadata
import json
import pathlib
import sys
import traceback
import types
from typing import Any
from unittest import mock

import numpy as np

from tests.corpus.classes import SPECS, Spec

TOLERANCE = 1e-5
# Packages that the corpus imports and never uses in what is tried here.
ABSENT = ("launchpad", "reverb", "acme.wrappers", "acme.utils", "acme.core", "bsuite")
REAL = ("acme", "acme.tf", "acme.tf.networks")  # their __init__ imports too much


class Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for packages that are not installed or import too much."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if any(name == a or name.startswith(f"{a}.") for a in ABSENT):
            spec = importlib.machinery.ModuleSpec(name, self, is_package=True)
            return spec
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda key: _stub(key)
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__path__ = []


def _stub(key: str) -> Any:
    if key.startswith("__"):
        raise AttributeError(key)
    return type(key, (), {}) if key[0].isupper() else mock.MagicMock()


def prepare(root: pathlib.Path) -> None:
    """Makes the files below `root` importable without their packages' `__init__`."""
    sys.meta_path.insert(0, Stubs())
    sys.path.insert(0, str(root))
    for name in REAL:
        module = types.ModuleType(name)
        module.__path__ = [str(root.joinpath(*name.split(".")))]
        sys.modules[name] = module


def load(root: pathlib.Path, file: str) -> types.ModuleType:
    """Imports a file of the corpus."""
    if file.startswith("acme/"):
        return importlib.import_module(file.removesuffix(".py").replace("/", "."))
    name = file.removesuffix(".py").replace("/", "_")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, root / file)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[name])
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def site(distribution: str) -> pathlib.Path:
    return pathlib.Path(importlib.metadata.distribution(distribution).locate_file(""))


def seed(spec: Spec) -> int:
    return sum(map(ord, spec.key))


def name_of(spec: Spec) -> str:
    return spec.key.replace("/", "_").replace(":", "_").replace(".py", "")


def original(folder: pathlib.Path) -> None:
    """The TensorFlow side."""
    import sonnet as snt
    import tensorflow as tf
    import tensorflow_probability as tfp
    import tree

    prepare(site("dm-acme"))
    lib = types.SimpleNamespace(
        Linear=snt.Linear,
        MLP=snt.nets.MLP,
        LSTM=snt.LSTM,
        relu=tf.nn.relu,
        total=lambda x: tf.reduce_sum(x, axis=-1),
        tfd=tfp.distributions,
        tfb=tfp.bijectors,
    )
    failed = {}
    for spec in SPECS:
        try:
            random = np.random.default_rng(seed(spec))
            arrays = spec.inputs(random)
            inputs = tree.map_structure(tf.constant, arrays)
            cls = getattr(load(site("dm-acme"), spec.file), spec.name)
            module = spec.make(cls, lib)
            spec.call(module, inputs, lib)  # makes the variables
            for variable in module.trainable_variables:
                shape = variable.shape.as_list()
                scale = 1 / np.sqrt(np.prod(shape[:-1], initial=1.0))
                values = random.normal(size=shape) * scale
                variable.assign(values.astype(np.float32))
            with tf.GradientTape() as tape:
                outputs = tf.nest.flatten(spec.call(module, inputs, lib))
                loss = sum(
                    tf.reduce_sum(tf.sin(o)) for o in outputs if o.dtype.is_floating
                )
            record = {f"out{i}": o.numpy() for i, o in enumerate(outputs)}
            prefix = str(folder / name_of(spec))
            variables = module.trainable_variables
            if variables:
                gradients = tape.gradient(
                    loss, variables, unconnected_gradients="zero"
                )
                tf.train.Checkpoint(model=module).write(f"{prefix}-weights")
                for variable, gradient in zip(variables, gradients, strict=True):
                    variable.assign(gradient)
                tf.train.Checkpoint(model=module).write(f"{prefix}-gradients")
            np.savez(f"{prefix}.npz", **record)
        except Exception:
            failed[spec.key] = traceback.format_exc()[-1500:]
    (folder / "original_failed.json").write_text(json.dumps(failed, indent=1))


def migrated(folder: pathlib.Path) -> None:
    """The JAX side."""
    import jax
    import jax.numpy as jnp
    import tensorflow_probability.substrates.jax as tfp

    import haiku_core as hk
    from migrate.api import rewrite_paths
    from migrate.output import plan, write

    root = folder / "tree"
    for distribution, package in (
        ("dm-acme", "acme"),
        ("bsuite", "bsuite/baselines/tf"),
    ):
        source = site(distribution) / package
        run = rewrite_paths([source], out=root / package, jobs=1)
        write(plan(run, str(root / package)))
    prepare(root)
    for name in ("tensorflow", "sonnet", "trfl"):
        sys.modules[name] = None  # importing them fails
    lib = types.SimpleNamespace(
        Linear=hk.Linear,
        MLP=hk.nets.MLP,
        LSTM=hk.sonnet.LSTM,
        relu=jax.nn.relu,
        total=lambda x: jnp.sum(x, axis=-1),
        tfd=tfp.distributions,
        tfb=tfp.bijectors,
    )
    failed = json.loads((folder / "original_failed.json").read_text())
    results = {key: f"the original fails: {text}" for key, text in failed.items()}
    for spec in SPECS:
        if spec.key in results:
            continue
        try:
            results[spec.key] = _tried(spec, folder, root, lib, hk, jax)
        except Exception:
            results[spec.key] = traceback.format_exc(limit=-4)[-1500:]
    (folder / "results.json").write_text(json.dumps(results, indent=1))


def _tried(spec: Spec, folder: pathlib.Path, root: pathlib.Path, lib, hk, jax) -> str:
    import jax.numpy as jnp

    from migrate.checkpoint import convert

    inputs = jax.tree.map(jnp.asarray, spec.inputs(np.random.default_rng(seed(spec))))
    cls = getattr(load(root, spec.file), spec.name)

    def program(*inputs):
        return spec.call(spec.make(cls, lib), inputs, lib)

    prefix = str(folder / name_of(spec))
    transformed = hk.transform_with_state(program)
    params, state = transformed.init(jax.random.key(0), *inputs)
    trained = bool(jax.tree.leaves(params))
    if trained:
        params, state = convert(f"{prefix}-weights", program, *inputs)
        wanted, _ = convert(f"{prefix}-gradients", program, *inputs)
    elif pathlib.Path(f"{prefix}-weights.index").exists():
        return "the original has variables, the migrated module has none"

    def loss(params):
        out, _ = transformed.apply(params, state, jax.random.key(1), *inputs)
        leaves = jax.tree.leaves(out)
        floating = [o for o in leaves if jnp.issubdtype(o.dtype, jnp.floating)]
        return sum(jnp.sum(jnp.sin(o)) for o in floating), leaves

    if trained:
        (_, outputs), found = jax.value_and_grad(loss, has_aux=True)(params)
    else:
        _, outputs = loss(params)
    with np.load(f"{prefix}.npz") as recorded:
        reference = [recorded[f"out{i}"] for i in range(len(recorded.files))]
    if len(outputs) != len(reference):
        return f"{len(outputs)} outputs instead of {len(reference)}"
    for i, (one, other) in enumerate(zip(outputs, reference, strict=True)):
        problem = _differs(one, other)
        if problem:
            return f"output {i}: {problem}"
    if trained:
        scale = max(float(jnp.max(jnp.abs(g))) for g in jax.tree.leaves(wanted))
        for (path, one), other in zip(
            jax.tree.leaves_with_path(found), jax.tree.leaves(wanted), strict=True
        ):
            problem = _differs(one, other, scale)
            if problem:
                return f"gradient {jax.tree_util.keystr(path)}: {problem}"
    return "agrees"


def _differs(found: Any, wanted: Any, scale: float = 0.0) -> str:
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.shape != wanted.shape:
        return f"shape {found.shape} instead of {wanted.shape}"
    if found.dtype.kind != wanted.dtype.kind:
        return f"dtype {found.dtype} instead of {wanted.dtype}"
    if not found.size:
        return ""
    scale = max(scale, float(np.max(np.abs(wanted))))
    error = float(np.max(np.abs(found.astype(np.float64) - wanted)))
    return "" if error <= TOLERANCE * scale else f"error {error:.1e} of {scale:.1e}"


if __name__ == "__main__":
    {"original": original, "migrated": migrated}[sys.argv[1]](pathlib.Path(sys.argv[2]))
