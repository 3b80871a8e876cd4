"""Gradient tapes."""

from tests.compat.runtime.scenarios.registry import both_ways, raised, scenario


@scenario
def gradients(tf):
    x = tf.constant([1.0, 2.0])
    v, w = tf.Variable(3.0), tf.Variable(4.0, trainable=False)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(x * x * v + w)
    return tape.gradient(y, {"x": x, "v": [v], "w": w})


@scenario
def persistent_and_nested(tf):
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        first = inner.gradient(y, x)
        z = tf.exp(x)
    second = outer.gradient(first, x)
    return first, second, outer.gradient(z, x), outer.gradient(y, x)


@scenario
def third_order(tf):
    v = tf.Variable(1.5)
    with tf.GradientTape() as a:
        with tf.GradientTape() as b:
            with tf.GradientTape() as c:
                y = tf.sin(v) * v**3
            first = c.gradient(y, v)
        second = b.gradient(first, v)
    return first, second, a.gradient(second, v)


@scenario
def unconnected(tf):
    x, y = tf.constant(1.0), tf.constant([2.0, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        z = x * 2
        i = tf.cast(x, tf.int32)
    return [
        tape.gradient(z, y),
        tape.gradient(z, y, unconnected_gradients=tf.UnconnectedGradients.ZERO),
        tape.gradient(z, y, unconnected_gradients="zero"),
        tape.gradient(tf.stop_gradient(z), x),
        tape.gradient(i, x),
    ]


@scenario
def several_targets_and_weights(tf):
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = x * x, x * 3.0
    return [
        tape.gradient([y, z], x),
        tape.gradient(y, x, output_gradients=tf.constant([1.0, 10.0])),
        tape.gradient([y, z], x, output_gradients=[tf.ones([2]), tf.zeros([2])]),
        tape.gradient(x, x),
    ]


@scenario
def stopping_and_watching(tf):
    v, w = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        a = v * 2
        with tape.stop_recording():
            b = a * v
        c = a + b
    with tf.GradientTape(watch_accessed_variables=False) as selective:
        selective.watch(w)
        d = v * w
    with tf.GradientTape() as again:
        e = v * v
        again.reset()
        e = v * 5
    return [
        tape.gradient(c, v),
        selective.gradient(d, [v, w]),
        [x.name for x in selective.watched_variables()],
        again.gradient(e, v),
    ]


@scenario
def assigned_variables(tf):
    v = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        a = v * 3
        v.assign(10.0)
        b = v * v
    return tape.gradient(a + b, v)


@scenario
def tape_misuse(tf):
    v = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = v * 2
    tape.gradient(y, v)
    with tf.GradientTape() as other:
        pass
    return [
        raised(lambda: tape.gradient(y, v), RuntimeError),
        raised(lambda: other.watch("no"), ValueError),
    ]


@scenario
def jacobians(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    w = tf.Variable([[1.0, 0.5, 2.0], [0.0, 1.0, -1.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.matmul(x, w) ** 2
    return [
        tape.jacobian(y, x),
        tape.jacobian(y, [w, x]),
        tape.batch_jacobian(y, x),
        tape.jacobian(y, tf.constant(1.0)),
    ]


@scenario
def custom_gradients(tf):
    @tf.custom_gradient
    def clipped(x):
        def grad(upstream):
            return tf.clip_by_value(upstream, -0.5, 0.5)

        return x * 3, grad

    w = tf.Variable(2.0)

    @tf.custom_gradient
    def with_variable(x):
        def grad(upstream, variables=None):
            return upstream * 100, [upstream * 7 for _ in variables]

        return x * w, grad

    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = clipped(x) * 2, with_variable(x)
    return tape.gradient(y, x), tape.gradient(z, [x, w]), y, z


@scenario
def custom_gradients_of_several_outputs(tf):
    @tf.custom_gradient
    def two(x):
        return (x * 2, x + 1), lambda a, b: a * 3 + b * 5

    @tf.custom_gradient
    def scaled(x, y, scale=2.0):
        return x * y, lambda d: (d * scale, d * 10.0)

    wrong = tf.custom_gradient(lambda x: (x, lambda d: (d, d)))
    rounded = tf.grad_pass_through(tf.round)
    x, y = tf.constant(3.0), tf.constant(4.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        a, b = two(x)
        c, d, e = scaled(x, y), wrong(x), rounded(x * 1.3)
    return [
        tape.gradient(a, x), tape.gradient([a, b], x), tape.gradient(b, x),
        tape.gradient(c, [x, y]), raised(lambda: tape.gradient(d, x), ValueError),
        e, tape.gradient(e, x),
    ]  # fmt: skip


@scenario
def custom_gradients_of_custom_gradients(tf):
    @tf.custom_gradient
    def outer(x):
        @tf.custom_gradient
        def inner(z):
            return z * 4.0, lambda d: d * 100.0

        return x**2, lambda d: d * inner(x)

    def both(x):
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                y = outer(x)
            gradient = first.gradient(y, x)
        return gradient, second.gradient(gradient, x)

    return both_ways(tf, both, 3.0)


@scenario
def jacobians_of_gradients(tf):
    x = tf.Variable([1.0, 2.0])
    a = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as second:
        with tf.GradientTape() as first:
            y = x**3
        gradient = first.gradient(y, x)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(a)
        b = a**2
    one = tf.constant([1.0])
    return [
        second.jacobian(gradient, x),
        tape.jacobian(b, [a], experimental_use_pfor=False),
        tape.batch_jacobian(b, a, experimental_use_pfor=False),
        tape.jacobian(one, a),
        tape.jacobian(one, a, unconnected_gradients="zero"),
        tape.batch_jacobian(tf.ones([2, 1]), a, unconnected_gradients="zero"),
        raised(lambda: tape.batch_jacobian(tf.ones([3, 1]), a), ValueError),
    ]
