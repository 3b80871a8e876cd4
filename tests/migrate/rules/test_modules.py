"""Module classes: bases, variables, state, once."""

from tests.migrate.rules.check import leaves, rewritten, turns


def test_class_with_variables():
    turns(
        """
        import sonnet as snt
        import tensorflow as tf

        class Scale(snt.Module):
            def __init__(self, init, name=None):
                super().__init__(name=name)
                self._init = init

            @snt.once
            def _initialize(self, x: tf.Tensor):
                self._gain = tf.Variable(tf.ones([x.shape[-1]]), name="gain")
                self.w = tf.Variable(self._init([3], tf.float32))

            @tf.function
            def __call__(self, x: tf.Tensor):
                self._initialize(x)
                with tf.name_scope("inner"):
                    x = x * self._gain
                return x
        """,
        """
        import haiku_core as hk
        import jax.numpy as jnp

        class Scale(hk.Module):
            def __init__(self, init, name=None):
                super().__init__(name=name)
                self._init = init

            @hk.sonnet.once
            def _initialize(self, x: jnp.ndarray):
                self._gain = hk.get_parameter("gain", [x.shape[-1]], init=jnp.ones)
                self.w = hk.get_parameter("w", [3], dtype=jnp.float32, init=self._init)

            def __call__(self, x: jnp.ndarray):
                self._initialize(x)
                x = x * self._gain
                return x
        """,
    )


def test_state_is_read_and_set_by_name():
    turns(
        """
        import sonnet as snt
        import tensorflow as tf

        class Counter(snt.Module):
            def __init__(self):
                super().__init__()
                self._count = tf.Variable(tf.zeros([], tf.int32), trainable=False)

            def __call__(self, x):
                self._count.assign_add(1)
                return x, self._count
        """,
        """
        import haiku_core as hk
        import jax.numpy as jnp

        class Counter(hk.Module):
            def __init__(self):
                super().__init__()
                self._count = hk.get_state("count", [], dtype=jnp.int32, init=jnp.zeros)

            def __call__(self, x):
                hk.set_state("count", hk.get_state("count") + 1)
                return x, hk.get_state("count")
        """,
    )


def test_submodules_in_comprehensions_stay_plain():
    turns(
        """
        import sonnet as snt

        class Tower(snt.Module):
            def __init__(self, sizes):
                super().__init__(name="tower")
                self._layers = [snt.Linear(s, name=f"l{s}") for s in sizes]

            def __call__(self, x):
                for layer in self._layers:
                    x = layer(x)
                return x
        """,
        """
        import haiku_core as hk

        class Tower(hk.Module):
            def __init__(self, sizes):
                super().__init__(name="tower")
                self._layers = [hk.Linear(s, name=f"l{s}") for s in sizes]

            def __call__(self, x):
                for layer in self._layers:
                    x = layer(x)
                return x
        """,
    )


def test_random_numbers_inside_modules_use_haiku_keys():
    done = rewritten(
        """
        import sonnet as snt
        import tensorflow as tf

        class Noise(snt.Module):
            def __call__(self, x: tf.Tensor):
                return x + tf.random.normal([3])
        """
    )
    assert "hk.next_rng_key()" in done.text
    assert {f.safety for f in done.findings if "random" in f.name} == {"assumed"}


def test_variable_without_a_name_is_marked():
    leaves(
        """
        import sonnet as snt
        import tensorflow as tf

        class Many(snt.Module):
            def __init__(self):
                super().__init__()
                self.all = [tf.Variable(tf.zeros([3])) for _ in range(4)]
        """,
        "S2H202",
        "name of its own",
    )


def test_class_that_trains_is_no_module():
    done = rewritten(
        """
        import sonnet as snt
        import tensorflow as tf

        class Learner(snt.Module):
            def __init__(self):
                super().__init__(name="learner")
                self.net = snt.Linear(1)
                self.optimizer = snt.optimizers.SGD(0.1)

            def step(self, x):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(self.net(x))
                variables = self.net.trainable_variables
                self.optimizer.apply(tape.gradient(loss, variables), variables)
        """
    )
    assert "class Learner:" in done.text
    assert "super().__init__()" in done.text
    assert "objects.network(lambda: hk.Linear(1))" in done.text


def test_copies_for_dm_haiku():
    done = rewritten(
        """
        import sonnet as snt

        class Core(snt.Module):
            def __init__(self):
                super().__init__()
                self.lstm = snt.LSTM(4)
        """,
        haiku="haiku",
    )
    assert "import haiku as hk" in done.text
    assert "_hk_sonnet.LSTM(4)" in done.text
    assert done.copies == {"sonnet"}


def test_draws_get_keys():
    turns(
        """
        import sonnet as snt
        import tensorflow_probability as tfp

        tfd = tfp.distributions

        class Policy(snt.Module):
            def __call__(self, x) -> tfd.Distribution:
                return tfd.Normal(x, 1.0)

        class Actor:
            def __init__(self, policy: Policy):
                self._policy = policy

            def act(self, x, replay):
                replay.sample(3)
                return self._policy(x).sample()
        """,
        """
        import haiku_core as hk
        from haiku_core import objects
        from tensorflow_probability.substrates import jax as tfp

        tfd = tfp.distributions

        class Policy(hk.Module):
            def __call__(self, x) -> tfd.Distribution:
                return tfd.Normal(x, 1.0)

        class Actor:
            def __init__(self, policy: Policy):
                self._policy = policy

            def act(self, x, replay):
                replay.sample(3)
                return self._policy(x).sample(seed=objects.next_rng_key())
        """,
    )


def test_submodule_before_super_init_is_marked():
    leaves(
        """
        import sonnet as snt

        class Core(snt.DeepRNN):
            def __init__(self):
                first = snt.Linear(3)
                super().__init__([first, snt.LSTM(4)])
        """,
        "S2H201",
        "before super().__init__()",
    )


def test_state_that_others_read_stays_up_to_date():
    """An attribute holds what the state was when it was set: so it is set again."""
    turns(
        """
        import sonnet as snt
        import tensorflow as tf

        class Memory(snt.Module):
            def __init__(self):
                super().__init__()
                self.rows = tf.Variable(tf.zeros([3]), trainable=False, name="rows")
                self._seen = tf.Variable(tf.zeros([]), trainable=False, name="seen")

            def write(self, x):
                self.rows.assign(self.rows + x)
                self._seen.assign_add(1.0)
                return self.rows.assign(x)
        """,
        """
        import haiku_core as hk
        import jax.numpy as jnp

        class Memory(hk.Module):
            def __init__(self):
                super().__init__()
                self.rows = hk.get_state("rows", [3], init=jnp.zeros)
                self._seen = hk.get_state("seen", [], init=jnp.zeros)

            def write(self, x):
                hk.set_state("rows", hk.get_state("rows") + x)
                self.rows = hk.get_state("rows")
                hk.set_state("seen", hk.get_state("seen") + 1.0)
                return hk.sonnet.assign("rows", x)
        """,
    )


def test_a_size_for_a_shape():
    done = rewritten(
        """
        import sonnet as snt
        import tensorflow as tf

        class Scale(snt.Module):
            def __init__(self, size: int, anything):
                super().__init__()
                self.a = tf.Variable(tf.ones(size), name="a")
                self.b = tf.Variable(tf.ones(anything), name="b")
        """
    )
    assert 'hk.get_parameter("a", [size], init=jnp.ones)' in done.text
    # A size or a shape: NumPy takes both.
    assert 'hk.sonnet.parameter("b", lambda: jnp.ones(anything))' in done.text


def test_parameters_of_layers_by_attribute():
    done = rewritten(
        """
        import sonnet as snt
        import tensorflow as tf

        class Tied(snt.Linear):
            def __init__(self):
                super().__init__(3)
                self.inner = snt.Conv2D(3, 3)

            def __call__(self, x):
                return super().__call__(x) @ tf.transpose(self.w) + self.inner.b
        """
    )
    assert 'hk.sonnet.parameter_of(self, "w")' in done.text
    assert 'hk.sonnet.parameter_of(self.inner, "b")' in done.text


def test_arrays_kept_in_attributes_are_told():
    done = rewritten(
        """
        import sonnet as snt
        import tensorflow as tf

        class Attention(snt.Module):
            def __init__(self):
                super().__init__()
                self.weights = None

            def __call__(self, x: tf.Tensor):
                self.weights = tf.nn.softmax(x)
                return self.weights @ x, [v * 2 for v in self.trainable_variables]
        """
    )
    assert "list(self.params_dict().values())" in done.text
    told = [f.message for f in done.findings if f.safety == "assumed"]
    assert any("self.weights lasts for this call only" in m for m in told)
    assert any("params_dict" in m for m in told)
