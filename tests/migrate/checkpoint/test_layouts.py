"""Every Sonnet module with variables: saved by TensorFlow, converted, same numbers."""

from __future__ import annotations

import haiku
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import haiku_core
from compat import layout
from migrate import checkpoint
from tests.migrate.checkpoint.layer_cases import Case, check_numbers, recurrent
from tests.migrate.checkpoint.sonnet_side import make, save, snt, tf

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype"),
]


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
        recurrent,
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
         ((4, 3), (4, 6), (4, 6)), recurrent,
         dtypes=("float64", "float32", "bfloat16")),
    Case("LSTM with forget_bias 2.5", lambda d: snt.LSTM(6, forget_bias=2.5, dtype=d),
         lambda hk, _: hk.LSTM(6), ((4, 3), (4, 6), (4, 6)), recurrent),
    Case("GRU", lambda d: snt.GRU(6, dtype=d), lambda hk, _: hk.GRU(6),
         ((4, 3), (4, 6)), recurrent, dtypes=("float64", "float32")),
    Case("VanillaRNN", lambda d: snt.VanillaRNN(6, activation=tf.nn.relu, dtype=d),
         lambda hk, _: hk.VanillaRNN(6), ((4, 3), (4, 6)), recurrent),
    Case("VanillaRNN, one bias",
         lambda d: snt.VanillaRNN(6, activation=tf.nn.relu, dtype=d),
         lambda hk, _: hk.VanillaRNN(6, double_bias=False), ((4, 3), (4, 6)),
         recurrent),
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


def _runs():
    for case in CASES:
        for dtype in case.dtypes:
            for hk in (haiku, haiku_core):
                yield pytest.param(
                    case, dtype, hk, id=f"{case.name}-{dtype}-{hk.__name__}"
                )


@pytest.mark.parametrize("case, dtype, hk", list(_runs()))
def test_same_numbers(case, dtype, hk, tmp_path):
    check_numbers(case, dtype, hk, tmp_path)


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
        check_numbers(case, "float64", haiku_core, tmp_path)


def test_a_missing_flip_is_seen(tmp_path, monkeypatch):
    case = next(c for c in CASES if c.name.startswith("Conv2DTranspose"))
    same = layout.LAYOUTS["Linear"]
    monkeypatch.setitem(layout.LAYOUTS, "Conv2DTranspose", same)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check_numbers(case, "float64", haiku_core, tmp_path)


def test_fused_batch_norm_in_float32(tmp_path):
    """Rank four goes through TensorFlow's fused kernel, which has no float64."""
    case = _batch_norm((4, 5, 6, 3), "channels_last", ("float32",))
    case.haiku = lambda hk, _: hk.sonnet.BatchNorm(True, True, decay_rate=0.9)
    check_numbers(case, "float32", haiku_core, tmp_path)


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
