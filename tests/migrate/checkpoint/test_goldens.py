"""The checkpoints by which Sonnet tests itself.

They are read as TensorFlow reads them, and joined to the module each belongs to.

Sonnet's package has the code that makes them; they are made here, with random values,
and where the files of Sonnet's authors lie beside this project those are taken too.
"""

from __future__ import annotations

import functools
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sonnet.src.conformance import goldens

import haiku_core as hk
from compat.bundle import Bundle, locate
from migrate import checkpoint
from tests.migrate.checkpoint.sonnet_side import randomize, save, tf

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
BESIDE = pathlib.Path(__file__).parents[4] / "shared" / "data" / "sonnet_goldens"
MADE = {name: golden for name, golden in goldens.named_goldens()}
FILES = sorted(p.name for p in BESIDE.iterdir()) if BESIDE.is_dir() else []
CHECKPOINTS = [
    *(pytest.param("made", name, id=f"made-{name}") for name in MADE),
    *(pytest.param("files", name, id=f"files-{name}") for name in FILES),
]


@pytest.fixture(scope="module")
def checkpoint_of(tmp_path_factory):
    """(origin, name) → a checkpoint's folder."""

    @functools.cache
    def folder(origin, name):
        if origin == "files":
            return BESIDE / name
        module = MADE[name].create_module()
        MADE[name].create_all_variables(module)
        randomize(module)
        path = tmp_path_factory.mktemp(name)
        save(path, module=module)
        return path

    return folder


def _core(make):
    def program(x):
        core = make()
        return core(x, core.initial_state(1))

    return program


def _plain(make):
    return lambda x: make()(x)


def _norm(make):
    return lambda x: make()(x, is_training=True)


IMAGE = (1, 2, 2, 3)
VOLUME = (1, 2, 2, 2, 2)
# name: (program, shape of its input)
PROGRAMS = {
    "batch_norm_1x2x2x3": (
        _norm(lambda: hk.BatchNorm(True, True, 0.999)),
        IMAGE,
    ),
    "bias_3x3x3": (_plain(lambda: hk.Bias()), (1, 3, 3, 3)),
    "cifar10_convnet_2x3_2x2_1x3x3x2": (
        _norm(lambda: hk.sonnet.Cifar10ConvNet(output_channels=[2, 3], strides=[2, 2])),
        (1, 3, 3, 2),
    ),
    **{
        f"conv{n}d_3x3_2x2": (
            _plain(lambda n=n: getattr(hk, f"Conv{n}D")(3, 3)),
            VOLUME[: n + 1] + (2,),
        )
        for n in (1, 2, 3)
    },
    **{
        f"conv{n}d_transpose_3x3_2x2": (
            _plain(lambda n=n: getattr(hk, f"Conv{n}DTranspose")(3, 3)),
            VOLUME[: n + 1] + (2,),
        )
        for n in (1, 2, 3)
    },
    **{
        f"conv{n}d_lstm_3x3_2x2": (
            _core(lambda n=n: getattr(hk, f"Conv{n}DLSTM")((2,) * n, 3, 3)),
            VOLUME[: n + 1] + (2,),
        )
        for n in (1, 2, 3)
    },
    "depthwise_conv2d_3x3_2x2": (
        _plain(lambda: hk.DepthwiseConv2D(1, 3)),
        (1, 2, 2, 2),
    ),
    "ema_2": (_plain(lambda: hk.ExponentialMovingAverage(0.9)), (2,)),
    "embed_100_100": (
        lambda x: hk.Embed(100, 100)(jnp.zeros_like(x, jnp.int32)),
        (10,),
    ),
    "group_norm_2_1x3x4": (_plain(lambda: hk.GroupNorm(2)), (1, 3, 4)),
    "gru_1": (_core(lambda: hk.GRU(1)), (1, 128)),
    "instance_norm_1_1x3_2": (_plain(lambda: hk.InstanceNorm(True, True)), (1, 3, 2)),
    "layer_norm_1_1x3_2": (
        _plain(lambda: hk.LayerNorm(1, True, True, param_axis=-1)),
        (1, 3, 2),
    ),
    "linear_1x1": (_plain(lambda: hk.Linear(1)), (128, 1)),
    "linear_nobias_1x1": (_plain(lambda: hk.Linear(1, with_bias=False)), (1, 1)),
    "lstm_1": (_core(lambda: hk.LSTM(1)), (1, 128)),
    "lstm_8_projected_1": (
        _core(lambda: hk.sonnet.LSTM(8, projection_size=1)),
        (1, 128),
    ),
    "mean_2x2": (_plain(lambda: hk.sonnet.Mean()), (2, 2)),
    "mlp_3x4x5_1x3": (_plain(lambda: hk.nets.MLP([3, 4, 5])), (1, 3)),
    "mlp_nobias_3x4x5_1x3": (
        _plain(lambda: hk.nets.MLP([3, 4, 5], with_bias=False)),
        (1, 3),
    ),
    "sum_2x2": (_plain(lambda: hk.sonnet.Sum()), (2, 2)),
    "trainable_state": (
        lambda x: hk.sonnet.TrainableState(np.zeros([1], np.float32))(3),
        (1,),
    ),
    "unrolled_lstm_1": (_core(lambda: hk.sonnet.UnrolledLSTM(1)), (1, 1, 128)),
    "vanilla_rnn_8": (_core(lambda: hk.sonnet.VanillaRNN(8)), (1, 128)),
    "vqvae": (
        _norm(lambda: hk.nets.VectorQuantizer(4, 6, 0.25)),
        (2, 3, 4),
    ),
    "vqvae_ema_train": (
        _norm(lambda: hk.nets.VectorQuantizerEMA(5, 7, 0.5, 0.9)),
        (2, 5),
    ),
    "vqvae_ema_eval": (
        _norm(lambda: hk.nets.VectorQuantizerEMA(3, 4, 0.5, 0.9)),
        (2, 3),
    ),
}
PROGRAMS["resnet50"] = (
    _norm(lambda: hk.nets.ResNet([1, 1, 1, 1], 9)),
    (1, 8, 8, 3),
)
PROGRAMS["batch_norm_scale_offset_1x2x2x3"] = PROGRAMS["batch_norm_1x2x2x3"]
PROGRAMS["batch_norm_training_1x2x2x3"] = PROGRAMS["batch_norm_1x2x2x3"]
# Its metrics hold no variables at all.
STATELESS = (
    "base_batch_norm_1x2x2x3",
    "base_batch_norm_scale_offset_1x2x2x3",
    "cross_replica_batch_norm_1x2x2x3",
)


class _Fixed(hk.sonnet.Metric):
    """Sonnet's test double: a metric without variables."""

    def initialize(self, value):
        self._value = value

    def update(self, value):
        self._value = value

    def reset(self):
        pass

    @property
    def value(self):
        return self._value


for _name in STATELESS:
    PROGRAMS[_name] = (
        _norm(lambda: hk.sonnet.BaseBatchNorm(True, True, _Fixed(), _Fixed())),
        IMAGE,
    )


@pytest.mark.parametrize("origin, name", CHECKPOINTS)
def test_read_as_tensorflow_does(origin, name, checkpoint_of):
    prefix = locate(checkpoint_of(origin, name))
    reader = tf.train.load_checkpoint(prefix)
    ours = Bundle(prefix)
    assert set(ours.keys()) == set(reader.get_variable_to_shape_map())
    for key in ours.keys():
        mine, theirs = ours.get(key), reader.get_tensor(key)
        if mine.dtype == object:
            assert mine.item() == theirs
            continue
        theirs = np.asarray(theirs)
        assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
        assert mine.tobytes() == theirs.tobytes()
    assert ours.graph is not None


@pytest.mark.parametrize("origin, name", CHECKPOINTS)
def test_join(origin, name, checkpoint_of):
    if name == "dropout":
        # The dropout's rate is a variable; in Haiku it is an argument.
        program, x = _plain(lambda: hk.Linear(2)), np.zeros((3, 3))
        plan = checkpoint.make_plan(checkpoint_of(origin, name), program, x, hk=hk)
        assert [p.subject for p in plan.unexpected] == ["module/_rate"]
        return
    program, shape = PROGRAMS[name]
    x = jax.ShapeDtypeStruct(shape, np.float32)
    plan = checkpoint.make_plan(checkpoint_of(origin, name), program, x, hk=hk)
    assert plan.complete, plan.summary()
    assert plan.matched == len(plan.leaves) > 0
