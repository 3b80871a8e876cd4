"""Residual networks of the usual depths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from haiku_core._src.nets.resnet import FloatStrOrBool, ResNet


class ResNet18(ResNet):
    """The residual network of 18 layers; see ``ResNet``."""

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
        options = dict(strides=strides, name=name, **ResNet.CONFIGS[18])
        configs = dict(
            logits_config=logits_config, initial_conv_config=initial_conv_config
        )
        super().__init__(
            num_classes=num_classes,
            bn_config=bn_config,
            resnet_v2=resnet_v2,
            **configs,
            **options,
        )


class ResNet34(ResNet):
    """The residual network of 34 layers; see ``ResNet``."""

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
        options = dict(strides=strides, name=name, **ResNet.CONFIGS[34])
        configs = dict(
            logits_config=logits_config, initial_conv_config=initial_conv_config
        )
        super().__init__(
            num_classes=num_classes,
            bn_config=bn_config,
            resnet_v2=resnet_v2,
            **configs,
            **options,
        )


class ResNet50(ResNet):
    """The residual network of 50 layers; see ``ResNet``."""

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
        options = dict(strides=strides, name=name, **ResNet.CONFIGS[50])
        configs = dict(
            logits_config=logits_config, initial_conv_config=initial_conv_config
        )
        super().__init__(
            num_classes=num_classes,
            bn_config=bn_config,
            resnet_v2=resnet_v2,
            **configs,
            **options,
        )


class ResNet101(ResNet):
    """The residual network of 101 layers; see ``ResNet``."""

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
        options = dict(strides=strides, name=name, **ResNet.CONFIGS[101])
        configs = dict(
            logits_config=logits_config, initial_conv_config=initial_conv_config
        )
        super().__init__(
            num_classes=num_classes,
            bn_config=bn_config,
            resnet_v2=resnet_v2,
            **configs,
            **options,
        )


class ResNet152(ResNet):
    """The residual network of 152 layers; see ``ResNet``."""

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
        options = dict(strides=strides, name=name, **ResNet.CONFIGS[152])
        configs = dict(
            logits_config=logits_config, initial_conv_config=initial_conv_config
        )
        super().__init__(
            num_classes=num_classes,
            bn_config=bn_config,
            resnet_v2=resnet_v2,
            **configs,
            **options,
        )


class ResNet200(ResNet):
    """The residual network of 200 layers; see ``ResNet``."""

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
        options = dict(strides=strides, name=name, **ResNet.CONFIGS[200])
        configs = dict(
            logits_config=logits_config, initial_conv_config=initial_conv_config
        )
        super().__init__(
            num_classes=num_classes,
            bn_config=bn_config,
            resnet_v2=resnet_v2,
            **configs,
            **options,
        )
