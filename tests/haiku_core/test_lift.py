"""Lifting and layer stacks, against dm-haiku."""

import jax
import jax.numpy as jnp
import pytest

import haiku_core as hk
from tests.haiku_core.compared import assert_same, assert_same_error, x
from tests.haiku_core.test_control_flow import _noisy_linear


@pytest.mark.parametrize("inside", [False, True])
def test_lift_of_a_mapped_init(inside):
    def program(hk):
        def ensemble(x):
            pair = hk.transform(lambda x: hk.Linear(3)(x))
            keys = hk.next_rng_keys(4) if hk.running_init() else None
            init = jax.vmap(pair.init, in_axes=(0, None))
            params = hk.lift(init, name="members")(keys, x)
            return jax.vmap(pair.apply, in_axes=(0, None, None))(params, None, x)

        class Net(hk.Module):
            def __call__(self, x):
                return ensemble(x)

        return (lambda x: Net()(x)) if inside else ensemble

    params, _, _ = assert_same(program, x(2, 5))
    (name,) = params
    assert name == ("net/members/linear" if inside else "members/linear")
    assert params[name]["w"].shape == (4, 5, 3)


@pytest.mark.parametrize("transparent", [False, True])
def test_lift_with_state(transparent):
    def program(hk):
        class Net(hk.Module):
            def __call__(self, x):
                pair = hk.transform_with_state(lambda x: _noisy_linear(hk)(x))
                if transparent:
                    get, updater = hk.transparent_lift_with_state(pair.init)
                else:
                    get, updater = hk.lift_with_state(pair.init, name="in")
                key = hk.next_rng_key()
                params, state = get(key, x)
                out, state = pair.apply(params, state, key, x)
                updater.update(state)
                return out

        return lambda x: Net()(x)

    assert_same(program, x(3, 2))


def test_transparent_lift_and_names_told_to_creators():
    seen = {}

    def program(hk):
        found = seen.setdefault(hk.__name__, [])

        def creator(next_creator, shape, dtype, init, context):
            found.append((context.full_name, context.lifted_prefix_name))
            return next_creator(shape, dtype, init)

        class Net(hk.Module):
            def __call__(self, x):
                inner = hk.transform(lambda x: hk.Linear(3, name="lin")(x))
                outer = hk.transform(
                    lambda x: inner.apply(hk.lift(inner.init)(None, x), None, x)
                )
                with hk.custom_creator(creator):
                    params = hk.transparent_lift(outer.init)(None, x)
                return outer.apply(params, None, x)

        def f(x):
            with hk.custom_creator(zeros):
                return Net()(x)

        def zeros(next_creator, shape, dtype, init, context):
            return next_creator(shape, dtype, jnp.zeros)

        return f

    assert_same(program, x(2, 5), key=None)
    ours, theirs = seen.values()
    assert set(ours) == set(theirs)
    assert ("lin/w", "net/lifted/") in ours


def test_lift_errors():
    def again(hk):
        def f(x):
            init = hk.transform(lambda x: hk.Linear(3)(x)).init
            hk.lift(init, name="a")(hk.next_rng_key(), x)
            hk.lift(init, name=hk.force_name("a"))(hk.next_rng_key(), x)

        return f

    def closed_over(hk):
        def f(x):
            layer = hk.Linear(3)
            init = hk.transform(lambda x: layer(x)).init
            return hk.transparent_lift(init)(hk.next_rng_key(), x)

        return f

    def unused(hk):
        def f(x):
            hk.lift_with_state(hk.transform_with_state(lambda: None).init)

        return f

    def stateful(hk):
        def f(x):
            hk.lift(hk.transform_with_state(lambda: None).init)(None)

        return f

    assert "allow_reuse" in assert_same_error(again, x(2, 2))
    assert "inside of it" in assert_same_error(closed_over, x(2, 2))
    assert ".ignore_update()" in assert_same_error(unused, x(2, 2))
    assert "lift_with_state" in assert_same_error(stateful, x(2, 2))


def _layer(hk, x):
    h = hk.Linear(x.shape[-1])(x)
    count = hk.get_state("count", (), init=jnp.zeros)
    hk.set_state("count", count + 1)
    return x + h * jax.random.bernoulli(hk.next_rng_key(), 0.5, h.shape) + count


def test_layer_stack():
    def program(hk):
        return lambda x: hk.layer_stack(3)(lambda x: _layer(hk, x))(x)

    params, _, state = assert_same(program, x(2, 4))
    assert params["__layer_stack_no_per_layer/linear"]["w"].shape == (3, 4, 4)
    assert state["__layer_stack_no_per_layer/~"]["count"].tolist() == [3, 3, 3]


@pytest.mark.parametrize("reverse", [False, True])
def test_layer_stack_with_inputs(reverse):
    def program(hk):
        def layer(x, y, reverse=False):
            return hk.Linear(4)(x) * (2.0 if reverse else 1.0) + y, y.sum()

        stack = hk.layer_stack(
            3,
            with_per_layer_inputs=True,
            unroll=2,
            pass_reverse_to_layer_fn=True,
            name="stack",
        )
        return lambda x, ys: stack(layer)(x, ys, reverse=reverse)

    assert_same(program, x(2, 4), x(3, 4))


def test_layer_stack_of_several_values_without_keys():
    def program(hk):
        def layer(a, b):
            w = hk.get_parameter("w", (), init=jnp.ones)
            return b * w, a + w

        return lambda a, b: hk.layer_stack(5)(layer)(a, b)

    assert_same(program, x(3), x(3), key=None)


def test_transparent_layer_stack_is_a_loop():
    class Names:
        def stacked_to_flat(self, name, index):
            return name.replace("layer", f"layer_{index}") if index else name

        def flat_to_stacked(self, name):
            head, _, rest = name.partition("/")
            if not head.startswith("layer"):
                return None
            index = int(head.partition("_")[2] or 0)
            return "layer" + ("/" + rest if rest else ""), index

    def program(hk):
        class Layer(hk.Module):
            def __call__(self, x):
                return x + hk.Linear(x.shape[-1])(x)

        def f(x):
            stack = hk.layer_stack(3, transparent=True, transparency_map=Names())
            return hk.Linear(2)(stack(lambda x: Layer(name="layer")(x))(x))

        return f

    params, _, _ = assert_same(program, x(2, 4))
    assert set(params) == {
        "layer/linear",
        "layer_1/linear",
        "layer_2/linear",
        "linear",
    }


def test_layer_stack_errors():
    with pytest.raises(ValueError, match="transparency_map"):
        hk.layer_stack(2, transparent=True)
    with pytest.raises(ValueError, match="varargs"):
        hk.layer_stack(2)(lambda *xs: xs)

    def f(x):
        stack = hk.layer_stack(3, with_per_layer_inputs=True)
        return stack(lambda x, y: (x, y))(x, x)

    with pytest.raises(ValueError, match="2 slices for 3 layers"):
        hk.transform(f).init(None, x(2))
