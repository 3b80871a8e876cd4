"""What the rewriter makes of each constructor call computes what Sonnet computed.

The call is rewritten, made inside a transform, and given Sonnet's weights by way of a
checkpoint: outputs and gradients are equal, and it starts from the same distribution.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

import haiku_core as hk
import migrate
from migrate import checkpoint
from tests.compat.sonnet.cases import CASES
from tests.compat.sonnet.measures import (
    DRAWS,
    all_variables,
    assert_same_distribution,
    build,
    sonnet_starts,
    started,
    starts_of,
)
from tests.compat.sonnet.test_against_sonnet import randomised

TEXT = """import numpy as np
import sonnet as snt
import tensorflow as tf


class Holder(snt.Module):
    def __init__(self):
        super().__init__()
        self.inner = {made!r}
"""


def rewritten(made):
    """What the rewriter makes of a class that holds the module."""
    result = migrate.rewrite_source(TEXT.format(made=made))
    assert {f.safety for f in result.findings} <= {"safe"}, result.findings
    assert "snt." not in result.text and "tf." not in result.text
    space = {}
    exec(compile(result.text, "<rewritten>", "exec"), space)
    return space["Holder"]


def saved(module, folder, name):
    holder = snt.Module()
    holder.inner = module
    return tf.train.Checkpoint(root=holder).write(str(folder / name))


def example(inputs):
    return [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in inputs]


def converted(prefix, program, inputs):
    return checkpoint.convert(prefix, program, *example(inputs), root="root")


def floating(structure):
    leaves = [np.asarray(x) for x in jax.tree.leaves(structure)]
    return [x for x in leaves if x.dtype.kind == "f"]


def near(ours, theirs, tolerance):
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert np.shape(mine) == np.shape(other)
        scale = max(1e-6, float(np.max(np.abs(other), initial=0.0)))
        np.testing.assert_allclose(
            np.asarray(mine) / scale, np.asarray(other) / scale, atol=tolerance, rtol=0
        )


def spec(case):
    holder = rewritten(case.made)

    def program(*inputs):
        return case.call(holder().inner, *inputs)

    return program


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case!r}-{case.call.__name__}"
)
def test_rewritten_call_is_equal(case, tmp_path):
    inputs = case.inputs("float32")
    theirs = build(case.made, snt, tf)
    case.call(theirs, *map(tf.constant, inputs))
    variables = all_variables(theirs, snt)
    rng = np.random.default_rng(1)
    for variable in variables:
        variable.assign(randomised(variable, rng))
    program = spec(case)
    transformed = hk.transform_with_state(program)
    key = jax.random.PRNGKey(0)
    params, state = jax.jit(transformed.init)(key, *inputs)
    if variables:
        prefix = saved(theirs, tmp_path, "weights")
        params, state = converted(prefix, program, inputs)

    # Sonnet: outputs and gradients, the latter saved in the variables' places.
    trainable = [v for v in variables if v.trainable]
    tensors = [tf.constant(x) for x in inputs]
    wrt = [t for t in tensors if t.dtype.is_floating]
    with tf.GradientTape() as tape:
        for t in wrt:
            tape.watch(t)
        outputs = case.call(theirs, *tensors)
        leaves = [o for o in tf.nest.flatten(outputs) if o.dtype.is_floating]
        total = tf.add_n([tf.reduce_sum(tf.sin(o)) for o in leaves])
    gradients = tape.gradient(total, [*trainable, *wrt])

    def loss(params, arrays):
        taken = iter(arrays)
        given = [next(taken) if x.dtype.kind == "f" else x for x in inputs]
        out, after = transformed.apply(params, state, key, *given)
        leaves = [o for o in jax.tree.leaves(out) if o.dtype.kind == "f"]
        return sum(jnp.sum(jnp.sin(o)) for o in leaves), (out, after)

    arrays = [x for x in inputs if x.dtype.kind == "f"]
    (_, (mine, after)), (by_params, by_inputs) = jax.jit(
        jax.value_and_grad(loss, argnums=(0, 1), has_aux=True)
    )(params, arrays)
    near(jax.tree.leaves(mine), tf.nest.flatten(outputs), 1e-5)
    near(by_inputs, [g for g in gradients[len(trainable) :]], 1e-4)
    if not variables:
        return
    if state:  # as it is after the call
        _, wanted = converted(saved(theirs, tmp_path, "after"), program, inputs)
        for module, values in wanted.items():
            near([after[module][n] for n in values], list(values.values()), 1e-5)
    for variable, gradient in zip(trainable, gradients, strict=False):
        zero = tf.zeros_like(variable)
        variable.assign(zero if gradient is None else tf.convert_to_tensor(gradient))
    if trainable:
        wanted, _ = converted(saved(theirs, tmp_path, "gradients"), program, inputs)
        for module, values in wanted.items():
            near([by_params[module][n] for n in values], list(values.values()), 1e-4)


@pytest.mark.parametrize("case", starts_of(CASES), ids=repr)
def test_rewritten_call_starts_from_the_same_distribution(case, tmp_path):
    inputs = case.inputs("float32")
    program = spec(case)
    init = jax.jit(hk.transform_with_state(program).init)
    drawn = [init(jax.random.PRNGKey(i), *inputs) for i in range(DRAWS)]
    starts = sonnet_starts(case)
    theirs, variables = started(case, snt, tf)
    if not variables:
        assert not drawn[0][0]
        return
    # Which variables make which parameters: each is filled with a number of its own.
    for number, variable in enumerate(variables, 2):
        variable.assign(tf.fill(variable.shape, tf.cast(number, variable.dtype)))
    places, _ = converted(saved(theirs, tmp_path, "numbers"), program, inputs)
    for module, values in places.items():
        for name, numbers in values.items():
            sources = sorted({round(float(n)) - 2 for n in np.unique(numbers)})
            assert_same_distribution(
                np.concatenate([p[module][name].ravel() for p, _ in drawn]),
                np.concatenate([s[i].ravel() for s in starts for i in sources]),
                f"{module}/{name}",
            )
