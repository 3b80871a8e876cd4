"""`snt.nets`: whole networks."""

from compat.sonnet._src.cifar10_convnet import Cifar10ConvNet as Cifar10ConvNet
from compat.sonnet._src.mlp import MLP as MLP
from compat.sonnet._src.resnet import ResNet as ResNet
from compat.sonnet._src.resnet import ResNet50 as ResNet50
from compat.sonnet._src.vqvae import VectorQuantizer as VectorQuantizer
from compat.sonnet._src.vqvae import VectorQuantizerEMA as VectorQuantizerEMA
from compat.sonnet.nets import resnet as resnet

__all__ = (
    "resnet",
    "Cifar10ConvNet",
    "MLP",
    "ResNet",
    "ResNet50",
    "VectorQuantizer",
    "VectorQuantizerEMA",
)
