"""`tf.function`."""

from tests.compat.runtime.scenarios.registry import raised, scenario


@scenario
def functions_trace_once_for_each_kind(tf):
    traces = []

    @tf.function
    def f(x, flag=True, scale=1):
        traces.append((x.dtype.name, x.shape.as_list(), flag, scale))
        return x * scale if flag else -x

    out = [
        f(tf.constant(1)), f(tf.constant(2)), f(tf.constant([1.0])),
        f(tf.constant(1), False), f(tf.constant(1), scale=3),
        f(tf.constant(5), scale=3),
    ]  # fmt: skip
    return out, traces


@scenario
def functions_and_variables(tf):
    v = tf.Variable(1.0)
    log = []

    @tf.function
    def f(x):
        log.append("traced")
        v.assign_add(x)
        return v * x

    out = [f(tf.constant(2.0)), f(tf.constant(3.0))]
    v.assign(100.0)
    return out, f(tf.constant(1.0)), v, log


@scenario
def functions_make_variables_once(tf):
    class Model(tf.Module):
        v = None

        @tf.function
        def __call__(self, x):
            if self.v is None:
                self.v = tf.Variable(tf.ones([2]) * 3)
            return self.v * x

    a, b = Model(), Model()
    first = [a(tf.constant(1.0)), a(tf.constant(2.0)), b(tf.constant(3.0))]

    @tf.function
    def always(x):
        return tf.Variable(1.0) * x

    return first, a.v, raised(lambda: always(tf.constant(1.0)), ValueError)


@scenario
def functions_with_signatures(tf):
    traces = []

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def f(x):
        traces.append(1)
        return tf.reduce_sum(x)

    return [
        f(tf.constant([1.0, 2.0])),
        f([1.0, 2.0, 3.0]),
        f(x=[4.0]),
        raised(lambda: f(tf.ones([2, 2])), TypeError, ValueError) != "nothing raised",
        raised(lambda: f(tf.ones([2], tf.int32)), TypeError, ValueError)
        != "nothing raised",
    ]


@scenario
def nests_in_and_out_of_functions(tf):
    @tf.function
    def f(batch, other=None):
        a, (b, c) = batch["a"], batch["b"]
        return {"sum": a + b, "pair": (c, None), "other": other, "text": "x"}

    batch = {"a": tf.constant(1), "b": (tf.constant(2), tf.constant([3]))}
    out = f(batch, other=[4, 5])
    return {k: out[k] for k in ("sum", "pair", "other")}


@scenario
def functions_under_tapes(tf):
    v = tf.Variable(2.0)

    @tf.function
    def f(x):
        return v * v * x, x * 3

    x = tf.constant(5.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = f(x)
        t = y * z
    return tape.gradient(t, [x, v]), tape.gradient(y, v)


@scenario
def tapes_in_functions(tf):
    v = tf.Variable([1.0, 2.0])

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((v * x) ** 2)
        g = tape.gradient(loss, v)
        v.assign_sub(0.1 * g)
        return loss, g

    return [step(tf.constant(1.0)) for _ in range(3)], v


@scenario
def captured_tensors_have_gradients(tf):
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * 2
        f = tf.function(lambda z: z * y)
        out = f(tf.constant(5.0))
    return tape.gradient(out, x)


@scenario
def functions_in_functions(tf):
    v = tf.Variable(1.0)

    @tf.function
    def inner(x):
        v.assign_add(1.0)
        return x * v

    @tf.function
    def outer(x):
        return inner(x) + inner(x)

    return outer(tf.constant(2.0)), v


@scenario
def wide_values_in_functions(tf):
    @tf.function
    def f(x, i):
        return [
            tf.cast(x, tf.float64) / 3, tf.argmax(x), i * 2**33, tf.shape(x, tf.int64),
            tf.reduce_sum(tf.cast(x, tf.float64) ** 30),
        ]  # fmt: skip

    return f(tf.constant([1.5, 2.5]), tf.constant(3, tf.int64))


@scenario
def concrete_functions(tf):
    f = tf.function(lambda x, k: {"y": tf.reshape(x, [-1]) * k, "n": None})
    concrete = f.get_concrete_function(tf.TensorSpec([None, 2], tf.float32), 3)
    shapes = concrete.output_shapes
    return (
        concrete(tf.ones([3, 2])),
        shapes["y"].as_list(),
        concrete.output_dtypes["y"].name,
    )


@scenario
def eager_or_not(tf):
    inside = []

    @tf.function
    def f():
        inside.append(tf.executing_eagerly())
        with tf.init_scope():
            inside.append(tf.executing_eagerly())
        return tf.constant(1)

    f()
    return tf.executing_eagerly(), inside
