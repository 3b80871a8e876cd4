"""Nests, checks, shapes in traces, initializers."""

import numpy as np

from tests.compat.runtime.scenarios.registry import raised, scenario


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
def initializers(tf):
    return [
        tf.zeros_initializer()([2], tf.int32),
        tf.ones_initializer()([2, 1]),
        tf.constant_initializer(3.5)([2], tf.float64),
        tf.constant_initializer([1, 2])([2]),
        tf.initializers.VarianceScaling()([3, 4]).shape.as_list(),
    ]
