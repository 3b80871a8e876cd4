"""Every Sonnet module with variables: saved by TensorFlow, converted, same numbers.

The weights are random: the regular values of Sonnet's own test checkpoints can't tell
one gate order from another.
"""

from __future__ import annotations

import dataclasses
import types
from typing import NamedTuple

import haiku
import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from sonnet.src.parallel_linear import ParallelLinears

import haiku_core
from compat import layout
from compat.bundle import GRAPH_KEY, Bundle
from migrate import checkpoint
from migrate.checkpoint._src import back, content
from tests.migrate.checkpoint.sonnet_side import make, randomize, save, snt, tf
from tests.support.copied import on_dm_haiku

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype"),
]
TOLERANCE = {"float64": 1e-12, "float32": 2e-6, "bfloat16": 3e-2}


def _call(module, *inputs, **kwargs):
    return module(*inputs, **kwargs)


@dataclasses.dataclass
class Case:
    """A Sonnet module and its counterpart.

    Attributes:
      name: Which.
      sonnet: dtype → the Sonnet module.
      haiku: (hk, dtype) → the Haiku module.
      shapes: Shapes of the inputs.
      call: How either is called.
      training: What a call in training mode adds, if the module has such a mode.
      dtypes: Element types to try.
      output: What of the result is compared.
    """

    name: str
    sonnet: object
    haiku: object
    shapes: tuple
    call: object = _call
    training: dict | None = None
    dtypes: tuple = ("float64",)
    output: object = lambda out: out

    @property
    def rounds(self) -> bool:
        """Whether Haiku keeps the bias less one in the forget gate."""
        return "LSTM" in self.name and not self.name.startswith("sonnet.")


def _recurrent(module, inputs, *state):
    first = module.initial_state(inputs.shape[0])
    if isinstance(first, tuple):
        kind = type(first)
        state = kind(*state) if hasattr(first, "_fields") else kind(state)
    else:
        (state,) = state
    return module(inputs, state)


def _deep(module, inputs, hidden, cell, gru):
    lstm, _ = module.initial_state(inputs.shape[0])
    return module(inputs, (type(lstm)(hidden=hidden, cell=cell), gru))


def _with_kernel(n, shape):
    conv = [
        Case(
            f"Conv{n}D {kwargs}",
            lambda _, kwargs=kwargs: getattr(snt, f"Conv{n}D")(4, 3, **kwargs),
            lambda hk, _, kwargs=kwargs: getattr(hk, f"Conv{n}D")(4, 3, **kwargs),
            (shape,),
            dtypes=("float64", "float32") if not kwargs else ("float64",),
        )
        for kwargs in ({}, {"stride": 2, "padding": "VALID", "with_bias": False})
    ]
    transposed = [
        Case(
            f"Conv{n}DTranspose {kwargs}",
            lambda _, kwargs=kwargs: getattr(snt, f"Conv{n}DTranspose")(4, 3, **kwargs),
            lambda hk, _, kwargs=kwargs: getattr(hk, f"Conv{n}DTranspose")(
                4, 3, **kwargs
            ),
            (shape,),
        )
        for kwargs in ({}, {"stride": 2})
    ]
    spatial = shape[1:-1]
    lstm = Case(
        f"Conv{n}DLSTM",
        lambda d: getattr(snt, f"Conv{n}DLSTM")(shape[1:], 4, 3, dtype=d),
        lambda hk, _: getattr(hk, f"Conv{n}DLSTM")(spatial, 4, 3),
        (shape, (2, *spatial, 4), (2, *spatial, 4)),
        _recurrent,
    )
    return [*conv, *transposed, lstm]


def _norms(name, *args, **haiku_kwargs):
    for form, shape in (("channels_last", (4, 5, 6)), ("channels_first", (4, 6, 5))):
        extra = {"data_format": form} if name != "LayerNorm" else {}
        if name == "LayerNorm" and form == "channels_first":
            continue
        yield Case(
            f"{name} {form}",
            lambda _, form=form: getattr(snt, name)(*args, data_format=form),
            lambda hk, _, extra=extra: getattr(hk, name)(
                *args, **haiku_kwargs, **extra
            ),
            (shape,),
        )


def _batch_norm(shape, form, dtypes):
    rank = {"data_format": form}
    return Case(
        f"BatchNorm {shape} {form}",
        lambda _: snt.BatchNorm(True, True, decay_rate=0.9, **rank),
        lambda hk, _: hk.BatchNorm(True, True, decay_rate=0.9, **rank),
        (shape,),
        training={"is_training": True},
        dtypes=dtypes,
    )


CASES = [
    Case("Linear", lambda _: snt.Linear(7), lambda hk, _: hk.Linear(7), ((5, 3),),
         dtypes=("float64", "float32", "bfloat16")),
    Case("Linear without bias", lambda _: snt.Linear(7, with_bias=False),
         lambda hk, _: hk.Linear(7, with_bias=False), ((5, 3),)),
    *(
        Case(f"Bias {dims}", lambda _, dims=dims: snt.Bias(bias_dims=dims),
             lambda hk, _, dims=dims: hk.Bias(bias_dims=dims), ((2, 3, 4),))
        for dims in (None, [], [-1], [1, 2])
    ),
    *_with_kernel(1, (2, 9, 3)),
    *_with_kernel(2, (2, 7, 6, 3)),
    *_with_kernel(3, (2, 5, 4, 5, 3)),
    Case("DepthwiseConv2D", lambda _: snt.DepthwiseConv2D(3, channel_multiplier=2),
         lambda hk, _: hk.DepthwiseConv2D(2, 3), ((2, 7, 6, 3),)),
    Case("MLP", lambda _: snt.nets.MLP([5, 6, 2]),
         lambda hk, _: hk.nets.MLP([5, 6, 2]), ((7, 3),)),
    Case("Sequential", lambda _: snt.Sequential([snt.Linear(5), tf.nn.relu,
                                                 snt.Linear(2)]),
         lambda hk, _: hk.Sequential([hk.Linear(5), jax.nn.relu, hk.Linear(2)]),
         ((7, 3),)),
    *_norms("LayerNorm", -1, True, True, param_axis=-1),
    *_norms("InstanceNorm", True, True),
    *_norms("GroupNorm", 2),
    _batch_norm((6, 3), "channels_last", ("float64", "float32")),
    _batch_norm((4, 5, 3), "channels_last", ("float64",)),
    _batch_norm((4, 3, 5), "channels_first", ("float64",)),
    Case("ExponentialMovingAverage", lambda _: snt.ExponentialMovingAverage(0.9),
         lambda hk, _: hk.ExponentialMovingAverage(0.9), ((4, 3),), training={}),
    Case("LSTM", lambda d: snt.LSTM(6, dtype=d), lambda hk, _: hk.LSTM(6),
         ((4, 3), (4, 6), (4, 6)), _recurrent,
         dtypes=("float64", "float32", "bfloat16")),
    Case("LSTM with forget_bias 2.5", lambda d: snt.LSTM(6, forget_bias=2.5, dtype=d),
         lambda hk, _: hk.LSTM(6), ((4, 3), (4, 6), (4, 6)), _recurrent),
    Case("GRU", lambda d: snt.GRU(6, dtype=d), lambda hk, _: hk.GRU(6),
         ((4, 3), (4, 6)), _recurrent, dtypes=("float64", "float32")),
    Case("VanillaRNN", lambda d: snt.VanillaRNN(6, activation=tf.nn.relu, dtype=d),
         lambda hk, _: hk.VanillaRNN(6), ((4, 3), (4, 6)), _recurrent),
    Case("VanillaRNN, one bias",
         lambda d: snt.VanillaRNN(6, activation=tf.nn.relu, dtype=d),
         lambda hk, _: hk.VanillaRNN(6, double_bias=False), ((4, 3), (4, 6)),
         _recurrent),
    Case("DeepRNN of LSTM and GRU",
         lambda d: snt.DeepRNN([snt.LSTM(6, dtype=d), tf.nn.relu, snt.Linear(5),
                                snt.GRU(4, dtype=d)]),
         lambda hk, _: hk.DeepRNN([hk.LSTM(6), jax.nn.relu, hk.Linear(5), hk.GRU(4)]),
         ((4, 3), (4, 6), (4, 6), (4, 4)), _deep),
    Case("VectorQuantizer", lambda d: snt.nets.VectorQuantizer(4, 6, 0.25, dtype=d),
         lambda hk, d: hk.nets.VectorQuantizer(4, 6, 0.25, dtype=d), ((5, 3, 4),),
         lambda m, x: m(x, is_training=False),
         output=lambda out: [out["quantize"], out["loss"]]),
    Case("VectorQuantizerEMA",
         lambda d: snt.nets.VectorQuantizerEMA(4, 6, 0.25, decay=0.9, dtype=d),
         lambda hk, d: hk.nets.VectorQuantizerEMA(4, 6, 0.25, decay=0.9, dtype=d),
         ((5, 3, 4),), lambda m, x, is_training=False: m(x, is_training),
         training={"is_training": True},
         output=lambda out: [out["quantize"], out["loss"]]),
]  # fmt: skip


def _inputs(shapes, dtype):
    rng = np.random.RandomState(1)
    return [np.asarray(rng.normal(size=s), jnp.dtype(dtype)) for s in shapes]


def _numbers(tree):
    leaves = tf.nest.flatten(tree)
    return [np.asarray(x, np.float64) for x in leaves]


def _equal(ours, theirs, tolerance):
    ours, theirs = _numbers(ours), _numbers(theirs)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape and np.isfinite(b).all()
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * np.abs(b).max())


def _runs():
    for case in CASES:
        for dtype in case.dtypes:
            for hk in (haiku, haiku_core):
                yield pytest.param(
                    case, dtype, hk, id=f"{case.name}-{dtype}-{hk.__name__}"
                )


def _there_and_back(case, prefix, transformed, params, state, inputs):
    """Written for Sonnet with no original to follow, it is the same checkpoint."""
    arrays = {
        str(key): array for key, array, _ in content.of_trees(params, state).arrays()
    }
    back.write_new(
        f"{prefix}-back", arrays, transformed, inputs, case.training or {}, ()
    )
    first, second = Bundle(prefix), Bundle(f"{prefix}-back")
    assert first.keys() == second.keys()
    for key in set(first.keys()) - {GRAPH_KEY}:
        one, other = first.get(key), second.get(key)
        assert (one.dtype, one.shape) == (other.dtype, other.shape), key
        if case.rounds and key.endswith("b/.ATTRIBUTES/VARIABLE_VALUE"):
            ulp = float(ml_dtypes.finfo(one.dtype).eps)
            np.testing.assert_allclose(other, one, rtol=ulp, atol=ulp)
        else:
            assert one.tobytes() == other.tobytes(), key


@pytest.mark.parametrize("case, dtype, hk", list(_runs()))
def test_same_numbers(case, dtype, hk, tmp_path):
    with jax.enable_x64(dtype == "float64"):
        kind = tf.as_dtype(dtype)
        inputs = _inputs(case.shapes, dtype)
        tensors = [tf.constant(x) for x in inputs]
        training = case.training or {}
        evaluating = dict.fromkeys(training, False)
        if case.training is not None and not training:
            evaluating = {}  # it has no other mode
        original = case.sonnet(kind)
        case.call(original, *tensors, **training)
        randomize(original)
        prefix = save(tmp_path, module=original)

        def program(*args, **kwargs):
            return case.call(case.haiku(hk, jnp.dtype(dtype)), *args, **kwargs)

        params, state = checkpoint.convert(prefix, program, *inputs, hk=hk, **training)
        transformed = hk.transform_with_state(program)
        if dtype == case.dtypes[0]:
            _there_and_back(case, prefix, transformed, params, state, inputs)
        for mode in [evaluating, training] if training else [evaluating]:
            theirs = case.output(case.call(original, *tensors, **mode))
            ours, new = transformed.apply(params, state, None, *inputs, **mode)
            _equal(case.output(ours), theirs, TOLERANCE[dtype])
        if case.training is not None:
            after = save(tmp_path, module=original)
            _, expected = checkpoint.convert(after, program, *inputs, hk=hk, **training)
            assert expected and set(new) == set(expected)
            _equal(dict(new), expected, TOLERANCE[dtype])


@pytest.mark.parametrize("hk", [haiku, haiku_core])
def test_embed(hk, tmp_path):
    ids = np.array([[0, 3], [5, 1]], np.int32)
    original = make(lambda: snt.Embed(11, 4), tf.constant(ids))
    prefix = save(tmp_path, module=original)
    embed = lambda x: hk.Embed(11, 4)(x)  # noqa: E731
    params, _ = checkpoint.convert(prefix, embed, ids, hk=hk)
    ours = hk.transform(embed).apply(params, None, ids)
    np.testing.assert_array_equal(ours, original(tf.constant(ids)))


def test_a_wrong_gate_order_is_seen(tmp_path, monkeypatch):
    """The random weights tell a permutation of the gates from the right one."""
    case = next(c for c in CASES if c.name == "LSTM")
    monkeypatch.setattr(layout, "swap_gates", lambda array: array.copy())
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        test_same_numbers(case, "float64", haiku_core, tmp_path)


def test_a_missing_flip_is_seen(tmp_path, monkeypatch):
    case = next(c for c in CASES if c.name.startswith("Conv2DTranspose"))
    same = layout.LAYOUTS["Linear"]
    monkeypatch.setitem(layout.LAYOUTS, "Conv2DTranspose", same)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        test_same_numbers(case, "float64", haiku_core, tmp_path)


def test_fused_batch_norm_in_float32(tmp_path):
    """Rank four goes through TensorFlow's fused kernel, which has no float64."""
    case = _batch_norm((4, 5, 6, 3), "channels_last", ("float32",))
    case.haiku = lambda hk, _: hk.sonnet.BatchNorm(True, True, decay_rate=0.9)
    test_same_numbers(case, "float32", haiku_core, tmp_path)


SONNET_LAYERS = [
    Case("sonnet.LSTM", lambda d: snt.LSTM(6, projection_size=3, dtype=d),
         lambda hk, d: hk.sonnet.LSTM(6, projection_size=3, dtype=d),
         ((4, 5), (4, 3), (4, 6)), _recurrent),
    Case("sonnet.BatchNorm", lambda _: snt.BatchNorm(False, True, decay_rate=0.9),
         lambda hk, _: hk.sonnet.BatchNorm(False, True, decay_rate=0.9), ((4, 5, 3),),
         training={"is_training": True}),
    Case("sonnet.MLP", lambda _: snt.nets.MLP([5, 2]),
         lambda hk, _: hk.sonnet.MLP([5, 2]), ((4, 3),)),
    Case("sonnet.Cifar10ConvNet",
         lambda _: snt.nets.Cifar10ConvNet(5, output_channels=(4, 6), strides=(1, 2)),
         lambda hk, _: hk.sonnet.Cifar10ConvNet(5, output_channels=(4, 6),
                                                strides=(1, 2)),
         ((2, 8, 8, 3),), training={"is_training": True}, dtypes=("float32",),
         output=lambda out: out["logits"]),
    Case("sonnet.Sum", lambda _: snt.Sum(), lambda hk, _: hk.sonnet.Sum(), ((4, 3),),
         training={}),
    Case("sonnet.Mean", lambda _: snt.Mean(), lambda hk, _: hk.sonnet.Mean(),
         ((4, 3),), training={}),
    Case("sonnet.ExponentialMovingAverage",
         lambda _: snt.ExponentialMovingAverage(0.9),
         lambda hk, _: hk.sonnet.ExponentialMovingAverage(0.9), ((4, 3),),
         training={}),
    Case("sonnet.ParallelLinears", lambda _: ParallelLinears(4),
         lambda hk, _: hk.sonnet.ParallelLinears(4), ((3, 5, 6),)),
    Case("sonnet.VanillaRNN", lambda d: snt.VanillaRNN(6, dtype=d),
         lambda hk, d: hk.sonnet.VanillaRNN(6, dtype=d), ((4, 3), (4, 6)), _recurrent),
    Case("sonnet.GRU", lambda d: snt.GRU(6, dtype=d),
         lambda hk, d: hk.sonnet.GRU(6, dtype=d), ((4, 3), (4, 6)), _recurrent),
    Case("sonnet.Conv2DTranspose",
         lambda _: snt.Conv2DTranspose(4, 3, stride=2, padding="VALID"),
         lambda hk, _: hk.sonnet.Conv2DTranspose(4, 3, stride=2, padding="VALID"),
         ((2, 5, 6, 3),)),
    Case("sonnet.DepthwiseConv2D",
         lambda _: snt.DepthwiseConv2D(3, channel_multiplier=2),
         lambda hk, _: hk.sonnet.DepthwiseConv2D(3, channel_multiplier=2),
         ((2, 5, 6, 3),)),
    Case("sonnet.Conv2DLSTM", lambda d: snt.Conv2DLSTM((5, 6, 3), 4, 3, dtype=d),
         lambda hk, d: hk.sonnet.Conv2DLSTM((5, 6, 3), 4, 3, dtype=d),
         ((2, 5, 6, 3), (2, 5, 6, 4), (2, 5, 6, 4)), _recurrent),
    Case("sonnet.LayerNorm channels first",
         lambda _: snt.LayerNorm(1, True, True, data_format="channels_first"),
         lambda hk, _: hk.sonnet.LayerNorm(1, True, True,
                                           data_format="channels_first"),
         ((4, 6, 5),)),
    Case("sonnet.CrossReplicaBatchNorm",
         lambda _: snt.distribute.CrossReplicaBatchNorm(
             True, True, snt.ExponentialMovingAverage(0.9, name="mean"),
             snt.ExponentialMovingAverage(0.9, name="variance")),
         lambda hk, _: hk.sonnet.CrossReplicaBatchNorm(
             True, True, hk.sonnet.ExponentialMovingAverage(0.9),
             hk.sonnet.ExponentialMovingAverage(0.9)),
         ((4, 5, 3),), training={"is_training": True}),
    Case("sonnet.VectorQuantizerEMA",
         lambda d: snt.nets.VectorQuantizerEMA(4, 6, 0.25, decay=0.9, dtype=d),
         lambda hk, d: hk.sonnet.VectorQuantizerEMA(4, 6, 0.25, decay=0.9, dtype=d),
         ((5, 3, 4),), lambda m, x, is_training=False: m(x, is_training),
         training={"is_training": True},
         output=lambda out: [out["quantize"], out["loss"]]),
    Case("sonnet.ResNet", lambda _: snt.nets.ResNet([1, 1, 1, 1], 5),
         lambda hk, _: hk.sonnet.ResNet([1, 1, 1, 1], 5), ((2, 16, 16, 3),),
         lambda m, x: m(x, False), dtypes=("float32",)),
    Case("sonnet.deep_rnn_with_residual_connections",
         lambda d: snt.deep_rnn_with_residual_connections(
             [snt.VanillaRNN(4, dtype=d), snt.GRU(4, dtype=d)]),
         lambda hk, d: hk.sonnet.deep_rnn_with_residual_connections(
             [hk.sonnet.VanillaRNN(4, dtype=d), hk.GRU(4)]),
         ((3, 4), (3, 4), (3, 4)), lambda m, x, a, b: m(x, (a, b))),
]  # fmt: skip


@pytest.fixture(scope="module", params=["haiku_core", "haiku"])
def with_sonnet(request, tmp_path_factory):
    """haiku_core, and dm-haiku with a copy of `haiku_core.sonnet` beside it."""
    if request.param == "haiku_core":
        return haiku_core
    layers = on_dm_haiku("haiku_core.sonnet", tmp_path_factory.mktemp("copied"))
    return types.SimpleNamespace(**vars(haiku), sonnet=layers)


@pytest.mark.parametrize("case", SONNET_LAYERS, ids=lambda c: c.name)
def test_layers_in_sonnets_own_layout(case, with_sonnet, tmp_path):
    test_same_numbers(case, case.dtypes[0], with_sonnet, tmp_path)


class Nets(NamedTuple):
    """The parts of a module, by name."""

    first: object
    second: object


def test_containers_of_modules(tmp_path):
    """Lists, dictionaries, tuples with and without names, there and back."""

    def chain(net, x):
        first, pair = net._listed
        x = pair[1](pair[0](first(x)))
        return net._named.second[0](net._named.first["inner"](x))

    class Original(snt.Module):
        def __init__(self):
            super().__init__(name="net")
            self._listed = [snt.Linear(3), (snt.Linear(4), snt.Linear(3))]
            self._named = Nets({"inner": snt.Linear(5)}, [snt.Linear(2)])

        def __call__(self, x):
            return chain(self, x)

    class Migrated(haiku.Module):
        def __init__(self):
            super().__init__(name="net")
            self._listed = [haiku.Linear(3), (haiku.Linear(4), haiku.Linear(3))]
            self._named = Nets({"inner": haiku.Linear(5)}, [haiku.Linear(2)])

        def __call__(self, x):
            return chain(self, x)

    x = _inputs([(4, 3)], "float32")[0]
    original = make(Original, tf.constant(x))
    prefix = save(tmp_path, net=original)
    transformed = haiku.transform_with_state(lambda x: Migrated()(x))
    params, state = checkpoint.convert(prefix, transformed, x)
    out, _ = transformed.apply(params, state, None, x)
    _equal(out, original(tf.constant(x)), 2e-6)
    arrays = content.of_trees(params, state).arrays()
    values = {str(key): array for key, array, _ in arrays}
    back.write_new(tmp_path / "back", values, transformed, [x], {}, "net")
    other = make(Original, tf.constant(x), seed=1)
    restored = tf.train.Checkpoint(net=other).restore(str(tmp_path / "back"))
    restored.assert_existing_objects_matched()
    np.testing.assert_array_equal(original(x), other(x))


def test_rounding_is_told(tmp_path):
    def build():
        return snt.LSTM(3)

    original = build()
    original(tf.zeros([1, 2]), original.initial_state(1))
    prefix = save(tmp_path, module=original)

    def program(hk_class):
        core = hk_class(3)
        core(jnp.zeros([1, 2]), core.initial_state(1))

    for core, told in ((haiku.LSTM, True), (haiku_core.sonnet.LSTM, False)):
        hk = haiku if told else haiku_core
        plan = checkpoint.make_plan(prefix, lambda core=core: program(core), hk=hk)
        assert plan.complete
        assert any("rounded once" in note for note in plan.notes) == told


@pytest.mark.parametrize("template", ["array", "tuple", "lstm"])
def test_trainable_state(template, tmp_path):
    rng = np.random.RandomState(0)
    values = [rng.normal(size=s).astype(np.float32) for s in ((3,), (2, 2))]
    nests = {
        "array": lambda: values[0],
        "tuple": lambda: (values[0], [values[1]]),
        "lstm": lambda: values,
    }
    ours, theirs = nests[template](), nests[template]()
    if template == "lstm":
        theirs = snt.LSTMState(*map(tf.constant, values))
        ours = haiku_core.LSTMState(*values)
    original = make(lambda: snt.TrainableState(theirs), 4)
    prefix = save(tmp_path, module=original)
    program = lambda: haiku_core.sonnet.TrainableState(ours)(4)  # noqa: E731
    params, _ = checkpoint.convert(prefix, program, hk=haiku_core)
    apply = haiku_core.transform(program).apply
    _equal(list(jax.tree.leaves(apply(params, None))), original(4), 0)
