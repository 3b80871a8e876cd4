"""Recurrent cores: one step of a network with a state."""

from __future__ import annotations

import abc
import collections
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import MODULE, Ignored, Kind, module, op, structural, value
from compat.sonnet._src.base import Module, float32, tanh
from compat.sonnet._src.initializers import Initializer

structural(
    "snt.RNNCore", rule="module_class", returns=Kind("class")
).spelling = "hk.RNNCore"
structural(
    "snt.UnrolledRNN", rule="module_class", returns=Kind("class")
).spelling = "hk.sonnet.UnrolledRNN"
value("snt.LSTMState", spelling="hk.LSTMState", returns=Kind("class"))

LSTMState = collections.namedtuple("LSTMState", ("hidden", "cell"))


class RNNCore(Module, metaclass=abc.ABCMeta):
    """A step: `(inputs, state) -> (outputs, new state)`, and where a state starts."""


class UnrolledRNN(Module, metaclass=abc.ABCMeta):
    """A whole sequence: `(inputs, initial state) -> (outputs, final state)`."""


@module("snt.TrainableState")
class TrainableState(Module):
    """A start of the state that is learnt: one variable [1, …] per leaf."""

    def __init__(self, initial_values: Any, mask: Any = None, name: str | None = None):
        super().__init__(name=name)


@TrainableState.entry.when()
def _(initial_values, mask=None, name=None):
    return hk.sonnet.TrainableState(initial_values, mask=mask, name=name)


@module("snt.VanillaRNN")
class VanillaRNN(RNNCore):
    """`activation(x @ w_i + h @ w_h + b)` (Elman 1990)."""

    def __init__(
        self,
        hidden_size: int,
        activation: Callable[[Any], Any] = tanh,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name=name)


@VanillaRNN.entry.when()
def _(
    hidden_size,
    activation=jnp.tanh,
    w_i_init=None,
    w_h_init=None,
    b_init=None,
    dtype=jnp.float32,
    name=None,
):
    return hk.sonnet.VanillaRNN(
        hidden_size,
        activation=activation,
        w_i_init=w_i_init,
        w_h_init=w_h_init,
        b_init=b_init,
        dtype=dtype,
        name=name,
    )


@module("snt.DeepRNN")
class DeepRNN(RNNCore):
    """Cores and plain layers one after the other; the state is a tuple of theirs."""

    def __init__(self, layers: Sequence[Any], name: str | None = None):
        super().__init__(name=name)


@DeepRNN.entry.when()
def _(layers, name=None):
    return hk.DeepRNN(layers, name=name)


@op("snt.deep_rnn_with_skip_connections", returns=MODULE, helper=False)
def deep_rnn_with_skip_connections(
    layers: Sequence[RNNCore],
    concat_final_output: bool = True,
    name: str = "deep_rnn_with_skip_connections",
):
    """A `DeepRNN` in which each layer sees the input too."""


@deep_rnn_with_skip_connections.when("concat_final_output == True")
def _(layers, concat_final_output=True, name=None):
    return hk.deep_rnn_with_skip_connections(layers, name=name)


@deep_rnn_with_skip_connections.when()
def _(layers, concat_final_output=True, name=None):
    return hk.sonnet.deep_rnn_with_skip_connections(
        layers, concat_final_output=concat_final_output, name=name
    )


@op("snt.deep_rnn_with_residual_connections", returns=MODULE, helper=False)
def deep_rnn_with_residual_connections(
    layers: Sequence[RNNCore], name: str = "deep_rnn_with_residual_connections"
):
    """A `DeepRNN` in which each layer adds its input to its output."""


@deep_rnn_with_residual_connections.when()
def _(layers, name=None):
    return hk.sonnet.deep_rnn_with_residual_connections(layers, name=name)


@module("snt.LSTM")
class LSTM(RNNCore):
    """Long short-term memory (Hochreiter and Schmidhuber 1997), gates i, f, g, o."""

    def __init__(
        self,
        hidden_size: int,
        projection_size: int | None = None,
        projection_init: Initializer | None = None,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name=name)


@LSTM.entry.when()
def _(
    hidden_size,
    projection_size=None,
    projection_init=None,
    w_i_init=None,
    w_h_init=None,
    b_init=None,
    forget_bias=1.0,
    dtype=jnp.float32,
    name=None,
):
    return hk.sonnet.LSTM(
        hidden_size,
        projection_size=projection_size,
        projection_init=projection_init,
        w_i_init=w_i_init,
        w_h_init=w_h_init,
        b_init=b_init,
        forget_bias=forget_bias,
        dtype=dtype,
        name=name,
    )


@module("snt.UnrolledLSTM")
class UnrolledLSTM(UnrolledRNN):
    """`LSTM` over a whole sequence [time, batch, input]."""

    def __init__(
        self,
        hidden_size: int,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name=name)


@UnrolledLSTM.entry.when()
def _(
    hidden_size,
    w_i_init=None,
    w_h_init=None,
    b_init=None,
    forget_bias=1.0,
    dtype=jnp.float32,
    name=None,
):
    return hk.sonnet.UnrolledLSTM(
        hidden_size,
        w_i_init=w_i_init,
        w_h_init=w_h_init,
        b_init=b_init,
        forget_bias=forget_bias,
        dtype=dtype,
        name=name,
    )


@op("snt.lstm_with_recurrent_dropout", returns=MODULE, helper=False)
def lstm_with_recurrent_dropout(
    hidden_size: int, dropout: float = 0.5, seed: Ignored = None, **kwargs: Any
):
    """An LSTM for training, with one dropout mask per sequence, and one for testing."""


@lstm_with_recurrent_dropout.when("seed is None")
def _(hidden_size, dropout=0.5):
    return hk.sonnet.lstm_with_recurrent_dropout(hidden_size, dropout=dropout)


@lstm_with_recurrent_dropout.when(
    because="the seed is dropped: noise comes from the rng of apply"
)
def _(hidden_size, dropout=0.5):
    return hk.sonnet.lstm_with_recurrent_dropout(hidden_size, dropout=dropout)


@module("snt.GRU")
class GRU(RNNCore):
    """Gated recurrent unit (Cho et al. 2014, 1412.3555), gates z, r, a."""

    def __init__(
        self,
        hidden_size: int,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name=name)


# Haiku's cell is the same; its default initializers are others.
@GRU.entry.when(
    "w_i_init is given and w_h_init is given and not w_i_init is None and "
    "not w_h_init is None and dtype is default"
)
def _(hidden_size, w_i_init=None, w_h_init=None, b_init=None, name=None):
    return hk.GRU(
        hidden_size, w_i_init=w_i_init, w_h_init=w_h_init, b_init=b_init, name=name
    )


@GRU.entry.when()
def _(
    hidden_size,
    w_i_init=None,
    w_h_init=None,
    b_init=None,
    dtype=jnp.float32,
    name=None,
):
    return hk.sonnet.GRU(
        hidden_size,
        w_i_init=w_i_init,
        w_h_init=w_h_init,
        b_init=b_init,
        dtype=dtype,
        name=name,
    )


@module("snt.Conv1DLSTM")
class Conv1DLSTM(RNNCore):
    """An LSTM whose products are convolutions over one spatial axis (1506.04214)."""

    def __init__(
        self,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        data_format: str = "NWC",
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name=name)


@Conv1DLSTM.entry.when()
def _(
    input_shape,
    output_channels,
    kernel_shape,
    data_format="NWC",
    w_i_init=None,
    w_h_init=None,
    b_init=None,
    forget_bias=1.0,
    dtype=jnp.float32,
    name=None,
):
    return hk.sonnet.Conv1DLSTM(
        input_shape,
        output_channels,
        kernel_shape,
        data_format=data_format,
        w_i_init=w_i_init,
        w_h_init=w_h_init,
        b_init=b_init,
        forget_bias=forget_bias,
        dtype=dtype,
        name=name,
    )


@module("snt.Conv2DLSTM")
class Conv2DLSTM(RNNCore):
    """An LSTM whose products are convolutions over two spatial axes (1506.04214)."""

    def __init__(
        self,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        data_format: str = "NHWC",
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name=name)


@Conv2DLSTM.entry.when()
def _(
    input_shape,
    output_channels,
    kernel_shape,
    data_format="NHWC",
    w_i_init=None,
    w_h_init=None,
    b_init=None,
    forget_bias=1.0,
    dtype=jnp.float32,
    name=None,
):
    return hk.sonnet.Conv2DLSTM(
        input_shape,
        output_channels,
        kernel_shape,
        data_format=data_format,
        w_i_init=w_i_init,
        w_h_init=w_h_init,
        b_init=b_init,
        forget_bias=forget_bias,
        dtype=dtype,
        name=name,
    )


@module("snt.Conv3DLSTM")
class Conv3DLSTM(RNNCore):
    """An LSTM whose products are convolutions over three spatial axes (1506.04214)."""

    def __init__(
        self,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: int | Sequence[int],
        data_format: str = "NDHWC",
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name=name)


@Conv3DLSTM.entry.when()
def _(
    input_shape,
    output_channels,
    kernel_shape,
    data_format="NDHWC",
    w_i_init=None,
    w_h_init=None,
    b_init=None,
    forget_bias=1.0,
    dtype=jnp.float32,
    name=None,
):
    return hk.sonnet.Conv3DLSTM(
        input_shape,
        output_channels,
        kernel_shape,
        data_format=data_format,
        w_i_init=w_i_init,
        w_h_init=w_h_init,
        b_init=b_init,
        forget_bias=forget_bias,
        dtype=dtype,
        name=name,
    )
