"""Trains on two replicas and on one, and compares; run by `test_replicas`."""

import numpy as np

import compat.sonnet as snt
from compat import tensorflow as tf


def step(net, optimizer, x, y, reduce):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((net(x) - y) ** 2)
    gradients = reduce(tape.gradient(loss, net.trainable_variables))
    optimizer.apply(gradients, net.trainable_variables)
    return loss


def main():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 3)).astype("float32")
    y = rng.normal(size=(8, 1)).astype("float32")
    replicator = snt.distribute.Replicator()
    assert replicator.num_replicas_in_sync == 2
    with replicator.scope():
        net, optimizer = snt.nets.MLP([5, 1]), snt.optimizers.Adam(0.1)
    parts = replicator.split((x, y))
    replicator.run(net, args=(parts[0],))
    alone, its_optimizer = snt.nets.MLP([5, 1]), snt.optimizers.Adam(0.1)
    alone(x)
    for mine, other in zip(net.variables, alone.variables, strict=True):
        mine.assign(other)

    def replica_step(x, y):
        context = tf.distribute.get_replica_context()
        return step(net, optimizer, x, y, lambda g: context.all_reduce("mean", g))

    compiled = tf.function(lambda x, y: replicator.run(replica_step, args=(x, y)))
    for run in (lambda *a: replicator.run(replica_step, args=a), compiled):
        for _ in range(3):
            each = run(*parts)
            wanted = step(alone, its_optimizer, x, y, lambda g: g)
            found = replicator.reduce("mean", each)
            np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-5)
            values = replicator.experimental_local_results(each)
            assert len(values) == 2 and values[0].numpy() != values[1].numpy()
    for mine, other in zip(net.variables, alone.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-4, atol=1e-6)
    sharding = net.variables[0]._stack._peek()._array.sharding
    assert len(sharding.device_set) == 2, sharding

    # Statistics over both halves of the batch are those of the whole.
    def make(scale):
        averages = (
            snt.ExponentialMovingAverage(0.9),
            snt.ExponentialMovingAverage(0.9),
        )
        return snt.distribute.CrossReplicaBatchNorm(scale, True, *averages)

    with replicator.scope():
        norm = make(True)
    results = replicator.run(lambda x: norm(x, True), args=(parts[0],))
    whole = snt.BatchNorm(True, True)(x, True).numpy()
    halves = np.concatenate(
        [v.numpy() for v in replicator.experimental_local_results(results)]
    )
    np.testing.assert_allclose(halves, whole, rtol=1e-4, atol=1e-5)

    # Each replica draws its own numbers.
    noise = replicator.run(lambda: tf.random.normal([4]))
    first, second = replicator.experimental_local_results(noise)
    assert np.all(first.numpy() != second.numpy())


if __name__ == "__main__":
    main()
