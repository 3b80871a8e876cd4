"""Functions traced for arguments whose dimensions are not all known."""

import pytest

from compat import sonnet as snt
from compat import tensorflow as tf


def test_unknown_dimensions_that_depend_on_nothing():
    double = tf.function(lambda x: tf.concat([x, x], 1))
    concrete = double.get_concrete_function(tf.TensorSpec([None, 3]))
    assert concrete.output_shapes.as_list() == [None, 6]
    assert concrete(tf.ones([2, 3])).shape == [2, 6]


def test_an_unknown_dimension_that_must_be_a_known_one():
    scaled = tf.function(lambda x, scale: x * scale)
    specs = tf.TensorSpec([None, 3]), tf.TensorSpec([None])
    concrete = scaled.get_concrete_function(*specs)
    assert concrete.output_shapes.rank is None
    for rows in (2, 5):
        out = concrete(tf.ones([rows, 3]), tf.constant([1.0, 2.0, 3.0]))
        assert out.numpy().tolist() == [[1.0, 2.0, 3.0]] * rows


def test_no_variable_gets_its_shape_from_a_stand_in():
    model = snt.Sequential([snt.Flatten(), snt.Linear(2)])
    with pytest.raises(ValueError, match="dimensions of unknown size"):
        tf.function(model).get_concrete_function(tf.TensorSpec([4, None, 2]))


def test_errors_of_known_shapes_are_not_put_off():
    product = tf.function(tf.matmul)
    with pytest.raises(ValueError, match="matmul"):
        product.get_concrete_function(tf.TensorSpec([2, 3]), tf.TensorSpec([2, 3]))
