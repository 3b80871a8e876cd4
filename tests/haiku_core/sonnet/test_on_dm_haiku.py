"""A copy of haiku_core.sonnet on dm-haiku has the same names and computes the same."""

import types

import haiku
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import haiku_core
import haiku_core.sonnet
from tests.haiku_core.side_by_side import assert_same, compiled, normal
from tests.support.copied import on_dm_haiku


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    copy = on_dm_haiku("haiku_core.sonnet", tmp_path_factory.mktemp("copied"))
    return (
        types.SimpleNamespace(hk=haiku_core, s=haiku_core.sonnet),
        types.SimpleNamespace(hk=haiku, s=copy),
    )


def cores(lib):
    s = lib.s

    def f(xs):
        outputs = []
        for core in (
            s.LSTM(4, projection_size=3),
            s.GRU(3),
            s.VanillaRNN(3),
            s.deep_rnn_with_residual_connections([s.LSTM(4), s.GRU(4)]),
            s.deep_rnn_with_skip_connections([s.LSTM(4), s.GRU(4)]),
            s.DeepRNN([jnp.tanh, s.LSTM(2)]),
            s.lstm_with_recurrent_dropout(3)[0],
        ):
            state = core.initial_state(xs.shape[1])
            lengths = jnp.array([3, 1])
            outputs.append(s.dynamic_unroll(core, xs, state, lengths))
        unrolled = s.UnrolledLSTM(3)
        outputs.append(unrolled(xs, unrolled.initial_state(2)))
        cudnn = s.CuDNNGRU(3)
        outputs.append(cudnn(xs, cudnn.initial_state(2)))
        start = s.TrainableState.for_core(s.LSTM(3))
        outputs.append(start(2))
        return outputs

    return f


def norms(lib):
    s = lib.s

    def f(x):
        metrics = (s.ExponentialMovingAverage(0.9), s.Mean())
        return [
            s.BatchNorm(True, False)(x, True),
            s.BatchNorm(False, True, data_format="NCHW")(x, True),
            s.BaseBatchNorm(True, True, *metrics)(x, True),
            s.LayerNorm(-1, True, True)(x),
            s.InstanceNorm(True, True, data_format="NCHW")(x),
            s.GroupNorm(2)(x),
            s.Sum()(x),
        ]

    return f


def convolutions(lib):
    s = lib.s

    def f(x):
        lstm = s.Conv2DLSTM((4, 5, 4), 3, 2)
        return [
            s.Conv2DTranspose(3, 2, stride=2, rate=2, padding="VALID")(x),
            s.Conv2DTranspose(3, 2, data_format="NCHW")(x),
            s.DepthwiseConv2D(2, 3)(x),
            lstm(x, lstm.initial_state(2)),
        ]

    return f


def others(lib):
    s = lib.s

    def f(x):
        return [
            s.MLP([4, 3], dropout_rate=0.4)(x, True),
            s.Dropout(0.5, noise_shape=(None, 1), seed=3)(x, True),
            s.ParallelLinears(3)(x[:, None]),
            s.Embed(6, 3)(jnp.arange(5)),
            s.Embed(9, trainable=False)(jnp.arange(5)),
            s.VectorQuantizer(4, 5, 0.25)(x, True),
            s.VectorQuantizerEMA(4, 5, 0.25, 0.9)(x, True),
            s.initializers.Orthogonal(seed=1)((3, 4), jnp.float32) + 0 * x[0, 0],
        ]

    return f


def networks(lib):
    s = lib.s

    def f(x):
        net = s.Cifar10ConvNet(3, output_channels=(4, 4), strides=(1, 2))
        res = s.ResNet([1, 1, 1, 1], 3, channels_per_group_list=(8, 8, 8, 8))
        res_v2 = s.ResNet([1, 1, 1, 1], 3, None, True, (8, 8, 8, 8))
        return [net(x, True), res(x, True), res_v2(x, True)]

    return f


PROGRAMS = {
    "cores": (cores, normal(3, 2, 4)),
    "norms": (norms, normal(2, 4, 5, 4)),
    "convolutions": (convolutions, normal(2, 4, 5, 4)),
    "others": (others, normal(3, 4)),
    "networks": (networks, normal(2, 16, 16, 3)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_copy_computes_the_same(libraries, name):
    make, x = PROGRAMS[name]
    # Gradients are compared with Sonnet's; here it is one code on two libraries.
    assert_same(make, x, libraries=libraries, tolerance=1e-5, grads=False)


@pytest.mark.parametrize("training", [True, False])
def test_training_flag_may_be_traced(libraries, training):
    def program(lib):
        s = lib.s

        def f(x, flag):
            return [
                s.BatchNorm(True, False)(x, flag),
                s.BatchNorm(True, False)(x, False, flag),
                s.Dropout(0.5)(x, flag),
                s.MLP([3], dropout_rate=0.5, activate_final=True)(x, flag),
                s.VectorQuantizerEMA(4, 5, 0.25, 0.9)(x, flag)["loss"],
            ]

        return f

    x = normal(3, 4)
    for lib in libraries:
        f = lib.hk.transform_with_state(program(lib))
        key = jax.random.PRNGKey(0)
        params, state = f.init(key, x, True)
        plain = f.apply(params, state, key, x, training)
        traced = compiled(f.apply, params, state, key, x, training)(
            params, state, key, x, training
        )
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, 1e-5, 1e-6),
            *((plain, traced)),
        )


@pytest.mark.parametrize("name", PROGRAMS)
def test_ranks_need_no_promotion(libraries, name):
    make, x = PROGRAMS[name]
    f = haiku_core.transform_with_state(make(libraries[0]))
    with jax.numpy_rank_promotion("raise"):
        jax.eval_shape(f.init, jax.random.PRNGKey(0), x)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
@pytest.mark.parametrize("name", ["norms", "convolutions", "networks"])
def test_dtype_of_the_inputs_is_kept(libraries, name, dtype):
    make, x = PROGRAMS[name]
    if name == "convolutions":
        # A core has a dtype of its own; here that of the inputs.
        make = lambda lib: lambda x: convolutions(_with_dtype(lib, dtype))(x)  # noqa: E731
    f = haiku_core.transform_with_state(make(libraries[0]))
    outputs, params = jax.eval_shape(
        lambda x: (lambda p, s: (f.apply(p, s, jax.random.PRNGKey(0), x)[0], p))(
            *f.init(jax.random.PRNGKey(0), x)
        ),
        x.astype(dtype),
    )
    for leaf in jax.tree.leaves((outputs, params)):
        assert leaf.dtype == dtype


def _with_dtype(lib, dtype):
    layers = vars(lib.s) | {
        "Conv2DLSTM": lambda *args: lib.s.Conv2DLSTM(*args, dtype=dtype)
    }
    return types.SimpleNamespace(hk=lib.hk, s=types.SimpleNamespace(**layers))
