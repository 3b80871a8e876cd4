"""Branches and loops with parameters, state and keys, against dm-haiku."""

import jax
import jax.numpy as jnp
import pytest

import haiku_core as hk
from tests.haiku_core.compared import assert_same, assert_same_error, x


def _noisy_linear(hk, name=None):
    """A module with a parameter, state and a draw of random numbers."""

    class NoisyLinear(hk.Module):
        def __call__(self, x):
            def init(shape, dtype):
                return jax.random.normal(hk.next_rng_key(), shape, dtype)

            w = hk.get_parameter("w", (x.shape[-1], x.shape[-1]), init=init)
            seen = hk.get_state("seen", (), init=jnp.zeros)
            hk.set_state("seen", seen + 1)
            noise = jax.random.normal(hk.next_rng_key(), x.shape)
            return jnp.tanh(x @ w) + 0.1 * noise + seen

    return NoisyLinear(name=name)


def _built(hk, layer, *args):
    """Calls a layer in init, so that later branches find its parameters."""
    if hk.running_init():
        return layer(*args)
    return None


@pytest.mark.parametrize("taken", [True, False])
def test_cond(taken):
    def program(hk):
        def f(pred, x):
            a, b = _noisy_linear(hk), _noisy_linear(hk)
            if hk.running_init():
                return a(x) + b(x)
            return hk.cond(pred, a, b, x) + hk.cond(pred, lambda: 1.0, lambda: 2.0)

        return f

    assert_same(program, taken, x(3, 2))


@pytest.mark.parametrize("form", ["operand", "two", "legacy", "legacy names"])
def test_forms_of_cond(form):
    def program(hk):
        def f(x):
            hk.set_state("n", hk.get_state("n", (), init=jnp.zeros) + 1)
            if form == "operand":
                return hk.cond(x > 0, jnp.sin, jnp.cos, operand=x)
            if form == "two":
                return hk.cond(x > 0, jnp.add, jnp.subtract, x, 2 * x)
            if form == "legacy":
                return hk.cond(x > 0, x, jnp.sin, 2 * x, jnp.cos)
            return hk.cond(
                x > 0,
                true_operand=x,
                true_fun=jnp.sin,
                false_operand=2 * x,
                false_fun=jnp.cos,
            )

        return f

    assert_same(program, jnp.float32(0.5), key=None)
    assert_same(program, jnp.float32(-0.5), key=None)


def test_cond_creates_state_in_both_branches():
    def program(hk):
        def f(x):
            def branch(scale):
                def g(x):
                    hk.set_state("last", x * scale)
                    return x

                return g

            return hk.cond(x > 0, branch(2.0), branch(3.0), x)

        return f

    assert_same(program, jnp.float32(1.0), key=None)


@pytest.mark.parametrize("index", [0, 2])
def test_switch(index):
    def program(hk):
        def f(index, x):
            layers = [_noisy_linear(hk) for _ in range(3)]
            if hk.running_init():
                return sum(layer(x) for layer in layers)
            return hk.switch(index, layers, x)

        return f

    assert_same(program, index, x(3, 2))


def test_branches_that_create_different_parameters():
    def program(hk):
        def f(x):
            return hk.cond(True, _noisy_linear(hk), lambda x: x, x)

        return f

    message = assert_same_error(program, x(3, 2))
    assert "running_init" in message


@pytest.mark.parametrize(
    ("steps", "reverse", "unroll"),
    [(0, False, 1), (1, True, 1), (4, False, 2), (4, True, 1)],
)
def test_scan(steps, reverse, unroll):
    def program(hk):
        def f(xs):
            layer = _noisy_linear(hk)
            _built(hk, layer, xs[0] if steps else jnp.ones((3, 2)))

            def step(carry, x):
                y = layer(carry + x)
                return y, (y, jax.random.uniform(hk.next_rng_key()))

            return hk.scan(step, jnp.ones((3, 2)), xs, reverse=reverse, unroll=unroll)

        return f

    assert_same(program, x(steps, 3, 2))


def test_scan_without_inputs_and_map():
    def program(hk):
        def f(xs):
            layer = _noisy_linear(hk)
            carry, _ = hk.scan(lambda c, _: (layer(c), None), xs[0], None, length=3)
            return carry, hk.map(layer, xs)

        return f

    assert_same(program, x(4, 3, 2))


def test_scan_with_a_bigger_block_of_keys():
    def program(hk):
        def f(xs):
            layer = _noisy_linear(hk)
            hk.reserve_rng_keys(5)
            return hk.scan(lambda c, x: (layer(c + x), hk.next_rng_key()), xs[0], xs)

        def run(xs):
            with hk.config.context(rng_reserve_size=3):
                return f(xs)

        return run

    assert_same(program, x(4, 3, 2))


def test_scan_refuses_new_parameters():
    def program(hk):
        def f(xs):
            return hk.scan(lambda c, x: (_noisy_linear(hk)(c + x), None), xs[0], xs)

        return f

    message = assert_same_error(program, x(4, 3, 2))
    assert "before the loop" in message


@pytest.mark.parametrize("upper", [1, 3])
def test_fori_loop(upper):
    def program(hk):
        def f(x):
            layer = _noisy_linear(hk)
            return hk.fori_loop(0, upper, lambda i, v: layer(v) + i, x)

        return f

    assert_same(program, x(3, 2))


def test_fori_loop_with_traced_bounds():
    def program(hk):
        def f(n, x):
            layer = _noisy_linear(hk)
            return hk.fori_loop(n - 3, n, lambda i, v: layer(v) + i, x)

        return f

    assert_same(program, 3, x(3, 2))


def test_while_loop():
    def program(hk):
        def f(x):
            layer = _noisy_linear(hk)
            if hk.running_init():
                return layer(x)

            def body(value):
                return value[0] + 1, layer(value[1])

            return hk.while_loop(lambda v: v[0] < 3, body, (0, x))

        return f

    assert_same(program, x(3, 2))


def test_while_condition_sees_the_state_of_the_loop():
    def f():
        hk.get_state("n", (), init=jnp.zeros)
        if hk.running_init():
            return 0

        def body(steps):
            hk.set_state("n", hk.get_state("n") + 1)
            return steps + 1

        return hk.while_loop(lambda _: hk.get_state("n") < 5, body, 0)

    f = hk.transform_with_state(f)
    params, state = f.init(None)
    steps, state = f.apply(params, state, None)
    assert (steps, state["~"]["n"]) == (5, 5.0)


def test_initial_state_inside_of_a_loop():
    def f():
        hk.set_state("n", hk.get_state("n", (), init=jnp.zeros) + 1)

        def step(carry, _):
            hk.set_state("n", hk.get_state("n") + 1)
            return carry, (hk.get_initial_state(), hk.get_current_state())

        return hk.scan(step, 0, None, length=2)[1]

    f = hk.transform_with_state(f)
    _, state = f.init(None)
    (initial, current), state = f.apply({}, {"~": {"n": jnp.float32(7)}}, None)
    assert initial["~"]["n"].tolist() == [7, 7]
    assert current["~"]["n"].tolist() == [9, 10]
    assert state["~"]["n"] == 10


@pytest.mark.parametrize("name", ["cond", "switch", "scan", "fori_loop", "map"])
def test_outside_of_a_transform(name):
    arguments = {
        "cond": (True, jnp.sin, jnp.cos, 1.0),
        "switch": (0, [jnp.sin], 1.0),
        "scan": (lambda c, x: (c, x), 0, jnp.ones(2)),
        "map": (jnp.sin, jnp.ones(2)),
        "fori_loop": (0, 2, lambda i, v: v, 0),
    }
    with pytest.raises(ValueError, match=r"outside of hk\.transform.*Use jax\.lax\."):
        getattr(hk, name)(*arguments[name])
