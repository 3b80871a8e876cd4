"""Sonnet 2's public API on JAX: `from compat import sonnet as snt`."""

from compat.sonnet import distribute as distribute
from compat.sonnet import functional as functional
from compat.sonnet import initializers as initializers
from compat.sonnet import mixed_precision as mixed_precision
from compat.sonnet import nets as nets
from compat.sonnet import optimizers as optimizers
from compat.sonnet import pad as pad
from compat.sonnet import regularizers as regularizers
from compat.sonnet._src import deep_rnn as _deep_rnn
from compat.sonnet._src import unroll as _unroll
from compat.sonnet._src.axis_norm import InstanceNorm as InstanceNorm
from compat.sonnet._src.axis_norm import LayerNorm as LayerNorm
from compat.sonnet._src.base import Module as Module
from compat.sonnet._src.base import Optimizer as Optimizer
from compat.sonnet._src.base import allow_empty_variables as allow_empty_variables
from compat.sonnet._src.base import no_name_scope as no_name_scope
from compat.sonnet._src.batch_norm import BaseBatchNorm as BaseBatchNorm
from compat.sonnet._src.batch_norm import BatchNorm as BatchNorm
from compat.sonnet._src.conv import Conv1D as Conv1D
from compat.sonnet._src.conv import Conv2D as Conv2D
from compat.sonnet._src.conv import Conv3D as Conv3D
from compat.sonnet._src.conv_lstm import Conv1DLSTM as Conv1DLSTM
from compat.sonnet._src.conv_lstm import Conv2DLSTM as Conv2DLSTM
from compat.sonnet._src.conv_lstm import Conv3DLSTM as Conv3DLSTM
from compat.sonnet._src.conv_transpose import Conv1DTranspose as Conv1DTranspose
from compat.sonnet._src.conv_transpose import Conv2DTranspose as Conv2DTranspose
from compat.sonnet._src.conv_transpose import Conv3DTranspose as Conv3DTranspose
from compat.sonnet._src.cores import RNNCore as RNNCore
from compat.sonnet._src.cores import TrainableState as TrainableState
from compat.sonnet._src.cores import UnrolledRNN as UnrolledRNN
from compat.sonnet._src.custom_getter import (
    custom_variable_getter as custom_variable_getter,
)
from compat.sonnet._src.deep_rnn import DeepRNN as DeepRNN
from compat.sonnet._src.depthwise import DepthwiseConv2D as DepthwiseConv2D
from compat.sonnet._src.dropout import Dropout as Dropout
from compat.sonnet._src.embed import Embed as Embed
from compat.sonnet._src.functions import leaky_clip_by_value as leaky_clip_by_value
from compat.sonnet._src.functions import merge_leading_dims as merge_leading_dims
from compat.sonnet._src.functions import scale_gradient as scale_gradient
from compat.sonnet._src.functions import split_leading_dim as split_leading_dim
from compat.sonnet._src.group_norm import GroupNorm as GroupNorm
from compat.sonnet._src.gru import GRU as GRU
from compat.sonnet._src.gru import VanillaRNN as VanillaRNN
from compat.sonnet._src.linear import Bias as Bias
from compat.sonnet._src.linear import Linear as Linear
from compat.sonnet._src.lstm import LSTM as LSTM
from compat.sonnet._src.lstm import LSTMState as LSTMState
from compat.sonnet._src.lstm import UnrolledLSTM as UnrolledLSTM
from compat.sonnet._src.metrics import (
    ExponentialMovingAverage as ExponentialMovingAverage,
)
from compat.sonnet._src.metrics import Mean as Mean
from compat.sonnet._src.metrics import Metric as Metric
from compat.sonnet._src.metrics import Sum as Sum
from compat.sonnet._src.once import once as once
from compat.sonnet._src.reshape import Flatten as Flatten
from compat.sonnet._src.reshape import Reshape as Reshape
from compat.sonnet._src.reshape import flatten as flatten
from compat.sonnet._src.reshape import reshape as reshape
from compat.sonnet._src.sequential import BatchApply as BatchApply
from compat.sonnet._src.sequential import Deferred as Deferred
from compat.sonnet._src.sequential import Sequential as Sequential
from compat.sonnet._src.tools import build as build
from compat.sonnet._src.tools import format_variables as format_variables
from compat.sonnet._src.tools import log_variables as log_variables

deep_rnn_with_residual_connections = _deep_rnn.deep_rnn_with_residual_connections.fn
deep_rnn_with_skip_connections = _deep_rnn.deep_rnn_with_skip_connections.fn
lstm_with_recurrent_dropout = _deep_rnn.lstm_with_recurrent_dropout.fn
dynamic_unroll = _unroll.dynamic_unroll.fn
static_unroll = _unroll.static_unroll.fn

__version__ = "2.0.2"

__all__ = (
    "allow_empty_variables",
    "BaseBatchNorm",
    "BatchApply",
    "BatchNorm",
    "Bias",
    "build",
    "Conv1D",
    "Conv1DLSTM",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DLSTM",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DLSTM",
    "Conv3DTranspose",
    "custom_variable_getter",
    "deep_rnn_with_residual_connections",
    "deep_rnn_with_skip_connections",
    "DeepRNN",
    "Deferred",
    "DepthwiseConv2D",
    "distribute",
    "Dropout",
    "dynamic_unroll",
    "Embed",
    "ExponentialMovingAverage",
    "Flatten",
    "flatten",
    "format_variables",
    "functional",
    "GroupNorm",
    "GRU",
    "initializers",
    "InstanceNorm",
    "LayerNorm",
    "leaky_clip_by_value",
    "Linear",
    "log_variables",
    "LSTM",
    "lstm_with_recurrent_dropout",
    "LSTMState",
    "Mean",
    "merge_leading_dims",
    "Metric",
    "mixed_precision",
    "Module",
    "nets",
    "no_name_scope",
    "once",
    "Optimizer",
    "optimizers",
    "pad",
    "regularizers",
    "Reshape",
    "reshape",
    "RNNCore",
    "scale_gradient",
    "Sequential",
    "split_leading_dim",
    "static_unroll",
    "Sum",
    "TrainableState",
    "UnrolledLSTM",
    "UnrolledRNN",
    "VanillaRNN",
)


def __dir__() -> list[str]:
    return sorted([*__all__, "__doc__", "__name__", "__version__"])
