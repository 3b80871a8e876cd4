"""What a test of one layer's layout is: a Sonnet module beside its counterpart.

The weights are random: the regular values of Sonnet's own test checkpoints can't tell
one gate order from another.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

from compat.bundle import GRAPH_KEY, Bundle
from migrate import checkpoint
from migrate.checkpoint._src import back, content
from tests.migrate.checkpoint.sonnet_side import randomize, save, tf

TOLERANCE = {"float64": 1e-12, "float32": 2e-6, "bfloat16": 3e-2}


def call_it(module, *inputs, **kwargs):
    return module(*inputs, **kwargs)


@dataclasses.dataclass
class Case:
    """A Sonnet module and its counterpart.

    Attributes:
      name: Which.
      sonnet: dtype → the Sonnet module.
      haiku: (hk, dtype) → the Haiku module.
      shapes: Shapes of the inputs.
      call: How either is called.
      training: What a call in training mode adds, if the module has such a mode.
      dtypes: Element types to try.
      output: What of the result is compared.
    """

    name: str
    sonnet: object
    haiku: object
    shapes: tuple
    call: object = call_it
    training: dict | None = None
    dtypes: tuple = ("float64",)
    output: object = lambda out: out

    @property
    def rounds(self) -> bool:
        """Whether Haiku keeps the bias less one in the forget gate."""
        return "LSTM" in self.name and not self.name.startswith("sonnet.")


def recurrent(module, inputs, *state):
    first = module.initial_state(inputs.shape[0])
    if isinstance(first, tuple):
        kind = type(first)
        state = kind(*state) if hasattr(first, "_fields") else kind(state)
    else:
        (state,) = state
    return module(inputs, state)


def example_inputs(shapes, dtype):
    rng = np.random.RandomState(1)
    return [np.asarray(rng.normal(size=s), jnp.dtype(dtype)) for s in shapes]


def _numbers(tree):
    leaves = tf.nest.flatten(tree)
    return [np.asarray(x, np.float64) for x in leaves]


def assert_equal(ours, theirs, tolerance):
    ours, theirs = _numbers(ours), _numbers(theirs)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape and np.isfinite(b).all()
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * np.abs(b).max())


def _there_and_back(case, prefix, transformed, params, state, inputs):
    """Written for Sonnet with no original to follow, it is the same checkpoint."""
    arrays = {
        str(key): array for key, array, _ in content.of_trees(params, state).arrays()
    }
    back.write_new(
        f"{prefix}-back", arrays, transformed, inputs, case.training or {}, ()
    )
    first, second = Bundle(prefix), Bundle(f"{prefix}-back")
    assert first.keys() == second.keys()
    for key in set(first.keys()) - {GRAPH_KEY}:
        one, other = first.get(key), second.get(key)
        assert (one.dtype, one.shape) == (other.dtype, other.shape), key
        if case.rounds and key.endswith("b/.ATTRIBUTES/VARIABLE_VALUE"):
            ulp = float(ml_dtypes.finfo(one.dtype).eps)
            np.testing.assert_allclose(other, one, rtol=ulp, atol=ulp)
        else:
            assert one.tobytes() == other.tobytes(), key


def check_numbers(case, dtype, hk, folder):
    """Saves a Sonnet module, converts it to `hk`, compares outputs, state, way back."""
    with jax.enable_x64(dtype == "float64"):
        kind = tf.as_dtype(dtype)
        inputs = example_inputs(case.shapes, dtype)
        tensors = [tf.constant(x) for x in inputs]
        training = case.training or {}
        evaluating = dict.fromkeys(training, False)
        if case.training is not None and not training:
            evaluating = {}  # it has no other mode
        original = case.sonnet(kind)
        case.call(original, *tensors, **training)
        randomize(original)
        prefix = save(folder, module=original)

        def program(*args, **kwargs):
            return case.call(case.haiku(hk, jnp.dtype(dtype)), *args, **kwargs)

        params, state = checkpoint.convert(prefix, program, *inputs, hk=hk, **training)
        transformed = hk.transform_with_state(program)
        if dtype == case.dtypes[0]:
            _there_and_back(case, prefix, transformed, params, state, inputs)
        for mode in [evaluating, training] if training else [evaluating]:
            theirs = case.output(case.call(original, *tensors, **mode))
            ours, new = transformed.apply(params, state, None, *inputs, **mode)
            assert_equal(case.output(ours), theirs, TOLERANCE[dtype])
        if case.training is not None:
            after = save(folder, module=original)
            _, expected = checkpoint.convert(after, program, *inputs, hk=hk, **training)
            assert expected and set(new) == set(expected)
            assert_equal(dict(new), expected, TOLERANCE[dtype])
