"""Gradients by what rows were taken of: `tf.IndexedSlices`, as in TensorFlow."""

import numpy as np
import pytest

from compat import sonnet as snt
from compat import tensorflow as tf

TABLE = np.arange(12, dtype=np.float32).reshape(4, 3)
IDS = np.array([[2, 0], [2, 1]])
WANTED = np.array([[1.0], [1.0], [2.0], [0.0]], np.float32) * np.ones(3, np.float32)

TAKES = {
    "gather": lambda table: tf.gather(table, IDS),
    "gather axis": lambda table: tf.gather(table, tf.constant(IDS), axis=0),
    "lookup": lambda table: tf.nn.embedding_lookup(table, IDS),
    "sparse_read": lambda table: table.sparse_read(IDS),
}


@pytest.mark.parametrize("take", TAKES)
def test_rows(take):
    table = tf.Variable(TABLE)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(TAKES[take](table))
    grad = tape.gradient(loss, table)
    assert isinstance(grad, tf.IndexedSlices)
    assert grad.values.shape == [4, 3] and grad.shape == [4, 3]
    assert grad.indices.numpy().tolist() == [2, 0, 2, 1]
    np.testing.assert_array_equal(tf.convert_to_tensor(grad), WANTED)


def both(x):
    return tf.reduce_sum(tf.gather(x, [1, 3])), tf.reduce_sum(tf.gather(x, [1]) ** 2)


def test_rows_and_rows_are_rows():
    x = tf.constant(TABLE)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = sum(both(x))
    grad = tape.gradient(loss, x)
    assert isinstance(grad, tf.IndexedSlices)
    assert sorted(grad.indices.numpy().tolist()) == [1, 1, 3]
    dense = tf.convert_to_tensor(grad).numpy()
    np.testing.assert_array_equal(dense[1], 1 + 2 * TABLE[1])


def test_rows_and_all_are_dense():
    table = tf.Variable(TABLE)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(table, [1])) + tf.reduce_sum(table)
    grad = tape.gradient(loss, table)
    assert isinstance(grad, tf.Tensor)
    np.testing.assert_array_equal(grad.numpy()[:, 0], [1, 2, 1, 1])


def test_through_more_ops_they_are_dense():
    table = tf.Variable(TABLE)
    with tf.GradientTape(persistent=True) as tape:
        doubled = 2.0 * table
        loss = tf.reduce_sum(tf.gather(doubled, IDS))
        columns = tf.reduce_sum(tf.gather(table, [1], axis=1))
    np.testing.assert_array_equal(tape.gradient(loss, table), 2 * WANTED)
    by_table, by_doubled = tape.gradient(loss, [table, doubled])
    np.testing.assert_array_equal(by_table, 2 * WANTED)
    assert isinstance(by_doubled, tf.IndexedSlices)
    assert isinstance(tape.gradient(columns, table), tf.Tensor)


def test_higher_orders_and_jacobians():
    table = tf.Variable(TABLE)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as tape:
            rows = tf.gather(table, [3, 1])
            loss = tf.reduce_sum(rows**3)
        values = tape.gradient(loss, table).values
    second = tf.convert_to_tensor(outer.gradient(values, table)).numpy()
    np.testing.assert_array_equal(second[[1, 3]], 6 * TABLE[[1, 3]])
    with tf.GradientTape() as tape:
        rows = tf.gather(table, [3, 1])
    assert tape.jacobian(rows, table).shape == [2, 3, 4, 3]


def test_clipping_keeps_rows():
    table = tf.Variable(TABLE)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(table, [2, 2]))
    grad = tape.gradient(loss, table)
    # As in TensorFlow, the norm is of the values as they stand: rows named twice
    # are not added up first.
    assert tf.linalg.global_norm([grad]).numpy() == pytest.approx(6**0.5)
    (clipped,), norm = tf.clip_by_global_norm([grad], 1.0)
    assert isinstance(clipped, tf.IndexedSlices)
    assert norm.numpy() == pytest.approx(6**0.5)
    for clipped in (
        tf.clip_by_norm(grad, 1.0),
        tf.clip_by_value(grad, 0.0, 0.5),
        tf.scalar_mul(0.5, grad),
        tf.cast(grad, tf.float64),
        -grad,
    ):
        assert isinstance(clipped, tf.IndexedSlices)
        assert clipped.indices.numpy().tolist() == [2, 2]


@pytest.mark.parametrize("densify", [False, True])
def test_embeddings_can_be_asked_for_dense_gradients(densify):
    embed = snt.Embed(existing_vocab=TABLE, densify_gradients=densify)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(embed(IDS))
    grad = tape.gradient(loss, embed.embeddings)
    assert isinstance(grad, tf.Tensor if densify else tf.IndexedSlices)
    np.testing.assert_array_equal(tf.convert_to_tensor(grad), WANTED)


def test_untouched_rows_rest(compiled_or_not):
    """Sonnet's optimizers leave the other rows, and what they keep of them."""
    embed = snt.Embed(existing_vocab=TABLE)
    optimizer = snt.optimizers.Momentum(0.1, 0.9)

    def step(ids):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(embed(ids))
        variables = embed.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    step = compiled_or_not(step)
    step(tf.constant([0, 1]))
    step(tf.constant([1, 1]))
    moved = TABLE[:, 0] - embed.embeddings.numpy()[:, 0]
    np.testing.assert_allclose(moved, [0.1, 0.1 + 0.29, 0.0, 0.0], rtol=1e-6)
    sums = optimizer.accumulated_momentum[0].numpy()[:, 0]
    np.testing.assert_allclose(sums, [1.0, 2.9, 0.0, 0.0], rtol=1e-6)


@pytest.fixture(params=["eager", "function"])
def compiled_or_not(request):
    return tf.function if request.param == "function" else lambda f: f


def test_as_arguments_and_results_of_functions():
    table = tf.Variable(TABLE)

    @tf.function
    def slope(ids):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.gather(table, ids))
        return tape.gradient(loss, table)

    @tf.function
    def update(grad):
        table.scatter_sub(grad)

    for _ in range(3):
        grad = slope(tf.constant([1, 2]))
        assert isinstance(grad, tf.IndexedSlices)
        update(grad)
    assert update.experimental_get_tracing_count() == 1
    np.testing.assert_array_equal(table.numpy()[:, 0] - TABLE[:, 0], [0, -3, -3, 0])
