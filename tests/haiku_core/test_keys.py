"""Random keys: the streams that dm-haiku draws, of the default kind and others."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import haiku_core as hk
from tests.haiku_core.equal import assert_same_trees
from tests.haiku_core.upstream import haiku


def _draws(hk):
    """Keys in all the ways in which they can be drawn."""
    keys = [hk.next_rng_key(), hk.next_rng_key()]
    keys += list(hk.next_rng_keys(3))
    hk.reserve_rng_keys(2)
    keys += [hk.next_rng_key(), *hk.next_rng_keys(2), hk.maybe_next_rng_key()]
    with hk.with_rng(keys[0]):
        keys += [hk.next_rng_key(), hk.next_rng_key()]
    saved = hk.maybe_get_rng_sequence_state()
    keys += [hk.next_rng_key()]
    hk.replace_rng_sequence_state(saved)
    return [jax.random.key_data(key) for key in [*keys, hk.next_rng_key()]]


@pytest.mark.parametrize("block", [1, 4])
@pytest.mark.parametrize(
    "make",
    [
        jax.random.PRNGKey,
        jax.random.key,
        lambda seed: jax.random.key(seed, impl="unsafe_rbg"),
        lambda seed: seed,
        np.int32,
    ],
)
def test_streams(make, block):
    results = []
    for lib in (hk, haiku):
        with lib.config.context(rng_reserve_size=block):
            results.append(
                lib.transform(lambda lib=lib: _draws(lib)).apply({}, make(3))
            )
    assert_same_trees(*results)
    assert len({tuple(key.tolist()) for key in results[0]}) >= 11


def test_sequence():
    ours, theirs = hk.PRNGSequence(5), haiku.PRNGSequence(5)
    for sequence in (ours, theirs):
        sequence.reserve(2)
    assert_same_trees(ours.take(4), theirs.take(4))
    assert_same_trees([next(ours), ours.next()], [next(theirs), theirs.next()])
    assert_same_trees(ours.internal_state, theirs.internal_state)
    again = hk.PRNGSequence(ours.internal_state)
    assert_same_trees(next(again), next(ours))


@pytest.mark.parametrize(
    "bad",
    [
        "text",
        1.5,
        np.zeros(3, np.uint32),
        np.zeros(2, np.float32),
        np.zeros((2, 2), np.uint32),
        (np.zeros(3, np.uint32), ()),
        (jax.random.PRNGKey(0), (np.zeros(3, np.uint32),)),
    ],
)
def test_what_is_no_key(bad):
    with pytest.raises(ValueError, match="key|Key"):
        hk.PRNGSequence(bad)
    with pytest.raises(ValueError, match=r"Init must be called with an RNG.*first"):
        hk.transform(lambda: None).init(bad)
    with pytest.raises(ValueError, match="second argument"):
        hk.transform(lambda: None).apply({}, bad)
    with pytest.raises(ValueError, match="third argument"):
        hk.transform_with_state(lambda: None).apply({}, {}, bad)
    with pytest.raises(ValueError):
        haiku.PRNGSequence(bad)


def test_without_a_key():
    for draw in (hk.next_rng_key, lambda: hk.next_rng_keys(2)):
        with pytest.raises(ValueError, match="non-None PRNGKey"):
            hk.transform(draw).apply({}, None)
    assert hk.transform(hk.maybe_next_rng_key).apply({}, None) is None
    state = hk.transform(hk.maybe_get_rng_sequence_state).apply({}, None)
    assert state is None


def test_a_parameter_that_is_missing_in_apply():
    """The initializer needs a key, but that isn't what is wrong."""
    f = hk.transform(lambda x: hk.Linear(3)(x))
    with pytest.raises(ValueError, match=r"created as part of `init`.*'mlp'"):
        f.apply({"mlp": {"w": jnp.ones(3)}}, None, jnp.ones((1, 2)))
