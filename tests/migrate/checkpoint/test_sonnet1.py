"""Layers of Sonnet 1: a checkpoint that it wrote, and the numbers that it computed.

`fixtures/make_sonnet1.py` made both.
"""

from __future__ import annotations

import pathlib

import haiku
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import fixtures
import haiku_core
from compat.bundle import Bundle, writing_bundle
from haiku_core import objects
from migrate import checkpoint
from migrate.checkpoint._src import sonnet1
from migrate.errors import UserError

FOLDER = pathlib.Path(fixtures.__file__).parent / "sonnet1"
RECORDED = np.load(FOLDER / "recorded.npz")


def lstm(hk, core):
    return lambda x, h, c: core()(x, hk.LSTMState(h, c))


def network(hk):
    def call(x, is_training=False):
        x = jax.nn.relu(hk.Conv2D(4, 3)(x))
        x = hk.BatchNorm(False, True, 0.999, eps=1e-3)(x, is_training)
        x = hk.Flatten()(hk.Conv2D(5, 3, stride=2)(x))
        return hk.nets.MLP([5, 3])(x)

    return call


def batch_norm(hk, create_scale):
    def call(x, is_training=False):
        return hk.BatchNorm(create_scale, True, 0.999, eps=1e-3)(x, is_training)

    return call


def programs(hk):
    """The layers as Haiku has them."""
    quantizer = hk.nets.VectorQuantizer
    return {
        "linear": lambda x: hk.Linear(5)(x),
        "mlp": lambda x: hk.nets.MLP([5, 2])(x),
        "add_bias": lambda x: hk.Bias()(x),
        "embed": lambda x: hk.Embed(11, 3)(x.astype(jnp.int32)),
        "conv_1d": lambda x: hk.Conv1D(4, 3)(x),
        "conv_2d": lambda x: hk.Conv2D(4, 3, stride=2)(x),
        "conv_3d": lambda x: hk.Conv3D(4, 3)(x),
        "transposed": lambda x: hk.Conv2DTranspose(4, 3, stride=2)(x),
        "depthwise": lambda x: hk.DepthwiseConv2D(2, 3)(x),
        "layer_norm": lambda x: hk.LayerNorm(-1, True, True)(x),
        "batch_norm": batch_norm(hk, True),
        "batch_norm_of_images": batch_norm(hk, False),
        "lstm": lstm(hk, lambda: hk.LSTM(6)),
        "gru": lambda x, h: hk.GRU(6)(x, h),
        "conv_1d_lstm": lstm(hk, lambda: hk.Conv1DLSTM((5,), 4, 3)),
        "conv_2d_lstm": lstm(hk, lambda: hk.Conv2DLSTM((5, 4), 4, 3)),
        "quantizer": lambda x: quantizer(4, 6, 0.25)(x, False)["quantize"],
        "network": network(hk),
    }


def programs_of_sonnet():
    """The layers that have another layout in `haiku_core.sonnet`."""
    hk, sonnet = haiku_core, haiku_core.sonnet
    return {
        "lstm": lstm(hk, lambda: sonnet.LSTM(6)),
        "gru": lambda x, h: sonnet.GRU(6)(x, h),
        "vanilla_rnn": lambda x, h: sonnet.VanillaRNN(6)(x, h),
        "conv_1d_lstm": lstm(hk, lambda: sonnet.Conv1DLSTM((5, 3), 4, 3)),
        "conv_2d_lstm": lstm(hk, lambda: sonnet.Conv2DLSTM((5, 4, 3), 4, 3)),
        "transposed": lambda x: sonnet.Conv2DTranspose(4, 3, stride=2)(x),
        "depthwise": lambda x: sonnet.DepthwiseConv2D(3, channel_multiplier=2)(x),
    }


CASES = [
    *(pytest.param(haiku, p, n, id=f"haiku-{n}") for n, p in programs(haiku).items()),
    *(
        pytest.param(haiku_core, p, n, id=f"haiku_core-{n}")
        for n, p in programs(haiku_core).items()
    ),
    *(
        pytest.param(haiku_core, p, n, id=f"sonnet-{n}")
        for n, p in programs_of_sonnet().items()
    ),
]


def alone(name, folder, **more):
    """The checkpoint of one case."""
    whole = Bundle(FOLDER / "layers-1")
    with writing_bundle(folder / name) as writer:
        for key in whole.keys():
            if key.startswith(f"{name}/"):
                writer.add(key, whole.get(key))
        for key, array in more.items():
            writer.add(key, array)
    return folder / name


def numbers(name, kind):
    count = sum(key.startswith(f"{name}.{kind}") for key in RECORDED.files)
    return [RECORDED[f"{name}.{kind}{i}"] for i in range(count)]


@pytest.mark.parametrize("hk, program, name", CASES)
def test_same_numbers(hk, program, name, tmp_path):
    inputs = numbers(name, "in")
    prefix = alone(name, tmp_path)
    plan = checkpoint.make_plan(prefix, program, *inputs, hk=hk)
    assert plan.complete, plan.summary()
    params, state = checkpoint.convert(prefix, program, *inputs, hk=hk)
    apply = hk.transform_with_state(program).apply
    out, _ = apply(params, state, None, *inputs)
    for ours, theirs in zip(jax.tree.leaves(out), numbers(name, "out"), strict=False):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-6 * scale)


def test_a_variable_that_haiku_can_not_use_is_refused(tmp_path):
    prefix = alone("peepholes", tmp_path)
    program = lstm(haiku, lambda: haiku.LSTM(6))
    with pytest.raises(UserError, match="unexpected: peepholes/lstm/w_f_diag"):
        checkpoint.convert(prefix, program, *numbers("peepholes", "in"), hk=haiku)


def test_slots_of_optimizers_are_told(tmp_path):
    """Beside a variable its slots, under names that TensorFlow 1 gave them."""
    names = ("linear/linear/w/Adam", "linear/linear/w/Adam_1", "beta1_power")
    more = {name: np.zeros([], np.float32) for name in names}
    prefix = alone("linear", tmp_path, **more)
    program, x = programs(haiku)["linear"], np.zeros((4, 3))
    plan = checkpoint.make_plan(prefix, program, x, hk=haiku)
    reasons = {p.subject: p.reason for p in plan.unexpected}
    assert reasons.keys() == set(names)
    assert all("TensorFlow 1; --ignore '*" in reason for reason in reasons.values())
    ignore = ["*Adam", "*Adam_1", "*beta1_power"]
    plan = checkpoint.make_plan(prefix, program, x, hk=haiku, ignore=ignore)
    assert plan.complete


def test_what_names_can_not_tell(tmp_path):
    prefix, program = alone("linear", tmp_path), programs(haiku)["linear"]
    options = {"hk": haiku, "optimizer": optax.adam(1e-3)}
    with pytest.raises(UserError, match="knows names only.*without --optimizer"):
        checkpoint.convert(prefix, program, np.zeros((4, 3)), **options)
    with pytest.raises(UserError, match="knows names only.*one by one"):
        checkpoint.restore(prefix, {"step": objects.Box(0)})


@pytest.mark.parametrize("theirs, ours, same", [
    ("conv_2d", "conv2_d", True), ("conv_2d_1", "conv2_d_1", True),
    ("conv_2d_1", "conv2_d", False), ("conv_2d_lstm", "conv2_dlstm", True),
    ("conv_2d_depthwise_2", "depthwise_conv2_d_2", True), ("add", "bias", True),
    ("conv_1d", "conv2_d", False), ("linear_11", "linear_1_1", False),
])  # fmt: skip
def test_names(theirs, ours, same):
    assert sonnet1.is_called(theirs, ours) == same
