"""Checkpoints: read and written by TensorFlow and here, deferred, damaged, managed."""

import gc
import weakref

import numpy as np
import pytest
import sonnet
import tensorflow

import compat.sonnet
import compat.tensorflow

BOTH = {"original": tensorflow, "compat": compat.tensorflow}


def model(tf, scale):
    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(np.arange(3.0, dtype=np.float32) * scale)
            self.layers = [tf.Variable(scale), {"deep": (tf.Variable(scale * 2.5),)}]
            self.same = self.layers[0]

    return Net()


def values(net):
    return [v.numpy().tolist() for v in net.variables]


@pytest.mark.parametrize("reader", BOTH)
@pytest.mark.parametrize("writer", BOTH)
def test_each_side_reads_the_others_files(writer, reader, tmp_path):
    tf = BOTH[writer]
    net, step = model(tf, 3), tf.Variable(7, dtype=tf.int64)
    path = tf.train.Checkpoint(net=net, step=step).save(str(tmp_path / "ckpt"))
    tf = BOTH[reader]
    other, other_step = model(tf, 1), tf.Variable(0, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(net=other, step=other_step)
    checkpoint.restore(path).assert_consumed()
    assert values(other) == values(net) and int(other_step) == 7
    assert int(checkpoint.save_counter) == 1
    assert tf.train.latest_checkpoint(str(tmp_path)) == path


def test_values_wait_for_variables_that_are_made_later(tmp_path):
    tf = compat.tensorflow
    path = tf.train.Checkpoint(net=model(tf, 3)).save(str(tmp_path / "ckpt"))

    class Later(tf.Module):
        def build(self):
            made = model(tf, 1)
            self.w, self.layers = made.w, made.layers
            self.same = self.layers[0]

    later = Later()
    status = tf.train.Checkpoint(net=later).restore(path)
    with pytest.raises(AssertionError, match="unresolved"):
        status.assert_consumed()
    later.build()
    status.assert_consumed()
    assert values(later) == values(model(tf, 3))


def test_what_does_not_match_is_told(tmp_path):
    tf = compat.tensorflow
    path = tf.train.Checkpoint(a=tf.Variable([1.0, 2.0])).save(str(tmp_path / "ckpt"))
    with pytest.raises(ValueError, match="shape"):
        tf.train.Checkpoint(a=tf.Variable([1.0])).restore(path)
    with pytest.raises(ValueError, match="int32"):
        tf.train.Checkpoint(a=tf.Variable([1, 2])).restore(path)
    status = tf.train.Checkpoint(b=tf.Variable(1.0)).restore(path)
    with pytest.raises(AssertionError, match="b/"):
        status.assert_existing_objects_matched()
    status.expect_partial()
    with pytest.raises(tf.errors.NotFoundError):
        tf.train.Checkpoint().restore(str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="trackable"):
        tf.train.Checkpoint(a=3)
    with pytest.raises(AssertionError):
        tf.train.Checkpoint().restore(None).assert_consumed()


@pytest.mark.parametrize("side", BOTH)
def test_managers_keep_the_last(side, tmp_path):
    tf = BOTH[side]
    step = tf.Variable(0, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(step=step)
    manager = tf.train.CheckpointManager(checkpoint, str(tmp_path), max_to_keep=2)
    for i in range(4):
        step.assign(i)
        manager.save()
    names = [p.rsplit("/", 1)[1] for p in manager.checkpoints]
    assert names == ["ckpt-3", "ckpt-4"]
    assert sorted(p.name for p in tmp_path.glob("*.index")) == [
        "ckpt-3.index",
        "ckpt-4.index",
    ]
    other = compat.tensorflow.Variable(0, dtype="int64")
    again = compat.tensorflow.train.CheckpointManager(
        compat.tensorflow.train.Checkpoint(step=other), str(tmp_path), max_to_keep=2
    )
    assert again.restore_or_initialize() == manager.latest_checkpoint
    assert int(other) == 3


def test_tensors_by_key(tmp_path):
    tf = compat.tensorflow
    path = tf.train.Checkpoint(a=tf.Variable([1.0, 2.0])).save(str(tmp_path / "ckpt"))
    key = "a/.ATTRIBUTES/VARIABLE_VALUE"
    assert (key, [2]) in tf.train.list_variables(path)
    np.testing.assert_array_equal(tf.train.load_variable(path, key), [1.0, 2.0])


def trained(tf, snt, path=None):
    """A checkpoint of an MLP and its optimizer, and one training step of them.

    Both are restored from `path`, before any of their variables is made.
    """
    net, optimizer = snt.nets.MLP([4, 3]), snt.optimizers.Adam(0.1)
    checkpoint = tf.train.Checkpoint(net=net, optimizer=optimizer)
    if path is not None:
        checkpoint.restore(path)

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(net(tf.ones([2, 5])) ** 2)
        variables = net.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return float(loss)

    return checkpoint, step


SONNETS = {
    "original": (tensorflow, sonnet),
    "compat": (compat.tensorflow, compat.sonnet),
}


@pytest.mark.parametrize("writer", SONNETS)
def test_training_goes_on_where_it_stopped(writer, tmp_path):
    checkpoint, step = trained(*SONNETS[writer])
    for _ in range(2):
        step()
    path = checkpoint.save(str(tmp_path / "ckpt"))
    _, following = trained(*SONNETS["compat"], path)
    want = [step() for _ in range(3)]
    np.testing.assert_allclose([following() for _ in range(3)], want, rtol=1e-5)


def test_variables_put_into_lists_later_get_their_values(tmp_path):
    tf = compat.tensorflow

    class Stack(tf.Module):
        def __init__(self):
            super().__init__()
            self.rows = []

        def add(self, value):
            self.rows.append(tf.Variable(value))

    full, empty = Stack(), Stack()
    full.add(3.0)
    full.add(4.0)
    path = tf.train.Checkpoint(full).write(str(tmp_path / "ckpt"))
    status = tf.train.Checkpoint(empty).read(path)
    empty.add(0.0)
    empty.add(0.0)
    assert [float(v) for v in empty.rows] == [3.0, 4.0]
    status.assert_consumed()
    empty.add(5.0)
    assert float(empty.rows[2]) == 5.0


def test_a_restore_that_waits_keeps_nothing_alive(tmp_path):
    tf = compat.tensorflow
    path = tf.train.Checkpoint(net=model(tf, 3)).save(str(tmp_path / "ckpt"))
    net = tf.Module()
    tf.train.Checkpoint(net=net).restore(path).expect_partial()
    net.w = tf.Variable(np.zeros(3, np.float32))
    assert net.w.numpy().tolist() == [0.0, 3.0, 6.0]
    alive = weakref.ref(net)
    del net
    gc.collect()
    assert alive() is None


def test_damage_is_told_and_nothing_is_restored(tmp_path):
    tf = compat.tensorflow
    path = tf.train.Checkpoint(net=model(tf, 3)).save(str(tmp_path / "ckpt"))
    told = 0
    for name in ("ckpt-1.index", "ckpt-1.data-00000-of-00001"):
        file = tmp_path / name
        sound = file.read_bytes()
        for at in range(0, len(sound), 7):
            harmed = bytearray(sound)
            harmed[at] ^= 0x55
            for damage in (harmed, sound[:at]):
                file.write_bytes(damage)
                net = model(tf, 1)
                try:
                    tf.train.Checkpoint(net=net).restore(path)
                except tf.errors.DataLossError as error:
                    told += "ckpt-1" in str(error)
                    assert values(net) == values(model(tf, 1))
                else:  # unused bytes between the parts of the index
                    assert values(net) == values(model(tf, 3))
        file.write_bytes(sound)
    assert told > 100
    tf.train.Checkpoint(net=model(tf, 1)).restore(path).assert_consumed()
