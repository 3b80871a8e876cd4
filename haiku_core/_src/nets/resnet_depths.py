"""Residual networks of the usual depths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from haiku_core._src.nets.resnet import FloatStrOrBool, ResNet


class _OfDepth(ResNet):
    """What the classes below share: arguments, and a configuration by depth."""

    LAYERS: ClassVar[int]

    def __init__(
        self,
        num_classes: int,
        bn_config: Mapping[str, FloatStrOrBool] | None = None,
        resnet_v2: bool = False,
        logits_config: Mapping[str, Any] | None = None,
        name: str | None = None,
        initial_conv_config: Mapping[str, FloatStrOrBool] | None = None,
        strides: Sequence[int] = (1, 2, 2, 2),
    ):
        """Arguments as for ``ResNet``."""
        super().__init__(
            num_classes=num_classes,
            **ResNet.CONFIGS[self.LAYERS],
            bn_config=bn_config,
            resnet_v2=resnet_v2,
            logits_config=logits_config,
            initial_conv_config=initial_conv_config,
            strides=strides,
            name=name,
        )


class ResNet18(_OfDepth):
    """The residual network of 18 layers; see ``ResNet``."""

    LAYERS = 18


class ResNet34(_OfDepth):
    """The residual network of 34 layers; see ``ResNet``."""

    LAYERS = 34


class ResNet50(_OfDepth):
    """The residual network of 50 layers; see ``ResNet``."""

    LAYERS = 50


class ResNet101(_OfDepth):
    """The residual network of 101 layers; see ``ResNet``."""

    LAYERS = 101


class ResNet152(_OfDepth):
    """The residual network of 152 layers; see ``ResNet``."""

    LAYERS = 152


class ResNet200(_OfDepth):
    """The residual network of 200 layers; see ``ResNet``."""

    LAYERS = 200
