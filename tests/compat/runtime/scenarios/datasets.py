"""`tf.data.Dataset`."""

import numpy as np

from tests.compat.runtime.scenarios.registry import raised, scenario


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
