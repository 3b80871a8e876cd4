"""compat.sonnet beside Sonnet itself, from the same weights.

Outputs, gradients by weights and inputs, and the state afterwards.
"""

import numpy as np
import pytest
import sonnet as real_snt
import tensorflow as real_tf

import compat.sonnet as our_snt
from compat import tensorflow as our_tf
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

# Relative to the greatest element; float32 carries the sums of a deep network.
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def randomised(variable, rng):
    """Values such as training could leave in a variable."""
    old = variable.numpy()
    if old.dtype.kind == "i":
        return np.asarray(rng.integers(1, 9), old.dtype)
    low = 0.3 if "variance" in variable.name or "cluster" in variable.name else -0.7
    return rng.uniform(low, 1.3, old.shape).astype(old.dtype)


def flat(structure):
    return [np.asarray(x) for x in real_tf.nest.flatten(structure) if x is not None]


def flat_ours(structure):
    return [np.asarray(x) for x in our_tf.nest.flatten(structure) if x is not None]


def close(ours, theirs, tolerance, floors=None):
    """Equal to a tolerance of the scale, or of what float32 itself can do.

    The scale is a tensor's greatest element, not below a hundredth of the greatest of
    all: a gradient that is zero but for rounding (of what a norm takes away again) is
    held to some units in the last place of the others.
    """
    assert len(ours) == len(theirs)
    greatest = [float(np.max(np.abs(t), initial=0.0)) for t in theirs]
    least = max([1e-6, *(1e-2 * g for g in greatest)])
    floors = floors or [0.0] * len(ours)
    for mine, other, size, floor in zip(ours, theirs, greatest, floors, strict=True):
        assert mine.dtype == other.dtype
        assert mine.shape == other.shape
        scale = max(size, least)
        np.testing.assert_allclose(
            mine / scale,
            other / scale,
            atol=max(tolerance, 4 * floor / scale),
            rtol=0,
        )


def distances(narrow, wide):
    """How far float32 is from float64 in each tensor."""
    return [
        float(np.max(np.abs(np.asarray(a) - np.asarray(b)), initial=0.0))
        for a, b in zip(narrow, wide, strict=True)
    ]


def differentiated(module, case, inputs, weights, tf, snt, flatten):
    """(outputs, gradients) of a weighted sum of all floating outputs."""
    tensors = [tf.constant(x) for x in inputs]
    variables = [v for v in all_variables(module, snt) if v.trainable]
    floating = [t for t in tensors if t.dtype.is_floating]
    with tf.GradientTape() as tape:
        for t in floating:
            tape.watch(t)
        outputs = case.call(module, *tensors)
        total = tf.constant(0.0, tf.float64)
        for out, weight in zip(
            [o for o in tf.nest.flatten(outputs) if o.dtype.is_floating],
            weights,
            strict=False,
        ):
            weight = tf.constant(weight, tf.float64)
            total += tf.reduce_sum(tf.nn.softsign(tf.cast(out, tf.float64)) * weight)
    gradients = tape.gradient(total, [*variables, *floating])
    return flatten(outputs), [
        None if g is None else np.asarray(tf.convert_to_tensor(g)) for g in gradients
    ]


RUNS = [
    pytest.param(case, dtype, id=f"{case!r}-{case.call.__name__}-{dtype}")
    for case in CASES
    for dtype in ("float32", "float64")
    if dtype == "float32" or (case.float64 and not case.ids)
]


@pytest.mark.parametrize(("case", "dtype"), RUNS)
def test_outputs_gradients_and_state(case, dtype):
    inputs = case.inputs(dtype)
    theirs = build(case.made, real_snt, real_tf)
    case.call(theirs, *map(real_tf.constant, inputs))
    ours = build(case.made, our_snt, our_tf)
    case.call(ours, *map(our_tf.constant, inputs))
    their_variables = all_variables(theirs, real_snt)
    our_variables = all_variables(ours, our_snt)

    def described(variables):
        return [(v.name, tuple(v.shape), v.dtype.name, v.trainable) for v in variables]

    assert described(our_variables) == described(their_variables)
    if "_" not in repr(theirs).split("(")[0] and "at 0x" not in repr(theirs):
        assert repr(ours) == repr(theirs)

    rng = np.random.default_rng(1)
    for mine, other in zip(our_variables, their_variables, strict=True):
        value = randomised(other, rng)
        mine.assign(value)
        other.assign(value)
    weights = [rng.normal() for _ in range(64)]
    wide = case.deep and in_float64(case, inputs, our_variables, weights)
    their_outputs, their_gradients = differentiated(
        theirs, case, inputs, weights, real_tf, real_snt, flat
    )
    our_outputs, our_gradients = differentiated(
        ours, case, inputs, weights, our_tf, our_snt, flat_ours
    )
    tolerance = TOLERANCE[dtype]
    floors = wide and [
        distances(a, b) for a, b in zip((our_outputs, our_gradients), wide, strict=True)
    ]
    close(our_outputs, their_outputs, tolerance, floors and floors[0])
    assert [g is None for g in our_gradients] == [g is None for g in their_gradients]
    if case.made.name != "snt.UnrolledLSTM":  # see below
        close(
            [g for g in our_gradients if g is not None],
            [g for g in their_gradients if g is not None],
            10 * tolerance,
            floors and floors[1],
        )
    close(
        [v.numpy() for v in our_variables],
        [v.numpy() for v in their_variables],
        tolerance,
    )


def in_float64(case, inputs, variables, weights):
    """Our outputs and gradients at the same weights in double precision."""
    inputs = [x.astype("float64") for x in inputs]
    module = build(case.made, our_snt, our_tf)
    case.call(module, *map(our_tf.constant, inputs))
    for wide, narrow in zip(all_variables(module, our_snt), variables, strict=True):
        wide.assign(narrow.numpy().astype(wide.dtype.as_numpy_dtype))
    return differentiated(module, case, inputs, weights, our_tf, our_snt, flat_ours)


def test_unrolled_lstm_has_the_gradients_of_the_unrolled_lstm():
    """TensorFlow's block kernel has not: Sonnet's two ways differ from one another."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 3, 5)).astype("float32")
    whole = our_snt.UnrolledLSTM(4)
    whole(our_tf.constant(x), whole.initial_state(3))
    step = real_snt.LSTM(4)
    step(real_tf.constant(x[0]), step.initial_state(3))
    for mine, other in zip(whole.variables, step.variables, strict=True):
        value = randomised(other, rng)
        mine.assign(value)
        other.assign(value)

    def gradients(tf, variables, unroll):
        with tf.GradientTape() as tape:
            outputs, state = unroll()
            loss = tf.reduce_sum(tf.sin(outputs)) + tf.reduce_sum(tf.sin(state.cell))
        return [np.asarray(g) for g in tape.gradient(loss, variables)]

    close(
        gradients(
            our_tf,
            whole.variables,
            lambda: whole(our_tf.constant(x), whole.initial_state(3)),
        ),
        gradients(
            real_tf,
            step.variables,
            lambda: real_snt.dynamic_unroll(
                step, real_tf.constant(x), step.initial_state(3)
            ),
        ),
        1e-5,
    )


@pytest.mark.parametrize("case", starts_of(CASES), ids=repr)
def test_starts_from_the_same_distribution(case):
    theirs = sonnet_starts(case)
    ours = [
        [v.numpy() for v in started(case, our_snt, our_tf)[1]] for _ in range(DRAWS)
    ]
    for i in range(len(theirs[0])):
        assert_same_distribution(
            np.concatenate([start[i].ravel() for start in ours]),
            np.concatenate([start[i].ravel() for start in theirs]),
            f"variable {i}",
        )
