"""Tensors: conversion, operators, indexing, dtypes, shapes."""

import numpy as np

from tests.compat.runtime.scenarios.registry import raised, scenario


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
