"""Records: made by keyword, mappings, pytrees whose leaves come in sorted order."""

import copy
import dataclasses
import pickle

import jax
import jax.numpy as jnp
import pytest

import rlax_core as rlax

STATE = rlax.EmaState(mu=1.0, nu=2.0, decay_product=0.5)


def test_mapping():
    assert list(STATE) == ["mu", "nu", "decay_product"]
    assert dict(**STATE) == {"mu": 1.0, "nu": 2.0, "decay_product": 0.5}
    assert STATE["nu"] == 2.0
    assert len(STATE) == 3
    with pytest.raises(KeyError):
        STATE["debiased_moments"]


def test_pytree():
    assert jax.tree.leaves(STATE) == [0.5, 1.0, 2.0]
    doubled = jax.jit(lambda s: jax.tree.map(lambda x: 2 * x, s))(STATE)
    assert isinstance(doubled, rlax.EmaState)
    assert doubled.nu == 4.0


def test_tuples_and_changes():
    assert rlax.EmaState.from_tuple(STATE.to_tuple()).to_tuple() == (1.0, 2.0, 0.5)
    assert STATE.replace(mu=3.0).mu == 3.0
    assert STATE.mu == 1.0
    with pytest.raises(ValueError):
        rlax.EmaState.from_tuple((1.0,))


def test_frozen_and_by_keyword():
    with pytest.raises(dataclasses.FrozenInstanceError):
        STATE.mu = 2.0
    with pytest.raises(TypeError):
        rlax.PolicyTarget(jnp.ones(2), jnp.ones(2))


def test_copies():
    for copied in (copy.deepcopy(STATE), pickle.loads(pickle.dumps(STATE))):
        assert copied.to_tuple() == STATE.to_tuple()
