"""Errors name the function, the argument, and what is wrong with it."""

import jax
import jax.numpy as jnp
import pytest

import rlax_core as rlax
from rlax_core._src.checks import Signature

X = jnp.ones(3)


def test_dtype():
    with pytest.raises(
        AssertionError, match=r"td_learning: r_t must be float\[\]; got"
    ):
        rlax.td_learning(1.0, 1, 0.9, 1.0)


def test_rank():
    with pytest.raises(AssertionError, match=r"q_learning: q_t must be .*float32\[\]"):
        rlax.q_learning(X, 0, 1.0, 0.9, X[0])


def test_length():
    with pytest.raises(AssertionError, match="v_t must be .* T is 3 by r_t"):
        rlax.lambda_returns(X, X, jnp.ones(4))


def test_relative_length():
    with pytest.raises(AssertionError, match=r"values must be float\[T\+1\]"):
        rlax.truncated_generalized_advantage_estimation(X, X, 1.0, X)


def test_python_numbers_pass():
    assert float(rlax.td_learning(1.0, 2.0, 0.5, 4.0)) == 3.0


def test_lists_are_refused():
    with pytest.raises(AssertionError, match="list"):
        rlax.huber_loss([1.0, 2.0])


def test_either_shape():
    check = Signature("f", x="float[]|[T 2]", flag="bool")
    check(1.0, True)
    check(jnp.ones((5, 2)), jnp.array([True]))
    with pytest.raises(AssertionError, match="f: x must be"):
        check(jnp.ones(5), True)
    with pytest.raises(AssertionError, match="f: flag must be bool"):
        check(1.0, 1)


def test_under_jit_and_vmap():
    with pytest.raises(AssertionError, match="a_tm1 must be int"):
        jax.jit(jax.vmap(rlax.q_learning))(jnp.ones((3, 2)), X, X, X, jnp.ones((3, 2)))


@pytest.mark.parametrize("fraction", [0.0, 1.5, 0.01])
def test_share_of_the_best_steps(fraction):
    penalty = rlax.LagrangePenalty(jnp.float32(1.0), 0.1)
    with pytest.raises(ValueError, match="top_k_fraction"):
        rlax.vmpo_loss(X, X, penalty, [(X, penalty)], top_k_fraction=fraction)


def test_no_such_sample_axis():
    penalty = rlax.LagrangePenalty(jnp.float32(1.0), 0.1)
    with pytest.raises(ValueError, match="axis 2"):
        rlax.mpo_compute_weights_and_temperature_loss(X, penalty, lambda x: x, 2)


def test_feature_control_names_the_kinds():
    with pytest.raises(ValueError, match="decrease or potential"):
        rlax.feature_control_rewards(jnp.ones((2, 2)), "sideways")
