"""Creators, getters, setters, interceptors and policies, against dm-haiku."""

import jax.numpy as jnp
import jmp
import pytest

import haiku_core as hk
from tests.haiku_core.compared import assert_same, x


def _net(hk):
    class Net(hk.Module):
        def __call__(self, x):
            seen = hk.get_state("seen", (), init=jnp.zeros)
            hk.set_state("seen", seen + 1)
            return hk.Linear(3)(hk.Linear(4, name="first")(x)) + seen

    return Net()


def test_order_and_context():
    seen = {}

    def program(hk):
        log = seen.setdefault(hk.__name__, [])

        def creator(mark):
            def create(next_creator, shape, dtype, init, context):
                log.append(("create", mark, context.full_name, tuple(shape)))
                value = next_creator(shape, dtype, init)
                log.append(("created", mark, context.module_name))
                return value * 2

            return create

        def getter(mark):
            def get(next_getter, value, context):
                log.append(
                    ("get", mark, context.full_name, str(context.original_dtype))
                )
                return next_getter(value) + 1

            return get

        def setter(next_setter, value, context):
            log.append(("set", context.full_name, context.original_shape))
            return next_setter(value * 3)

        def f(x):
            with (
                hk.custom_creator(creator("a"), state=True),
                hk.custom_creator(creator("b")),
                hk.custom_getter(getter("c")),
                hk.custom_getter(getter("d"), params=False, state=True),
                hk.custom_setter(setter),
            ):
                y = _net(hk)(x)
            return y, _net(hk)(x)

        return f

    assert_same(program, x(2, 5))
    ours, theirs = seen.values()
    assert ours == theirs
    assert ours


@pytest.mark.parametrize("what", ["created", "set"])
def test_do_not_store(what):
    def program(hk):
        def create(next_creator, shape, dtype, init, context):
            if context.module_name.endswith("first"):
                return hk.DO_NOT_STORE
            return next_creator(shape, dtype, init)

        def get(next_getter, value, context):
            if value is hk.DO_NOT_STORE:
                value = jnp.ones(context.original_shape, context.original_dtype)
            return next_getter(value)

        def set_(next_setter, value, context):
            return hk.DO_NOT_STORE

        def f(x):
            if what == "set":
                with hk.custom_setter(set_):
                    return _net(hk)(x)
            with hk.custom_creator(create), hk.custom_getter(get):
                return _net(hk)(x)

        return f

    params, _, state = assert_same(program, x(2, 5))
    assert ("net/first" in params) == (what == "set")
    assert state["net"]["seen"] == (0 if what == "set" else 2)


def test_interceptors():
    seen = {}

    def program(hk):
        log = seen.setdefault(hk.__name__, [])

        class Base(hk.Module):
            def __call__(self, x):
                return self.half(x)

            def half(self, x):
                return x / 2

        class Net(Base):
            @property
            def size(self):
                return 3

            def half(self, x):
                return super().half(x) + hk.get_parameter("w", (), init=jnp.ones)

        def interceptor(mark):
            def intercept(next_f, args, kwargs, context):
                log.append(
                    (mark, context.method_name, context.orig_class.__name__, len(args))
                )
                if context.method_name == "half" and mark == "b":
                    return context.orig_method(*args, **kwargs) * 5
                return next_f(*args, **kwargs)

            return intercept

        def f(x):
            with hk.intercept_methods(interceptor("a")):
                with hk.intercept_methods(interceptor("b")):
                    net = Net()
                    return net(x=x) * net.size

        return f

    assert_same(program, x(2, 5), key=None)
    ours, theirs = seen.values()
    assert ours == theirs


def test_an_interceptor_may_run_the_rest_twice():
    """Here dm-haiku runs what is inside of it once only."""
    log = []

    def twice(next_f, args, kwargs, context):
        return next_f(*args, **kwargs) + next_f(*args, **kwargs)

    def count(next_f, args, kwargs, context):
        log.append(context.method_name)
        return next_f(*args, **kwargs)

    class Net(hk.Module):
        def __call__(self):
            return 1

    def f():
        net = Net()
        with hk.intercept_methods(twice), hk.intercept_methods(count):
            return net()

    assert hk.transform(f).apply({}, None) == 2
    assert log == ["__call__", "__call__"]


def test_policies():
    policies = {
        "Linear": jmp.get_policy("params=float32,compute=bfloat16,output=float32"),
        "MLP": jmp.get_policy("params=float16,compute=float32,output=bfloat16"),
    }

    def program(hk):
        mixed = hk.mixed_precision

        def f(x):
            with mixed.push_policy(hk.Linear, policies["Linear"]):
                a = hk.Linear(3)(x)
                with mixed.push_policy(hk.nets.MLP, policies["MLP"]):
                    assert mixed.get_policy(hk.nets.MLP) == policies["MLP"]
                    b = hk.nets.MLP([3, 3])(x)
            assert mixed.current_policy() is None
            return a, b, hk.Linear(3)(x)

        return f

    params, out, _ = assert_same(program, x(2, 5))
    assert out[1].dtype == jnp.bfloat16
    assert params["mlp/~/linear_0"]["w"].dtype == jnp.float32


def test_policies_cost_nothing_once_they_are_gone():
    from haiku_core._src.frames import here

    hk.mixed_precision.set_policy(hk.Linear, jmp.get_policy("float32"))
    assert here.interceptors
    hk.mixed_precision.clear_policy(hk.Linear)
    hk.mixed_precision.clear_policy(hk.Linear)
    assert not here.interceptors
    with pytest.raises(ValueError, match="clear_policy"):
        hk.mixed_precision.set_policy(hk.Linear, None)
