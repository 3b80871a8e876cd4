"""Models in the styles of many authors: rewritten, they keep their numbers.

Each file of `fixtures/styles` makes a network (`make`), its inputs (`inputs`) and runs
it (`run`). The rewrite has nothing left, is imported where TensorFlow can't be, gets
the original's weights by way of a checkpoint, and gives the same outputs, gradients and
state.
"""

import importlib
import pathlib
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf

import haiku_core as hk
from migrate import checkpoint, rewrite_paths
from migrate.output import plan, write
from tests.support.blocked import load_file
from tests.support.numbers import error, tolerance

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "styles"
STYLES = sorted(p.stem for p in FOLDER.glob("*.py") if p.stem != "__init__")
KEY = jax.random.PRNGKey(0)


def randomize(variables):
    """Weights of usual size; what counts or holds a variance stays sensible."""
    rng = np.random.RandomState(1)
    for variable in sorted(variables, key=lambda v: (v.name, tuple(v.shape))):
        if not variable.dtype.is_floating:
            continue
        fan_in = max(1, int(np.prod(variable.shape[:-1])))
        value = rng.normal(size=variable.shape) / np.sqrt(fan_in)
        if "variance" in variable.name or "scale" in variable.name:
            value = np.abs(value) + 0.5
        variable.assign(tf.cast(value, variable.dtype))


class Original:
    """The legacy model run once, from random weights.

    Its variables, what they are after the run, and the gradients in their places are
    saved as three checkpoints, so that all are converted in the same way.
    """

    def __init__(self, style, folder):
        module = importlib.import_module(f"fixtures.styles.{style}")
        self.inputs = module.inputs(np.random.RandomState(0))
        tensors = tf.nest.map_structure(tf.constant, self.inputs)
        net = module.make()
        module.run(net, *tensors)
        randomize(net.variables)
        saver = tf.train.Checkpoint(module=net)

        def save(name):
            return saver.write(str(folder / name))

        self.weights = save("weights")
        with tf.GradientTape() as tape:
            out = tf.nest.flatten(module.run(net, *tensors))
            losses = [
                tf.reduce_mean(tf.nn.softsign(o)) for o in out if o.dtype.is_floating
            ]
            loss = tf.add_n(losses)
        self.outputs = [o.numpy() for o in out]
        variables = net.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.after = save("after")
        for variable in net.variables:
            variable.assign(tf.zeros_like(variable))
        for variable, gradient in zip(variables, gradients, strict=True):
            if gradient is not None:
                variable.assign(tf.convert_to_tensor(gradient))
        self.gradients = save("gradients")


def rewritten(style, folder):
    """The rewrite of a style, written out and imported without TensorFlow."""
    run = rewrite_paths([FOLDER / f"{style}.py"], out=folder, jobs=1)
    (file,) = run.files
    assert file.error is None
    left = [f for f in file.result.findings if f.safety == "manual"]
    assert not left
    write(plan(run, str(folder)))
    sys.modules.pop("_tf_ops", None)  # another style's
    return load_file(folder / f"{style}.py", f"migrated_style_{style}")


def widened(tree):
    """The floats of a tree in 64 bits."""
    return jax.tree.map(
        lambda a: a.astype(np.float64) if a.dtype == np.float32 else a,
        jax.tree.map(np.asarray, tree),
    )


def narrowed(tree):
    return jax.tree.map(
        lambda a: a.astype(np.float32) if a.dtype == np.float64 else a,
        jax.tree.map(np.asarray, tree),
    )


@pytest.mark.parametrize("style", STYLES)
def test_keeps_its_numbers(style, tmp_path):
    module = rewritten(style, tmp_path / "out")
    theirs = Original(style, tmp_path)
    net = hk.transform_with_state(lambda *x: module.run(module.make(), *x))

    def converted(prefix):
        return checkpoint.convert(prefix, net, *theirs.inputs, root="module")

    def loss_fn(params, state, inputs):
        out, after = net.apply(params, state, KEY, *inputs)
        leaves = jax.tree.leaves(out)
        losses = [
            jnp.mean(jax.nn.soft_sign(o))
            for o in leaves
            if jnp.issubdtype(o.dtype, jnp.floating)
        ]
        return sum(losses), (leaves, after)

    params, state = converted(theirs.weights)
    run = jax.jit(jax.value_and_grad(loss_fn, has_aux=True))
    inputs = jax.tree.map(jnp.asarray, theirs.inputs)
    (_, (outputs, after)), gradients = run(params, state, inputs)
    wanted, _ = converted(theirs.gradients)
    scale = max(float(np.max(np.abs(g))) for g in jax.tree.leaves(wanted))
    errors = [
        error([np.asarray(o) for o in outputs], theirs.outputs),
        _largest(gradients, wanted) / scale,
        error(after, converted(theirs.after)[1]) if state else 0.0,
    ]
    if max(errors) > tolerance(0.0):  # then the model's own error in 32 bits counts
        with jax.enable_x64(True):
            (_, (outputs64, after64)), gradients64 = jax.jit(
                jax.value_and_grad(loss_fn, has_aux=True)
            )(*map(widened, (params, state, inputs)))
        floors = [
            error(narrowed(outputs), narrowed(outputs64)),
            _largest(gradients, narrowed(gradients64)) / scale,
            error(narrowed(after), narrowed(after64)) if state else 0.0,
        ]
        for found, floor in zip(errors, floors, strict=True):
            assert found <= tolerance(floor)


def _largest(ours, wanted):
    """The largest difference of two trees."""
    pairs = zip(jax.tree.leaves(ours), jax.tree.leaves(wanted), strict=True)
    return max(float(np.max(np.abs(a - b))) for a, b in pairs)
