"""init and apply: what they take, return, refuse, and how they look."""

import collections
import inspect
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import haiku_core as hk
from tests.haiku_core.compared import x
from tests.haiku_core.equal import assert_same_trees
from tests.haiku_core.upstream import haiku


def _net(x, scale=1.0):
    count = hk.get_state("count", (), jnp.int32, init=jnp.zeros)
    hk.set_state("count", count + 1)
    return hk.Linear(3)(x) * scale


@pytest.mark.parametrize(
    "kind",
    [
        dict,
        collections.OrderedDict,
        types.MappingProxyType,
        hk.data_structures.to_immutable_dict,
        lambda tree: types.MappingProxyType(
            {key: types.MappingProxyType(value) for key, value in tree.items()}
        ),
    ],
)
def test_any_mapping_will_do(kind):
    f = hk.transform_with_state(_net)
    params, state = f.init(0, x(2, 4))
    out, after = f.apply(kind(params), kind(state), None, x(2, 4))
    assert_same_trees(out, f.apply(params, state, None, x(2, 4))[0])
    assert type(after) is dict
    assert after == {"~": {"count": 1}}
    assert state["~"]["count"] == 0


def test_parameters_of_the_two_libraries_are_interchangeable():
    def program(lib):
        return lib.transform_with_state(
            lambda x: lib.BatchNorm(True, True, 0.9)(lib.nets.MLP([4, 3])(x), True)
        )

    ours, theirs = program(hk), program(haiku)
    for made, used in ((ours, theirs), (theirs, ours)):
        params, state = made.init(jax.random.PRNGKey(0), x(2, 4))
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6),
            made.apply(params, state, None, x(2, 4)),
            used.apply(params, state, None, x(2, 4)),
        )


def test_what_apply_got_is_left_alone():
    def f():
        hk.set_state("a", hk.get_state("a") + 1)
        hk.set_state("new", jnp.ones(()))
        hk.get_state("made", (), init=jnp.zeros)
        return hk.get_initial_state(), hk.get_current_state()

    state = {"~": {"a": jnp.zeros(())}, "other": {"b": jnp.ones(())}}
    kept = jax.tree.map(lambda v: v, state)
    (initial, current), after = hk.transform_with_state(f).apply({}, state, None)
    assert state == kept
    assert initial == {"~": {"a": 0, "new": 1, "made": 0}, "other": {"b": 1}}
    assert current == after
    assert after == {"~": {"a": 1, "new": 1, "made": 0}, "other": {"b": 1}}


def test_values_of_state_may_be_trees():
    Pair = collections.namedtuple("Pair", "a,b")
    given = {"list": [jnp.zeros(2)], "pair": Pair(1, {"x": None})}

    def program(lib):
        def f():
            lib.set_state("tree", given)
            lib.set_state("ordered", collections.OrderedDict(z=1.0, y=2.0))
            return lib.get_state("tree")

        return lib.transform_with_state(f)

    for part in range(2):
        ours, theirs = (program(lib).init(None)[part] for lib in (hk, haiku))
        assert_same_trees(ours, theirs)
    state = program(hk).init(None)[1]
    assert state["~"]["tree"]["list"] is not given["list"]


@pytest.mark.parametrize("bad", [3, [1], "text", np.zeros(2)])
def test_what_is_no_mapping(bad):
    with pytest.raises(TypeError, match=r"params argument .*apply\(params, rng"):
        hk.transform(lambda: None).apply(bad, None)
    with pytest.raises(TypeError, match="state argument"):
        hk.transform_with_state(lambda: None).apply({}, bad, None)


def test_state_without_state():
    for transformed in (
        hk.transform(_net),
        hk.without_state(hk.transform_with_state(_net)),
    ):
        with pytest.raises(ValueError, match="use `hk.transform_with_state`"):
            transformed.init(0, x(2, 4))
    params, state = hk.with_empty_state(hk.transform(lambda: 1)).init(None)
    assert (params, state) == ({}, {})
    assert hk.with_empty_state(hk.transform(lambda: 1)).apply({}, {}, None) == (1, {})


def test_functions_that_went_through_jit():
    with pytest.raises(ValueError, match=r"jax\.jit\(hk\.transform\(f\)\.apply\)"):
        hk.transform(jax.jit(lambda: 0))
    with pytest.raises(ValueError, match="without_apply_rng"):
        hk.transform(lambda: 0, apply_rng=False)


def test_arguments_called_like_ours():
    def f(state, rng=0):
        return state + rng

    assert hk.transform(f).apply({}, None, 1, 2) == 3
    with pytest.raises(TypeError, match=r"my_state"):
        hk.transform(f).apply({}, None, state=1)
    with pytest.raises(TypeError, match=r"my_rng"):
        hk.without_apply_rng(hk.transform(f)).apply({}, 1, rng=2)


def _signatures(lib):
    def f(a, *args: int, b: float = 2, **kwargs) -> str:
        """Documented."""

    def g(a, b=3):
        pass

    for function in (f, g, lambda: None):
        plain, stateful = lib.transform(function), lib.transform_with_state(function)
        for pair in (
            plain,
            stateful,
            lib.without_state(stateful),
            lib.with_empty_state(plain),
            lib.without_apply_rng(plain),
            lib.without_apply_rng(stateful),
        ):
            for member in pair:
                signature = inspect.signature(member)
                yield [
                    (p.name, p.kind, p.default) for p in signature.parameters.values()
                ]


def test_signatures():
    ours, theirs = list(_signatures(hk)), list(_signatures(haiku))
    # dm-haiku calls one parameter of with_empty_state's apply `param`.
    renamed = [
        [("params" if name == "param" else name, *rest) for name, *rest in signature]
        for signature in theirs
    ]
    assert [[tuple(p) for p in s] for s in ours] == [
        [tuple(p) for p in s] for s in renamed
    ]


def test_multi_transform():
    def program(lib):
        def f():
            encoder, decoder = lib.Linear(3, name="enc"), lib.Linear(4, name="dec")

            def template(x):
                return decoder(encoder(x))

            def noisy(x):
                return encoder(x) + jax.random.uniform(lib.next_rng_key())

            return template, {"enc": encoder, "both": (template, noisy)}

        return lib.multi_transform(f)

    key = jax.random.PRNGKey(0)
    ours, theirs = program(hk), program(haiku)
    assert jax.tree.structure(ours.apply) == jax.tree.structure(theirs.apply)
    params = ours.init(key, x(2, 5))
    assert_same_trees(params, theirs.init(key, x(2, 5)))
    for mine, other in zip(
        jax.tree.leaves(ours.apply), jax.tree.leaves(theirs.apply), strict=True
    ):
        np.testing.assert_allclose(
            mine(params, key, x(2, 5)), other(params, key, x(2, 5)), rtol=1e-5
        )
    keyless = hk.without_apply_rng(ours).apply["enc"](params, x(2, 5))
    assert keyless.shape == (2, 3)
    with pytest.raises(ValueError, match="multi_transform"):
        hk.without_apply_rng(3)


def test_running_init_and_current_name():
    seen = []

    def f():
        seen.append((hk.running_init(), hk.current_name()))
        with hk.name_scope("a/b"):
            seen.append(hk.current_name())

    f = hk.transform(f)
    f.apply(f.init(None), None)
    assert seen == [(True, "~"), "a/b", (False, "~"), "a/b"]


def test_transform_and_run():
    calls = []

    @hk.testing.transform_and_run(seed=3, jax_transform=jax.jit)
    def f(self, value):
        calls.append(self)
        return hk.next_rng_key(), value

    key, value = f("self", 2)
    want = hk.transform(hk.next_rng_key).apply({}, jax.random.PRNGKey(4))
    assert (key == want).all()
    assert (value, calls) == (2, ["self", "self"])
    keyless = hk.testing.transform_and_run(hk.maybe_next_rng_key, seed=None)
    assert keyless() is None
    assert hk.testing.transform_and_run(lambda: 1, run_apply=False)() is None
