"""Sonnet's layers that Haiku lacks, or that compute otherwise there.

Each file uses public names of Haiku only, so that a copy of it (with the siblings it
names) runs on dm-haiku after changing its one import of Haiku.
"""

from .batch_norm import BaseBatchNorm as BaseBatchNorm
from .batch_norm import BatchNorm as BatchNorm
from .batch_norm import CrossReplicaBatchNorm as CrossReplicaBatchNorm
from .cifar10_convnet import Cifar10ConvNet as Cifar10ConvNet
from .dropout import Dropout as Dropout
from .lstm import LSTM as LSTM
from .lstm import UnrolledLSTM as UnrolledLSTM
from .metrics import (
    ExponentialMovingAverage as ExponentialMovingAverage,
)
from .metrics import Mean as Mean
from .metrics import Metric as Metric
from .metrics import Sum as Sum
from .mlp import MLP as MLP

__all__ = (
    "LSTM",
    "MLP",
    "BaseBatchNorm",
    "BatchNorm",
    "Cifar10ConvNet",
    "CrossReplicaBatchNorm",
    "Dropout",
    "ExponentialMovingAverage",
    "Mean",
    "Metric",
    "Sum",
    "UnrolledLSTM",
)
