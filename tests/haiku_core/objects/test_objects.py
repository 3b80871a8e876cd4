"""Objects that own networks: on haiku_core, and copied beside dm-haiku."""

import copy
import gc
import weakref

import haiku
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import haiku_core
from haiku_core import objects as own_objects
from tests.support.copied import on_dm_haiku


@pytest.fixture(scope="module", params=["haiku_core", "haiku"])
def sides(request, tmp_path_factory):
    if request.param == "haiku_core":
        return haiku_core, own_objects
    folder = tmp_path_factory.mktemp("copied")
    return haiku, on_dm_haiku("haiku_core.objects", folder)


@pytest.fixture
def hk(sides):
    return sides[0]


@pytest.fixture
def objects(sides):
    return sides[1]


def data(n=8, width=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, width)).astype(np.float32)


def close(a, b, tol=1e-6):
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, tol, tol), a, b)


def torso(hk):
    class Torso(hk.Module):
        def __init__(self, hidden, name=None):
            super().__init__(name=name)
            self.hidden = hidden
            self.layers = [hk.Linear(hidden), hk.Linear(hidden, name="second")]
            self.mean = hk.ExponentialMovingAverage(0.9)

        def __call__(self, x, is_training=False):
            gain = hk.get_parameter("gain", [x.shape[-1]], init=jnp.ones)
            x = self.layers[0](x * gain)
            self.mean(jnp.mean(x, 0), update_stats=is_training)
            if is_training:
                x = hk.dropout(hk.next_rng_key(), 0.5, x)
            return jnp.tanh(self.layers[1](x))

        def first(self, x):
            return self.layers[0](x)

    return Torso


class TestBox:
    def test_numbers_take_tensorflow_dtypes(self, objects):
        assert objects.Box(1).value.dtype == np.int32
        assert objects.Box(1.0).value.dtype == np.float32
        assert objects.Box([1, 2]).value.shape == (2,)
        assert objects.Box(True).value.dtype == bool

    def test_assign_keeps_dtype_and_shape(self, objects):
        box = objects.Box(1)
        box.assign_add(2)
        box.assign_sub(np.int64(1))
        assert int(box) == 2 and box.dtype == np.int32
        with pytest.raises(ValueError, match="shape"):
            box.assign([1, 2])

    def test_arithmetic_is_that_of_the_value(self, objects):
        box = objects.Box([7, -7])
        assert (box % 4).tolist() == [3, 1]
        assert (1 + box).tolist() == [8, -6]
        assert (box > 0).tolist() == [True, False]
        assert jnp.asarray(box).tolist() == [7, -7]
        assert [0, 1, 2][objects.Box(2)] == 2

    def test_deepcopy_is_independent(self, objects):
        a = objects.Box(1.0)
        b = copy.deepcopy(a)
        a.assign(5.0)
        assert float(b) == 1.0

    def test_not_made_from_tracers(self, objects):
        f = objects.jit(lambda x: objects.Box(x))
        with pytest.raises(ValueError, match="traced value"):
            f(jnp.ones(3))


class TestNetwork:
    def test_equals_the_transformed_module(self, hk, objects):
        net = objects.network(lambda: hk.nets.MLP([4, 3]))
        x = data()
        out = net(x)
        pure = hk.transform(lambda x: hk.nets.MLP([4, 3])(x))
        close(out, pure.apply(net.params, None, x))
        assert jax.tree.map(jnp.shape, net.params) == jax.tree.map(
            jnp.shape, pure.init(jax.random.PRNGKey(0), x)
        )

    def test_plain_module_inside_a_transform(self, hk, objects):
        def f(x):
            module = objects.network(lambda: hk.Linear(2))
            assert isinstance(module, hk.Module)
            return module(x)

        params = hk.transform(f).init(jax.random.PRNGKey(0), data())
        assert list(params) == ["linear"]

    def test_methods_share_variables_and_create_lazily(self, hk, objects):
        net = objects.network(lambda: torso(hk)(5))
        first = net.first(data())
        assert len(net.trainable_variables) == 2
        net(data())
        assert len(net.trainable_variables) == 5
        close(net.first(data()), first)

    def test_submodules_and_attributes(self, hk, objects):
        net = objects.network(lambda: torso(hk)(5))
        assert net.hidden == 5
        x = data()
        net(x)
        close(net.layers[0](x), net.first(x))
        assert len(net.layers[1].trainable_variables) == 2
        with pytest.raises(AttributeError, match="nothing_there"):
            net.nothing_there  # noqa: B018

    def test_state_that_appears_with_training(self, hk, objects):
        net = objects.network(lambda: torso(hk)(5))
        net(data())
        net(data(), is_training=True)
        before = net.state
        net(data(seed=3), is_training=True)
        moved = jax.tree.map(lambda a, b: bool(jnp.any(a != b)), before, net.state)
        assert all(jax.tree.leaves(moved))
        kept = net.state
        net(data())
        close(kept, net.state, 0)

    def test_created_under_jit_with_real_values(self, hk, objects):
        net = objects.network(lambda: torso(hk)(5))
        f = objects.jit(lambda x: net(x, is_training=True))
        f(data())
        assert all(isinstance(v, jax.Array) for v in jax.tree.leaves(net.params))
        assert not any(
            isinstance(v, jax.core.Tracer)
            for v in jax.tree.leaves((net.params, net.state))
        )
        assert int(net.state["torso/~/exponential_moving_average"]["counter"]) == 1

    def test_same_seed_same_values(self, hk, objects):
        def make():
            objects.set_seed(7)
            net = objects.network(lambda: hk.Linear(3))
            net(data())
            return net.params

        # The stream of initial keys goes on, so two networks differ ...
        a, b = make(), make()
        assert not np.allclose(a["linear"]["w"], b["linear"]["w"])

    def test_deepcopy_copies_networks_inside(self, hk, objects):
        class Sum(hk.Module):
            def __init__(self, net, prior):
                super().__init__()
                self.net = net
                self.many = [prior]

            def __call__(self, x):
                return self.net(x) + jax.lax.stop_gradient(self.many[0](x))

        net = objects.network(lambda: hk.Linear(2))
        prior = objects.network(lambda: hk.Linear(2))
        both = objects.network(lambda: Sum(net, prior))
        x = data()
        out = both(x)
        assert len(both.trainable_variables) == 4
        other = copy.deepcopy(both)
        twice = copy.deepcopy(other)
        close(other(x), out)
        for box in both.trainable_variables:
            box.assign(box.value * 0)
        close(both(x), out * 0)
        close(other(x), out)
        for box in other.trainable_variables:
            box.assign(box.value * 0)
        close(other(x), out * 0)
        close(twice(x), out)

    def test_shared_between_two(self, hk, objects):
        shared = objects.network(lambda: hk.Linear(4))
        a = objects.network(lambda: hk.Sequential([shared, jax.nn.relu]))
        b = objects.network(lambda: hk.Sequential([shared, jnp.tanh]))
        x = data()
        a(x), b(x)
        assert list(a.trainable_variables) == list(b.trainable_variables)

    def test_build_from_shapes(self, hk, objects):
        net = objects.network(lambda: hk.Linear(3))
        assert objects.build(net, (None, 5)).shape == (1, 3)
        unknown = jax.ShapeDtypeStruct((None, 5), np.float32)
        assert objects.build(net, unknown).shape == (1, 3)
        assert [b.shape for b in net.variables] == [(3,), (5, 3)] or [
            b.shape for b in net.variables
        ] == [(5, 3), (3,)]

    def test_variables_by_the_names_of_sonnet(self, hk, objects):
        net = objects.network(lambda: hk.Linear(3))
        deep = objects.network(lambda: Wrapped(hk))
        for network in (net, deep):
            objects.build(network, data())
        assert net.w is next(b for b in net.variables if b.name.endswith("/w"))
        deep.inner.b.assign(jnp.ones(3))
        assert deep.params[next(m for m in deep.params if "linear" in m)]["b"].all()
        with pytest.raises(AttributeError, match="no attribute 'v'"):
            net.v  # noqa: B018

    def test_load_params(self, hk, objects):
        net = objects.network(lambda: hk.Linear(3))
        net.params = {"linear": {"w": np.ones((5, 3), "f"), "b": np.ones(3, "f")}}
        close(net(data()), data().sum(1, keepdims=True) + np.ones((8, 3)), 1e-5)


class TestGradients:
    def test_equals_jax_and_updates_state(self, hk, objects):
        net = objects.network(lambda: torso(hk)(5))
        x = data()
        objects.build(net, x, is_training=False)

        def loss_fn():
            return jnp.mean(net(x) ** 2), "aux"

        (loss, aux), grads = objects.value_and_grad(
            loss_fn, net.trainable_variables, has_aux=True
        )
        pure = hk.transform_with_state(lambda x: torso(hk)(5)(x))
        want, want_grads = jax.value_and_grad(
            lambda p: jnp.mean(pure.apply(p, net.state, None, x)[0] ** 2)
        )(net.params)
        close(loss, want)
        assert aux == "aux"
        flat = {b.name: g for b, g in zip(net.trainable_variables, grads, strict=True)}
        for module, entries in want_grads.items():
            for name, value in entries.items():
                close(flat[f"{module}/{name}"], value)

    def test_variables_taken_before_they_exist(self, hk, objects):
        net = objects.network(lambda: hk.Linear(1))
        variables = [] + net.trainable_variables
        loss, grads = objects.value_and_grad(lambda: jnp.sum(net(data())), variables)
        assert len(grads) == len(variables) == 2

    def test_of_a_vector_is_that_of_its_sum(self, objects):
        box = objects.Box([1.0, 2.0])
        loss, (grad,) = objects.value_and_grad(lambda: box.value**2, [box])
        assert loss.tolist() == [1.0, 4.0] and grad.tolist() == [2.0, 4.0]

    def test_variable_written_in_the_loss(self, objects):
        box, count = objects.Box(3.0), objects.Box(0)

        def loss_fn():
            count.assign_add(1)
            return box.value * 2

        objects.value_and_grad(loss_fn, [box])
        assert int(count) == 1

    def test_vjp_of_several_losses(self, hk, objects):
        actor = objects.network(lambda: hk.Linear(1))
        critic = objects.network(lambda: hk.Linear(1))
        x = data()

        def losses():
            a, c = jnp.mean(actor(x)), jnp.mean(critic(x) * actor(x))
            return a, c, jnp.arange(3)

        (a, c, extra), gradient = objects.vjp(losses)
        got = gradient(c, critic.trainable_variables + actor.trainable_variables)
        _, want = objects.value_and_grad(
            lambda: losses()[1], critic.trainable_variables + actor.trainable_variables
        )
        close(got, want)
        zeros = gradient(a, critic.trainable_variables)
        assert all(not np.any(z) for z in zeros)
        with pytest.raises(ValueError, match="results"):
            gradient(a + 1, critic.trainable_variables)

    def test_by_arrays(self, hk, objects):
        net = objects.network(lambda: hk.Linear(1))
        x = data()
        out, (grad,) = objects.value_and_grad(lambda x: net(x) ** 2, at=[x])
        want = jax.grad(lambda x: jnp.sum(net(x) ** 2))(x)
        close(grad, want)
        assert out.shape == (*x.shape[:-1], 1)
        with pytest.raises(TypeError, match="not by both"):
            objects.value_and_grad(jnp.sum, net.trainable_variables, at=[x])

    def test_by_arrays_within_by_variables(self, hk, objects):
        """The gradient of a penalty on a gradient."""
        net = objects.network(lambda: hk.nets.MLP([4, 1], activation=jnp.tanh))
        x = data()
        objects.build(net, x)

        def penalty():
            _, (slope,) = objects.value_and_grad(net, at=[x])
            return jnp.sum(slope**2)

        _, grads = objects.value_and_grad(penalty, net.trainable_variables)
        pure = hk.without_apply_rng(
            hk.transform(lambda x: hk.nets.MLP([4, 1], activation=jnp.tanh)(x))
        )

        def wanted(params):
            slope = jax.grad(lambda x: jnp.sum(pure.apply(params, x)))(x)
            return jnp.sum(slope**2)

        want = jax.grad(wanted)(net.params)
        names = [b.name for b in net.trainable_variables]
        for name, grad in zip(names, grads, strict=True):
            module, _, leaf = name.rpartition("/")
            close(grad, want[module][leaf])

    def test_of_a_single_variable(self, objects):
        box = objects.Box(3.0)
        assert float(objects.value_and_grad(lambda: box.value**2, box)[1]) == 6.0

    def test_vjp_by_arrays(self, objects):
        box, x = objects.Box(3.0), jnp.arange(2.0)

        def outputs(x):
            return box.value * x, x**2

        (first, second), gradient = objects.vjp(outputs, at=[x])
        assert gradient(first, x).tolist() == [3.0, 3.0]
        assert gradient(first, box) == 1.0
        assert [g.tolist() for g in gradient(second, [x])] == [[0.0, 2.0]]
        weights = jnp.asarray([1.0, 10.0])
        assert gradient(second, x, weights).tolist() == [0.0, 20.0]
        assert gradient([first, second], x).tolist() == [3.0, 5.0]

    def test_variables_listed_too_early(self, hk, objects):
        net = objects.network(lambda: hk.Linear(1))
        with pytest.raises(ValueError, match="no variables yet"):
            list(net.trainable_variables)
        _, grads = objects.value_and_grad(
            lambda: jnp.sum(net(data())), lambda: [*net.trainable_variables]
        )
        assert len(grads) == 2


def Wrapped(hk):
    class Wrapped(hk.Module):
        def __init__(self):
            super().__init__()
            self.inner = hk.Linear(3)

        def __call__(self, x):
            return self.inner(x)

    return Wrapped()


class Learner:
    def __init__(self, hk, objects):
        self.o = objects
        self.net = objects.network(lambda: torso(hk)(6))
        self.head = objects.network(lambda: hk.Linear(1))
        self.target = copy.deepcopy(self.head)
        self.optimizer = objects.Optimizer(optax.adam(1e-2))
        self.steps = objects.Box(0)
        self.traces = 0

    def _step(self, x, y):
        self.traces += 1

        def loss_fn():
            return jnp.mean(jnp.square(self.head(self.net(x)) - y))

        variables = self.net.trainable_variables + self.head.trainable_variables
        loss, grads = self.o.value_and_grad(loss_fn, variables)
        self.optimizer.apply(grads, variables)
        self.target(self.net(x))

        def update_target():
            for t, s in zip(
                self.target.trainable_variables,
                self.head.trainable_variables,
                strict=True,
            ):
                t.assign(s)

        self.o.cond(self.steps.value % 4 == 0, update_target)
        self.steps.assign_add(1)
        return {"loss": loss, "name": "x"}


@pytest.mark.parametrize("compiled", [True, False])
def test_learner_follows_the_pure_program(hk, objects, compiled):
    learner = Learner(hk, objects)
    step = objects.jit(learner._step) if compiled else learner._step
    x, y = data(), data(width=1, seed=2)
    objects.build(learner.net, x)
    hidden = learner.net(x)
    objects.build(learner.head, hidden)
    objects.build(learner.target, hidden)
    start = {"net": learner.net.params, "head": learner.head.params}
    target = start["head"]
    net = hk.without_apply_rng(hk.transform_with_state(lambda x: torso(hk)(6)(x)))
    head = hk.without_apply_rng(hk.transform(lambda h: hk.Linear(1)(h)))
    state = learner.net.state

    def loss_fn(p):
        h, _ = net.apply(p["net"], state, x)
        return jnp.mean(jnp.square(head.apply(p["head"], h) - y))

    tx = optax.adam(1e-2)
    opt_state, params = tx.init(start), start
    for i in range(6):
        want, grads = jax.value_and_grad(loss_fn)(params)
        updates, opt_state = tx.update(grads, opt_state)
        params = optax.apply_updates(params, updates)
        if i % 4 == 0:
            target = params["head"]
        got = step(x, y)
        assert got["name"] == "x"
        close(got["loss"], want, 1e-5)
    close(learner.net.params, params["net"], 1e-5)
    close(learner.target.params, target, 1e-5)
    assert int(learner.steps) == 6
    if compiled:
        assert learner.traces == 2  # one look, one compilation


class TestJit:
    def test_lists_nothing_and_sees_rebinding(self, objects):
        class Counter:
            def __init__(self):
                self.box = objects.Box(0)

            @objects.jit
            def up(self, by):
                self.box.assign_add(by)
                return self.box.value * 10

        counter, other = Counter(), Counter()
        one = np.int32(1)
        assert counter.up(one) == 10 and counter.up(one) == 20
        assert other.up(one) == 10
        assert int(counter.box) == 2

    def test_first_step_from_uncreated_networks(self, hk, objects):
        learner = Learner(hk, objects)
        step = objects.jit(learner._step)
        x, y = data(), data(width=1, seed=2)
        losses = [float(step(x, y)["loss"]) for _ in range(5)]
        assert losses[-1] < losses[0]

    def test_python_numbers_are_part_of_the_program(self, objects):
        seen = []

        @objects.jit
        def f(x, n, flag):
            seen.append((n, flag))
            return x * n if flag else x

        x = jnp.ones(2)
        assert f(x, 2, True).tolist() == [2, 2]
        assert f(x, 3, False).tolist() == [1, 1]
        assert f(x, 2, True).tolist() == [2, 2]
        assert set(seen) == {(2, True), (3, False)}

    def test_nested_calls_are_one_program(self, objects):
        box = objects.Box(1.0)
        inner = objects.jit(lambda x: box.assign_add(x))
        outer = objects.jit(lambda x: inner(inner(x)))
        assert float(outer(jnp.float32(1.0))) == 4.0
        assert float(box) == 4.0

    def test_random_stream_advances(self, objects):
        f = objects.jit(lambda: jax.random.normal(objects.next_rng_key(), [3]))
        objects.set_seed(1)
        a, b = f(), f()
        objects.set_seed(1)
        c = f()
        assert not np.allclose(a, b) and np.allclose(a, c)

    def test_instances_are_not_kept_alive(self, objects):
        class Counter:
            def __init__(self):
                self.box = objects.Box(0)

            @objects.jit
            def up(self):
                return self.box.assign_add(1)

        counter = Counter()
        counter.up()
        gone = weakref.ref(counter)
        del counter
        gc.collect()
        assert gone() is None

    def test_error_leaves_values_as_they_were(self, objects):
        box = objects.Box(1.0)

        @objects.jit
        def f(x):
            box.assign(x)
            raise RuntimeError("stop")

        with pytest.raises(RuntimeError):
            f(jnp.float32(2.0))
        assert float(box) == 1.0

    def test_box_met_later_is_seen(self, objects):
        a, b = objects.Box(1.0), objects.Box(10.0)
        use = [a]

        @objects.jit
        def f(x):
            return sum(box.value for box in use) + x

        assert float(f(jnp.zeros(()))) == 1.0
        use.append(b)
        assert float(f(jnp.zeros((1,)))[0]) == 11.0
        b.assign(20.0)
        assert float(f(jnp.zeros((1,)))[0]) == 21.0


class TestCond:
    def test_known_condition_chooses_at_once(self, objects):
        assert objects.cond(True, lambda: "yes", lambda: "no") == "yes"
        assert objects.cond(jnp.bool_(False), lambda: "yes") is None
        assert objects.cond(True, lambda: "yes") is None

    def test_one_branch_alone(self, objects):
        box = objects.Box(0.0)
        f = objects.jit(lambda x: objects.cond(x > 0, lambda: box.assign(x)))
        f(jnp.float32(-1.0))
        assert float(box) == 0.0
        f(jnp.float32(2.0))
        assert float(box) == 2.0

    def test_outputs_and_writes(self, objects):
        a, b = objects.Box(0.0), objects.Box(0.0)

        @objects.jit
        def f(x):
            def true_fn():
                a.assign(x)
                return x * 2

            def false_fn():
                b.assign(x)
                return x * 3

            return objects.cond(x > 0, true_fn, false_fn)

        assert float(f(jnp.float32(1.0))) == 2.0
        assert (float(a), float(b)) == (1.0, 0.0)
        assert float(f(jnp.float32(-1.0))) == -3.0
        assert (float(a), float(b)) == (1.0, -1.0)


class TestOptimizer:
    def test_other_parameters_raise(self, objects):
        optimizer = objects.Optimizer(optax.sgd(0.1))
        a, b = objects.Box(1.0), objects.Box(1.0)
        optimizer.apply([jnp.float32(1)], [a])
        assert float(a) == pytest.approx(0.9)
        with pytest.raises(ValueError, match="first step"):
            optimizer.apply([jnp.float32(1)], [b])
        with pytest.raises(ValueError, match="updates"):
            optimizer.apply([], [a])


def test_learning_rate_in_a_box(objects):
    rate, x = objects.Box(0.5), objects.Box([1.0])
    optimizer = objects.Optimizer(lambda: optax.sgd(rate.value))

    @objects.jit
    def step():
        optimizer.apply([jnp.ones(1)], [x])

    step()
    rate.assign(0.25)
    step()
    assert x.value.tolist() == [0.25]
    with pytest.raises(AttributeError):
        optimizer.learning_rate = 0.1
