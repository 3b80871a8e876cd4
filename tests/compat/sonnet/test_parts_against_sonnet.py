"""Initializers, regularizers, optimizers and functions beside Sonnet's."""

import copy
import pickle

import jax
import numpy as np
import optax
import pytest
import sonnet as real_snt
import tensorflow as real_tf

import compat.sonnet as our_snt
import haiku_core as hk
from compat import dictionary
from compat import tensorflow as our_tf
from tests.compat.sonnet.cases import init, snt
from tests.compat.sonnet.measures import assert_same_distribution, build

BOTH = ((our_snt, our_tf), (real_snt, real_tf))


def bound_spelling(made):
    """The record's spelling of a call whose arguments are literals, called."""
    entry = dictionary.find(made.name)
    bound = entry.signature.bind(*made.args, **made.kwargs)
    for spelling in entry.spellings:
        omitted = "is omitted" in (spelling.guard or "")
        name = (spelling.guard or "").split(" is omitted")[0].strip()
        if omitted and name in bound.arguments:
            continue
        return spelling.fn(**bound.arguments)
    raise AssertionError(f"{made}: no spelling applies")


INITIALIZERS = [
    init("Zeros"),
    init("Ones"),
    init("Constant", 2.5),
    init("RandomUniform"),
    init("RandomUniform", -1.0, 3.0),
    init("RandomNormal", 0.5, 2.0),
    init("TruncatedNormal", stddev=0.3),
    init("Identity", gain=2.0),
    init("Orthogonal"),
    init("Orthogonal", 0.5),
    *(
        init("VarianceScaling", 2.0, mode, distribution)
        for mode in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("uniform", "truncated_normal", "normal")
    ),
]


@pytest.mark.parametrize("shape", [(60, 40), (5, 7, 6, 10)], ids=str)
@pytest.mark.parametrize("made", INITIALIZERS, ids=repr)
def test_initializer_draws_from_the_same_distribution(made, shape):
    ours, theirs = (build(made, s, t)(list(shape), t.float32).numpy() for s, t in BOTH)
    assert ours.dtype == theirs.dtype
    spelled = bound_spelling(made)
    haiku = hk.transform(lambda: spelled(shape, np.float32))
    there = np.asarray(haiku.apply({}, jax.random.PRNGKey(1)))
    if made.name.endswith("Identity"):
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(there, theirs)
        return
    assert_same_distribution(ours, theirs)
    assert_same_distribution(there, theirs)
    if made.name.endswith("Orthogonal"):
        for found in (ours, there):
            flat = found.reshape(-1, shape[-1])
            gram = flat.T @ flat if flat.shape[0] >= flat.shape[1] else flat @ flat.T
            np.testing.assert_allclose(gram, gram[0, 0] * np.eye(len(gram)), atol=1e-4)


@pytest.mark.parametrize("name", ["Zeros", "Ones", "RandomUniform"])
@pytest.mark.parametrize("dtype", ["int32", "int64", "float64", "bfloat16"])
def test_initializer_dtypes(name, dtype):
    made = init(name, 0, 100) if name == "RandomUniform" else init(name)
    for s, t in BOTH:
        assert build(made, s, t)([3], getattr(t, dtype)).dtype.name == dtype


@pytest.mark.parametrize("name", ["L1", "L2", "OffDiagonalOrthogonal"])
def test_regularizer(name):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s).astype("float32") for s in ((3, 4), (2, 3, 5))]
    found = []
    for s, t in BOTH:
        tensors = [t.constant(a) for a in arrays]
        with t.GradientTape() as tape:
            for x in tensors:
                tape.watch(x)
            value = getattr(s.regularizers, name)(0.3)(tensors)
        found.append(
            [value.numpy(), *(g.numpy() for g in tape.gradient(value, tensors))]
        )
        assert getattr(s.regularizers, name)(0.3)([]).numpy() == 0.0
        with pytest.raises(ValueError, match="scale"):
            getattr(s.regularizers, name)(-1.0)
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


OPTIMIZERS = [
    snt("optimizers.SGD", 0.1),
    snt("optimizers.Momentum", 0.1, 0.9),
    snt("optimizers.Momentum", 0.1, 0.9, use_nesterov=True),
    snt("optimizers.Adam"),
    snt("optimizers.Adam", 0.1, beta1=0.5, beta2=0.9, epsilon=1e-3),
    snt("optimizers.RMSProp", 0.1),
    snt("optimizers.RMSProp", 0.1, decay=0.8, momentum=0.9, epsilon=1e-4),
    snt("optimizers.RMSProp", 0.01, centered=True, epsilon=1e-3),
    snt("optimizers.RMSProp", 0.01, momentum=0.5, centered=True, epsilon=1e-3),
]
STARTS = ([[1.0, -2.0, 3.0], [0.5, 0.1, -0.3]], [4.0, -1.0], 2.0)


def gradients(step):
    rng = np.random.default_rng(step)
    return [rng.normal(size=np.shape(v)).astype("float32") for v in STARTS]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("made", OPTIMIZERS, ids=repr)
def test_optimizer_steps(made, dtype):
    found = []
    for s, t in BOTH:
        variables = [t.Variable(v, dtype=dtype) for v in STARTS]
        optimizer = s.allow_empty_variables(build(made, s, t))
        states = []
        for step in range(6):
            updates = [t.constant(g.astype(dtype)) for g in gradients(step)]
            if step == 2:
                updates[1] = None
            optimizer.apply(updates, variables)
            states.append([v.numpy() for v in (*variables, *optimizer.variables)])
        names = [v.name for v in optimizer.variables]
        found.append((states, names))
    assert found[0][1] == found[1][1]
    tolerance = {"float32": 2e-6, "float64": 1e-12}[dtype]
    for mine, other in zip(found[0][0], found[1][0], strict=True):
        for a, b in zip(mine, other, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("made", OPTIMIZERS, ids=repr)
def test_optimizer_spelling_steps(made):
    optimizer = build(made, real_snt, real_tf)
    variables = [real_tf.Variable(v) for v in STARTS]
    transform = bound_spelling(made)
    params = [np.asarray(v, "float32") for v in STARTS]
    state = transform.init(params)
    for step in range(6):
        optimizer.apply(list(map(real_tf.constant, gradients(step))), variables)
        updates, state = transform.update(gradients(step), state, params)
        params = optax.apply_updates(params, updates)
        for mine, other in zip(params, variables, strict=True):
            np.testing.assert_allclose(mine, other.numpy(), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("made", OPTIMIZERS, ids=repr)
def test_optimizer_changes_the_rows_of_slices_only(made):
    found = []
    for s, t in BOTH:
        table = t.Variable(np.ones((4, 2), "float32"))
        optimizer = s.allow_empty_variables(build(made, s, t))
        for rows in ([0, 2, 0], [1, 2, 1]):
            values = t.constant(np.arange(6.0, dtype="float32").reshape(3, 2) + 1)
            update = t.IndexedSlices(values, t.constant(rows), t.constant([4, 2]))
            optimizer.apply([update], [table])
        found.append([v.numpy() for v in (table, *optimizer.variables)])
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)
    assert np.all(found[0][0][3] == 1.0)


def test_optimizer_hyperparameters_may_be_variables():
    found = []
    for s, t in BOTH:
        rate = t.Variable(0.1, dtype="float64")
        variable = t.Variable([1.0, 2.0])
        optimizer = s.optimizers.Adam(rate)
        for new in (0.1, 0.5, 0.01):
            rate.assign(new)
            optimizer.apply([t.constant([1.0, -3.0])], [variable])
        found.append(variable.numpy())
    np.testing.assert_allclose(*found, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        (lambda s, x: s.reshape(x, [4, -1]), [(2, 3, 4)]),
        (lambda s, x: s.reshape(x, [6], preserve_dims=2), [(2, 3, 3, 2)]),
        (lambda s, x: s.flatten(x), [(2, 3, 4)]),
        (lambda s, x: s.merge_leading_dims(x, 2), [(2, 3, 4)]),
        (lambda s, x: s.merge_leading_dims(x, 3), [(2, 3)]),
        (lambda s, x, y: s.split_leading_dim(x, y, 2), [(6, 4), (2, 3, 5)]),
        (lambda s, x: s.scale_gradient(x, 0.3), [(2, 3)]),
        (lambda s, x: s.leaky_clip_by_value(x, -0.5, 0.5), [(9,)]),
    ],
)
def test_function(call, shapes):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s).astype("float32") for s in shapes]
    found = []
    for s, t in BOTH:
        tensors = [t.constant(a) for a in arrays]
        with t.GradientTape() as tape:
            tape.watch(tensors[0])
            out = call(s, *tensors)
            loss = t.reduce_sum(t.sin(out))
        found.append((out.numpy(), tape.gradient(loss, tensors[0]).numpy()))
    for mine, other in zip(*found, strict=True):
        assert mine.shape == other.shape
        np.testing.assert_allclose(mine, other, rtol=1e-6)


@pytest.mark.parametrize("name", ["valid", "same", "full", "causal", "reverse_causal"])
@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_pad(name, size):
    ours, theirs = (getattr(s.pad, name)(size) for s, _ in BOTH)
    assert ours == theirs
    assert list(getattr(hk.pad, name)(size)) == theirs


@pytest.mark.parametrize("channel_index", [1, -1])
def test_pad_create(channel_index):
    ours, theirs = (
        s.pad.create([s.pad.same, s.pad.causal], [3, 4], 2, 2, channel_index)
        for s, _ in BOTH
    )
    assert [list(p) for p in ours] == [list(p) for p in theirs]


def test_table_of_variables():
    texts = []
    for s, t in BOTH:
        with t.device("/device:CPU:0"):
            net = s.nets.MLP([3, 2], name="policy")
            net(t.zeros([1, 4]))
            counter = t.Variable(0, trainable=False, name="steps", dtype="int64")
        texts.append(s.format_variables([counter, *net.variables]))
    assert texts[0] == texts[1]


def test_build_returns_specs():
    found = []
    for s, _ in BOTH:
        net = s.nets.MLP([3, 2])
        spec = s.build(net, [None, 4])
        found.append((spec.shape.as_list(), spec.dtype.name, len(net.variables)))
    assert found[0] == found[1]


def pickled(module):
    return pickle.loads(pickle.dumps(module))


@pytest.mark.parametrize("way", [copy.deepcopy, pickled])
def test_copies_have_variables_of_their_own(way):
    net = our_snt.Sequential([our_snt.nets.MLP([3]), our_snt.LayerNorm(-1, True, True)])
    x = our_tf.ones([2, 4])
    before = net(x).numpy()
    twin = way(net)
    assert [v.name for v in twin.variables] == [v.name for v in net.variables]
    for v in net.variables:
        v.assign(our_tf.zeros_like(v))
    np.testing.assert_array_equal(twin(x).numpy(), before)


def test_half_precision_inside():
    found = []
    for s, t in BOTH:
        layer = s.Linear(3, w_init=s.initializers.Constant(1 / 3))
        call = s.mixed_precision.modes([t.float32, t.float16])(layer.__call__)
        with s.mixed_precision.scope(t.float16):
            first = call(t.ones([2, 4]))
            second = call(t.ones([2, 4]))
        found.append([first.numpy(), second.numpy(), second.dtype.name])
    assert found[0][2] == found[1][2]
    for mine, other in zip(found[0][:2], found[1][:2], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6)
    assert not np.array_equal(found[0][0], found[0][1])
