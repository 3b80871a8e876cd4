"""What in haiku_core.sonnet is not a layer to train, against Sonnet or arithmetic."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf
from sonnet.src import parallel_linear, recurrent

import haiku_core as hk
from tests.haiku_core.side_by_side import normal

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype"),
]

S = hk.sonnet
KEY = jax.random.PRNGKey(0)


def run(function, *args, key=KEY):
    """Init and one apply; (outputs, parameters, state before, state after)."""
    f = hk.transform_with_state(function)
    params, state = f.init(KEY, *args)
    outputs, after = f.apply(params, state, key, *args)
    return outputs, params, state, after


# ---------------------------------------------------------------- unrolling


@pytest.mark.parametrize("kind", ["static_unroll", "dynamic_unroll"])
@pytest.mark.parametrize("lengths", [None, np.array([0, 2, 4, 9]), 2], ids=str)
def test_unroll_stops_at_the_lengths(kind, lengths):
    xs = np.asarray(normal(4, 4, 3))
    theirs = snt.LSTM(2)
    outputs, state = getattr(snt, kind)(
        theirs, tf.constant(xs), theirs.initial_state(4), lengths
    )
    params = {
        "lstm": {
            "w_i": theirs._w_i.numpy(),
            "w_h": theirs._w_h.numpy(),
            "b": theirs.b.numpy(),
        }
    }

    def program(xs):
        core = S.LSTM(2)
        return getattr(S, kind)(core, xs, core.initial_state(4), lengths)

    ours = hk.transform(program).apply(params, None, xs)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b.numpy(), 1e-5, 1e-6),
        ours,
        (outputs, hk.LSTMState(*state)),
    )


def test_unroll_refuses_unequal_and_empty_sequences():
    core = hk.IdentityCore
    for xs in ((jnp.ones((3, 1)), jnp.ones((2, 1))), jnp.ones((0, 2))):
        with pytest.raises(ValueError, match="time step"):
            run(lambda xs: S.dynamic_unroll(core(), xs, ()), xs)


# ------------------------------------------------------- transposed convolution


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride, rate", [(1, 2), (2, 3), (3, 2)])
def test_dilation_is_a_kernel_with_holes(padding, stride, rate):
    """TensorFlow has no dilated gradient on a CPU: holes are put in the kernel."""
    x, kernel = np.asarray(normal(2, 5, 3)), 3
    layer = lambda x: S.Conv1DTranspose(  # noqa: E731
        4, kernel, stride=stride, rate=rate, padding=padding
    )(x)
    ours, params, _, _ = run(layer, x)
    w = params["conv1_d_transpose"]["w"]
    holes = np.zeros(((kernel - 1) * rate + 1, *w.shape[1:]), np.float32)
    holes[::rate] = w
    theirs = snt.Conv1DTranspose(4, holes.shape[0], stride=stride, padding=padding)
    theirs(tf.constant(x))
    theirs.w.assign(holes)
    np.testing.assert_allclose(ours, theirs(tf.constant(x)).numpy(), 1e-4, 1e-5)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_channels_first_is_channels_last_turned(stride):
    x = np.asarray(normal(2, 5, 4, 3))
    last = lambda x: S.Conv2DTranspose(2, 3, stride=stride)(x)  # noqa: E731
    first = lambda x: S.Conv2DTranspose(  # noqa: E731
        2, 3, stride=stride, data_format="NCHW"
    )(x)
    expected, params, _, _ = run(last, x)
    out, _ = hk.transform_with_state(first).apply(
        params, {}, KEY, np.moveaxis(x, -1, 1)
    )
    np.testing.assert_allclose(np.moveaxis(out, 1, -1), expected, 1e-5, 1e-6)


# ---------------------------------------------------------------------- dropout


@pytest.mark.parametrize("noise_shape", [None, (None, 1), (1, 400)])
def test_dropout_drops_at_its_rate(noise_shape):
    x = jnp.ones((300, 400)).at[0, 0].set(3.0)
    out, *_ = run(lambda x: S.Dropout(0.3, noise_shape)(x, True), x)
    kept = np.asarray(out != 0)
    draws = kept
    if noise_shape is not None:
        axis = noise_shape.index(1)
        draws = np.take(kept, [0], axis)
        assert np.array_equal(kept, np.broadcast_to(draws, kept.shape))
    deviations = abs(draws.mean() - 0.7) / np.sqrt(0.21 / draws.size)
    assert deviations < 4
    np.testing.assert_array_equal(out, np.where(kept, x * np.float32(1 / 0.7), 0))
    assert np.isclose(np.max(out), 3 / 0.7) or not kept[0, 0]


def test_dropout_draws_anew_and_never_leaks_infinities():
    x = jnp.full((50,), jnp.inf)
    module = lambda x: [S.Dropout(0.5)(x, True) for _ in range(2)]  # noqa: E731
    (a, b), *_ = run(module, x)
    assert not np.isnan(a).any()
    assert not np.array_equal(a, b)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5])
def test_dropout_refuses_rates(rate):
    with pytest.raises(ValueError, match="rate must be in the range"):
        run(lambda x: S.Dropout(rate)(x, True), jnp.ones(3))


def test_recurrent_dropout_keeps_its_mask():
    """The state that enters the LSTM is masked, by one mask for the sequence."""
    xs = normal(4, 3, 2)

    def program(xs):
        train, test = S.lstm_with_recurrent_dropout(5, 0.5)
        state = train.initial_state(3)
        masks = state[1]
        outputs, (last, same) = hk.static_unroll(train, xs, state)
        core_state = state[0]
        for x in xs:
            hidden = core_state.hidden * masks.hidden
            expected, core_state = test(x, hk.LSTMState(hidden, core_state.cell))
        return outputs[-1], expected, masks, same

    (out, expected, masks, same), params, *_ = run(program, xs)
    np.testing.assert_allclose(out, expected, 1e-6)
    np.testing.assert_array_equal(masks.hidden, same.hidden)
    assert masks.cell is None and same.cell is None
    assert set(np.unique(masks.hidden)) == {0.0, 2.0}
    assert list(params) == ["lstm"]


# ------------------------------------------------------------- gradient functions


def test_scale_gradient():
    x = np.asarray(normal(3, 4))
    value, grad = jax.value_and_grad(lambda x: jnp.sum(S.scale_gradient(x, 0.3) ** 2))(
        x
    )
    with tf.GradientTape() as tape:
        t = tf.constant(x)
        tape.watch(t)
        total = tf.reduce_sum(snt.scale_gradient(t, 0.3) ** 2)
    np.testing.assert_allclose(value, total.numpy(), 1e-6)
    np.testing.assert_allclose(grad, tape.gradient(total, t).numpy(), 1e-6)


def test_leaky_clip_by_value():
    x, weights = np.asarray(normal(6, 7, scale=2.0)), np.asarray(normal(6, 7, seed=1))
    clip = lambda x: jnp.sum(weights * S.leaky_clip_by_value(x, -1.0, 1.0))  # noqa: E731
    value, grad = jax.value_and_grad(clip)(x)
    with tf.GradientTape() as tape:
        t = tf.constant(x)
        tape.watch(t)
        total = tf.reduce_sum(weights * snt.leaky_clip_by_value(t, -1.0, 1.0))
    expected = tape.gradient(total, t).numpy()
    assert 0 < np.count_nonzero(expected == 0) < expected.size
    np.testing.assert_allclose(value, total.numpy(), 1e-5)
    np.testing.assert_array_equal(grad, expected)


@pytest.mark.parametrize("kind", ["L1", "L2", "OffDiagonalOrthogonal"])
def test_regularizer(kind):
    arrays = [np.asarray(normal(3, 4)), np.asarray(normal(2, 3, 5, seed=1))]
    ours = getattr(S.regularizers, kind)(0.3)
    theirs = getattr(snt.regularizers, kind)(0.3)
    value, grads = jax.value_and_grad(ours)(arrays)
    with tf.GradientTape() as tape:
        tensors = [tf.constant(x) for x in arrays]
        tape.watch(tensors)
        total = theirs(tensors)
    np.testing.assert_allclose(value, total.numpy(), 1e-5)
    for a, b in zip(grads, tape.gradient(total, tensors), strict=True):
        np.testing.assert_allclose(a, b.numpy(), 1e-4, 1e-5)
    assert ours([]) == theirs([]).numpy() == 0
    assert repr(ours) == repr(theirs)
    with pytest.raises(ValueError, match="scale must be >=0"):
        getattr(S.regularizers, kind)(-1.0)


# --------------------------------------------------------------- state and metrics


def test_metrics_can_be_reset():
    def program(x):
        seen = []
        for metric in (S.Sum(), S.Mean(), S.ExponentialMovingAverage(0.9)):
            metric(x)
            metric.update(3 * x)
            seen.append(metric.value)
            metric.reset()
            seen.append(metric(x))
        return seen

    x = np.asarray(normal(3))
    ours, *_ = run(program, x)
    theirs = []
    for metric in (snt.Sum(), snt.Mean(), snt.ExponentialMovingAverage(0.9)):
        metric(tf.constant(x))
        metric.update(tf.constant(3 * x))
        theirs.append(tf.identity(metric.value))
        metric.reset()
        theirs.append(tf.identity(metric(tf.constant(x))))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b.numpy(), 1e-5)


def test_trainable_state_trains_what_the_mask_says():
    def program():
        core = S.LSTM(3)
        mask = hk.LSTMState(hidden=True, cell=False)
        return S.TrainableState.for_core(core, mask)(2)

    out, params, state, _ = run(program)
    assert jax.tree.map(jnp.shape, params) == {"trainable_state": {"hidden": (1, 3)}}
    assert jax.tree.map(jnp.shape, state) == {"trainable_state": {"cell": (1, 3)}}
    assert out.hidden.shape == out.cell.shape == (2, 3)
    with pytest.raises(ValueError, match="structure"):
        run(lambda: S.TrainableState((jnp.ones(2), jnp.ones(2)), (True,))(1))


def test_replicas_share_their_moments():
    x = normal(4, 6, 3)

    def program(x, axis):
        metrics = (S.ExponentialMovingAverage(0.9), S.ExponentialMovingAverage(0.9))
        norm = S.CrossReplicaBatchNorm(True, True, *metrics, cross_replica_axis=axis)
        return norm(x, True)

    f = hk.transform_with_state(program)
    params, state = f.init(KEY, x[0], None)
    whole, after = f.apply(params, state, KEY, x.reshape(24, 3), None)
    mapped = jax.vmap(
        lambda x: f.apply(params, state, KEY, x, "replicas"), axis_name="replicas"
    )
    parts, states = mapped(x)
    np.testing.assert_allclose(parts.reshape(24, 3), whole, 1e-4, 1e-5)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, np.stack([b] * 4), 1e-5, 1e-6),
        states,
        after,
    )


def test_fused_variance_is_bessels():
    """Over 24 values the stored variance is 24/23 of the one that normalises."""
    x = normal(2, 3, 4, 5)
    _, _, _, after = run(lambda x: S.BatchNorm(True, True)(x, True), x)
    stored = after["batch_norm/~/moving_variance"]["average"]
    expected = np.var(np.asarray(x), axis=(0, 1, 2), keepdims=True) * 24 / 23
    np.testing.assert_allclose(stored, expected, 1e-4)


# ---------------------------------------------------------------------- signatures

SAME_ARGUMENTS = [
    name
    for name in S.__all__
    if name not in ("initializers", "regularizers", "once")
    if hasattr(snt, name)
    or hasattr(snt.nets, name)
    or hasattr(snt.nets.resnet, name)
    or hasattr(snt.regularizers, name)
    or name in ("CuDNNGRU", "CrossReplicaBatchNorm", "ParallelLinears")
]


def counterpart(name):
    places = (snt, snt.nets, snt.nets.resnet, snt.regularizers, snt.distribute)
    for place in (*places, recurrent, parallel_linear):
        if inspect.isclass(found := getattr(place, name, None)) or callable(found):
            return found
    raise AssertionError(name)


INITIALIZERS = (
    "Constant",
    "Identity",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
)


@pytest.mark.parametrize("name", [*SAME_ARGUMENTS, *INITIALIZERS])
def test_arguments_are_sonnets(name):
    """Names, order and defaults, so that a call need not be looked at."""
    if name in INITIALIZERS:
        ours = getattr(S.initializers, name)
        theirs = getattr(snt.initializers, name)
    else:
        ours, theirs = getattr(S, name), counterpart(name)
    for method in ("__init__", "__call__") if inspect.isclass(ours) else (None,):
        a, b = (getattr(x, method) if method else x for x in (ours, theirs))
        a, b = inspect.signature(a).parameters, inspect.signature(b).parameters
        if any(p.kind == p.VAR_POSITIONAL for p in b.values()):
            continue
        wanted = [n for n in b if (name, n) != ("leaky_clip_by_value", "name")]
        assert list(a)[: len(wanted)] == wanted
        assert all(p.kind == p.KEYWORD_ONLY for p in list(a.values())[len(wanted) :])
        for n in wanted:
            if n in ("dtype", "activation"):
                assert (a[n].default is a[n].empty) == (b[n].default is b[n].empty)
                continue
            assert a[n].default == b[n].default, n


# ------------------------------------------------------------------------ CuDNNGRU


def test_cudnn_gru_is_cudnns_recurrence():
    """By cuDNN's documentation: Sonnet's own class needs a GPU."""
    xs = np.asarray(normal(4, 2, 3))
    layer = lambda xs: S.CuDNNGRU(5, b_init=hk.initializers.RandomNormal())(  # noqa: E731
        xs, 0.1 * jnp.ones((2, 5))
    )
    (outputs, last), params, *_ = run(layer, xs)
    w_i, w_h, b = (params["cu_dnngru"][n] for n in ("w_i", "w_h", "b"))
    sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
    h = 0.1 * np.ones((2, 5))
    for t, x in enumerate(xs):
        of_x, of_h = np.split(x @ w_i + b, 3, 1), np.split(h @ w_h, 3, 1)
        z, r = (sigmoid(of_x[i] + of_h[i]) for i in (0, 1))
        h = (1 - z) * np.tanh(of_x[2] + r * of_h[2]) + z * h
        np.testing.assert_allclose(outputs[t], h, 1e-5, 1e-6)
    np.testing.assert_allclose(last, h[None], 1e-5, 1e-6)


# -------------------------------------------------------------------------- errors

X = jnp.ones((2, 3))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: S.BatchNorm(False, True, scale_init=jnp.ones), ValueError, "scale_in"),
        (lambda: S.BatchNorm(True, False, offset_init=jnp.ones), ValueError, "offset"),
        (lambda: S.BatchNorm(True, True)(X, True, scale=X), ValueError, "`scale`"),
        (lambda: S.BatchNorm(True, True)(X, True, offset=X), ValueError, "`offset`"),
        (lambda: S.LayerNorm(-1, True, True)(X, scale=X), ValueError, "`scale`"),
        (lambda: S.LayerNorm("a", True, True), ValueError, "`axis`"),
        (lambda: S.GroupNorm(2)(X), ValueError, "divisible"),
        (lambda: S.LSTM(3, projection_init=jnp.ones), ValueError, "projection"),
        (lambda: S.LSTM(3)(X.astype("bfloat16"), None), TypeError, "dtype float32"),
        (lambda: S.LSTM(3)(X[None], None), ValueError, "rank 2"),
        (lambda: S.LSTM(3).input_to_hidden, AttributeError, "first call"),
        (lambda: S.GRU(3).hidden_to_hidden, AttributeError, "first call"),
        (lambda: S.GRU(3)(X.astype("bfloat16"), X), TypeError, "dtype float32"),
        (lambda: S.UnrolledLSTM(3)(X, None), ValueError, "rank 3"),
        (lambda: S.MLP([3], with_bias=False, b_init=jnp.ones), ValueError, "b_init"),
        (lambda: S.MLP([3], dropout_rate=0.5)(X), ValueError, "required"),
        (lambda: S.MLP([3])(X, True), ValueError, "only be used"),
        (lambda: S.MLP([3]).reverse(), ValueError, "called"),
        (lambda: S.ParallelLinears(3)(X), ValueError, "rank 3"),
        (lambda: S.Embed(), ValueError, "vocab_size"),
        (lambda: S.Embed(3, existing_vocab=X), ValueError, "existing_vocab"),
        (lambda: S.Conv1DTranspose(3, 3, padding="FULL"), TypeError, "string padding"),
        (lambda: S.Conv2DTranspose(3, 3, [7]), ValueError, "length 2"),
        (lambda: S.Conv1DTranspose(1, 3, [9])(X[None]), ValueError, "input of size 9"),
        (lambda: S.Conv1DTranspose(1, 3)(X), ValueError, "rank 3"),
        (lambda: S.Cifar10ConvNet(strides=(1,)), ValueError, "length"),
        (lambda: S.ResNet([1, 1], 3), ValueError, "length 4"),
        (lambda: S.VectorQuantizerEMA(3, 4, 0.2, 1.5), ValueError, "decay"),
        (lambda: S.deep_rnn_with_residual_connections([abs]), ValueError, "RNNCore"),
        (lambda: S.deep_rnn_with_skip_connections([abs]), ValueError, "RNNCore"),
        (lambda: S.lstm_with_recurrent_dropout(3, 1.0), ValueError, "dropout must"),
    ],
)
def test_error_says_what(call, error, message):
    with pytest.raises(error, match=message):
        run(call)
