"""Whole networks."""

from haiku_core._src.nets.mlp import MLP as MLP
from haiku_core._src.nets.mobilenetv1 import MobileNetV1 as MobileNetV1
from haiku_core._src.nets.resnet import ResNet as ResNet
from haiku_core._src.nets.resnet_depths import ResNet18 as ResNet18
from haiku_core._src.nets.resnet_depths import ResNet34 as ResNet34
from haiku_core._src.nets.resnet_depths import ResNet50 as ResNet50
from haiku_core._src.nets.resnet_depths import ResNet101 as ResNet101
from haiku_core._src.nets.resnet_depths import ResNet152 as ResNet152
from haiku_core._src.nets.resnet_depths import ResNet200 as ResNet200
from haiku_core._src.nets.vqvae import VectorQuantizer as VectorQuantizer
from haiku_core._src.nets.vqvae import VectorQuantizerEMA as VectorQuantizerEMA

__all__ = (
    "MLP",
    "MobileNetV1",
    "ResNet",
    "ResNet101",
    "ResNet152",
    "ResNet18",
    "ResNet200",
    "ResNet34",
    "ResNet50",
    "VectorQuantizer",
    "VectorQuantizerEMA",
)
