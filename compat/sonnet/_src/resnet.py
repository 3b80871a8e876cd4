"""Residual networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import haiku_core as hk
from compat.dictionary import T, module
from compat.runtime.tensor import Tensor
from compat.sonnet._src import pad
from compat.sonnet._src.activations import added, mean, relu
from compat.sonnet._src.base import Module
from compat.sonnet._src.batch_norm import BatchNorm
from compat.sonnet._src.conv import Conv2D
from compat.sonnet._src.initializers import Zeros
from compat.sonnet._src.layer import layer
from compat.sonnet._src.linear import Linear
from compat.sonnet._src.variants import takes_the_same
from haiku_core import layers


@layer()
def _max_pool(x: T):
    return layers.max_pool(x, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")


class _Block(Module):
    """What the bottleneck blocks share: their attributes and the parts they make."""

    def __init__(
        self,
        channels: int,
        stride: int | Sequence[int],
        use_projection: bool,
        bn_config: Mapping[str, float],
        name: str | None,
    ):
        super().__init__(name=name)
        self._channels = channels
        self._stride = stride
        self._use_projection = use_projection
        self._bn_config = bn_config

    def _norm(self, name: str, **extra: Any) -> BatchNorm:
        config = {"create_scale": True, "create_offset": True, **self._bn_config}
        return BatchNorm(name=name, **config, **extra)

    def _conv(self, i: int) -> Conv2D:
        middle = i == 1
        return Conv2D(
            self._channels if i == 2 else self._channels // 4,
            3 if middle else 1,
            self._stride if middle else 1,
            with_bias=False,
            padding=pad.same,
            name=f"conv_{i}",
        )

    def _shortcut_conv(self) -> Conv2D:
        return Conv2D(
            self._channels,
            1,
            self._stride,
            with_bias=False,
            padding=pad.same,
            name="shortcut_conv",
        )


@module("snt.nets.resnet.BottleNeckBlockV1")
class BottleNeckBlockV1(_Block):
    """Three convolutions, each followed by batch norm, around a shortcut."""

    def __init__(
        self,
        channels: int,
        stride: int | Sequence[int],
        use_projection: bool,
        bn_config: Mapping[str, float],
        name: str | None = None,
    ):
        super().__init__(channels, stride, use_projection, bn_config, name)
        if use_projection:
            self._proj_conv = self._shortcut_conv()
            self._proj_batchnorm = self._norm("shortcut_batchnorm")
        last = {"scale_init": Zeros()}  # the block begins as its shortcut
        self._layers = [
            [self._conv(i), self._norm(f"batchnorm_{i}", **(last if i == 2 else {}))]
            for i in range(3)
        ]

    def __call__(self, inputs: Any, is_training: Any) -> Tensor:
        """[batch, height, width, any] to [batch, height', width', channels]."""
        shortcut = inputs
        if self._use_projection:
            shortcut = self._proj_batchnorm(self._proj_conv(inputs), is_training)
        net = inputs
        for i, (conv, norm) in enumerate(self._layers):
            net = norm(conv(net), is_training)
            if i < 2:
                net = relu(net)
        return relu(added(net, shortcut))


@BottleNeckBlockV1.entry.when()
def _(channels, stride, use_projection, bn_config, name=None):
    return hk.sonnet.BottleNeckBlockV1(
        channels, stride, use_projection, bn_config, name=name
    )


@module("snt.nets.resnet.BottleNeckBlockV2")
class BottleNeckBlockV2(_Block):
    """Three convolutions, each preceded by batch norm, around a shortcut."""

    def __init__(
        self,
        channels: int,
        stride: int | Sequence[int],
        use_projection: bool,
        bn_config: Mapping[str, float],
        name: str | None = None,
    ):
        super().__init__(channels, stride, use_projection, bn_config, name)
        if use_projection:
            self._proj_conv = self._shortcut_conv()
        self._conv_0, self._bn_0 = self._conv(0), self._norm("batchnorm_0")
        self._conv_1, self._bn_1 = self._conv(1), self._norm("batchnorm_1")
        self._conv_2, self._bn_2 = self._conv(2), self._norm("batchnorm_2")

    def __call__(self, inputs: Any, is_training: Any) -> Tensor:
        """[batch, height, width, any] to [batch, height', width', channels]."""
        net = relu(self._bn_0(inputs, is_training))
        shortcut = self._proj_conv(net) if self._use_projection else inputs
        net = self._conv_0(net)
        net = self._conv_1(relu(self._bn_1(net, is_training)))
        net = self._conv_2(relu(self._bn_2(net, is_training)))
        return added(net, shortcut)


@BottleNeckBlockV2.entry.when()
def _(channels, stride, use_projection, bn_config, name=None):
    return hk.sonnet.BottleNeckBlockV2(
        channels, stride, use_projection, bn_config, name=name
    )


@module("snt.nets.resnet.BlockGroup")
class BlockGroup(Module):
    """Bottleneck blocks of the same width, the first with the stride."""

    def __init__(
        self,
        channels: int,
        num_blocks: int,
        stride: int | Sequence[int],
        bn_config: Mapping[str, float],
        resnet_v2: bool = False,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self._channels = channels
        self._num_blocks = num_blocks
        self._stride = stride
        self._bn_config = bn_config
        block = BottleNeckBlockV2 if resnet_v2 else BottleNeckBlockV1
        self._blocks = [
            block(channels, 1 if i else stride, i == 0, bn_config, name=f"block_{i}")
            for i in range(num_blocks)
        ]

    def __call__(self, inputs: Any, is_training: Any) -> Tensor:
        """The blocks, one after the other."""
        for block in self._blocks:
            inputs = block(inputs, is_training)
        return inputs


@BlockGroup.entry.when()
def _(channels, num_blocks, stride, bn_config, resnet_v2=False, name=None):
    return hk.sonnet.BlockGroup(
        channels, num_blocks, stride, bn_config, resnet_v2=resnet_v2, name=name
    )


@module("snt.nets.ResNet")
class ResNet(Module):
    """Residual network of bottleneck blocks (1512.03385; second form 1603.05027)."""

    def __init__(
        self,
        blocks_per_group_list: Sequence[int],
        num_classes: int,
        bn_config: Mapping[str, float] | None = None,
        resnet_v2: bool = False,
        channels_per_group_list: Sequence[int] = (256, 512, 1024, 2048),
        name: str | None = None,
    ):
        super().__init__(name=name)
        if bn_config is None:
            bn_config = {"decay_rate": 0.9, "eps": 1e-5}
        for what, given in (
            ("blocks_per_group_list", blocks_per_group_list),
            ("channels_per_group_list", channels_per_group_list),
        ):
            if len(given) != 4:
                raise ValueError(f"`{what}` must be of length 4 not {len(given)}")
        self._bn_config = bn_config
        self._resnet_v2 = resnet_v2
        self._blocks_per_group_list = blocks_per_group_list
        self._channels_per_group_list = channels_per_group_list
        self._initial_conv = Conv2D(
            64, 7, 2, with_bias=False, padding=pad.same, name="initial_conv"
        )
        if not resnet_v2:
            self._initial_batchnorm = BatchNorm(
                True, True, name="initial_batchnorm", **bn_config
            )
        self._block_groups = [
            BlockGroup(
                channels,
                blocks,
                2 if i else 1,
                bn_config,
                resnet_v2,
                name=f"block_group_{i}",
            )
            for i, (channels, blocks) in enumerate(
                zip(channels_per_group_list, blocks_per_group_list, strict=True)
            )
        ]
        if resnet_v2:
            self._final_batchnorm = BatchNorm(
                True, True, name="final_batchnorm", **bn_config
            )
        self._logits = Linear(num_classes, w_init=Zeros(), name="logits")

    def __call__(self, inputs: Any, is_training: Any) -> Tensor:
        """[batch, height, width, 3] to logits [batch, classes]."""
        net = self._initial_conv(inputs)
        if not self._resnet_v2:
            net = relu(self._initial_batchnorm(net, is_training))
        net = _max_pool(net)
        for group in self._block_groups:
            net = group(net, is_training)
        if self._resnet_v2:
            net = relu(self._final_batchnorm(net, is_training))
        return self._logits(mean(net, axes=(1, 2)))


# Haiku's have Haiku's batch norm, whose statistics are others.
takes_the_same(ResNet.entry, "hk.sonnet.ResNet")


@module("snt.nets.ResNet50")
class ResNet50(ResNet):
    """`ResNet` with groups of 3, 4, 6 and 3 blocks."""

    def __init__(
        self,
        num_classes: int,
        bn_config: Mapping[str, float] | None = None,
        resnet_v2: bool = False,
        name: str | None = None,
    ):
        super().__init__([3, 4, 6, 3], num_classes, bn_config, resnet_v2, name=name)


@ResNet50.entry.when()
def _(num_classes, bn_config=None, resnet_v2=False, name=None):
    return hk.sonnet.ResNet50(
        num_classes, bn_config=bn_config, resnet_v2=resnet_v2, name=name
    )
