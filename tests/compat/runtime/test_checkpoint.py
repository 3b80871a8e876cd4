"""Checkpoints: read and written by TensorFlow and here, deferred, damaged, managed."""

import numpy as np
import pytest
import tensorflow

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
