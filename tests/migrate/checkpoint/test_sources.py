"""Every kind of checkpoint that TensorFlow writes."""

from __future__ import annotations

import contextlib
import os
import sys

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compat import bundle
from compat.bundle import Bundle, BundleError, OldFormat
from migrate import checkpoint
from migrate.checkpoint._src.source import open_source
from migrate.errors import UserError
from tests.migrate.checkpoint.sonnet_side import make, save, snt, tf

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*is not supported in eager:UserWarning"),
]
X = np.random.RandomState(0).normal(size=(4, 3)).astype(np.float32)
v1 = tf.compat.v1


def same_bytes(ours, theirs):
    theirs = np.asarray(theirs)
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    assert ours.tobytes() == theirs.tobytes()


@contextlib.contextmanager
def graph_session():
    with tf.Graph().as_default(), v1.Session() as session:
        yield session


def test_every_element_type(tmp_path):
    module = tf.Module()
    kinds = ["float16", "bfloat16", "float32", "float64", "int8", "int16", "int32",
             "int64", "uint8", "uint16", "uint32", "uint64", "bool", "complex64",
             "complex128"]  # fmt: skip
    values = {}
    for kind in kinds:
        value = tf.cast(tf.constant([[0, 1, 2], [3, 4, 5]]), tf.as_dtype(kind))
        values[kind] = value.numpy()
        setattr(module, kind, tf.Variable(value))
    module.scalar = tf.Variable(2.5)
    module.empty = tf.Variable(tf.zeros([0, 3]))
    module.text = tf.Variable([b"a", b"", b"\0\xff" * 200])
    reader = Bundle(save(tmp_path, m=module))
    for kind in kinds:
        same_bytes(reader.get(bundle.variable_key(("m", kind))), values[kind])
    same_bytes(reader.get(bundle.variable_key(("m", "scalar"))), np.float32(2.5))
    assert reader.get(bundle.variable_key(("m", "empty"))).shape == (0, 3)
    text = reader.get(bundle.variable_key(("m", "text")))
    assert list(text) == [b"a", b"", b"\0\xff" * 200]


def test_names_with_slashes_and_dots(tmp_path):
    holder = tf.Module()
    holder.parts = {"a/b": tf.Variable(1.0), "c.d": tf.Variable(2.0)}
    reader = Bundle(save(tmp_path, m=holder))
    for name, value in (("a/b", 1.0), ("c.d", 2.0)):
        path = ("m", "parts", name)
        node = reader.graph.resolve(path)
        assert reader.graph.nodes[node].variable.key == bundle.variable_key(path)
        assert reader.get(bundle.variable_key(path)) == value


def test_what_we_write_tensorflow_restores(tmp_path):
    net = make(lambda: snt.nets.MLP([5, 2]), X)
    first = Bundle(save(tmp_path, net=net))
    copy = tmp_path / "copy"
    with bundle.writing_bundle(copy) as writer:
        for key in first.keys():
            writer.add(key, first.get(key))
    other = snt.nets.MLP([5, 2])
    other(X)
    tf.train.Checkpoint(net=other).restore(str(copy)).expect_partial()
    for a, b in zip(net.variables, other.variables, strict=True):
        same_bytes(a.numpy(), b)


def test_partitioned_variables(tmp_path):
    with graph_session() as session:
        whole = v1.get_variable(
            "embeddings",
            [11, 4],
            partitioner=v1.fixed_size_partitioner(3),
            initializer=v1.random_normal_initializer(seed=1),
        )
        session.run(v1.global_variables_initializer())
        expected = session.run(whole.as_tensor())
        prefix = v1.train.Saver().save(
            session, str(tmp_path / "m"), write_meta_graph=False
        )
    same_bytes(Bundle(prefix).get("embeddings"), expected)
    embed = lambda i: hk.Embed(11, 4, name="embed")(i)  # noqa: E731
    params, _ = checkpoint.convert(
        prefix,
        embed,
        np.zeros([2], np.int32),
        mapping={"embed:embeddings": "embeddings"},
    )
    same_bytes(params["embed"]["embeddings"], expected)


def test_several_data_files(tmp_path):
    """As sharded savers leave them: one index, a data file for each writer."""
    parts = []
    for shard in range(3):
        part = tmp_path / f"part{shard}"
        value = tf.constant(np.arange(4.0) + shard, tf.float32)
        tf.raw_ops.SaveV2(
            prefix=str(part), tensor_names=[f"v{shard}"], shape_and_slices=[""],
            tensors=[value],
        )  # fmt: skip
        parts.append(str(part))
    whole = str(tmp_path / "whole")
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=parts, destination_prefix=whole, delete_old_dirs=False
    )
    reader = Bundle(whole)
    assert reader.shards == 3
    for shard in range(3):
        same_bytes(reader.get(f"v{shard}"), np.arange(4, dtype=np.float32) + shard)
    os.unlink(reader.shard_path(1))
    with pytest.raises(BundleError, match="data-00001-of-00003.*missing.*v1"):
        Bundle(whole).get("v1")


def legacy_graph():
    """Variables as Sonnet 1 and TensorFlow 1 name them, with random values."""
    shapes = {
        "agent/mlp/linear_0/w": (3, 5),
        "agent/mlp/linear_0/b": (5,),
        "agent/mlp/linear_1/w": (5, 2),
        "agent/mlp/linear_1/b": (2,),
        "agent/lstm/w_gates": (2 + 4, 16),
        "agent/lstm/b_gates": (16,),
        "agent/batch_norm/gamma": (1, 4),
        "agent/batch_norm/beta": (1, 4),
        "agent/batch_norm/moving_mean": (1, 4),
        "agent/batch_norm/moving_variance": (1, 4),
    }
    return {
        name: v1.get_variable(
            name, shape, initializer=v1.random_uniform_initializer(0.1, 1.0, seed=i)
        )
        for i, (name, shape) in enumerate(shapes.items())
    }


def legacy_program(x, is_training=False):
    out = hk.nets.MLP([5, 2])(x)
    core = hk.LSTM(4)
    out, _ = core(out, core.initial_state(x.shape[0]))
    return hk.BatchNorm(True, True, 0.99)(out, is_training)


def legacy_numbers(v, x):
    """The formulas of the same network in Sonnet 1."""
    sigmoid = jax.nn.sigmoid
    h = np.maximum(x @ v["agent/mlp/linear_0/w"] + v["agent/mlp/linear_0/b"], 0)
    h = h @ v["agent/mlp/linear_1/w"] + v["agent/mlp/linear_1/b"]
    gates = np.concatenate([h, np.zeros((len(x), 4), np.float32)], 1)
    gates = gates @ v["agent/lstm/w_gates"] + v["agent/lstm/b_gates"]
    i, j, f, o = np.split(gates, 4, 1)
    cell = sigmoid(f + 1.0) * 0 + sigmoid(i) * np.tanh(j)
    h = np.tanh(cell) * sigmoid(o)
    h = (h - v["agent/batch_norm/moving_mean"]) / np.sqrt(
        v["agent/batch_norm/moving_variance"] + 1e-5
    )
    return h * v["agent/batch_norm/gamma"] + v["agent/batch_norm/beta"]


@pytest.mark.parametrize("version", ["V1", "V2"])
def test_name_based_checkpoints_of_sonnet_1(version, tmp_path):
    with graph_session() as session:
        variables = legacy_graph()
        session.run(v1.global_variables_initializer())
        values = session.run(variables)
        saver = v1.train.Saver(write_version=getattr(v1.train.SaverDef, version))
        prefix = saver.save(session, str(tmp_path / "m"), write_meta_graph=False)
    plan = checkpoint.make_plan(prefix, legacy_program, X)
    assert sum("kept without debiasing" in note for note in plan.notes) == 2
    params, state = checkpoint.convert(prefix, legacy_program, X)
    ours, _ = hk.transform_with_state(legacy_program).apply(params, state, None, X)
    np.testing.assert_allclose(ours, legacy_numbers(values, X), rtol=2e-5, atol=2e-5)
    # A long-run average stays one: the next step must not debias it.
    average = state["batch_norm/~/mean_ema"]
    assert int(average["counter"]) > 10**6
    same_bytes(average["average"], average["hidden"])


def test_old_format_without_tensorflow(tmp_path, monkeypatch):
    with graph_session() as session:
        v1.get_variable("w", [3])
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver(write_version=v1.train.SaverDef.V1)
        prefix = saver.save(session, str(tmp_path / "m"), write_meta_graph=False)
    with pytest.raises(OldFormat):
        bundle.locate(prefix)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(UserError, match="V1 format.*pip install"):
        open_source(prefix)


def test_saved_model(tmp_path):
    net = make(lambda: snt.nets.MLP([5, 2]), X)
    exported = tf.Module()
    exported.net = net
    exported.call = tf.function(net, input_signature=[tf.TensorSpec([None, 3])])
    tf.saved_model.save(exported, str(tmp_path))
    program = lambda x: hk.nets.MLP([5, 2])(x)  # noqa: E731
    params, _ = checkpoint.convert(tmp_path, program, X, hk=hk)
    ours = hk.transform(program).apply(params, None, X)
    np.testing.assert_allclose(ours, net(X), rtol=1e-6, atol=1e-6)


def test_keras_slots_are_unexpected(tmp_path):
    keras = pytest.importorskip("tf_keras")
    net = make(lambda: snt.nets.MLP([2]), X)
    optimizer = keras.optimizers.legacy.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(net(X))
    grads = tape.gradient(loss, net.trainable_variables)
    optimizer.apply_gradients(zip(grads, net.trainable_variables, strict=True))
    prefix = save(tmp_path, net=net, optimizer=optimizer)
    program = lambda x: hk.nets.MLP([2])(x)  # noqa: E731
    plan = checkpoint.make_plan(prefix, program, X, hk=hk)
    slots = [p for p in plan.unexpected if "slot variable" in p.reason]
    assert plan.matched == 2 and len(slots) == 4
    with pytest.raises(UserError, match="unexpected"):
        checkpoint.convert(prefix, program, X, hk=hk)
    waived = ["optimizer", "net/.OPTIMIZER_SLOT", "*OPTIMIZER_SLOT*"]
    checkpoint.convert(prefix, program, X, hk=hk, ignore=waived)


class TestPlaces:
    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory):
        folder = tmp_path_factory.mktemp("places")
        manager = tf.train.CheckpointManager(
            tf.train.Checkpoint(v=tf.Variable(1.0)), str(folder), max_to_keep=3
        )
        manager.save()
        manager.save()
        return folder

    def test_prefix_folder_and_files(self, folder):
        latest = tf.train.latest_checkpoint(str(folder))
        assert bundle.locate(folder) == latest == bundle.latest(folder)
        for name in ("checkpoint", "ckpt-2.index", "ckpt-2.data-00000-of-00001"):
            assert bundle.locate(folder / name) == latest
        assert bundle.locate(folder / "ckpt-1") == str(folder / "ckpt-1")

    def test_a_moved_folder(self, folder, tmp_path):
        state = tmp_path / "checkpoint"
        state.write_text('model_checkpoint_path: "/gone/away/ckpt-2"\n')
        for file in folder.glob("ckpt-2*"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
        assert bundle.locate(tmp_path) == str(tmp_path / "ckpt-2")

    def test_nothing_there(self, folder, tmp_path):
        with pytest.raises(UserError, match="holds no checkpoint"):
            open_source(tmp_path)
        with pytest.raises(UserError, match="no such checkpoint.*ckpt-1, ckpt-2"):
            open_source(folder / "ckpt-7")
        (tmp_path / "a.txt").write_text("no checkpoint")
        with pytest.raises(UserError, match="this is no checkpoint"):
            open_source(tmp_path / "a.txt")
        (tmp_path / "checkpoint").write_text("rubbish")
        with pytest.raises(UserError, match="does not name a checkpoint"):
            open_source(tmp_path)

    def test_several_without_a_state_file(self, folder, tmp_path):
        for file in folder.glob("ckpt-*"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
        with pytest.raises(UserError, match="holds 2 checkpoints: name one"):
            open_source(tmp_path)


def test_bfloat16_and_counters(tmp_path):
    module = tf.Module()
    module.w = tf.Variable(tf.cast(X, tf.bfloat16))
    module.steps = tf.Variable(2**31 - 1, dtype=tf.int64)

    def program():
        hk.get_parameter("w", X.shape, jnp.bfloat16, init=jnp.zeros)
        hk.get_state("steps", (), jnp.int32, init=jnp.zeros)

    named = {"~:w": "m/w", "~:steps": "m/steps"}
    prefix = save(tmp_path, m=module)
    params, state = checkpoint.convert(prefix, program, mapping=named, hk=hk)
    same_bytes(params["~"]["w"], module.w.numpy())
    assert state["~"]["steps"] == 2**31 - 1 and state["~"]["steps"].dtype == np.int32
    module.steps.assign_add(1)
    with pytest.raises(UserError, match="steps: a value does not fit into int32"):
        checkpoint.convert(save(tmp_path, m=module), program, mapping=named, hk=hk)


def test_a_cast_with_loss_must_be_asked_for(tmp_path):
    module = tf.Module()
    module.w = tf.Variable(X.astype(np.float64) / 3)

    def program():
        hk.get_parameter("w", X.shape, jnp.float32, init=jnp.zeros)

    prefix = save(tmp_path, m=module)
    options = {"mapping": {"~:w": "m/w"}, "hk": hk}
    with pytest.raises(UserError, match="float64 in the checkpoint, float32 here"):
        checkpoint.convert(prefix, program, **options)
    params, _ = checkpoint.convert(prefix, program, cast=True, **options)
    np.testing.assert_array_equal(params["~"]["w"], module.w.numpy().astype("f4"))
