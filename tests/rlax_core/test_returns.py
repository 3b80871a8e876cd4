"""What rlax_core's returns do beyond, or otherwise than, RLax's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rlax_core as rlax

RNG = np.random.default_rng(0)
T = 11
R, V = (jnp.asarray(RNG.normal(size=T), jnp.float32) for _ in range(2))
D = jnp.asarray(RNG.uniform(size=T), jnp.float32)


def by_definition(n, mix):
    """n-step returns, one state and one step at a time."""
    out = []
    for start in range(T):
        end = min(start + n, T)
        value = float(V[min(start + n - 1, T - 1)])
        for t in reversed(range(start, end)):
            onward = (1 - mix) * float(V[t]) + mix * value
            value = float(R[t]) + float(D[t]) * onward
        out.append(value)
    return np.array(out)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 100])
@pytest.mark.parametrize("mix", [1.0, 0.6])
def test_n_step_returns(n, mix):
    mine = rlax.n_step_bootstrapped_returns(R, D, V, n, mix)
    np.testing.assert_allclose(mine, by_definition(n, mix), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [0, -1])
def test_n_step_returns_refuse(n):
    with pytest.raises(ValueError, match="at least 1"):
        rlax.n_step_bootstrapped_returns(R, D, V, n)


def operations(n):
    x = jnp.ones(1000)
    made = jax.make_jaxpr(lambda x: rlax.n_step_bootstrapped_returns(x, x, x, n, 0.5))
    return len(made(x).eqns)


def test_n_step_returns_trace_in_log_n():
    few = operations(2)
    for n in (16, 64, 256, 512):
        assert operations(n) <= few + 10 * np.log2(n)
        assert operations(2 * n - 1) <= few + 20 * np.log2(2 * n)


def scanned_lengths(function, *args):
    """The operations of a trace, which must not depend on the length."""
    return len(str(jax.make_jaxpr(function)(*args)).splitlines())


@pytest.mark.parametrize("name", ["lambda_returns", "vtrace"])
def test_traces_do_not_grow_with_the_sequence(name):
    function = getattr(rlax, name)
    count = 3 if name == "lambda_returns" else 5
    sizes = {
        scanned_lengths(function, *(jnp.ones(length),) * count)
        for length in (2, 50, 5000)
    }
    assert len(sizes) == 1


CALLS = {
    "lambda_returns": lambda: rlax.lambda_returns(R, D, V, 0.7),
    "discounted_returns": lambda: rlax.discounted_returns(R, D, V),
    "gae": lambda: rlax.truncated_generalized_advantage_estimation(
        R, D, 0.9, jnp.append(V, 1.0)
    ),
    "off_policy": lambda: rlax.general_off_policy_returns_from_q_and_v(
        V[1:], V, R, D, D[1:]
    ),
    "vtrace": lambda: rlax.vtrace(V, V, R, D, jnp.exp(V)),
    "batched": lambda: jax.vmap(rlax.lambda_returns, 1, 1)(
        *(jnp.stack([x, 2 * x], axis=1) for x in (R, D, V))
    ),
    "gradient": lambda: jax.grad(lambda v: rlax.lambda_returns(R, D, v, D).sum())(V),
}


@pytest.mark.parametrize("name", CALLS)
def test_parallel_scans(name):
    plain = CALLS[name]()
    with rlax.parallel_scans():
        parallel = CALLS[name]()
        with rlax.parallel_scans(False):
            again = CALLS[name]()
    np.testing.assert_allclose(parallel, plain, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(again, plain)


def test_parallel_scans_make_no_loop():
    def traced():
        return str(jax.make_jaxpr(lambda v: rlax.lambda_returns(R, D, v))(V))

    assert "scan[" in traced()
    with rlax.parallel_scans():
        assert "scan[" not in traced()
    assert "scan[" in traced()


def test_traced_flags_stop_gradients():
    def total(v, flag):
        return rlax.lambda_returns(R, D, v, 0.5, stop_target_gradients=flag).sum()

    gradient = jax.jit(jax.grad(total))
    assert not jnp.any(gradient(V, True))
    np.testing.assert_allclose(gradient(V, False), jax.grad(total)(V, False), rtol=1e-6)


def test_masked_steps_may_hold_anything():
    """A masked step passes on what comes after it, even if its own reward is NaN."""
    mask = jnp.arange(T) != 4
    spoilt = R.at[4].set(jnp.nan)
    mine = rlax.vtrace(V, V, spoilt, D, jnp.ones(T), sample_mask=mask)
    clean = rlax.vtrace(V, V, R, D, jnp.ones(T), sample_mask=mask)
    np.testing.assert_array_equal(mine, clean)
    np.testing.assert_allclose(clean[4], clean[5], rtol=1e-5)
