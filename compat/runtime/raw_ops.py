"""The few `tf.raw_ops` that Sonnet's own sources call by name."""

from __future__ import annotations

import collections
import functools
from typing import Any

import jax
import jax.numpy as jnp

from compat.runtime.errors import UnimplementedError
from compat.runtime.export import export
from compat.runtime.plans import Plan, run
from compat.runtime.tensor import convert

LSTMOutputs = collections.namedtuple("BlockLSTM", "i cs f o ci co h")


@functools.cache
def _block_lstm(forget_bias: float, cell_clip: float, use_peephole: bool) -> Plan:
    def block_lstm(length, x, cs, h, w, wci, wcf, wco, b):
        def step(carry, row):
            time, x_t = row
            c_before, h_before = carry
            gates = jnp.concatenate([x_t, h_before], 1) @ w + b
            i, f, g, o = jnp.split(gates, 4, axis=1)
            if use_peephole:
                i, f = i + wci * c_before, f + wcf * c_before
            i, f = jax.nn.sigmoid(i), jax.nn.sigmoid(f + forget_bias)
            g = jnp.tanh(g)
            c = f * c_before + i * g
            if cell_clip > 0:
                c = jnp.clip(c, -cell_clip, cell_clip)
            if use_peephole:
                o = o + wco * c
            o = jax.nn.sigmoid(o)
            co = jnp.tanh(c)
            out = o * co
            past = time >= length
            zero = jnp.zeros_like(c)
            kept = [jnp.where(past, zero, v) for v in (i, c, f, o, g, co, out)]
            return (kept[1], kept[6]), kept

        times = jnp.arange(x.shape[0], dtype="int64")
        _, outputs = jax.lax.scan(step, (cs, h), (times, x))
        return LSTMOutputs(*outputs)

    return Plan(block_lstm, "tf.raw_ops.BlockLSTMV2")


@export("tf.raw_ops.BlockLSTMV2")
def block_lstm_v2(
    seq_len_max: Any,
    x: Any,
    cs_prev: Any,
    h_prev: Any,
    w: Any,
    wci: Any,
    wcf: Any,
    wco: Any,
    b: Any,
    cell_clip: float = 0,
    use_peephole: bool = False,
    name: Any = None,
) -> LSTMOutputs:
    """An LSTM over [time, batch, input]; gates in the order i, f, g, o.

    Steps from `seq_len_max` on give zeros.
    """
    arguments = [seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b]
    plan = _block_lstm(0.0, float(cell_clip), bool(use_peephole))
    return run(plan, [convert(a) for a in arguments])


@export("tf.raw_ops.CudnnRNN")
def cudnn_rnn(**unused: Any) -> Any:
    """Raises UnimplementedError: it is a kernel for NVIDIA's GPUs."""
    raise UnimplementedError(
        "tf.raw_ops.CudnnRNN runs on TensorFlow's GPU kernels only"
    )


BatchNormOutputs = collections.namedtuple(
    "FusedBatchNorm",
    "y batch_mean batch_variance reserve_space_1 reserve_space_2",
)


@functools.cache
def _fused_batch_norm(epsilon: float, channels: int, training: bool) -> Plan:
    def fused_batch_norm(x, scale, offset, mean, variance):
        axes = tuple(a for a in range(x.ndim) if a != channels)
        shape = [1] * x.ndim
        shape[channels] = x.shape[channels]
        wide = x.astype("float32")
        if training:
            mean = jnp.mean(wide, axes)
            variance = jnp.mean(jnp.square(wide - mean.reshape(shape)), axes)
        scaled = scale * jax.lax.rsqrt(variance + epsilon)
        y = (wide - mean.reshape(shape)) * scaled.reshape(shape)
        y = (y + offset.reshape(shape)).astype(x.dtype)
        count = x.size // x.shape[channels]
        unbiased = variance * (count / max(count - 1, 1)) if training else variance
        return BatchNormOutputs(y, mean, unbiased, mean, variance)

    return Plan(fused_batch_norm, "tf.raw_ops.FusedBatchNormV2")


@export("tf.raw_ops.FusedBatchNormV2")
def fused_batch_norm_v2(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any,
    variance: Any,
    epsilon: float = 0.0001,
    exponential_avg_factor: float = 1,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: Any = None,
) -> BatchNormOutputs:
    """Batch normalization; the returned variance is the unbiased one in training."""
    plan = _fused_batch_norm(
        float(epsilon), 3 if data_format == "NHWC" else 1, bool(is_training)
    )
    return run(plan, [convert(a) for a in (x, scale, offset, mean, variance)])
