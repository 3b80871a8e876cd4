"""Layers, side by side with dm-haiku: names, initial values, outputs, gradients, state.

Each case is one program, run twice through both libraries inside one compiled
function. Inputs of the norms are small, so that their eps matters.
"""

import inspect

import haiku
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import haiku_core
from tests.haiku_core.side_by_side import KEY, assert_same, normal


def noisy(hk):
    return hk.initializers.RandomNormal(0.5, 0.1)


# ------------------------------------------------------------ random configurations


def random_conv(random):
    n = random.choice([1, 1, 2, 2, 3])
    first = random.rand() < 0.4
    groups = int(random.choice([1, 1, 2]))
    stride, rate = [(1, 1), (2, 1), (1, 2), (3, 1)][random.randint(4)]
    name = ["SAME", "VALID", "pair", "causal", "full", "mixed"][random.randint(6)]
    with_bias = bool(random.rand() < 0.7)
    kernel = [int(k) for k in random.randint(1, 4, n)]
    spatial = [int(s) for s in random.randint(5, 8, n)]
    shape = (2, 4, *spatial) if first else (2, *spatial, 4)
    if random.rand() < 0.2:
        shape = shape[1:]

    def make(hk):
        padding = {
            "pair": (1, 2),
            "causal": hk.pad.causal,
            "full": hk.pad.full,
            "mixed": [hk.pad.same, hk.pad.causal, hk.pad.reverse_causal][:n],
        }.get(name, name)
        return hk.ConvND(
            n,
            6,
            kernel,
            stride,
            rate,
            padding,
            with_bias,
            b_init=noisy(hk),
            data_format="channels_first" if first else "channels_last",
            feature_group_count=groups,
        )

    return make, normal(*shape)


def random_transpose(random):
    n = random.choice([1, 2, 2, 3])
    first = random.rand() < 0.4
    stride = int(random.choice([1, 2, 3]))
    padding = ["SAME", "VALID"][random.randint(2)]
    kernel = int(random.randint(1, 4))
    spatial = [int(s) for s in random.randint(3, 6, n)]
    shape = (2, 3, *spatial) if first else (2, *spatial, 3)
    sizes = None
    if random.rand() < 0.5:
        extra = 0 if padding == "SAME" else max(kernel - stride, 0)
        sizes = [s * stride + extra for s in spatial]

    def make(hk):
        return hk.ConvNDTranspose(
            n,
            4,
            kernel,
            stride,
            sizes,
            padding,
            b_init=noisy(hk),
            data_format="channels_first" if first else "channels_last",
        )

    return make, normal(*shape)


def random_depthwise(random):
    n = int(random.choice([1, 2, 3]))
    # With the channels first dm-haiku's bias fits two spatial axes only.
    first = n == 2 and random.rand() < 0.5
    stride, rate = [(1, 1), (2, 1), (1, 2)][random.randint(3)]
    spatial = [int(s) for s in random.randint(4, 7, n)]
    shape = (2, 3, *spatial) if first else (2, *spatial, 3)
    formats = {1: "NWC", 2: "NCHW" if first else "NHWC", 3: "NDHWC"}

    def make(hk):
        layer = getattr(hk, f"DepthwiseConv{n}D")
        return layer(2, 3, stride, rate, b_init=noisy(hk), data_format=formats[n])

    return make, normal(*shape)


def random_norm(random):
    kind = ["BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm"][
        random.randint(5)
    ]
    rank = int(random.randint(3, 5))
    first = random.rand() < 0.4
    shape = [int(s) for s in random.randint(2, 5, rank)]
    shape[1 if first else -1] = 6
    scale, offset = (bool(random.rand() < 0.8) for _ in range(2))
    training, local = bool(random.rand() < 0.6), bool(random.rand() < 0.5)
    fast = bool(random.rand() < 0.3)
    axes = sorted(random.permutation(rank)[: random.randint(1, rank)].tolist())
    dtype = [jnp.float32, jnp.float32, jnp.bfloat16, jnp.float16][random.randint(4)]

    def make(hk):
        inits = dict(data_format="channels_first" if first else "channels_last")
        if scale:
            inits["scale_init"] = noisy(hk)
        if offset:
            inits["offset_init"] = noisy(hk)
        if kind == "BatchNorm":
            norm = hk.BatchNorm(scale, offset, 0.9, **inits)
            return lambda x: (norm(x, True), norm(2 * x, training, local))
        if kind == "GroupNorm":
            return hk.GroupNorm(3, create_scale=scale, create_offset=offset, **inits)
        if kind == "InstanceNorm":
            return hk.InstanceNorm(scale, offset, **inits)
        inits.pop("data_format")
        if kind == "LayerNorm":
            return hk.LayerNorm(
                axes, scale, offset, **inits, use_fast_variance=fast, param_axis=axes
            )
        inits.pop("offset_init", None)
        return hk.RMSNorm(axes, create_scale=scale, **inits, param_axis=-1)

    return make, normal(*shape, scale=3e-3, dtype=dtype)


RANDOM = {
    f"{make.__name__}-{seed}": (make, seed)
    for make, seeds in (
        (random_conv, 10),
        (random_transpose, 6),
        (random_depthwise, 4),
        (random_norm, 14),
    )
    for seed in range(seeds)
}


@pytest.mark.parametrize("name", RANDOM)
def test_random_configuration(name):
    make, seed = RANDOM[name]
    layer, x = make(np.random.RandomState(seed))
    # One unit in the last place of the 16-bit types.
    tolerance = {2: 2e-2}.get(x.dtype.itemsize, 2e-6)
    if make is random_norm and x.dtype.itemsize == 4:
        # Variances as differences of means cancel, in both libraries.
        tolerance = 1e-5
    assert_same(layer, x, tolerance=tolerance)


# --------------------------------------------------------------------- fixed cases


def unrolled(name, unroll, *args, **options):
    def make(hk):
        def f(xs):
            core = getattr(hk, name)(*args)
            state = core.initial_state(xs.shape[1])
            return getattr(hk, unroll)(core, xs, state, **options)

        return f

    return make, normal(3, 2, 4)


def deep(hk):
    def f(xs):
        skip = hk.deep_rnn_with_skip_connections([hk.LSTM(4), hk.GRU(3)])
        core = hk.ResetCore(hk.DeepRNN([skip, jnp.tanh, hk.IdentityCore()]))
        resets = jnp.arange(xs.shape[0] * xs.shape[1]).reshape(xs.shape[:2]) % 3 == 0
        return hk.dynamic_unroll(
            core,
            (xs, resets),
            core.initial_state(xs.shape[1]),
            return_all_states=True,
            reverse=True,
        )

    return f


def conv_lstm(kind, shape):
    def make(hk):
        def f(x):
            core = getattr(hk, kind)(shape, 3, 3)
            return core(x, core.initial_state(2))

        return f

    return make, normal(2, *shape, 2)


def attention(mask, **options):
    def make(hk):
        w_init = hk.initializers.VarianceScaling()

        def f(q, k):
            heads = hk.MultiHeadAttention(2, 4, w_init=w_init, **options)
            seen = jnp.tril(jnp.ones((1, 1, 5, 3))) if mask else None
            return heads(q, k, k * 2, seen)

        return f

    return make, normal(2, 5, 6), normal(2, 3, 6, seed=1)


TREE = {"a/~/b": {"w": normal(3, 4), "b": normal(4, 2)}, "c": {"w": normal(2, 2)}}

FIXED = {
    "Linear": (lambda hk: hk.Linear(5, b_init=noisy(hk)), normal(3, 4)),
    "Linear-bare": (lambda hk: hk.Linear(5, with_bias=False), normal(4)),
    "Linear-bf16": (lambda hk: hk.Linear(5), normal(2, 3, 4, dtype=jnp.bfloat16)),
    "Bias": (lambda hk: hk.Bias(b_init=noisy(hk)), normal(3, 4, 2)),
    "Bias-dims": (
        lambda hk: hk.Bias(bias_dims=[1, -1], b_init=noisy(hk)),
        normal(3, 4, 2, 3),
    ),
    "Bias-scalar": (lambda hk: hk.Bias(bias_dims=[], b_init=noisy(hk)), normal(3, 4)),
    "Bias-minus": (
        lambda hk: lambda x: hk.Bias(bias_dims=[1], b_init=noisy(hk))(x, -1.0),
        normal(3, 4, 2),
    ),
    "Sequential": (
        lambda hk: hk.Sequential([hk.Linear(3), jnp.tanh, hk.Linear(2)]),
        normal(3, 4),
    ),
    "BatchApply": (lambda hk: hk.BatchApply(hk.Linear(3)), normal(3, 4, 5)),
    "expand_apply": (lambda hk: hk.expand_apply(hk.Linear(3)), normal(5)),
    "SeparableDepthwiseConv2D": (
        lambda hk: hk.SeparableDepthwiseConv2D(2, 3, 2),
        normal(2, 5, 5, 3),
    ),
    "Conv2D-mask": (
        lambda hk: hk.Conv2D(2, 2, mask=np.eye(4).reshape(2, 2, 2, 2)),
        normal(1, 4, 4, 2),
    ),
    "Embed": (lambda hk: hk.Embed(7, 3), jnp.array([[1, 2, 6]])),
    "Embed-one-hot": (lambda hk: hk.Embed(7, 3, lookup_style="ONE_HOT"), jnp.arange(4)),
    "Embed-matrix": (
        lambda hk: hk.Embed(embedding_matrix=np.arange(8.0).reshape(4, 2)),
        jnp.array([3, 1, -1]),
    ),
    "LayerNorm-given": (
        lambda hk: (
            lambda x: hk.LayerNorm(-1, False, False)(
                x, scale=np.float32(2), offset=np.ones(3, np.float32)
            )
        ),
        normal(4, 5, 3, scale=3e-3),
    ),
    "LayerNorm-all": (
        lambda hk: hk.LayerNorm(slice(1, None), True, True),
        normal(4, 5, 3, scale=3e-3),
    ),
    "BatchNorm-axis": (
        lambda hk: lambda x: hk.BatchNorm(True, True, 0.9, axis=[0])(x, True),
        normal(4, 5, 3, scale=3e-3),
    ),
    "EMA": (lambda hk: hk.ExponentialMovingAverage(0.9), normal(4)),
    "EMA-biased": (lambda hk: hk.ExponentialMovingAverage(0.9, False), normal(4)),
    "EMA-warmup": (lambda hk: hk.ExponentialMovingAverage(0.9, False, 1), normal(4)),
    "EMAParamsTree": (
        lambda hk: lambda t: hk.EMAParamsTree(0.9, ignore_regex="c/.*")(t),
        TREE,
    ),
    "SNParamsTree": (
        lambda hk: lambda t: hk.SNParamsTree(ignore_regex="[^?!.]*b$")(t),
        TREE,
    ),
    "SpectralNorm": (lambda hk: hk.SpectralNorm(n_steps=2), normal(4, 5)),
    "SpectralNorm-conv": (lambda hk: hk.SpectralNorm(), normal(2, 3, 4)),
    "VanillaRNN": unrolled("VanillaRNN", "static_unroll", 5),
    "VanillaRNN-one-bias": unrolled("VanillaRNN", "dynamic_unroll", 5, False),
    "LSTM": unrolled("LSTM", "dynamic_unroll", 5),
    "LSTM-static": unrolled("LSTM", "static_unroll", 5),
    "GRU": unrolled("GRU", "dynamic_unroll", 5, reverse=True),
    "deep": (deep, normal(4, 2, 3)),
    "Conv1DLSTM": conv_lstm("Conv1DLSTM", (5,)),
    "Conv2DLSTM": conv_lstm("Conv2DLSTM", (4, 3)),
    "MultiHeadAttention": attention(False),
    "MultiHeadAttention-mask": attention(True, value_size=3, model_size=5),
    "MLP": (lambda hk: hk.nets.MLP([4, 3], activate_final=True), normal(2, 3)),
    "MLP-dropout": (
        lambda hk: lambda x: hk.nets.MLP([9, 9])(x, 0.3, KEY),
        normal(2, 3),
    ),
    "MLP-reverse": (
        lambda hk: lambda x: (lambda m: (m(x), m.reverse()(m(x))))(hk.nets.MLP([4, 5])),
        normal(2, 3),
    ),
    "ResNet-v1": (
        lambda hk: (
            lambda x: hk.nets.ResNet(
                [1, 2, 1, 1], 3, channels_per_group=(8, 8, 16, 16)
            )(x, True)
        ),
        normal(2, 32, 32, 3),
    ),
    "ResNet-v2": (
        lambda hk: (
            lambda x: hk.nets.ResNet(
                [1, 1, 1, 1],
                3,
                resnet_v2=True,
                bottleneck=False,
                channels_per_group=(8, 8, 16, 16),
                logits_config=dict(w_init=noisy(hk)),
            )(x, True)
        ),
        normal(2, 32, 32, 3),
    ),
    "MobileNetV1": (
        lambda hk: lambda x: hk.nets.MobileNetV1((1, 2), (8, 8), 3)(x, True),
        normal(2, 16, 16, 3),
    ),
    "VectorQuantizer": (
        lambda hk: lambda x: hk.nets.VectorQuantizer(3, 5, 0.25)(x, True),
        normal(4, 2, 3),
    ),
    "VectorQuantizerEMA": (
        lambda hk: lambda x: hk.nets.VectorQuantizerEMA(3, 5, 0.25, 0.9)(x, True),
        normal(4, 2, 3),
    ),
    "Reshape": (lambda hk: hk.Reshape((2, -1)), normal(4, 2, 3)),
    "Flatten": (lambda hk: hk.Flatten(2), normal(4, 2, 3)),
    "dropout": (
        lambda hk: lambda x: hk.dropout(KEY, 0.4, x, broadcast_dims=(0, -1)),
        normal(3, 4, 5),
    ),
    "multinomial": (lambda hk: lambda x: hk.multinomial(KEY, x, 3), normal(3, 4)),
    "multinomial-one": (lambda hk: lambda x: hk.multinomial(KEY, x, 1), normal(3, 4)),
}


@pytest.mark.parametrize("name", FIXED)
def test_layer(name):
    make, *inputs = FIXED[name]
    loose = name.startswith(("ResNet", "MobileNet"))
    tolerance = 1e-4 if loose else 2e-2 if name.endswith("bf16") else 5e-6
    assert_same(make, *inputs, tolerance=tolerance, grads=not loose)


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_pool(kind, padding):
    windows = [(2, 2, -1), ((2, 3, 1), (1, 2, 1), None), (3, 1, None), ((2, 2), 2, 1)]

    def make(hk):
        function = getattr(hk, kind)
        return lambda x: [
            function(x, window, strides, padding, axis)
            for window, strides, axis in windows
        ]

    assert_same(make, normal(3, 6, 7, 4))


INITIALIZERS = [
    ("RandomNormal", (2.0, 1.0)),
    ("TruncatedNormal", (2.0, 1.0, -1.0, 3.0)),
    ("RandomUniform", (-2.0, 1.0)),
    ("UniformScaling", (2.0,)),
    ("Orthogonal", ()),
    ("Orthogonal", (2.0, 0)),
    ("Identity", (2.0,)),
    ("Constant", (2.0,)),
    ("VarianceScaling", (2.0, "fan_avg", "uniform")),
    ("VarianceScaling", (2.0, "fan_out", "normal")),
    ("VarianceScaling", (2.0,)),
    ("VarianceScaling", (2.0, "fan_in", "truncated_normal", (0,))),
]


def test_initializers_to_the_bit():
    def make(hk):
        def f(x):
            out = []
            for kind, args in INITIALIZERS:
                for shape in ((3, 4), (2, 4, 3)):
                    init = getattr(hk.initializers, kind)(*args)
                    wide = kind == "Orthogonal"
                    for dtype in (jnp.float32, *(() if wide else (jnp.bfloat16,))):
                        n = len(out)
                        out.append(hk.get_parameter(f"w{n}", shape, dtype, init))
            complex_init = hk.initializers.TruncatedNormal(2.0, 1j)
            out.append(hk.get_parameter("c", (3, 4), jnp.complex64, complex_init))
            return x

        return f

    # Not compiled as a whole: so both libraries share JAX's compiled random functions.
    ours, theirs = (
        hk.transform(make(hk)).init(KEY, jnp.ones(())) for hk in (haiku_core, haiku)
    )
    jax.tree.map(np.testing.assert_array_equal, ours, theirs)


def test_numeric_defaults():
    for name in ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm"):
        assert signature(haiku_core, name)["eps"] == 1e-5
    for hk in (haiku_core, haiku):
        assert signature(hk, "SpectralNorm") == signature(haiku, "SpectralNorm")
        depths = {n: hk.nets.ResNet.CONFIGS[n] for n in (18, 34, 50, 101, 152, 200)}
        assert depths == haiku.nets.ResNet.CONFIGS


def signature(hk, name):
    parameters = inspect.signature(getattr(hk, name)).parameters.values()
    return {p.name: p.default for p in parameters}
