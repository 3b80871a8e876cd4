"""Layers in Sonnet's own layout: `haiku_core.sonnet`, and a copy of it on dm-haiku."""

from __future__ import annotations

import types
from typing import NamedTuple

import haiku
import jax
import numpy as np
import pytest
from sonnet.src.parallel_linear import ParallelLinears

import haiku_core
from migrate import checkpoint
from migrate.checkpoint._src import back, content
from tests.migrate.checkpoint.layer_cases import (
    Case,
    assert_equal,
    check_numbers,
    example_inputs,
    recurrent,
)
from tests.migrate.checkpoint.sonnet_side import make, save, snt, tf
from tests.support.copied import on_dm_haiku

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype"),
]

SONNET_LAYERS = [
    Case("sonnet.LSTM", lambda d: snt.LSTM(6, projection_size=3, dtype=d),
         lambda hk, d: hk.sonnet.LSTM(6, projection_size=3, dtype=d),
         ((4, 5), (4, 3), (4, 6)), recurrent),
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
         lambda hk, d: hk.sonnet.VanillaRNN(6, dtype=d), ((4, 3), (4, 6)), recurrent),
    Case("sonnet.GRU", lambda d: snt.GRU(6, dtype=d),
         lambda hk, d: hk.sonnet.GRU(6, dtype=d), ((4, 3), (4, 6)), recurrent),
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
         ((2, 5, 6, 3), (2, 5, 6, 4), (2, 5, 6, 4)), recurrent),
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
    check_numbers(case, case.dtypes[0], with_sonnet, tmp_path)


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

    x = example_inputs([(4, 3)], "float32")[0]
    original = make(Original, tf.constant(x))
    prefix = save(tmp_path, net=original)
    transformed = haiku.transform_with_state(lambda x: Migrated()(x))
    params, state = checkpoint.convert(prefix, transformed, x)
    out, _ = transformed.apply(params, state, None, x)
    assert_equal(out, original(tf.constant(x)), 2e-6)
    arrays = content.of_trees(params, state).arrays()
    values = {str(key): array for key, array, _ in arrays}
    back.write_new(tmp_path / "back", values, transformed, [x], {}, "net")
    other = make(Original, tf.constant(x), seed=1)
    restored = tf.train.Checkpoint(net=other).restore(str(tmp_path / "back"))
    restored.assert_existing_objects_matched()
    np.testing.assert_array_equal(original(x), other(x))


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
    assert_equal(list(jax.tree.leaves(apply(params, None))), original(4), 0)
