"""haiku_core.sonnet against Sonnet: outputs, gradients, trained state, start."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf
from sonnet.src import recurrent
from sonnet.src.parallel_linear import ParallelLinears

import haiku_core
import haiku_core.sonnet
from tests.haiku_core.sonnet.parity import Case, run

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype"),
]


def normal(*shape):
    return lambda random, dtype: (random.randn(*shape).astype(dtype),)


def with_mode(mode):
    return lambda module, ours, *args: module(*args, mode)


def step_from_zero(module, ours, x):
    size = x.shape[0]
    return module(x, module.initial_state(size))


def sequence(module, ours, x):
    """Unrolls over [T, B, ...], from the initial state."""
    state = module.initial_state(x.shape[1])
    outputs = []
    for t in range(x.shape[0]):
        out, state = module(x[t], state)
        outputs.append(out)
    return outputs, state


def unrolled(module, ours, x):
    """Sonnet's by its portable implementation.

    The gradient of the kernel that Sonnet picks on a CPU (BlockLSTMV2, TensorFlow
    2.21) takes the blocks of two gates for one another.
    """
    state = module.initial_state(x.shape[1])
    if ours:
        return module(x, state)
    module._initialize(x)
    weights = module._w_i, module._w_h, module.b
    return recurrent._fallback_unrolled_lstm(x, state, *weights)


def norm(kind, *args, shape, call=None, dtype="float64", tolerance=1e-12, **kwargs):
    return Case(
        lambda hk, s: getattr(s, kind)(*args, **kwargs),
        lambda: getattr(snt, kind)(*args, **kwargs),
        normal(*shape),
        call or (lambda module, ours, *a: module(*a)),
        dtype,
        tolerance,
    )


def batch_norm(shape, mode=(True,), dtype="float64", tolerance=1e-12, **kwargs):
    kwargs = dict(create_scale=True, create_offset=True, decay_rate=0.9) | kwargs
    return norm(
        "BatchNorm",
        shape=shape,
        dtype=dtype,
        tolerance=tolerance,
        # In evaluation there must be moments that a training call has left.
        call=lambda module, ours, x: (module(x, True), module(2 * x, *mode)),
        **kwargs,
    )


def metric(kind, *args):
    return Case(
        lambda hk, s: getattr(s, kind)(*args),
        lambda: getattr(snt, kind)(*args),
        normal(3, 4),
        lambda module, ours, x: module(x),
    )


def core(kind, *args, shape=(3, 2, 5), call=sequence, **kwargs):
    return Case(
        lambda hk, s: getattr(s, kind)(*args, **kwargs, dtype=jnp.float64),
        lambda: getattr(snt, kind)(*args, **kwargs, dtype=tf.float64),
        normal(*shape),
        call,
        steps=2,
    )


def transposed(n, shape, *args, **kwargs):
    kind = f"Conv{n}DTranspose"
    return Case(
        lambda hk, s: getattr(s, kind)(*args, **kwargs),
        lambda: getattr(snt, kind)(*args, **kwargs),
        normal(*shape),
        steps=2,
    )


def deep(make, inputs=(3, 2, 4)):
    """`make` gets a namespace with LSTM and the deep cores of either library."""
    return Case(
        lambda hk, s: make(s, jnp.float64),
        lambda: make(snt, tf.float64),
        normal(*inputs),
        sequence,
        steps=2,
    )


def blocks(resnet_v2):
    args = (8, 2, 2, dict(decay_rate=0.9), resnet_v2)
    return Case(
        lambda hk, s: s.BlockGroup(*args),
        lambda: snt.nets.resnet.BlockGroup(*args),
        normal(6, 5, 6, 3),
        with_mode(True),
        dtype="float32",
        tolerance=1e-4,
        steps=2,
    )


def resnet(resnet_v2):
    args = ([1, 2, 1, 1], 5, None, resnet_v2, (16, 16, 32, 32))
    return Case(
        lambda hk, s: s.ResNet(*args),
        lambda: snt.nets.ResNet(*args),
        normal(8, 33, 32, 3),
        lambda module, ours, x: (module(x, True), module(2 * x, False)),
        dtype="float32",
        tolerance=1e-4,
        steps=2,
        grads=False,
    )


def replicated_metrics(namespace):
    return dict(
        moving_mean=namespace.ExponentialMovingAverage(0.9),
        moving_variance=namespace.ExponentialMovingAverage(0.8),
    )


def base_batch_norm(kind, theirs, shape):
    return Case(
        lambda hk, s: getattr(s, kind)(True, True, **replicated_metrics(s)),
        lambda: theirs(True, True, **replicated_metrics(snt)),
        normal(*shape),
        with_mode(True),
    )


def positive_state(namespace):
    value = np.linspace(0.1, 1, 4)
    return {"b": value, "a": (value * 2, value[:2])}


CASES = {
    "BatchNorm-3d": batch_norm((5, 4, 3)),
    "BatchNorm-2d": batch_norm((6, 3), eps=1e-3),
    "BatchNorm-5d": batch_norm((2, 2, 2, 2, 3)),
    "BatchNorm-NCHW": batch_norm((3, 4, 2, 5), data_format="NCHW"),
    "BatchNorm-eval": batch_norm((5, 4, 3), mode=(False,)),
    "BatchNorm-local": batch_norm((5, 4, 3), mode=(False, True)),
    "BatchNorm-untrained": batch_norm(
        (5, 4, 3), create_scale=False, create_offset=False
    ),
    # The fused kernel knows float32 only, so float32 it is.
    "BatchNorm-fused": batch_norm((4, 5, 3, 2), dtype="float32", tolerance=3e-6),
    "BatchNorm-fused-one": batch_norm((1, 1, 1, 3), dtype="float32", tolerance=3e-6),
    "BatchNorm-fused-eval": batch_norm(
        (4, 5, 3, 2), mode=(False,), dtype="float32", tolerance=3e-6
    ),
    "BatchNorm-fused-local": batch_norm(
        (4, 5, 3, 2), mode=(False, True), dtype="float32", tolerance=3e-6
    ),
    "BatchNorm-fused-unscaled": batch_norm(
        (4, 5, 3, 2), create_scale=False, dtype="float32", tolerance=3e-6
    ),
    "BaseBatchNorm": base_batch_norm("BaseBatchNorm", snt.BaseBatchNorm, (5, 4, 3)),
    "CrossReplicaBatchNorm": base_batch_norm(
        "CrossReplicaBatchNorm", snt.distribute.CrossReplicaBatchNorm, (5, 4, 3)
    ),
    "CrossReplicaBatchNorm-4d": base_batch_norm(
        "CrossReplicaBatchNorm", snt.distribute.CrossReplicaBatchNorm, (5, 4, 3, 2)
    ),
    "LayerNorm": norm("LayerNorm", -1, True, True, shape=(4, 5, 3)),
    "LayerNorm-axes": norm("LayerNorm", (1, 2), True, True, shape=(4, 5, 3), eps=1e-2),
    "LayerNorm-NCHW": norm(
        "LayerNorm", slice(1, None), True, True, shape=(4, 5, 3, 2), data_format="NCHW"
    ),
    "LayerNorm-bare": norm("LayerNorm", -1, False, False, shape=(4, 5, 3)),
    "InstanceNorm": norm("InstanceNorm", True, True, shape=(4, 5, 3)),
    "InstanceNorm-NCHW": norm(
        "InstanceNorm", True, False, shape=(4, 5, 3, 2), data_format="NCHW"
    ),
    "GroupNorm": norm("GroupNorm", 2, shape=(4, 5, 6)),
    "GroupNorm-NCHW": norm("GroupNorm", 3, shape=(4, 6, 3, 2), data_format="NCHW"),
    "GroupNorm-axis": norm("GroupNorm", 3, axis=(1, 3), shape=(4, 3, 2, 6)),
    "ExponentialMovingAverage": metric("ExponentialMovingAverage", 0.9),
    "Mean": metric("Mean"),
    "Sum": metric("Sum"),
    "LSTM": core("LSTM", 4),
    "LSTM-forget": core("LSTM", 4, forget_bias=0.3),
    "LSTM-projection": core("LSTM", 4, projection_size=3),
    "GRU": core("GRU", 4),
    "VanillaRNN": core("VanillaRNN", 4),
    "Conv1DLSTM": core("Conv1DLSTM", (6, 2), 3, 3, shape=(2, 2, 6, 2)),
    "Conv2DLSTM": core(
        "Conv2DLSTM", (4, 3, 2), 3, (3, 2), shape=(2, 2, 4, 3, 2), forget_bias=0.5
    ),
    "Conv3DLSTM": core("Conv3DLSTM", (3, 3, 2, 2), 2, 2, shape=(2, 2, 3, 3, 2, 2)),
    "DeepRNN": deep(
        lambda n, d: n.DeepRNN([n.LSTM(3, dtype=d), abs, n.GRU(4, dtype=d)])
    ),
    "deep_rnn_with_skip_connections": deep(
        lambda n, d: n.deep_rnn_with_skip_connections(
            [n.LSTM(3, dtype=d), n.GRU(4, dtype=d)]
        )
    ),
    "deep_rnn_with_skip_connections-last": deep(
        lambda n, d: n.deep_rnn_with_skip_connections(
            [n.LSTM(3, dtype=d), n.GRU(4, dtype=d)], concat_final_output=False
        )
    ),
    "deep_rnn_with_residual_connections": deep(
        lambda n, d: n.deep_rnn_with_residual_connections(
            [n.LSTM(4, dtype=d), n.VanillaRNN(4, dtype=d)]
        )
    ),
    "lstm_with_recurrent_dropout-test": deep(
        lambda n, d: n.lstm_with_recurrent_dropout(4, 0.5, dtype=d)[1]
    ),
    "lstm_with_recurrent_dropout-0": deep(
        lambda n, d: n.lstm_with_recurrent_dropout(4, 0.0, dtype=d)[0]
    ),
    "UnrolledLSTM": core("UnrolledLSTM", 4, shape=(5, 3, 2), call=unrolled),
    "ParallelLinears": Case(
        lambda hk, s: s.ParallelLinears(3), lambda: ParallelLinears(3), normal(2, 4, 5)
    ),
    "ParallelLinears-bare": Case(
        lambda hk, s: s.ParallelLinears(3, with_bias=False),
        lambda: ParallelLinears(3, with_bias=False),
        normal(2, 4, 5),
    ),
    "Conv1DTranspose": transposed(1, (2, 5, 3), 4, 3, stride=2),
    "Conv2DTranspose": transposed(2, (2, 4, 5, 3), 2, (3, 2), stride=(2, 3)),
    "Conv2DTranspose-VALID": transposed(
        2, (2, 4, 5, 3), 2, (3, 2), stride=(2, 3), padding="VALID"
    ),
    "Conv2DTranspose-shape": transposed(
        2, (2, 4, 5, 3), 2, 3, output_shape=[7, 10], stride=2
    ),
    "Conv2DTranspose-bare": transposed(2, (2, 4, 5, 3), 2, 3, with_bias=False),
    "Conv3DTranspose": transposed(3, (2, 3, 2, 4, 3), 2, 2, stride=2),
    "DepthwiseConv2D": norm("DepthwiseConv2D", (3, 2), 2, shape=(2, 5, 4, 3)),
    "DepthwiseConv2D-stride": norm(
        "DepthwiseConv2D", 3, 1, 2, shape=(2, 5, 4, 3), padding="VALID"
    ),
    "DepthwiseConv2D-rate": norm("DepthwiseConv2D", 2, 3, 1, 2, shape=(2, 5, 4, 3)),
    "MLP": Case(
        lambda hk, s: s.MLP([4, 3, 2], activate_final=True),
        lambda: snt.nets.MLP([4, 3, 2], activate_final=True),
        normal(5, 3),
    ),
    "MLP-dropout-test": Case(
        lambda hk, s: s.MLP([4, 3], dropout_rate=0.4),
        lambda: snt.nets.MLP([4, 3], dropout_rate=0.4),
        normal(5, 3),
        with_mode(False),
    ),
    "Cifar10ConvNet": Case(
        lambda hk, s: s.Cifar10ConvNet(3, output_channels=(4, 5), strides=(1, 2)),
        lambda: snt.nets.Cifar10ConvNet(3, output_channels=(4, 5), strides=(1, 2)),
        normal(3, 6, 5, 3),
        with_mode(True),
        dtype="float32",
        tolerance=2e-5,
    ),
    "Cifar10ConvNet-eval": Case(
        lambda hk, s: s.Cifar10ConvNet(3, output_channels=(4, 5), strides=(1, 2)),
        lambda: snt.nets.Cifar10ConvNet(3, output_channels=(4, 5), strides=(1, 2)),
        normal(3, 6, 5, 3),
        lambda module, ours, x: (module(x, True), module(x, False, False)),
        dtype="float32",
        tolerance=2e-5,
    ),
    "BlockGroup-v1": blocks(False),
    "BlockGroup-v2": blocks(True),
    "ResNet-v1": resnet(False),
    "ResNet-v2": resnet(True),
    "Embed": Case(
        lambda hk, s: s.Embed(7, 3, dtype=jnp.float64),
        lambda: snt.Embed(7, 3, dtype=tf.float64),
        lambda random, dtype: (random.randint(0, 7, (2, 4)),),
    ),
    "Embed-untrained": Case(
        lambda hk, s: s.Embed(
            existing_vocab=np.eye(3), trainable=False, dtype="float64"
        ),
        lambda: snt.Embed(existing_vocab=np.eye(3), trainable=False, dtype=tf.float64),
        lambda random, dtype: (random.randint(0, 3, (2, 4)),),
    ),
    "VectorQuantizer": Case(
        lambda hk, s: s.VectorQuantizer(3, 5, 0.25, dtype=jnp.float64),
        lambda: snt.nets.VectorQuantizer(3, 5, 0.25, dtype=tf.float64),
        normal(2, 6, 3),
        with_mode(True),
    ),
    "VectorQuantizerEMA": Case(
        lambda hk, s: s.VectorQuantizerEMA(3, 5, 0.25, 0.9, dtype=jnp.float64),
        lambda: snt.nets.VectorQuantizerEMA(3, 5, 0.25, 0.9, dtype=tf.float64),
        normal(2, 6, 3),
        with_mode(True),
    ),
    "VectorQuantizerEMA-eval": Case(
        lambda hk, s: s.VectorQuantizerEMA(3, 5, 0.25, 0.9, dtype=jnp.float64),
        lambda: snt.nets.VectorQuantizerEMA(3, 5, 0.25, 0.9, dtype=tf.float64),
        normal(2, 6, 3),
        with_mode(False),
    ),
    "TrainableState": Case(
        lambda hk, s: s.TrainableState(positive_state(s)),
        lambda: snt.TrainableState(positive_state(snt)),
        lambda random, dtype: (),
        lambda module, ours: module(3),
        renamed={
            "b": "_template/b",
            "a__0": "_template/a/0",
            "a__1": "_template/a/1",
        },
    ),
    "Dropout-test": Case(
        lambda hk, s: s.Dropout(0.5),
        lambda: snt.Dropout(0.5),
        normal(3, 4),
        with_mode(False),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_trains_as_in_sonnet(name):
    with jax.enable_x64(True):
        run(CASES[name], haiku_core, haiku_core.sonnet)
