"""The pure layer functions: against plain arithmetic, and the modules built on them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import haiku_core as hk
from haiku_core import layers
from tests.haiku_core.side_by_side import normal

KEY = jax.random.PRNGKey(0)
S = hk.sonnet


def params_of(make, *args):
    """A module's outputs, and its parameters without the module's name."""
    f = hk.transform(lambda *args: make()(*args))
    params = f.init(KEY, *args)
    return f.apply(params, KEY, *args), next(iter(params.values()), {})


def close(a, b, rtol=1e-5, atol=1e-6):
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol, atol), a, b)


def test_public_names_are_the_modules_functions():
    assert sorted(layers.__all__) == sorted(set(layers.__all__))
    for name in layers.__all__:
        function = getattr(layers, name)
        assert callable(function)
        assert function.__doc__, name


@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 3, 4)])
def test_linear_is_matmul(shape):
    x, w, b = normal(*shape), normal(4, 5), normal(5)
    close(layers.linear(x, w, b), np.matmul(x, w) + b)
    close(layers.linear(x, w), np.matmul(x, w))


def test_mixed_dtypes_promote_as_in_jax():
    x, w, b = normal(2, 4), normal(4, 5).astype(jnp.bfloat16), normal(5)
    assert layers.linear(x, w, b).dtype == jnp.float32
    half = x.astype(jnp.bfloat16)
    assert layers.linear(half, w).dtype == jnp.bfloat16
    assert layers.linear(half, w, b).dtype == jnp.float32
    assert layers.add_vector(jnp.ones((2, 3), jnp.int32), normal(3)).dtype == "float32"


@pytest.mark.parametrize("shape", [(), (4,), (3, 4), (1, 4)])
def test_bias_broadcasts_from_the_right(shape):
    x, b = normal(2, 3, 4), normal(*shape)
    close(layers.bias(x, b), x + b)
    close(layers.bias(x, b, -2.0), x - 2 * b)


def test_parallel_linears():
    x, w, b = normal(3, 2, 4), normal(3, 4, 5), normal(3, 1, 5)
    close(layers.parallel_linears(x, w, b), np.einsum("nbi,nio->nbo", x, w) + b)


def test_two_passes_survive_a_large_mean():
    x = (1e4 + normal(1000, 1)).astype(jnp.float32)
    mean, variance = layers.moments(x, (0,))
    exact = np.var(np.asarray(x, np.float64))
    close(variance[0, 0], exact, 1e-3)
    one_pass = layers.variance_from_raw(*layers.raw_moments(x, (0,)))
    assert abs(one_pass[0, 0] - exact) > 0.1 * exact
    close(mean[0, 0], np.mean(np.asarray(x, np.float64)))


@pytest.mark.parametrize(
    "dtype", ["float32", "bfloat16", "float16", "int32", "complex64"]
)
def test_moments_are_jax_numpys(dtype):
    x = (5 * normal(4, 5, 6)).astype(dtype)
    for axes in ((0,), (0, 2), (0, 1, 2)):
        mean, variance = layers.moments(x, axes)
        expected = jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)
        for a, b in zip((mean, variance), expected, strict=True):
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
            close(a.astype(complex), b.astype(complex), 1e-5, 1e-5)
        assert layers.mean(x, axes).dtype == expected[0].dtype


def test_bessel():
    close(layers.bessel(jnp.ones(()), 5), 1.25)
    close(layers.bessel(jnp.zeros(()), 1), 0.0)


def test_both_normalisations_are_one_function():
    x, scale, offset = normal(6, 3), normal(3), normal(3, seed=1)
    mean, variance = layers.moments(x, (0,))
    for args in ((), (scale,), (None, offset), (scale, offset)):
        a = layers.normalize(x, mean, variance, 1e-3, *args)
        b = layers.batch_normalization(x, mean, variance, 1e-3, *args)
        close(a, b)
        factor, shift = (*args, *(None, None)[len(args) :])
        plain = (np.asarray(x) - mean) / np.sqrt(variance + 1e-3)
        plain = plain if factor is None else plain * factor
        close(a, plain if shift is None else plain + shift)


def test_averages_agree():
    value, hidden = normal(3), normal(3, seed=1)
    for counter in (0, 4):
        count = jnp.array(counter, jnp.int32)
        ours = layers.ema_step(count, hidden, value, 0.9)
        theirs = layers.sonnet_ema_step(count, hidden, value, 0.9)
        close(ours, theirs)
        close(ours[1], 0.9 * hidden + 0.1 * value)
        close(ours[2], ours[1] / (1 - 0.9 ** (counter + 1)))
    _, biased, average = layers.ema_step(count, hidden, value, 0.9, zero_debias=False)
    close(biased, average)
    warming = jnp.array(-2, jnp.int32)
    close(
        layers.ema_step(warming, hidden, value, 0.9, zero_debias=False, warmup=True)[1],
        value,
    )


def test_power_iteration_finds_the_largest_singular_value():
    matrix = normal(6, 4)
    sigma, _ = layers.power_iteration(matrix, jnp.ones((1, 4)), 60, 1e-12)
    close(sigma, np.linalg.norm(np.asarray(matrix), 2), 1e-4)
    with pytest.raises(ValueError, match="at least 1 step"):
        layers.power_iteration(matrix, jnp.ones((1, 4)), 0, 1e-12)


def test_dropout_rates():
    x = jnp.ones((4, 5))
    for function in (layers.dropout, layers.noise_dropout):
        assert function(KEY, 0.0, x) is x
        with pytest.raises(ValueError, match="rate must be in"):
            function(KEY, 1.0, x)
        traced = jax.jit(function)(KEY, 0.5, x)
        close(traced, function(KEY, 0.5, x))
        assert set(np.unique(traced)) == {0.0, 2.0}
    with pytest.raises(ValueError, match="does not exist"):
        layers.dropout(KEY, 0.5, x, (2,))
    wide = layers.noise_dropout(KEY, 0.5, jnp.ones((30, 4)), (None, 1))
    assert (np.ptp(np.asarray(wide), axis=1) == 0).all()


# -------------------------------------------------- the modules' functions are these


def test_haikus_lstm():
    x, state = normal(2, 3), hk.LSTMState(normal(2, 4), normal(2, 4, seed=1))
    (out, after), p = params_of(lambda: hk.LSTM(4), x, state)
    ours = layers.lstm_step(x, *state, p["w"], p["b"])
    close((out, after.cell), ours)


@pytest.mark.parametrize("projection", [None, 3])
def test_sonnets_lstm(projection):
    x = normal(2, 3)
    state = hk.LSTMState(normal(2, projection or 4), normal(2, 4, seed=1))
    (out, after), p = params_of(lambda: S.LSTM(4, projection), x, state)
    ours = layers.sonnet_lstm_step(
        x, *state, p["w_i"], p["w_h"], p["b"], p.get("projection")
    )
    close((out, after.cell), ours)


def test_gru_and_rnn():
    x, state = normal(2, 3), normal(2, 4)
    (out, _), p = params_of(lambda: S.GRU(4), x, state)
    close(out, layers.gru_step(x, state, p["w_i"], p["w_h"], p["b"]))
    (out, _), p = params_of(lambda: S.CuDNNGRU(4), x[None], state)
    close(out[0], layers.cudnn_gru_step(x, state, p["w_i"], p["w_h"], p["b"]))
    w_i, w_h, b = normal(3, 4), normal(4, 4), normal(4)
    close(layers.rnn_step(x, state, w_i, w_h, b), np.tanh(x @ w_i + state @ w_h + b))


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_sonnets_transposed_convolution(padding, last):
    x = normal(2, 5, 4, 3) if last else normal(2, 3, 5, 4)
    data_format = "NHWC" if last else "NCHW"
    make = lambda: S.Conv2DTranspose(  # noqa: E731
        4, (3, 2), None, 2, 2, padding, data_format=data_format
    )
    out, p = params_of(make, x)
    stride, rate = (2, 2), (2, 2)
    shape = layers.gradient_output_shape((5, 4), (3, 2), stride, rate, padding)
    ours = layers.conv_gradient(
        x,
        p["w"],
        p["b"],
        output_shape=shape,
        stride=stride,
        padding=padding,
        rate=rate,
        channels_last=last,
    )
    close(out, ours)


def test_it_is_the_gradient_of_the_convolution():
    x, w = normal(2, 9, 3), normal(3, 3, 4)
    forward = lambda x: layers.conv(  # noqa: E731
        x, w, stride=(2,), padding="SAME", rate=(1,)
    )
    y, pull = jax.vjp(forward, x)
    (expected,) = pull(y)
    ours = layers.conv_gradient(
        y, w, output_shape=(9,), stride=(2,), padding="SAME", rate=(1,)
    )
    close(ours, expected, 1e-4, 1e-5)


def test_depthwise_layouts():
    x, w = normal(2, 5, 4, 3), normal(2, 2, 3, 2)
    options = dict(stride=(1, 1), padding="SAME", rate=(1, 1))
    a = layers.depthwise_conv(x, w, **options)
    b = layers.depthwise_conv(x, w.reshape(2, 2, 1, 6), **options)
    close(a, b)


def test_output_padding_refuses_sizes():
    with pytest.raises(ValueError, match="needs an input of size 5"):
        layers.output_padding(4, 9, 3, 2, "SAME")
    with pytest.raises(ValueError, match="'VALID' or 'SAME'"):
        layers.output_padding(4, 8, 3, 2, "FULL")


@pytest.mark.parametrize(
    "name, index",
    [
        ("channels_first", 1),
        ("channels_last", -1),
        ("NCHW", 1),
        ("NCDHW", 1),
        ("NWC", -1),
        ("NHWC", -1),
        ("BTD", -1),
        ("TBHWD", -1),
    ],
)
def test_channel_index(name, index):
    assert layers.get_channel_index(name) == index


@pytest.mark.parametrize("name", ["", "NHW", "CN", "NHWCX", "nhwc"])
def test_channel_index_of_nonsense(name):
    with pytest.raises(ValueError, match="Unable to extract channel information"):
        layers.get_channel_index(name)


def test_attention_of_different_batches_broadcasts():
    query, key = normal(2, 5, 3, 4), normal(1, 6, 3, 4)
    whole = jnp.broadcast_to(key, (2, 6, 3, 4))
    close(layers.attention(query, key, key), layers.attention(query, whole, whole))
    with pytest.raises(ValueError, match="Mask dimensionality"):
        layers.attention(query, whole, whole, jnp.ones((5, 6)))


def test_softmax_is_jaxs():
    x = jnp.concatenate([normal(3, 5, scale=50.0), jnp.full((1, 5), 1e30)])
    close(layers.softmax(x), jax.nn.softmax(x))
    for dtype in (jnp.bfloat16, jnp.int32):
        assert (
            layers.softmax(x.astype(dtype)).dtype
            == jax.nn.softmax(x.astype(dtype)).dtype
        )
