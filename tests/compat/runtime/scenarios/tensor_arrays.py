"""`tf.TensorArray`, eagerly and in compiled loops."""

from tests.compat.runtime.scenarios.registry import both_ways, raised, scenario


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
        both_ways(tf, f, [1.0, 2.0]),
        unstacked.read(1),
        unstacked.concat(),
        unstacked.gather([2, 0]),
    ]


@scenario
def tensor_arrays_eagerly(tf):
    errors = (
        tf.errors.OutOfRangeError,
        tf.errors.InvalidArgumentError,
        ValueError,
        TypeError,
    )

    def fails(function):
        return raised(function, *errors)

    def of(*values, size=None, **kwargs):
        array = tf.TensorArray(tf.float32, size or len(values), **kwargs)
        for i, value in enumerate(values):
            array = array.write(i, value)
        return array

    scalars = tf.TensorArray(tf.float32, 2, element_shape=[])
    scalars = scalars.write(1, 5.0)
    growing = tf.TensorArray(tf.float32, 0, dynamic_size=True, clear_after_read=False)
    growing = growing.write(2, [1.0, 2.0])
    ragged = of([1.0], [1.0, 2.0], infer_shape=False)
    split = tf.TensorArray(tf.int32, 2, infer_shape=False).split([1, 2, 3], [2, 1])
    rows = tf.TensorArray(tf.int32, 2).unstack([1, 2])
    return [
        scalars.stack(), scalars.size(),
        fails(lambda: scalars.write(2, 1.0)), fails(lambda: scalars.write(-1, 1.0)),
        fails(lambda: scalars.read(2)), fails(lambda: scalars.read(-1)),
        scalars.read(1), fails(lambda: scalars.read(1)),
        growing.size(), growing.read(2), growing.read(2), growing.stack(),
        fails(lambda: growing.write(0, tf.constant([1, 2]))),
        fails(lambda: growing.write(0, [1.0])),
        fails(lambda: of([1.0], [1.0, 2.0])),
        ragged.concat(), fails(ragged.stack), fails(of(1.0, size=2).stack),
        tf.TensorArray(tf.int32, 0, element_shape=[2]).stack(),
        tf.TensorArray(tf.int32, 3).scatter([2, 0, 1], [[1], [2], [3]]).stack(),
        split.read(0), split.read(1), split.size(),
        rows.read(0), rows.size(), rows.dtype.name, rows.dynamic_size,
        rows.write(0, 7).write(0, 8).stack(), rows.element_shape.as_list(),
        fails(lambda: tf.TensorArray(tf.int32, 2).unstack([1, 2, 3])),
        fails(lambda: tf.TensorArray(tf.int32)),
    ]  # fmt: skip


@scenario
def tensor_arrays_change_in_place_eagerly(tf):
    array = tf.TensorArray(tf.float32, 2)
    other = array.write(0, 1.0).write(1, 2.0)
    return array.stack(), other.stack()


@scenario
def tensor_arrays_of_unknown_shape_in_loops(tf):
    def rows(x):
        array = tf.TensorArray(tf.float32, 20)
        for i in tf.range(20):
            array = array.write(i, x * tf.cast(i, tf.float32))
        return array.stack()

    def growing(x):
        array = tf.TensorArray(tf.float32, 0, dynamic_size=True)
        for i in tf.range(12):
            array = array.write(i, x + 1.0)
        return array.stack()

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            array, y = tf.TensorArray(tf.float32, 12), x
            for i in tf.range(12):
                y = y * 1.1
                array = array.write(i, y)
            z = tf.reduce_sum(array.stack() * 2.0)
        return tape.gradient(z, x)

    def loop(x):
        given = tf.TensorArray(tf.float32, 2).unstack(x)
        _, out = tf.while_loop(
            lambda i, _: i < 2,
            lambda i, out: (i + 1, out.write(i, given.read(i) * 2.0)),
            (0, tf.TensorArray(tf.float32, 2)),
        )
        return out.stack()

    def statement(x, n):
        array, i = tf.TensorArray(tf.float32, 4), 0
        while i < n:
            if i > 1:
                array = array.write(i, x * 2.0)
            else:
                array = array.write(i, x)
            i += 1
        return array.stack(), i

    return [
        [both_ways(tf, f, [1.0, 2.0]) for f in (rows, growing, gradient, loop)],
        both_ways(tf, statement, [1.0, 2.0], 4),
    ]
