"""Modules: names, reprs, construction, copies, what goes wrong, threads."""

import abc
import copy
import dataclasses
import functools
import pickle
import re
import threading
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import haiku_core as hk
from haiku_core._src.text import camel_to_snake, name_and_number
from tests.haiku_core.compared import assert_same, assert_same_error, x
from tests.haiku_core.upstream import haiku


def _inside(function, *args):
    """Runs a function in ``init``."""
    out = []
    hk.transform_with_state(lambda: out.append(function(*args))).init(0)
    return out[0]


@given(st.text("aAbBzZ019_", min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_names_are_made_as_upstream_makes_them(text):
    from haiku._src import module, utils

    assert camel_to_snake(text) == utils.camel_to_snake(text)
    assert name_and_number(text) == module.name_and_number(text)


@pytest.mark.parametrize(
    "name", ["", "1a", "a-b", "a/b", "é", "a b", "FORCE:", "FORCE:a//b", "FORCE:a/1"]
)
def test_bad_names(name):
    def program(hk):
        return lambda: hk.Linear(1, name=name)

    assert "valid Python identifier" in assert_same_error(program)


@pytest.mark.parametrize("name", ["", "/a", "a/", "1"])
def test_bad_scopes(name):
    assert_same_error(lambda hk: lambda: hk.name_scope(name).__enter__())


def test_a_name_twice():
    def program(hk):
        def f():
            hk.Linear(1, name="a_1")
            hk.Linear(1, name="a_1")

        return f

    assert "hk.force_name" in assert_same_error(program)


def test_a_scope_is_entered_once():
    def f():
        scope = hk.name_scope("a")
        with scope:
            with pytest.raises(ValueError, match="not reentrant"):
                scope.__enter__()
        with pytest.raises(ValueError, match="not reusable"):
            scope.__enter__()

    _inside(f)


class Args(hk.Module):
    def __init__(self, a, b=2, *rest, key=None, name=None, **more):
        super().__init__(name)


class TheirArgs(haiku.Module):
    def __init__(self, a, b=2, *rest, key=None, name=None, **more):
        super().__init__(name)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((1,), {}),
        ((1, 2), {}),
        ((1, 3, 4, 5), {"key": "k", "z": 1, "y": 2}),
        ((), {"b": 2, "a": [1, 2, 3]}),
        (
            ({"deep": {"dictionary": list(range(30))}},),
            {"name": "n", "other": "o" * 60},
        ),
    ],
)
def test_repr(args, kwargs):
    ours = repr(_inside(lambda: Args(*args, **kwargs)))
    theirs = []
    haiku.transform(lambda: theirs.append(TheirArgs(*args, **kwargs))).init(0)
    assert ours == repr(theirs[0]).removeprefix("Their")


def test_repr_can_be_turned_off():
    class Quiet(hk.Module):
        AUTO_REPR = False

    assert "object at" in repr(_inside(Quiet))
    with hk.config.context(module_auto_repr=False):
        assert "object at" in repr(_inside(Args, 1))
    assert repr(_inside(Args, 1)) == "Args(a=1)"


def test_repr_is_there_in_the_constructor_and_in_subclasses():
    class Base(hk.Module):
        def __init__(self, size):
            super().__init__()
            self.text = repr(self)

        def __repr__(self):
            return "mine"

    class Child(Base):
        pass

    assert _inside(Base, 3).text == "mine"
    assert _inside(Child, 3).text == "Child(size=3)"


def test_copies_and_pickles():
    def f():
        module = Args(iter([1, 2]), name="a")
        module.layer = hk.Linear(3)
        twin = copy.deepcopy(module)
        assert twin.layer is not module.layer
        assert twin.module_name == module.module_name
        assert repr(twin) == repr(module)
        again = pickle.loads(pickle.dumps(module))
        assert repr(again) == repr(module)
        assert again.layer(x(1, 2)).shape == (1, 3)

    _inside(f)


def test_dataclasses():
    def program(hk):
        @dataclasses.dataclass
        class Net(hk.Module):
            size: int
            name: str = "other"

            def __call__(self, x):
                return hk.Linear(self.size)(x)

        @dataclasses.dataclass
        class Unnamed(hk.Module):
            size: int = 2

            def __call__(self, x):
                return hk.Linear(self.size)(x)

        return lambda x: Net(3)(x).sum() + Unnamed()(x).sum()

    params, _, _ = assert_same(program, x(2, 4), applies=0)
    assert set(params) == {"other/linear", "unnamed/linear"}


def test_abstract_methods_and_protocols():
    @runtime_checkable
    class Sized(Protocol):
        size: int

        def grow(self): ...

    class Base(hk.Module, abc.ABC):
        @abc.abstractmethod
        def grow(self): ...

    class Net(Base, Sized):
        def __init__(self):
            super().__init__()
            self.size = 1

        def grow(self):
            self.size += 1
            return self.size

    with pytest.raises(TypeError, match="abstract"):
        _inside(Base)
    net = _inside(Net)
    assert isinstance(net, Sized)
    assert isinstance(net, hk.ModuleProtocol)
    assert not isinstance(net, hk.SupportsCall)
    assert isinstance(_inside(hk.Linear, 1), hk.SupportsCall)


def test_properties_static_methods_and_decorated_ones():
    def decorated(function):
        @functools.wraps(function)
        def wrapper(self, x):
            return function(self, x) + 1

        return wrapper

    def program(hk):
        class Net(hk.Module):
            @property
            def w(self):
                """The weight."""
                return hk.get_parameter("w", (), init=jnp.ones) * self._scale

            @w.setter
            def w(self, value):
                self._scale = value * hk.get_parameter("s", (), init=jnp.ones)

            @staticmethod
            def double(x):
                return 2 * x

            @classmethod
            def make(cls):
                return cls()

            @decorated
            def __call__(self, x):
                return hk.Linear(2)(self.double(x)) * self.w

            @hk.transparent
            def helper(self, x):
                return hk.Linear(2)(x)

        def f(x):
            net = Net.make()
            net.w = 3.0
            assert Net.w.__doc__ == "The weight."
            return net(x) + net.helper(x)

        return f

    params, _, _ = assert_same(program, x(2, 4))
    assert set(params) == {"net", "net/linear", "linear"}


def test_submodules():
    def program(hk):
        class Inner(hk.Module):
            def __call__(self, x):
                hk.set_state("n", jnp.ones(()))
                return hk.Linear(2)(x)

        class Outer(hk.Module):
            def __init__(self, inner):
                super().__init__()
                self.inner = inner

            def __call__(self, x):
                return self.inner(x) + Inner(name="own")(x)

        def f(x):
            shared, other = Inner(), Outer(Inner(name="other"))
            with hk.name_scope("scope"):
                a, b = Outer(shared), Outer(other)
            out = a(x) + b(x)
            own = [(sorted(m.params_dict()), sorted(m.state_dict())) for m in (a, b)]
            found.setdefault(hk.__name__, []).append(own)
            return out

        return f

    found = {}
    assert_same(program, x(2, 4))
    ours, theirs = found.values()
    assert ours == theirs


def test_outside_of_a_transform():
    with pytest.raises(ValueError, match="initialized inside an `hk.transform`"):
        hk.Linear(1)
    linear = _inside(hk.Linear, 1)
    with pytest.raises(ValueError, match="inside an `hk.transform`"):
        linear(x(1, 1))
    for name in ("get_parameter", "set_state", "current_name", "name_scope"):
        call = getattr(hk, name)
        args = {"current_name": (), "name_scope": ("a",)}.get(name, ("a", ()))
        message = rf"`hk\.{name}` must be used as part of an `hk\.transform`"
        with pytest.raises(ValueError, match=message):
            call(*args)


def test_without_the_super_constructor():
    class Forgot(hk.Module):
        def __init__(self):
            pass

    class Early(hk.Module):
        def __init__(self):
            self.layer = hk.Linear(1)
            super().__init__()

    with pytest.raises(ValueError, match="without calling the super constructor"):
        _inside(Forgot)
    with pytest.raises(ValueError, match="super constructor must be called before"):
        _inside(Early)


def test_scopes_are_left_when_something_fails():
    class Breaks(hk.Module):
        def __init__(self, when):
            super().__init__()
            if when == "built":
                raise KeyError(when)

        def __call__(self):
            raise KeyError("called")

    def f():
        for when in ("built", "called"):
            with pytest.raises(KeyError, match=when):
                Breaks(when)()
            assert hk.current_name() == "~"
            assert (
                str(jax.make_jaxpr(jnp.sin)(1.0).eqns[0].source_info.name_stack) == ""
            )
        with pytest.raises(KeyError), hk.name_scope("a"), hk.with_rng(0):
            raise KeyError
        assert hk.current_name() == "~"

    _inside(f)
    assert hk.transform(hk.current_name).apply({}, None) == "~"


def test_raw_transforms_are_found():
    def f(x):
        return jax.vmap(lambda x: hk.Linear(1)(x))(x)

    def g(x):
        return hk.vmap(lambda x: hk.Linear(1)(x), split_rng=False)(x)

    with hk.config.context(check_jax_usage=True):
        with pytest.raises(ValueError, match=re.escape("`hk.vmap`")):
            hk.transform(f).init(0, x(2, 3))
        params = jax.jit(hk.transform(g).init)(jax.random.PRNGKey(0), x(2, 3))
    assert params["linear"]["w"].shape == (3, 1)


def test_leaked_tracers():
    def f(x):
        jax.jit(lambda: hk.set_state("n", jnp.ones(()) * 2))()
        return hk.get_state("n") + 1

    with pytest.raises(jax.errors.UnexpectedTracerError, match=r"hk\.scan"):
        hk.transform_with_state(f).init(None, x(2))


def test_threads_do_not_see_each_other():
    """Frames, scopes, hooks and options belong to one thread each."""
    barrier = threading.Barrier(8, timeout=60)
    results = [None] * 8

    def work(number):
        def creator(next_creator, shape, dtype, init, context):
            return next_creator(shape, dtype, lambda s, d: jnp.full(s, number, d))

        class Net(hk.Module):
            def __call__(self, x):
                barrier.wait()
                for _ in range(number + 1):
                    x = hk.Linear(2)(x)
                barrier.wait()
                return x

        def f(x):
            with hk.custom_creator(creator), hk.config.context(rng_reserve_size=9):
                return Net(name=f"net_{number}")(x)

        params = hk.transform(f).init(None, jnp.ones((1, 2)))
        results[number] = jax.tree.map(lambda p: float(p.ravel()[0]), params)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, params in enumerate(results):
        names = [
            f"net_{number}/linear" + (f"_{i}" if i else "") for i in range(number + 1)
        ]
        assert list(params) == names
        assert set(jax.tree.leaves(params)) == {float(number)}


def test_names_without_jax_internals(monkeypatch):
    """The way taken where JAX's name stack isn't where it is looked for."""
    from haiku_core._src import jax_names
    from tests.haiku_core.equal import operations

    def program():
        class Net(hk.Module):
            def __call__(self, x):
                return self.half(hk.Linear(2)(x))

            def half(self, x):
                return hk.Linear(2)(x) / 2

        return hk.transform(lambda x: Net()(x)).apply

    params = {
        name: {"w": jnp.ones((2, 2)), "b": jnp.ones(2)}
        for name in ("net/linear", "net/~half/linear")
    }
    usual = operations(program(), params, None, x(2, 2))
    monkeypatch.setattr(jax_names, "context", None)
    assert operations(program(), params, None, x(2, 2)) == usual
