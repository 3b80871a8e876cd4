"""Functions that need values when they are traced run op by op, and say so."""

import pytest

from compat import tensorflow as tf

X = tf.constant([1.0, -2.0, 3.0])

CASES = {
    "mask": (lambda x: tf.boolean_mask(x, x > 0), [1.0, 3.0]),
    "where": (lambda x: tf.where(x > 0)[:, 0], [0, 2]),
    "size": (lambda x: tf.ones([tf.reduce_sum(tf.cast(x > 0, tf.int32))]), [1.0, 1.0]),
    "slice": (lambda x: x[: tf.cast(x[0], tf.int32)], [1.0]),
}


@pytest.mark.parametrize("case", CASES)
def test_it_gives_what_plain_code_gives_and_warns_once(case):
    body, wanted = CASES[case]
    function = tf.function(body)
    with pytest.warns(RuntimeWarning, match="runs op by op"):
        assert function(X).numpy().tolist() == wanted
    assert function(X).numpy().tolist() == wanted


def test_variables_and_gradients_are_those_of_plain_code():
    weight, count = tf.Variable([1.0, 2.0, 3.0]), tf.Variable(0)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.boolean_mask(x * weight, x > 0) ** 2)
        count.assign_add(1)
        return tape.gradient(loss, weight)

    with pytest.warns(RuntimeWarning, match="boolean_mask"):
        assert step(X).numpy().tolist() == [2.0, 0.0, 54.0]
    step(X)
    assert count.numpy() == 2


def test_asked_to_compile_it_raises():
    function = tf.function(lambda x: tf.boolean_mask(x, x > 0), jit_compile=True)
    with pytest.raises(TypeError, match="boolean_mask"):
        function(X)


def test_what_tensorflow_refuses_too_is_no_reason():
    function = tf.function(lambda x: 1 if x[0] > 0 else 2, autograph=False)
    with pytest.raises(TypeError, match="bool of a traced tensor"):
        function(X)
