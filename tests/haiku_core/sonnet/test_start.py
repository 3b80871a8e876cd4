"""A model trained from scratch starts as in Sonnet: initial distributions.

Two samples of each parameter, ours over keys and Sonnet's over seeds, are compared by
the Kolmogorov-Smirnov test. Seeds are fixed, so that the outcome is too.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
import sonnet as snt
import tensorflow as tf
from sonnet.src.parallel_linear import ParallelLinears

import haiku_core as hk
from tests.haiku_core.side_by_side import compiled
from tests.haiku_core.sonnet.parity import at, paths, variable

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

S = hk.sonnet
DRAWS = 8
# Of 100 comparisons of equal distributions, one in a thousand would be below.
LEAST_P = 1e-5


def called(*shape, dtype=np.float32):
    inputs = np.zeros(shape, dtype)
    return lambda module: module(inputs)


def stepped(*shape):
    inputs = np.zeros(shape, np.float32)
    return lambda module: module(inputs, module.initial_state(shape[0]))


def unrolled(*shape):
    inputs = np.zeros(shape, np.float32)
    return lambda module: module(inputs, module.initial_state(shape[1]))


def quantized(*shape):
    inputs = np.zeros(shape, np.float32)
    return lambda module: module(inputs, False)


def looked_up(module):
    return module(np.zeros((2,), np.int32))


def both(kind, *args, **kwargs):
    theirs = getattr(snt, kind, None) or getattr(snt.nets, kind)
    ours = getattr(S, kind, None) or getattr(hk, kind)
    return lambda: ours(*args, **kwargs), lambda: theirs(*args, **kwargs)


CASES = {
    "Linear": (*both("Linear", 40), called(2, 30)),
    "Bias": (*both("Bias"), called(2, 30)),
    "Conv1D": (*both("Conv1D", 16, 5), called(2, 9, 12)),
    "Conv2D": (*both("Conv2D", 16, 3), called(2, 5, 5, 8)),
    "Conv3D": (*both("Conv3D", 8, 3), called(1, 4, 4, 4, 4)),
    "Conv1DTranspose": (*both("Conv1DTranspose", 16, 5), called(2, 9, 12)),
    "Conv2DTranspose": (*both("Conv2DTranspose", 8, (3, 4)), called(2, 5, 5, 8)),
    "Conv3DTranspose": (*both("Conv3DTranspose", 8, 2), called(1, 4, 4, 4, 4)),
    "DepthwiseConv2D": (*both("DepthwiseConv2D", 5, 2), called(1, 8, 8, 12)),
    "LSTM": (*both("LSTM", 20), stepped(2, 12)),
    "LSTM-projection": (
        *both("LSTM", 20, projection_size=12, forget_bias=2.0),
        stepped(2, 10),
    ),
    "UnrolledLSTM": (*both("UnrolledLSTM", 20), unrolled(3, 2, 12)),
    "GRU": (*both("GRU", 20), stepped(2, 12)),
    "VanillaRNN": (*both("VanillaRNN", 30), stepped(2, 20)),
    "Conv1DLSTM": (*both("Conv1DLSTM", (9, 4), 6, 5), stepped(2, 9, 4)),
    "Conv2DLSTM": (*both("Conv2DLSTM", (5, 5, 3), 4, 3), stepped(2, 5, 5, 3)),
    "Conv3DLSTM": (*both("Conv3DLSTM", (3, 3, 3, 2), 3, 2), stepped(1, 3, 3, 3, 2)),
    "Embed": (*both("Embed", 50), looked_up),
    "ParallelLinears": (
        lambda: S.ParallelLinears(20),
        lambda: ParallelLinears(20),
        called(3, 2, 30),
    ),
    "MLP": (*both("MLP", [40, 30]), called(2, 20)),
    "LayerNorm": (*both("LayerNorm", -1, True, True), called(2, 4, 3)),
    "GroupNorm": (*both("GroupNorm", 2), called(2, 4, 6)),
    "BatchNorm": (*both("BatchNorm", True, True), quantized(4, 3)),
    "VectorQuantizer": (*both("VectorQuantizer", 20, 50, 0.25), quantized(2, 20)),
    "VectorQuantizerEMA": (
        *both("VectorQuantizerEMA", 20, 50, 0.25, 0.9),
        quantized(2, 20),
    ),
    "Cifar10ConvNet": (
        *both("Cifar10ConvNet", 10, output_channels=(8, 9), strides=(1, 2)),
        quantized(1, 6, 6, 3),
    ),
    "ResNet": (
        *both("ResNet", [1, 1, 1, 1], 10, None, False, (16, 16, 16, 16)),
        quantized(1, 32, 32, 3),
    ),
}


def alike(ours, theirs, what):
    ours, theirs = np.ravel(ours).astype(float), np.ravel(theirs).astype(float)
    if np.ptp(theirs) == 0:
        np.testing.assert_array_equal(np.unique(ours), np.unique(theirs), what)
        return
    # The forget bias makes a mixture of two constants.
    if len(np.unique(theirs)) < 10:
        assert np.array_equal(np.unique(ours), np.unique(theirs)), what
        np.testing.assert_allclose(ours.mean(), theirs.mean(), err_msg=what)
        return
    assert min(ours.size, theirs.size) >= 400, f"{what}: too few values to tell"
    p = scipy.stats.ks_2samp(ours, theirs).pvalue
    assert p > LEAST_P, f"{what}: p = {p:.1e}, {ours.std()} against {theirs.std()}"


@pytest.mark.parametrize("name", CASES)
def test_starts_as_in_sonnet(name):
    make_ours, make_theirs, call = CASES[name]
    found = {}

    def program():
        module = make_ours()
        call(module)
        found.update(paths(module, hk.Module))

    init = hk.transform_with_state(program).init
    keys = jax.random.split(jax.random.PRNGKey(0), DRAWS)
    params, state = compiled(jax.vmap(init), keys)(keys)
    theirs = []
    for seed in range(DRAWS):
        tf.random.set_seed(seed)
        theirs.append(make_theirs())
        call(theirs[-1] if name == "Embed" else _float(theirs[-1]))
    for module, leaves in [*params.items(), *state.items()]:
        for leaf, value in leaves.items():
            drawn = [variable(at(m, found[module]), leaf, {}).numpy() for m in theirs]
            assert value.size == np.size(drawn)
            alike(value, np.stack(drawn), f"{module}/{leaf}")


def _float(theirs):
    """Sonnet's module, taking NumPy arrays as the tensors it wants."""

    class Converting:
        def __call__(self, *args):
            return theirs(*tf.nest.map_structure(_tensor, args))

        def __getattr__(self, name):
            return getattr(theirs, name)

    def _tensor(x):
        return tf.constant(x, tf.float32) if isinstance(x, np.ndarray) else x

    return Converting()


INITIALIZERS = {
    "Zeros": ((), (3, 4)),
    "Ones": ((), (3, 4)),
    "Constant": ((1.5,), (3, 4)),
    "RandomUniform": ((-1.0, 2.0), (30, 40)),
    "RandomUniform-ints": ((-3, 5), (30, 40)),
    "RandomNormal": ((0.5, 2.0), (30, 40)),
    "TruncatedNormal": ((0.5, 2.0), (30, 40)),
    "Identity": ((2.0,), (3, 4)),
    "Identity-batch": ((2.0,), (2, 3, 4)),
    "Orthogonal": ((), (20, 30)),
    "Orthogonal-tall": ((2.0,), (4, 10, 20)),
    "VarianceScaling": ((), (30, 40)),
    "VarianceScaling-out": ((2.0, "fan_out"), (30, 20)),
    "VarianceScaling-conv": ((2.0, "fan_avg", "uniform"), (3, 3, 8, 16)),
    "VarianceScaling-normal": ((0.5, "fan_in", "normal"), (30, 40)),
    "VarianceScaling-vector": ((), (500,)),
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializer_has_sonnets_distribution(name):
    args, shape = INITIALIZERS[name]
    kind = name.split("-")[0]
    dtype = "int32" if name.endswith("ints") else "float32"
    ours, theirs = [], []
    init = getattr(S.initializers, kind)(*args)
    draw = hk.transform(lambda: init(shape, jnp.dtype(dtype)))
    for seed in range(DRAWS):
        tf.random.set_seed(seed)
        ours.append(draw.apply({}, jax.random.PRNGKey(seed)))
        theirs.append(getattr(snt.initializers, kind)(*args)(shape, tf.as_dtype(dtype)))
        assert ours[-1].dtype == theirs[-1].dtype.as_numpy_dtype
    if kind in ("Identity",):
        np.testing.assert_array_equal(ours, np.stack(theirs))
    elif dtype == "int32":
        counts = [np.unique(x, return_counts=True) for x in (ours, np.stack(theirs))]
        np.testing.assert_array_equal(counts[0][0], counts[1][0])
        table = np.stack([counts[0][1], counts[1][1]])
        assert scipy.stats.chi2_contingency(table).pvalue > LEAST_P
    else:
        alike(np.stack(ours), np.stack(theirs), name)
    if kind == "Orthogonal":
        matrix = np.asarray(ours[0]).reshape(-1, shape[-1])
        gram = matrix @ matrix.T if matrix.shape[0] < shape[-1] else matrix.T @ matrix
        gain = args[0] if args else 1.0
        np.testing.assert_allclose(gram, gain**2 * np.eye(len(gram)), atol=1e-5)


def test_seed_fixes_the_values():
    init = S.initializers.RandomNormal(seed=3)
    draw = hk.transform(lambda: (init((4,), jnp.float32), hk.next_rng_key()))
    first, key = draw.apply({}, jax.random.PRNGKey(0))
    second, other = draw.apply({}, jax.random.PRNGKey(1))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(key, other)


@pytest.mark.parametrize(
    "make, error",
    [
        (lambda: S.initializers.VarianceScaling(0.0), ValueError),
        (lambda: S.initializers.VarianceScaling(mode="fan"), ValueError),
        (lambda: S.initializers.VarianceScaling(distribution="cauchy"), ValueError),
        (lambda: S.initializers.Constant(np.ones(2)), TypeError),
        (lambda: S.initializers.Orthogonal()((3,), jnp.float32), ValueError),
        (lambda: S.initializers.Identity()((3,), jnp.float32), ValueError),
    ],
)
def test_bad_initializers_are_refused(make, error):
    with pytest.raises(error):
        make()
