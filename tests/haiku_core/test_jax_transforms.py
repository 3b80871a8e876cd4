"""grad, jit, remat, vmap and eval_shape with parameters, state and keys."""

import functools

import jax
import jax.numpy as jnp
import pytest

import haiku_core as hk
from tests.haiku_core.compared import assert_same, assert_same_error, x
from tests.haiku_core.test_control_flow import _noisy_linear


@pytest.mark.parametrize("aux", [False, True])
def test_grad_and_value_and_grad(aux):
    def program(hk):
        def f(x):
            layer = _noisy_linear(hk)

            def loss(x, scale):
                out = jnp.sum(layer(x) ** 2) * scale
                return (out, x) if aux else out

            grads = hk.grad(loss, argnums=(0, 1), has_aux=aux)(x, 2.0)
            both = hk.value_and_grad(loss, has_aux=aux)(x, scale=3.0)
            return grads, both

        return f

    assert_same(program, x(3, 2))


def _jit_of(lib):
    if lib is hk:
        return hk.jit
    return __import__("haiku._src.stateful", fromlist=["jit"]).jit


def test_jit():
    def program(lib):
        def f(x):
            layer = _noisy_linear(lib)
            fast = _jit_of(lib)(layer)
            scaled = _jit_of(lib)(lambda x, n: layer(x) * n, static_argnums=1)
            return fast(x) + fast(x) + scaled(x, 2)

        return f

    assert_same(program, x(3, 2))


def test_remat():
    def program(hk):
        def f(x):
            layer = _noisy_linear(hk)
            other = hk.remat(lambda x: _noisy_linear(hk, "inside")(x))
            return hk.remat(layer)(x) + other(x) + other(x)

        return f

    assert_same(program, x(3, 2))


def test_remat_recomputes():
    def f(x):
        return hk.remat(lambda x: jnp.sin(jnp.sin(x)))(x)

    apply = hk.transform(f).apply
    text = str(jax.make_jaxpr(jax.grad(lambda x: apply({}, None, x)))(1.0))
    assert "remat" in text or "checkpoint" in text


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("axes", [(0, None), [0, None], ({"a": 1}, None)])
def test_vmap(split, axes):
    def program(hk):
        def f(xs, y):
            layer = _noisy_linear(hk)
            layer(jnp.ones((2, 3)))

            def one(x, y):
                x = jax.tree.leaves(x)[0]
                w = hk.get_parameter("w", (), init=jnp.ones)
                return x * w + y + jax.random.uniform(hk.next_rng_key())

            split_now = split and not hk.running_init()
            xs = {"a": xs} if isinstance(axes[0], dict) else xs
            return hk.vmap(one, in_axes=axes, split_rng=split_now)(xs, y)

        return f

    assert_same(program, x(4, 4), 1.0)


def test_vmap_without_mapped_arguments():
    def f():
        return hk.vmap(hk.next_rng_key, axis_size=3, split_rng=True)()

    keys = hk.transform(f).apply({}, jax.random.PRNGKey(0))
    assert len({tuple(key.tolist()) for key in keys}) == 3


def test_vmap_errors():
    def split(hk):
        def f(x):
            return hk.vmap(_noisy_linear(hk), split_rng=True)(x)

        return f

    def no_split(hk):
        return lambda x: hk.vmap(lambda x: x)(x)

    def no_axis(hk):
        return lambda x: hk.vmap(jnp.sin, in_axes=None, split_rng=False)(x)

    assert "running_init" in assert_same_error(split, x(2, 2, 2))
    assert "split_rng" in assert_same_error(no_split, x(2))
    assert "in_axes" in assert_same_error(no_axis, x(2))


def test_vmap_can_do_without_split_rng(monkeypatch):
    monkeypatch.setattr(hk.vmap, "require_split_rng", False)
    out = hk.transform(lambda x: hk.vmap(jnp.sin)(x)).apply({}, None, jnp.ones(2))
    assert out.shape == (2,)


def test_eval_shape_keeps_nothing():
    def program(hk):
        def f(x):
            layer = _noisy_linear(hk)
            shape = hk.eval_shape(layer, x)
            fast = hk.experimental.fast_eval_shape(layer, x)
            assert shape == fast
            return jnp.ones(shape.shape, shape.dtype) + layer(x)

        return f

    assert_same(program, x(3, 2))


def test_fast_eval_shape_traces_no_initializers():
    def init(shape, dtype):
        raise AssertionError("ran")

    def f(x):
        return x + hk.get_parameter("w", x.shape, x.dtype, init=init)

    params = hk.experimental.fast_eval_shape(hk.transform(f).init, None, x(3, 2))
    assert params["~"]["w"].shape == (3, 2)


def test_optimize_rng_use():
    def program(hk):
        def f(x):
            return _noisy_linear(hk)(_noisy_linear(hk)(x)), hk.next_rng_key()

        return hk.experimental.optimize_rng_use(f)

    assert_same(program, x(3, 2))


def test_names_go_on_after_jit_and_start_again_in_vmap():
    def program(hk):
        def f(x):
            make = functools.partial(_noisy_linear, hk)
            a = _jit_of(hk)(lambda x: make()(x))(x)
            b = make()(x)
            return a + b

        return f

    params, _, _ = assert_same(program, x(3, 2))
    assert list(params) == ["noisy_linear", "noisy_linear_1"]


@pytest.mark.parametrize(
    ("call", "plain"),
    [
        (lambda: hk.grad(jnp.sin), "jax.grad"),
        (lambda: hk.value_and_grad(jnp.sin), "jax.grad"),
        (lambda: hk.jit(jnp.sin), "jax.jit"),
        (lambda: hk.remat(jnp.sin), "jax.remat"),
        (lambda: hk.eval_shape(jnp.sin, 1.0), "jax.eval_shape"),
    ],
)
def test_outside_of_a_transform(call, plain):
    with pytest.raises(ValueError, match=rf"outside of hk\.transform.*{plain}"):
        call()
