"""`snt.nets.resnet`: the blocks of residual networks."""

from compat.sonnet._src.resnet import BlockGroup as BlockGroup
from compat.sonnet._src.resnet import BottleNeckBlockV1 as BottleNeckBlockV1
from compat.sonnet._src.resnet import BottleNeckBlockV2 as BottleNeckBlockV2
from compat.sonnet._src.resnet import ResNet as ResNet
from compat.sonnet._src.resnet import ResNet50 as ResNet50

__all__ = (
    "BlockGroup",
    "BottleNeckBlockV1",
    "BottleNeckBlockV2",
    "ResNet",
    "ResNet50",
)
