"""Random programs: names, values, keys, state and graphs as dm-haiku has them."""

import random

import jax
import numpy as np
import pytest

import haiku_core as hk
from tests.haiku_core import programs_at_random
from tests.haiku_core.equal import (
    assert_same_order,
    assert_same_trees,
    operations,
)
from tests.haiku_core.upstream import haiku


@pytest.mark.parametrize(
    "seed",
    [*range(10), *(pytest.param(n, marks=pytest.mark.slow) for n in range(10, 60))],
)
def test_same_as_upstream(seed):
    body = programs_at_random.statements(random.Random(seed), 3, False)
    ours, theirs = (
        lib.transform_with_state(programs_at_random.function(lib, body))
        for lib in (hk, haiku)
    )
    key, x = jax.random.PRNGKey(seed), np.ones((1, 2), np.float32)
    with jax.disable_jit():
        params, state = ours.init(key, x)
        their_params, their_state = theirs.init(key, x)
    assert_same_trees(params, their_params)
    assert_same_trees(state, their_state)
    assert_same_order(params, their_params)
    assert_same_order(state, their_state)
    assert operations(ours.apply, params, state, key, x) == operations(
        theirs.apply, params, state, key, x
    )
    with jax.disable_jit():
        assert_same_trees(
            ours.apply(params, state, key, x), theirs.apply(params, state, key, x)
        )


def test_the_programs_are_not_trivial():
    """What the other test's generator makes has modules, state and keys in it."""
    seen = set()
    for seed in range(60):
        stack = list(programs_at_random.statements(random.Random(seed), 3, False))
        while stack:
            kind, *rest = stack.pop()
            seen.add(kind)
            if kind == "module":
                stack += rest[1]
                for _, body in rest[2].values():
                    stack += body
            elif kind == "scope":
                stack += rest[1]
    assert seen == {
        "linear", "param", "state", "key", "maybe_key", "again", "scope", "module",
        "forced", "deferred", "self",
    }  # fmt: skip
