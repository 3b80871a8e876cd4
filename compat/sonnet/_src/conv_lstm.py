"""Convolutional long short-term memory (Shi et al. 2015, 1506.04214)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from compat.dictionary import Static, T, module
from compat.runtime.dtypes import float32
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable
from compat.sonnet._src import initializers
from compat.sonnet._src.base import ModuleMetaclass
from compat.sonnet._src.conv import Conv1D, Conv2D, Conv3D
from compat.sonnet._src.cores import RNNCore, require_dtype, zeros
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.layer import layer
from compat.sonnet._src.lstm import LSTMState, forget_open
from compat.sonnet._src.once import once
from compat.sonnet._src.variants import takes_the_same, with_defaults
from haiku_core import layers


@layer("x", "hidden", "cell", "w_i", "w_h", "b")
def _conv_lstm(x: T, hidden: T, cell: T, w_i: T, w_h: T, b: T, *, last: Static):
    ones = (1,) * (x.ndim - 2)
    gates = [
        layers.conv(a, w, stride=ones, padding="SAME", rate=ones, channels_last=last)
        for a, w in ((x, w_i), (hidden, w_h))
    ]
    axis = -1 if last else 1
    total = layers.add_vector(gates[0] + gates[1], b, axis)
    cell = jnp.broadcast_to(cell, total.shape[:1] + cell.shape[1:])
    return layers.lstm_gates_ifgo(total, cell, axis)


class ConvNDLSTM(metaclass=ModuleMetaclass):
    """What the convolutional LSTMs share."""

    _conv: type

    def __init__(
        self,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        data_format: str = "",  # by class
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name)
        self._num_spatial_dims = self._conv._num_spatial_dims
        self._input_shape = list(input_shape)
        self._channel_index = 1 if data_format.startswith("NC") else -1
        self._output_channels = output_channels
        self._b_init = initializers.or_zeros(b_init)
        self._forget_bias = forget_bias
        self._dtype = dtype
        self._input_to_hidden, self._hidden_to_hidden = (
            self._conv(
                4 * output_channels,
                kernel_shape,
                with_bias=False,
                w_init=init,
                data_format=data_format,
                name=part,
            )
            for part, init in (
                ("input_to_hidden", w_i_init),
                ("hidden_to_hidden", w_h_init),
            )
        )

    @property
    def input_to_hidden(self) -> Variable:
        """[*kernel, input, 4 output], blocks i, f, g, o."""
        return self._input_to_hidden.w

    @property
    def hidden_to_hidden(self) -> Variable:
        """[*kernel, output, 4 output]."""
        return self._hidden_to_hidden.w

    @once
    def _initialize(self, inputs: Tensor) -> None:
        dtype = require_dtype(inputs, self._dtype)
        b = self._b_init([4 * self._output_channels], dtype)
        self.b = Variable(forget_open(b, self._forget_bias), name="b")

    def __call__(self, inputs: Any, prev_state: LSTMState) -> tuple[Tensor, LSTMState]:
        """[batch, *spatial, input] and the state to (hidden, new state)."""
        inputs, hidden = convert(inputs), convert(prev_state.hidden)
        self._initialize(inputs)
        self._input_to_hidden._initialize(inputs)
        self._hidden_to_hidden._initialize(hidden)
        hidden, cell = _conv_lstm(
            inputs,
            hidden,
            prev_state.cell,
            self._input_to_hidden.w,
            self._hidden_to_hidden.w,
            self.b,
            last=self._channel_index == -1,
        )
        return hidden, LSTMState(hidden=hidden, cell=cell)

    def initial_state(self, batch_size: Any) -> LSTMState:
        """Zeros."""
        shape = list(self._input_shape)
        shape[self._channel_index if self._channel_index < 0 else 0] = (
            self._output_channels
        )
        shape = [batch_size, *shape]
        return LSTMState(
            hidden=zeros(shape, self._dtype), cell=zeros(shape, self._dtype)
        )


@module("snt.Conv1DLSTM")
class Conv1DLSTM(ConvNDLSTM, RNNCore):
    """An LSTM whose products are convolutions over one spatial axis (1506.04214)."""

    _conv = Conv1D

    __init__ = with_defaults(ConvNDLSTM.__init__, data_format="NWC")


takes_the_same(Conv1DLSTM.entry, "hk.sonnet.Conv1DLSTM")


@module("snt.Conv2DLSTM")
class Conv2DLSTM(ConvNDLSTM, RNNCore):
    """An LSTM whose products are convolutions over two spatial axes (1506.04214)."""

    _conv = Conv2D

    __init__ = with_defaults(ConvNDLSTM.__init__, data_format="NHWC")


takes_the_same(Conv2DLSTM.entry, "hk.sonnet.Conv2DLSTM")


@module("snt.Conv3DLSTM")
class Conv3DLSTM(ConvNDLSTM, RNNCore):
    """An LSTM whose products are convolutions over three spatial axes (1506.04214)."""

    _conv = Conv3D

    __init__ = with_defaults(ConvNDLSTM.__init__, data_format="NDHWC")


takes_the_same(Conv3DLSTM.entry, "hk.sonnet.Conv3DLSTM")
