"""What haiku_core costs at trace time, in executed bytecodes: free of noise."""

import jax
import pytest

import haiku_core as hk
from benchmarks.haiku.common import inputs
from benchmarks.haiku.measuring import count_opcodes, fresh
from benchmarks.haiku.zoo_bare import bare_cases
from benchmarks.haiku.zoo_haiku import haiku_cases
from tests.haiku_core.upstream import haiku

# Of dm-haiku's overhead over the same model by hand.
_LIMITS = {"mlp": 0.25, "lstm": 0.40, "layer_stack": 0.30}


@pytest.fixture(scope="module")
def cases():
    return {
        "bare": bare_cases(),
        "ours": haiku_cases("haiku_core"),
        "theirs": haiku_cases("haiku"),
    }


@pytest.mark.parametrize("model", _LIMITS)
def test_bytecodes(model, cases):
    x = inputs()[model]
    counts = {}
    for name, models in cases.items():
        case = models[model]
        params, state = jax.eval_shape(fresh(case.init), jax.random.PRNGKey(0), x)

        def trace(apply=case.apply, params=params, state=state):
            jax.make_jaxpr(fresh(apply))(params, state, x)

        trace()
        trace()
        counts[name] = count_opcodes(trace)
    theirs = counts["theirs"] - counts["bare"]
    assert theirs > 0
    assert counts["ours"] - counts["bare"] <= _LIMITS[model] * theirs, counts


def test_an_empty_apply():
    """The key that a run is given is checked without running JAX."""
    key, counts = jax.random.PRNGKey(0), []
    for library in (hk, haiku):
        apply = library.transform(lambda: None).apply
        apply({}, key)
        counts.append(count_opcodes(lambda: apply({}, key)))  # noqa: B023
    assert counts[0] <= 0.2 * counts[1]
