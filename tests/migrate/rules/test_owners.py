"""Code that owns networks: tapes, compiled functions, boxes, choices."""

from tests.migrate.rules.check import leaves, rewritten, turns


def test_tape():
    turns(
        """
        import sonnet as snt
        import tensorflow as tf

        def step(model: snt.Module, optimizer: snt.Optimizer, x: tf.Tensor):
            # Where the loss is made.
            with tf.GradientTape() as tape:
                y = model(x)
                loss = tf.reduce_mean(tf.square(y))
            params = model.trainable_variables
            gradients = tape.gradient(loss, params)
            optimizer.apply(gradients, params)
            return loss, y
        """,
        """
        import jax.numpy as jnp
        from haiku_core import objects

        def step(model: objects.Network, optimizer: objects.Optimizer, x: jnp.ndarray):
            # Where the loss is made.
            def loss_fn():
                y = model(x)
                loss = jnp.mean(jnp.square(y))
                return loss, y

            params = model.trainable_variables
            (loss, y), gradients = objects.value_and_grad(loss_fn, params, has_aux=True)
            optimizer.apply(gradients, params)
            return loss, y
        """,
    )


def test_gradient_inside_another_call():
    done = rewritten(
        """
        import tensorflow as tf

        def step(model, optimizer, x):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(x))
            grads, norm = tf.clip_by_global_norm(
                tape.gradient(loss, model.trainable_variables), 1.0)
            optimizer.apply(grads, model.trainable_variables)
            return norm
        """
    )
    assert (
        "_, gradients = objects.value_and_grad(loss_fn, model.trainable_variables)"
        in done.text
    )
    assert "clip_by_global_norm(\n" in done.text


def test_persistent_tape_with_two_gradients():
    done = rewritten(
        """
        import tensorflow as tf

        def step(actor, critic, x):
            with tf.GradientTape(persistent=True) as tape:
                a = tf.reduce_mean(actor(x))
                c = tf.reduce_mean(critic(x))
            ga = tape.gradient(a, actor.trainable_variables)
            gc = tape.gradient(c, critic.trainable_variables)
            del tape
            return ga, gc
        """
    )
    assert "(a, c), gradient = objects.vjp(losses_fn)" in done.text
    assert "ga = gradient(a, actor.trainable_variables)" in done.text
    assert "del tape" not in done.text


def test_block_that_leaves_its_loop_is_marked():
    leaves(
        """
        import tensorflow as tf

        def f(net, xs):
            for x in xs:
                with tf.GradientTape() as tape:
                    if x is None:
                        break
                    y = net(x)
                g = tape.gradient(y, net.trainable_variables)
            return g
        """,
        "S2H303",
        "leaves a loop",
    )


def test_name_read_before_it_is_bound_is_handed_in():
    done = rewritten(
        """
        import tensorflow as tf

        def step(net, x, scale):
            with tf.GradientTape() as tape:
                scale = scale * 2
                loss = tf.reduce_mean(net(x)) * scale
            return tape.gradient(loss, net.trainable_variables)
        """
    )
    assert "def loss_fn(scale=scale):" in done.text


def test_choice_on_a_variable_in_a_compiled_function():
    turns(
        """
        import sonnet as snt
        import tensorflow as tf

        class Learner:
            def __init__(self, net: snt.Module, target: snt.Module):
                self._net, self._target = net, target
                self._steps = tf.Variable(0)

            @tf.function
            def update(self):
                if tf.math.mod(self._steps, 4) == 0:
                    for t, s in zip(self._target.variables, self._net.variables):
                        t.assign(s)
                self._steps.assign_add(1)
        """,
        """
        import jax.numpy as jnp
        from haiku_core import objects

        class Learner:
            def __init__(self, net: objects.Network, target: objects.Network):
                self._net, self._target = net, target
                self._steps = objects.Box(0)

            @objects.jit
            def update(self):
                def true_fn():
                    for t, s in zip(self._target.variables, self._net.variables):
                        t.assign(s)

                objects.cond(jnp.mod(self._steps.value, 4) == 0, true_fn)
                self._steps.assign_add(1)
        """,
    )


def test_the_same_choice_in_eager_code_stays_an_if():
    done = rewritten(
        """
        import tensorflow as tf

        class Agent:
            def __init__(self):
                self._steps = tf.Variable(0)

            def update(self):
                if tf.math.mod(self._steps, 4) != 0:
                    return
                self._steps.assign_add(1)
        """
    )
    assert "if jnp.mod(self._steps.value, 4) != 0:\n            return" in done.text


def test_networks_in_loops_bind_what_changes():
    turns(
        """
        import sonnet as snt

        def make(sizes):
            nets = []
            for size in sizes:
                nets.append(snt.Linear(size))
            return nets
        """,
        """
        import haiku_core as hk
        from haiku_core import objects

        def make(sizes):
            nets = []
            for size in sizes:
                nets.append(objects.network(lambda size=size: hk.Linear(size)))
            return nets
        """,
    )


def test_network_built_from_itself():
    done = rewritten(
        """
        import sonnet as snt

        def make():
            net = snt.Linear(3)
            net = snt.Sequential([net, snt.Linear(2)])
            return net
        """
    )
    assert "lambda net=net: hk.Sequential([net, hk.Linear(2)])" in done.text


def test_function_over_a_data_set_runs_uncompiled():
    done = rewritten(
        """
        import tensorflow as tf

        def train_step(model, optimizer, x):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(x))
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)
            return loss

        @tf.function
        def train_epoch(model, optimizer, dataset: tf.data.Dataset):
            loss = 0.0
            for x in dataset:
                loss = train_step(model, optimizer, x)
            return loss
        """
    )
    assert "@objects.jit\ndef train_step(" in done.text
    assert "@objects.jit\ndef train_epoch(" not in done.text
    assert any("goes over the data set" in f.message for f in done.findings)


def test_pipeline_functions_stay_tensorflow():
    done = rewritten(
        """
        import tensorflow as tf

        def scale(x):
            return tf.cast(x, tf.float32) / 255.0

        def make(arrays):
            return tf.data.Dataset.from_tensor_slices(arrays).map(scale)
        """
    )
    assert "return tf.cast(x, tf.float32) / 255.0" in done.text
    assert {f.safety for f in done.findings} == {"stays"}


def test_method_that_draws_then_learns_is_two():
    turns(
        """
        import sonnet as snt
        import tensorflow as tf

        class Learner:
            def __init__(self, net: snt.Module, iterator):
                self._net, self._iterator = net, iterator

            @tf.function
            def _step(self, scale):
                x = next(self._iterator)
                y = self._net(x)
                return scale * y
        """,
        """
        from haiku_core import objects

        class Learner:
            def __init__(self, net: objects.Network, iterator):
                self._net, self._iterator = net, iterator

            def _step(self, scale):
                x = next(self._iterator)
                return self._step_compiled(scale, x)

            @objects.jit
            def _step_compiled(self, scale, x):
                y = self._net(x)
                return scale * y
        """,
    )


def test_learning_rates_that_change():
    done = rewritten(
        """
        import sonnet as snt
        import tensorflow as tf

        class Learner:
            def __init__(self):
                self._rate = tf.Variable(0.1)
                self._optimizer = snt.optimizers.Adam(self._rate, beta1=0.8)
                self._other = snt.optimizers.SGD(0.1)

            def slow_down(self):
                self._rate.assign(self._rate * 0.5)
                self._other.learning_rate = 0.01
        """
    )
    assert (
        "objects.Optimizer(lambda: optax.adam(self._rate.value, b1=0.8))" in done.text
    )
    (left,) = [f for f in done.findings if f.safety == "manual"]
    assert left.name == "Optimizer.learning_rate"


def test_lists_of_variables_as_arrays():
    done = rewritten(
        """
        import tensorflow as tf

        def size(net):
            return tf.add_n(net.trainable_variables)
        """
    )
    assert "sum([v.value for v in net.trainable_variables])" in done.text


def test_a_wrapper_around_a_module_is_a_network():
    turns(
        """
        import sonnet as snt

        class Learner:
            def __init__(self):
                self._net = snt.BatchApply(snt.Linear(3))
        """,
        """
        import haiku_core as hk
        from haiku_core import objects

        class Learner:
            def __init__(self):
                self._net = objects.network(lambda: hk.BatchApply(hk.Linear(3)))
        """,
    )
