"""How Sonnet 1 named its modules and variables, and laid the variables out.

It ran on TensorFlow 1, whose checkpoints know names only. Its cells kept all gates of a
step in one matrix and added one to the forget gate when they ran.
"""

from __future__ import annotations

import functools
import re

import numpy as np

from compat.layout import (
    BIAS_AXES,
    NORM_AXES,
    Placement,
    Reshape,
    shift_forget,
    swap_gates,
)

# So many steps that a debiased average no longer differs from a plain one.
LONG_AGO = 1 << 30
# Haiku's default names, less their underscores, where Sonnet 1 had others.
_OTHERWISE = {
    "bias": "add",
    "depthwiseconv2d": "conv2ddepthwise",
    "vectorquantizer": "vqlayer",
    "vectorquantizerema": "vqlayer",
}


def is_called(theirs: str, ours: str) -> bool:
    """Whether Sonnet 1 called ``theirs`` what Haiku calls ``ours``.

    The two put underscores into class names otherwise: ``conv_2d_1`` is ``conv2_d_1``.
    """
    (one, number), (other, same) = _squeezed(theirs), _squeezed(ours)
    return number == same and one in (other, _OTHERWISE.get(other))


@functools.cache
def _squeezed(name: str) -> tuple[str, str]:
    """A name without underscores, and the number behind its last one."""
    base, number = re.fullmatch(r"(.*?)(?:_(\d+))?", name).groups()
    return base.replace("_", ""), number or ""


def _moved(source: str, target: str, reshape: Reshape = BIAS_AXES) -> Placement:
    return Placement((source,), (target,), reshape=reshape)


def _plain_average(arrays, shapes):
    """TensorFlow 1 kept the average alone, without debiasing."""
    (average,) = arrays
    count = np.asarray(LONG_AGO, np.int32)
    return average.reshape(shapes[0]), average.reshape(shapes[1]), count


def _side_by_side(arrays, shapes):
    del shapes
    return (np.concatenate(arrays, axis=-1),)


def _summed(arrays, shapes):
    del shapes
    return (arrays[0] + arrays[1],)


def _split_gates(arrays, shapes):
    """One matrix for inputs and state, as two in Sonnet 2's order of gates."""
    w = swap_gates(arrays[0])
    rows = shapes[0][0]
    return w[:rows], w[rows:]


def _gate_bias(arrays, shapes):
    """The bias in Sonnet 2's order of gates, with the one that was added later."""
    del shapes
    return (swap_gates(shift_forget(sum(arrays[1:], arrays[0]), 1.0)),)


def _gates(arrays, shapes):
    del shapes
    return (swap_gates(arrays[0]),)


_GAINS = (
    _moved("gamma", "params:scale", NORM_AXES),
    _moved("beta", "params:offset", NORM_AXES),
)
_HAIKU_LSTM = (
    _moved("w_gates", "params:linear/w"),
    _moved("b_gates", "params:linear/b"),
)
_SONNET_LSTM = (
    Placement(("w_gates",), ("params:w_i", "params:w_h"), _split_gates),
    Placement(("b_gates",), ("params:b",), _gate_bias),
)
_GRU = tuple(
    Placement(tuple(f"{letter}{gate}" for gate in "zrh"), (target,), _side_by_side)
    for letter, target in (("w", "params:w_i"), ("u", "params:w_h"), ("b", "params:b"))
)
_HAIKU_VANILLA = tuple(
    _moved(f"{source}/{name}", f"params:{target}/{name}")
    for source, target in (("in_to_hidden", "linear"), ("hidden_to_hidden", "linear_1"))
    for name in "wb"
)
_SONNET_VANILLA = (
    _moved("in_to_hidden/w", "params:input_to_hidden/w"),
    _moved("hidden_to_hidden/w", "params:hidden_to_hidden/w"),
    Placement(("in_to_hidden/b", "hidden_to_hidden/b"), ("params:b",), _summed),
)
_CONVS = (("conv", "input_to_hidden"), ("conv_1", "hidden_to_hidden"))
_HAIKU_CONV_LSTM = tuple(
    _moved(f"{source}/{name}", f"params:{target}/{name}")
    for source, target in _CONVS
    for name in "wb"
)
_SONNET_CONV_LSTM = (
    *(
        Placement((f"{source}/w",), (f"params:{target}/w",), _gates)
        for source, target in _CONVS
    ),
    Placement(("conv/b", "conv_1/b"), ("params:b",), _gate_bias),
)
_QUANTIZER = tuple(_moved("embedding", f"{c}:embeddings") for c in ("params", "state"))

# Haiku's class → where its arrays come from, for each layout that it may have: Haiku's
# own and Sonnet 2's.
CLASSES: dict[str, tuple[tuple[Placement, ...], ...]] = {
    "BatchNorm": (_GAINS,),
    "LayerNorm": (_GAINS,),
    "LSTM": (_HAIKU_LSTM, _SONNET_LSTM),
    "UnrolledLSTM": (_SONNET_LSTM,),
    "GRU": (_GRU,),
    "VanillaRNN": (_HAIKU_VANILLA, _SONNET_VANILLA),
    **{f"Conv{n}DLSTM": (_HAIKU_CONV_LSTM, _SONNET_CONV_LSTM) for n in (1, 2, 3)},
    "VectorQuantizer": (_QUANTIZER,),
    "VectorQuantizerEMA": (_QUANTIZER,),
}
AVERAGE = Placement(
    (), ("state:hidden", "state:average", "state:counter"), _plain_average
)
# The last parts of names that TensorFlow 1's optimizers and averages made.
SLOTS = re.compile(
    r"(^|/)(Adam|RMSProp|Momentum|Adagrad|Ftrl|ExponentialMovingAverage)(_\d+)?$"
    r"|(^|/)beta[12]_power$"
)
