"""Derivatives of whole functions by a tape around them, through their loops."""

import pytest

from compat import tensorflow as tf


def over_range(x, n):
    y = x * 1.0
    for _ in tf.range(n):
        y = y * x
    return y


def as_while(x, n):
    y, i, step = x * 1.0, tf.constant(0), n // n
    while i < n:
        y = y * x
        i += step
    return y


def with_a_value_of_outside(x, n):
    y, factor = x * 1.0, tf.cast(n, tf.float32) - 1.0
    for _ in tf.range(n):
        y = y * x * factor / 2.0
    return tf.cond(y > 3.0, lambda: y * factor / 2.0, lambda: y)


@pytest.mark.parametrize("body", [over_range, as_while, with_a_value_of_outside])
def test_the_number_of_steps_is_an_argument(body):
    x = tf.Variable(2.0)
    function = tf.function(body)
    for _ in range(2):
        with tf.GradientTape() as tape:
            y = function(x, tf.constant(3))
        assert y.numpy() == 16.0
        assert tape.gradient(y, x).numpy() == 32.0
