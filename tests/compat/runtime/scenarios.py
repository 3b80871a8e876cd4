"""Small programs in TensorFlow's own terms, each a function of `tf`.

`test_against_tensorflow` runs each with TensorFlow and with compat.tensorflow, and
compares all that it returns: values, dtypes, shapes, Python objects, errors' classes.
"""

import numpy as np

SCENARIOS = []


def scenario(function):
    SCENARIOS.append(function)
    return function


def raised(function, *errors):
    """The name of the first of the classes that the function's error is one of."""
    try:
        function()
    except errors as error:
        return next(e.__name__ for e in errors if isinstance(error, e))
    return "nothing raised"


# Tensors.


@scenario
def conversion(tf):
    values = [
        1,
        1.5,
        True,
        2**40,
        [1, 2],
        [[1.0], [2]],
        np.float64(2.5),
        np.arange(3),
        [np.float32(1)],
        "text",
        [b"a", b"b"],
        1 + 2j,
        tf.TensorShape([2, 3]),
        [],
    ]
    made = [tf.convert_to_tensor(v) for v in values]
    return made, [t.dtype.name for t in made], [t.shape.as_list() for t in made]


@scenario
def conversion_with_dtype(tf):
    return [
        tf.constant(1, tf.float64),
        tf.constant([1, 2], "float32"),
        tf.constant(0.1, tf.float64),
        tf.constant(3, shape=[2, 2]),
        tf.constant([1, 2, 3, 4], shape=[2, 2]),
        tf.convert_to_tensor(np.float64(0.5), dtype_hint=tf.float32),
        tf.convert_to_tensor(2, dtype_hint=tf.float32),
        raised(lambda: tf.constant(1.5, tf.int32), TypeError, ValueError),
        raised(lambda: tf.convert_to_tensor(None), ValueError),
        raised(lambda: tf.convert_to_tensor(tf.constant(1.0), tf.int32), ValueError),
    ]


@scenario
def packing_lists_of_tensors(tf):
    one, v = tf.constant(1.0), tf.Variable(2.0)
    return tf.convert_to_tensor([one, v, 3]), tf.stack([[one, 2.0], [v, one]])


@scenario
def operators(tf):
    x, y = tf.constant([1.0, -2.0, 3.5]), tf.constant([2.0, 2.0, 0.5])
    i, j = tf.constant([7, -7, 5]), tf.constant([2, 2, -3])
    return [
        x + y, x - 1, 2 * x, x / y, x // y, x % y, x**2, 2**x, -x, abs(x),
        i + j, i * 2, i / j, i // j, i % j, -i, i**2, 10 - i, 1 / j,
        x > y, x <= 1.0, x == y, x != 1.0, i == 5, ~(i > 0), (i > 0) & (j > 0),
        tf.constant([[1.0, 2.0]]) @ tf.constant([[1.0], [2.0]]),
    ]  # fmt: skip


@scenario
def mixed_dtypes_raise(tf):
    f, i = tf.constant(1.0), tf.constant(1)
    errors = (TypeError, ValueError, tf.errors.InvalidArgumentError)

    def fails(function):
        return raised(function, *errors) != "nothing raised"

    return [
        fails(lambda: f + i),
        fails(lambda: i * 2.5),
        fails(lambda: tf.matmul(tf.ones([2, 2]), tf.ones([2, 2], tf.float64))),
        fails(lambda: tf.concat([tf.ones([1]), tf.ones([1], tf.int32)], 0)),
        fails(lambda: tf.ones([2]) + tf.ones([3])),
    ]


@scenario
def numpy_operands(tf):
    x = tf.ones([2])
    return x * np.float64(2), x + np.ones(2), np.float32(3) * x, tf.add(x, np.ones(2))


@scenario
def indexing(tf):
    x = tf.reshape(tf.range(24), [2, 3, 4])
    at = tf.constant(1)
    return [
        x[0], x[-1, 2], x[..., 1], x[:, 1:], x[:, None, 0], x[0, ::-1], x[1:, ..., ::2],
        x[at], x[:, at, :2], x[:, -2:], x[x > 20],
        [r.numpy().tolist() for r in x[0]], len(x),
    ]  # fmt: skip


@scenario
def python_values(tf):
    x = tf.constant(3)
    return [
        int(x), float(x), bool(x), [10, 20, 30, 40][x], f"{tf.constant(1.5):.2f}",
        x.ref() == x.ref(), x.ref().deref() is x, tf.is_tensor(x), tf.is_tensor(3),
        raised(lambda: hash(x), TypeError), raised(lambda: len(x), TypeError),
        raised(lambda: list(x), TypeError),
        bool(x == None), x.shape == (), x.dtype == "int32", x.dtype == np.int32,  # noqa: E711
    ]  # fmt: skip


@scenario
def dtypes(tf):
    return [
        [d.name, d.is_floating, d.is_integer, d.is_complex, d.is_bool, d.size]
        for d in (tf.float16, tf.bfloat16, tf.float64, tf.int8, tf.bool, tf.complex64)
    ] + [
        tf.as_dtype("float32") is tf.float32,
        tf.as_dtype(np.int64) is tf.int64,
        tf.as_dtype(float).name,
        tf.float32 == np.float32,
        tf.float32.max,
        tf.int8.min,
        raised(lambda: tf.bool.max, TypeError),
        {tf.float32: 1}[tf.ones([]).dtype],
        tf.float64.as_numpy_dtype is np.float64,
        raised(lambda: tf.as_dtype("no"), TypeError),
        repr(tf.int32),
    ]


@scenario
def shapes(tf):
    known, part, none = (
        tf.TensorShape([2, 3]),
        tf.TensorShape([None, 3]),
        tf.TensorShape(None),
    )
    return [
        known.as_list(), known.rank, part.rank, none.rank, known.num_elements(),
        part.num_elements(), known.is_fully_defined(), part.is_fully_defined(),
        known.is_compatible_with(part), known.is_compatible_with([2]),
        (known + [4]).as_list(), known.concatenate(5).as_list(), known[0], known[1:],
        known == [2, 3], known == (2, 3), part == [None, 3], known != [2, 4],
        part.merge_with(known).as_list(), str(known), str(part), str(none), repr(part),
        raised(none.as_list, ValueError), raised(lambda: len(none), ValueError),
        raised(lambda: known.assert_has_rank(3), ValueError),
        isinstance(known, tuple), list(known), tuple(known), bool(none),
        known.most_specific_compatible_shape([2, 4]).as_list(),
    ]  # fmt: skip


@scenario
def specs(tf):
    spec = tf.TensorSpec([None, 2], tf.int32, name="x")
    return [
        spec.is_compatible_with(tf.ones([3, 2], tf.int32)),
        spec.is_compatible_with(tf.ones([3, 2])),
        spec.shape.as_list(),
        spec.name,
        spec == tf.TensorSpec([None, 2], tf.int32, name="x"),
        repr(tf.TensorSpec.from_tensor(tf.ones([2]))),
        tf.type_spec_from_value(tf.ones([2])).dtype.name,
    ]


# Variables and modules.


@scenario
def variables(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.name_scope("outer"), tf.name_scope("inner"):
        w = tf.Variable(3, trainable=False, name="w")
    v.assign_add([1.0, 1.0])
    v.assign_sub([0.5, 0.5])
    w.assign(5)
    return [
        v, w, v.name, w.name, v.trainable, w.trainable, v.shape.as_list(), v.dtype.name,
        v * 2, v[1], w + 1, v.read_value(),
        tf.Variable(1.5, dtype=tf.float64).dtype.name,
        raised(lambda: v.assign([1.0]), ValueError),
        raised(lambda: v.assign(tf.constant([1, 2])), ValueError),
        raised(lambda: tf.Variable(None), ValueError),
        raised(lambda: hash(v), TypeError),
        tf.Variable(lambda: tf.ones([2])),
    ]  # fmt: skip


@scenario
def scattering(tf):
    v = tf.Variable(tf.zeros([4, 2]))
    v.scatter_nd_update([[1]], [[5.0, 6.0]])
    v.scatter_nd_add([[1], [3]], [[1.0, 1.0], [2.0, 2.0]])
    v.scatter_sub(tf.IndexedSlices([[1.0, 1.0]], [0]))
    v.scatter_update(tf.IndexedSlices([[9.0, 9.0]], [2]))
    return v


@scenario
def creators(tf):
    seen = []

    def outer(following, **kwargs):
        seen.append(("outer", kwargs["name"]))
        return following(**kwargs)

    def inner(following, **kwargs):
        seen.append(("inner", kwargs["name"]))
        kwargs["trainable"] = False
        return following(**kwargs)

    with tf.variable_creator_scope(outer), tf.variable_creator_scope(inner):
        v = tf.Variable(1.0, name="a")
    return seen, v.trainable


@scenario
def modules(tf):
    class Leaf(tf.Module):
        def __init__(self, name=None):
            super().__init__(name)
            with self.name_scope:
                self.w = tf.Variable(1.0, name="w")
                self.state = tf.Variable(0, trainable=False, name="state")

    class Tree(tf.Module):
        def __init__(self):
            super().__init__()
            self.z = tf.Variable(9.0, name="z")
            with self.name_scope:
                self.leaves = [Leaf("one"), {"b": Leaf(), "a": (Leaf("three"), 5)}]
            self.again = self.leaves[0]

        @tf.Module.with_name_scope
        def scoped(self):
            return tf.Variable(0.0, name="inside").name

    tree = Tree()
    return [
        [v.name for v in tree.variables],
        [v.name for v in tree.trainable_variables],
        [v.name for v in tree.non_trainable_variables],
        [m.name for m in tree.submodules],
        tree.name,
        tree.scoped(),
        raised(lambda: tf.Module(name="not valid"), ValueError),
    ]


# Tapes.


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


# Functions.


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


# Control flow.


def _call_both_ways(tf, function, *args):
    tensors = [tf.constant(a) for a in args]
    return [function(*tensors), tf.function(function)(*tensors)]


@scenario
def conditions(tf):
    def f(x):
        if x > 0:
            y = x * 2
        elif x < -5:
            y = x * 3
        else:
            y = x - 1
        return y if x != 4 else -y

    return [_call_both_ways(tf, f, v) for v in (3.0, 4.0, -1.0, -7.0)]


@scenario
def early_returns(tf):
    def f(x):
        if x > 10:
            return x
        elif x > 5:
            x = x + 1
        return -x

    return [_call_both_ways(tf, f, v) for v in (20, 9, 6, 1)]


@scenario
def while_loops(tf):
    def f(x, n):
        i = tf.constant(0)
        while i < n and x < 1000.0:
            x = x * 2.0
            i += 1
        return x, i

    return [_call_both_ways(tf, f, 3.0, n) for n in (0, 4, 50)]


@scenario
def for_loops(tf):
    def f(n):
        total = 0
        for i in tf.range(n):
            if i == 2:
                continue
            if i > 6:
                break
            total += i
        return total

    return [_call_both_ways(tf, f, n) for n in (0, 2, 5, 12)]


@scenario
def loops_over_rows(tf):
    def f(x):
        total = tf.zeros([2])
        for row in x:
            total = total * 0.5 + row
        return total

    rows = np.arange(24, dtype=np.float32).reshape(12, 2)
    return _call_both_ways(tf, f, rows), _call_both_ways(tf, f, rows[:3])


@scenario
def boolean_expressions(tf):
    def f(x):
        a = x > 0 and x < 5
        b = not a or x == 2
        c = 0 < x < 3
        return [tf.cast(flag, tf.int32) for flag in (a, b, c)]

    return [_call_both_ways(tf, f, v) for v in (-1, 1, 2, 4, 9)]


@scenario
def called_functions_are_converted(tf):
    class Sign:
        def of(self, x):
            if x > 0:
                return 1
            return -1

    def helper(x):
        return Sign().of(x) * 10

    return [_call_both_ways(tf, helper, v) for v in (3.0, -3.0)]


@scenario
def variables_in_branches(tf):
    v, w = tf.Variable(0), tf.Variable(10)

    @tf.function
    def f(x):
        if x > 0:
            v.assign_add(x)
        else:
            w.assign_sub(x)
        for i in tf.range(3):
            v.assign_add(i)
        return v + w

    return [f(tf.constant(5)), v.numpy(), w.numpy(), f(tf.constant(-2)), v, w]


@scenario
def control_flow_ops(tf):
    w = tf.Variable(3.0)

    def f(x):
        with tf.GradientTape() as tape:
            a = tf.cond(x > 0, lambda: x * w, lambda: w * w)
            b = tf.switch_case(tf.cast(x > 0, tf.int32), [lambda: w + 1, lambda: w * 2])
            c = tf.case([(x > 5, lambda: w), (x > 0, lambda: -w)], lambda: w * 10)
            y = a + b + c
        return y, tape.gradient(y, w)

    return [_call_both_ways(tf, f, v) for v in (7.0, 2.0, -2.0)]


@scenario
def loop_ops(tf):
    w = tf.Variable(1.5)

    def f(xs):
        with tf.GradientTape() as tape:
            states = tf.scan(lambda s, x: s * w + x, xs, tf.constant(1.0))
            folded = tf.foldl(lambda s, x: s + x * w, xs)
            back = tf.foldr(lambda s, x: s * 0.5 + x, xs)
            mapped = tf.map_fn(lambda x: x * w, xs)
            y = tf.reduce_sum(states) + folded + back + tf.reduce_sum(mapped)
        return states, folded, back, mapped, tape.gradient(y, w)

    return _call_both_ways(tf, f, [1.0, 2.0, 3.0])


@scenario
def while_loop_op(tf):
    def f(x):
        return tf.while_loop(
            lambda i, s: i < 5, lambda i, s: (i + 1, s * x), (tf.constant(0), x)
        )

    return _call_both_ways(tf, f, 2.0)


@scenario
def tensor_arrays(tf):
    def f(x):
        array = tf.TensorArray(tf.float32, size=4, element_shape=[2])
        for i in tf.range(4):
            array = array.write(i, x * tf.cast(i, tf.float32))
        return array.stack(), array.read(2), array.size()

    array = tf.TensorArray(tf.int32, 3, element_shape=[2], clear_after_read=False)
    unstacked = array.unstack([[1, 2], [3, 4], [5, 6]])
    return [
        _call_both_ways(tf, f, [1.0, 2.0]),
        unstacked.read(1),
        unstacked.concat(),
        unstacked.gather([2, 0]),
    ]


# Nests, checks, shapes of traces.


@scenario
def nests(tf):
    import collections

    Pair = collections.namedtuple("Pair", "a b")
    value = {"z": [1, (2, None)], "a": Pair(3, {"k": 4})}
    doubled = tf.nest.map_structure(lambda v: v, value)
    return [
        tf.nest.flatten(value), tf.nest.flatten(5), tf.nest.flatten([]),
        tf.nest.pack_sequence_as(value, range(5)) == {
            "z": [2, (3, 4)], "a": Pair(0, {"k": 1})
        },
        doubled == value, type(doubled["a"]).__name__, tf.nest.is_nested(value),
        tf.nest.is_nested(3), tf.nest.map_structure(lambda x, y: x + y, [1, 2], [3, 4]),
        raised(lambda: tf.nest.pack_sequence_as([1, 2], [1]), ValueError),
        raised(lambda: tf.nest.assert_same_structure([1], [1, 2]), ValueError),
        raised(lambda: tf.nest.assert_same_structure([1], (1,)), TypeError),
        raised(lambda: tf.nest.assert_same_structure([1], 1), ValueError),
        tf.nest.flatten(tf.TensorShape([1, 2])) == [tf.TensorShape([1, 2])],
    ]  # fmt: skip


@scenario
def assertions(tf):
    invalid = tf.errors.InvalidArgumentError
    one, two = tf.constant(1), tf.constant(2)
    tf.debugging.assert_equal(one, one)
    tf.debugging.assert_less(one, two)
    return [
        raised(lambda: tf.debugging.assert_equal(one, two), invalid),
        raised(lambda: tf.debugging.assert_greater(one, two), invalid),
        raised(lambda: tf.debugging.assert_positive(tf.constant(-1.0)), invalid),
        raised(lambda: tf.debugging.assert_rank(one, 2), ValueError),
        raised(
            lambda: tf.debugging.check_numerics(tf.constant(np.nan), "bad"), invalid
        ),
        raised(lambda: tf.debugging.assert_near(1.0, 1.1), invalid),
        raised(
            lambda: tf.debugging.assert_shapes(
                [(tf.ones([2, 3]), ["A", "B"]), (tf.ones([3]), ["A"])]
            ),
            ValueError,
        ),
    ]


@scenario
def shapes_in_functions(tf):
    @tf.function
    def f(x):
        size = tf.shape(x)
        flat = tf.reshape(x, [size[0], -1])
        return flat, tf.zeros([size[1], 2]), tf.size(x), tf.rank(x), int(x.shape[0])

    return f(tf.ones([2, 3, 4]))


@scenario
def datasets(tf):
    data = tf.data.Dataset
    base = data.from_tensor_slices({"x": np.arange(7), "y": np.arange(7.0)})

    def seen(dataset):
        return [tf.nest.map_structure(lambda t: t.numpy(), e) for e in dataset]

    return [
        seen(base.map(lambda e: (e["x"] * 2, e["y"])).batch(3)),
        seen(base.batch(3, drop_remainder=True).take(1)),
        seen(data.range(10).filter(lambda i: i % 3 == 0)),
        seen(data.range(3).repeat(2).skip(1).concatenate(data.range(1))),
        seen(data.zip((data.range(3), data.range(5, 8)))),
        seen(data.range(4).enumerate(10)),
        seen(data.range(1, 4).flat_map(lambda n: data.range(n))),
        seen(data.range(2).interleave(lambda n: data.range(n, n + 3), cycle_length=2)),
        seen(data.from_generator(lambda: iter([1, 2]), tf.int32)),
        seen(data.range(3).padded_batch(2)),
        seen(data.range(6).batch(2).unbatch()),
        data.range(5).reduce(np.int64(0), lambda s, x: s + x),
        len(data.range(5).batch(2)),
        base.element_spec["x"].dtype.name,
        int(data.range(3).repeat().cardinality()),
    ]


@scenario
def datasets_in_functions(tf):
    total = tf.Variable(0, dtype=tf.int64)

    @tf.function
    def epoch(dataset):
        count = 0
        for x in dataset:
            total.assign_add(tf.reduce_sum(x))
            count += 1
        return count

    iterator = iter(tf.data.Dataset.range(6).batch(2))

    @tf.function
    def following():
        return next(iterator) * 10

    return [
        epoch(tf.data.Dataset.range(5).batch(2)), total, following(), following(),
        following(), raised(following, tf.errors.OutOfRangeError),
    ]  # fmt: skip


@scenario
def initializers(tf):
    return [
        tf.zeros_initializer()([2], tf.int32),
        tf.ones_initializer()([2, 1]),
        tf.constant_initializer(3.5)([2], tf.float64),
        tf.constant_initializer([1, 2])([2]),
        tf.initializers.VarianceScaling()([3, 4]).shape.as_list(),
    ]
