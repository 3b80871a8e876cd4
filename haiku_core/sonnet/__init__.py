"""Sonnet's layers that Haiku lacks, or that compute otherwise there.

Each file uses public names of Haiku only, so that a copy of it (with the siblings it
names) runs on dm-haiku after changing its one import of Haiku.
"""

from . import initializers as initializers
from . import regularizers as regularizers
from .axis_norm import GroupNorm as GroupNorm
from .axis_norm import InstanceNorm as InstanceNorm
from .axis_norm import LayerNorm as LayerNorm
from .batch_norm import BaseBatchNorm as BaseBatchNorm
from .batch_norm import BatchNorm as BatchNorm
from .batch_norm import CrossReplicaBatchNorm as CrossReplicaBatchNorm
from .cifar10_convnet import Cifar10ConvNet as Cifar10ConvNet
from .conv_lstm import Conv1DLSTM as Conv1DLSTM
from .conv_lstm import Conv2DLSTM as Conv2DLSTM
from .conv_lstm import Conv3DLSTM as Conv3DLSTM
from .conv_transpose import Conv1DTranspose as Conv1DTranspose
from .conv_transpose import Conv2DTranspose as Conv2DTranspose
from .conv_transpose import Conv3DTranspose as Conv3DTranspose
from .deep_rnn import DeepRNN as DeepRNN
from .deep_rnn import (
    deep_rnn_with_residual_connections as deep_rnn_with_residual_connections,
)
from .deep_rnn import deep_rnn_with_skip_connections as deep_rnn_with_skip_connections
from .deep_rnn import lstm_with_recurrent_dropout as lstm_with_recurrent_dropout
from .depthwise_conv import DepthwiseConv2D as DepthwiseConv2D
from .dropout import Dropout as Dropout
from .embed import Embed as Embed
from .gradients import leaky_clip_by_value as leaky_clip_by_value
from .gradients import scale_gradient as scale_gradient
from .linear import ParallelLinears as ParallelLinears
from .lstm import LSTM as LSTM
from .lstm import UnrolledLSTM as UnrolledLSTM
from .metrics import ExponentialMovingAverage as ExponentialMovingAverage
from .metrics import Mean as Mean
from .metrics import Metric as Metric
from .metrics import Sum as Sum
from .mlp import MLP as MLP
from .once import once as once
from .recurrent import GRU as GRU
from .recurrent import CuDNNGRU as CuDNNGRU
from .recurrent import VanillaRNN as VanillaRNN
from .regularizers import L1 as L1
from .regularizers import L2 as L2
from .regularizers import OffDiagonalOrthogonal as OffDiagonalOrthogonal
from .regularizers import Regularizer as Regularizer
from .resnet import BlockGroup as BlockGroup
from .resnet import BottleNeckBlockV1 as BottleNeckBlockV1
from .resnet import BottleNeckBlockV2 as BottleNeckBlockV2
from .resnet import ResNet as ResNet
from .resnet import ResNet50 as ResNet50
from .trainable_state import TrainableState as TrainableState
from .unroll import dynamic_unroll as dynamic_unroll
from .unroll import static_unroll as static_unroll
from .variables import assign as assign
from .variables import parameter as parameter
from .variables import parameter_of as parameter_of
from .variables import state as state
from .vqvae import VectorQuantizer as VectorQuantizer
from .vqvae import VectorQuantizerEMA as VectorQuantizerEMA

__all__ = (
    "L1",
    "L2",
    "OffDiagonalOrthogonal",
    "Regularizer",
    "BaseBatchNorm",
    "BatchNorm",
    "BlockGroup",
    "BottleNeckBlockV1",
    "BottleNeckBlockV2",
    "Cifar10ConvNet",
    "Conv1DLSTM",
    "Conv1DTranspose",
    "Conv2DLSTM",
    "Conv2DTranspose",
    "Conv3DLSTM",
    "Conv3DTranspose",
    "CrossReplicaBatchNorm",
    "CuDNNGRU",
    "DeepRNN",
    "DepthwiseConv2D",
    "Dropout",
    "Embed",
    "ExponentialMovingAverage",
    "GRU",
    "GroupNorm",
    "InstanceNorm",
    "LSTM",
    "LayerNorm",
    "MLP",
    "Mean",
    "Metric",
    "ParallelLinears",
    "ResNet",
    "ResNet50",
    "Sum",
    "TrainableState",
    "UnrolledLSTM",
    "VanillaRNN",
    "VectorQuantizer",
    "VectorQuantizerEMA",
    "deep_rnn_with_residual_connections",
    "deep_rnn_with_skip_connections",
    "dynamic_unroll",
    "initializers",
    "leaky_clip_by_value",
    "lstm_with_recurrent_dropout",
    "once",
    "parameter",
    "regularizers",
    "scale_gradient",
    "state",
    "static_unroll",
)
