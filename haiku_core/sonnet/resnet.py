"""Sonnet's residual networks.

Needs the sibling files ``batch_norm.py`` and ``metrics.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk

from .batch_norm import BatchNorm

Sizes = int | Sequence[int]


def _conv(channels: int, kernel: int, stride: Sizes, name: str) -> hk.Conv2D:
    # hk.pad.same, not "SAME": with a stride they pad on different sides.
    return hk.Conv2D(
        channels, kernel, stride, padding=hk.pad.same, with_bias=False, name=name
    )


def _bottleneck(channels: int, stride: Sizes) -> list[hk.Conv2D]:
    inner = channels // 4
    steps = ((inner, 1, 1), (inner, 3, stride), (channels, 1, 1))
    return [_conv(*step, f"conv_{i}") for i, step in enumerate(steps)]


def _norm_arguments(bn_config: Mapping[str, Any]) -> dict[str, Any]:
    return {"create_scale": True, "create_offset": True, **bn_config}


class BottleNeckBlockV1(hk.Module):
    """Three convolutions around a shortcut, activation after the sum (1512.03385).

    Submodules ``conv_<i>`` and ``batchnorm_<i>``, pairwise in ``_layers``;
    ``shortcut_conv`` and ``shortcut_batchnorm``, in ``_proj_conv`` and
    ``_proj_batchnorm``.
    """

    def __init__(
        self,
        channels: int,
        stride: int | Sequence[int],
        use_projection: bool,
        bn_config: Mapping[str, Any],
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          channels: of the outputs.
          stride: of the middle convolution.
          use_projection: whether the shortcut is a convolution.
          bn_config: arguments of the batch norms.
          name: of the module.
        """
        super().__init__(name=name)
        norm = _norm_arguments(bn_config)
        self._use_projection = use_projection
        if use_projection:
            self._proj_conv = _conv(channels, 1, stride, "shortcut_conv")
            self._proj_batchnorm = BatchNorm(name="shortcut_batchnorm", **norm)
        self._layers = []
        for i, conv in enumerate(_bottleneck(channels, stride)):
            start = {"scale_init": jnp.zeros} if i == 2 else {}
            self._layers.append(
                [conv, BatchNorm(name=f"batchnorm_{i}", **start, **norm)]
            )

    def __call__(self, inputs: jax.Array, is_training: Any) -> jax.Array:
        """``[N, H, W, C]`` -> ``[N, H', W', channels]``."""
        shortcut = inputs
        if self._use_projection:
            shortcut = self._proj_batchnorm(self._proj_conv(inputs), is_training)
        net = inputs
        for i, (conv, norm) in enumerate(self._layers):
            net = norm(conv(net), is_training)
            if i < 2:
                net = jax.nn.relu(net)
        return jax.nn.relu(net + shortcut)


class BottleNeckBlockV2(hk.Module):
    """Three convolutions around a shortcut, activations in front (1603.05027).

    Submodules ``conv_<i>`` and ``batchnorm_<i>``, in ``_conv_<i>`` and ``_bn_<i>``;
    ``shortcut_conv``, in ``_proj_conv``.
    """

    def __init__(
        self,
        channels: int,
        stride: int | Sequence[int],
        use_projection: bool,
        bn_config: Mapping[str, Any],
        name: str | None = None,
    ):
        """Arguments as for ``BottleNeckBlockV1``."""
        super().__init__(name=name)
        norm = _norm_arguments(bn_config)
        self._use_projection = use_projection
        if use_projection:
            self._proj_conv = _conv(channels, 1, stride, "shortcut_conv")
        self._conv_0, self._conv_1, self._conv_2 = _bottleneck(channels, stride)
        self._bn_0 = BatchNorm(name="batchnorm_0", **norm)
        self._bn_1 = BatchNorm(name="batchnorm_1", **norm)
        self._bn_2 = BatchNorm(name="batchnorm_2", **norm)

    def __call__(self, inputs: jax.Array, is_training: Any) -> jax.Array:
        """``[N, H, W, C]`` -> ``[N, H', W', channels]``."""
        first = jax.nn.relu(self._bn_0(inputs, is_training))
        shortcut = self._proj_conv(first) if self._use_projection else inputs
        net = self._conv_0(first)
        net = self._conv_1(jax.nn.relu(self._bn_1(net, is_training)))
        net = self._conv_2(jax.nn.relu(self._bn_2(net, is_training)))
        return net + shortcut


class BlockGroup(hk.Module):
    """Blocks one after the other, ``block_<i>`` in ``_blocks``."""

    def __init__(
        self,
        channels: int,
        num_blocks: int,
        stride: int | Sequence[int],
        bn_config: Mapping[str, Any],
        resnet_v2: bool = False,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          channels: of the outputs.
          num_blocks: number of blocks; the first has the stride and a projection.
          stride: of the group.
          bn_config: arguments of the batch norms.
          resnet_v2: which kind of block.
          name: of the module.
        """
        super().__init__(name=name)
        block = BottleNeckBlockV2 if resnet_v2 else BottleNeckBlockV1
        self._blocks = [
            block(channels, 1 if i else stride, i == 0, bn_config, f"block_{i}")
            for i in range(num_blocks)
        ]

    def __call__(self, inputs: jax.Array, is_training: Any) -> jax.Array:
        """``[N, H, W, C]`` -> ``[N, H', W', channels]``."""
        for block in self._blocks:
            inputs = block(inputs, is_training)
        return inputs


class ResNet(hk.Module):
    """A residual network for images, with Sonnet's batch norm and padding.

    Submodules ``initial_conv``, ``initial_batchnorm`` (v1), ``block_group_<i>``,
    ``final_batchnorm`` (v2) and ``logits``, in the attributes ``_initial_conv``,
    ``_initial_batchnorm``, ``_block_groups``, ``_final_batchnorm`` and ``_logits``.
    """

    def __init__(
        self,
        blocks_per_group_list: Sequence[int],
        num_classes: int,
        bn_config: Mapping[str, Any] | None = None,
        resnet_v2: bool = False,
        channels_per_group_list: Sequence[int] = (256, 512, 1024, 2048),
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          blocks_per_group_list: four numbers of blocks.
          num_classes: length of the logits.
          bn_config: arguments of the batch norms; default decay_rate 0.9, eps 1e-5.
          resnet_v2: activations before the convolutions.
          channels_per_group_list: four numbers of channels.
          name: of the module.

        Raises:
          ValueError: not four numbers where four are needed.
        """
        super().__init__(name=name)
        for what, given in (
            ("blocks_per_group_list", blocks_per_group_list),
            ("channels_per_group_list", channels_per_group_list),
        ):
            if len(given) != 4:
                raise ValueError(f"`{what}` must be of length 4 not {len(given)}")
        if bn_config is None:
            bn_config = {"decay_rate": 0.9, "eps": 1e-5}
        norm = {"create_scale": True, "create_offset": True}
        self._resnet_v2 = resnet_v2
        self._initial_conv = _conv(64, 7, 2, "initial_conv")
        if not resnet_v2:
            self._initial_batchnorm = BatchNorm(
                name="initial_batchnorm", **norm, **bn_config
            )
        self._block_groups = [
            BlockGroup(
                channels, blocks, stride, bn_config, resnet_v2, f"block_group_{i}"
            )
            for i, (channels, blocks, stride) in enumerate(
                zip(
                    channels_per_group_list,
                    blocks_per_group_list,
                    (1, 2, 2, 2),
                    strict=True,
                )
            )
        ]
        if resnet_v2:
            self._final_batchnorm = BatchNorm(
                name="final_batchnorm", **norm, **bn_config
            )
        self._logits = hk.Linear(num_classes, w_init=jnp.zeros, name="logits")

    def __call__(self, inputs: jax.Array, is_training: bool | jax.Array) -> jax.Array:
        """Images ``[N, H, W, C]`` -> logits ``[N, num_classes]``."""
        net = self._initial_conv(inputs)
        if not self._resnet_v2:
            net = jax.nn.relu(self._initial_batchnorm(net, is_training))
        net = hk.max_pool(net, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
        for group in self._block_groups:
            net = group(net, is_training)
        if self._resnet_v2:
            net = jax.nn.relu(self._final_batchnorm(net, is_training))
        return self._logits(jnp.mean(net, axis=(1, 2)))


class ResNet50(ResNet):
    """The residual network of 50 layers."""

    def __init__(
        self,
        num_classes: int,
        bn_config: Mapping[str, Any] | None = None,
        resnet_v2: bool = False,
        name: str | None = None,
    ):
        """Arguments as for ``ResNet``."""
        super().__init__([3, 4, 6, 3], num_classes, bn_config, resnet_v2, name=name)
