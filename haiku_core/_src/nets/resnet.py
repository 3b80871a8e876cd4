"""Residual networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from haiku_core._src.batch_norm import BatchNorm
from haiku_core._src.conv_ranks import Conv2D
from haiku_core._src.linear import Linear
from haiku_core._src.module import Module
from haiku_core._src.pool import max_pool

FloatStrOrBool = str | float | bool
_LAYOUT_AXES = (1, 2)


class _Step(NamedTuple):
    """One convolution of a block: channels, kernel size, stride."""

    channels: int
    kernel: int
    stride: Any


def _steps(channels: int, stride: Any, bottleneck: bool) -> list[_Step]:
    if not bottleneck:
        return [_Step(channels, 3, stride), _Step(channels, 3, 1)]
    inner = channels // 4
    return [_Step(inner, 1, 1), _Step(inner, 3, stride), _Step(channels, 1, 1)]


def _plain_conv(step: _Step, name: str) -> Conv2D:
    return Conv2D(step.channels, step.kernel, step.stride, with_bias=False, name=name)


def _pairs(
    steps: list[_Step], bn_config: Mapping[str, Any], **last: Any
) -> tuple[tuple[Conv2D, BatchNorm], ...]:
    """Convolutions with a batch norm each; ``last``: arguments of the last norm."""
    pairs = []
    for i, step in enumerate(steps):
        conv = _plain_conv(step, f"conv_{i}")
        extra = last if i == len(steps) - 1 else {}
        norm = BatchNorm(name=f"batchnorm_{i}", **extra, **bn_config)
        pairs.append((conv, norm))
    return tuple(pairs)


class BlockV1(Module):
    """A residual block, activation after the sum (He et al. 2015, 1512.03385)."""

    def __init__(
        self,
        channels: int,
        stride: int | Sequence[int],
        use_projection: bool,
        bn_config: Mapping[str, FloatStrOrBool],
        bottleneck: bool,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          channels: of the outputs.
          stride: of the block.
          use_projection: whether the shortcut is a convolution.
          bn_config: arguments of all batch norms.
          bottleneck: three convolutions, the middle one narrow, in place of two.
          name: of the module.
        """
        super().__init__(name)
        defaults = dict(create_scale=True, create_offset=True, decay_rate=0.999)
        bn_config = defaults | dict(bn_config)
        self.use_projection = use_projection
        if use_projection:
            shortcut = _Step(channels, 1, stride)
            self.proj_conv = _plain_conv(shortcut, "shortcut_conv")
            self.proj_batchnorm = BatchNorm(name="shortcut_batchnorm", **bn_config)
        # A block that starts as its shortcut trains better (Goyal et al. 2017).
        last = dict(scale_init=jnp.zeros) if bottleneck else {}
        self.layers = _pairs(_steps(channels, stride, bottleneck), bn_config, **last)

    def __call__(
        self, inputs: jax.Array, is_training: bool, test_local_stats: bool
    ) -> jax.Array:
        """``[N, H, W, C]`` -> ``[N, H', W', channels]``."""
        mode = (is_training, test_local_stats)
        shortcut = inputs
        if self.use_projection:
            shortcut = self.proj_batchnorm(self.proj_conv(inputs), *mode)
        *inner, (conv, norm) = self.layers
        out = inputs
        for conv_i, norm_i in inner:
            out = jax.nn.relu(norm_i(conv_i(out), *mode))
        return jax.nn.relu(norm(conv(out), *mode) + shortcut)


class BlockV2(Module):
    """A residual block, activation before the convolutions (He et al., 1603.05027)."""

    def __init__(
        self,
        channels: int,
        stride: int | Sequence[int],
        use_projection: bool,
        bn_config: Mapping[str, FloatStrOrBool],
        bottleneck: bool,
        name: str | None = None,
    ):
        """Arguments as for ``BlockV1``."""
        super().__init__(name)
        bn_config = dict(create_scale=True, create_offset=True) | dict(bn_config)
        self.use_projection = use_projection
        if use_projection:
            shortcut = _Step(channels, 1, stride)
            self.proj_conv = _plain_conv(shortcut, "shortcut_conv")
        self.layers = _pairs(_steps(channels, stride, bottleneck), bn_config)

    def __call__(
        self, inputs: jax.Array, is_training: bool, test_local_stats: bool
    ) -> jax.Array:
        """``[N, H, W, C]`` -> ``[N, H', W', channels]``."""
        out, shortcut = inputs, None
        for conv, norm in self.layers:
            out = jax.nn.relu(norm(out, is_training, test_local_stats))
            if shortcut is None:
                shortcut = self.proj_conv(out) if self.use_projection else inputs
            out = conv(out)
        return out + shortcut


class BlockGroup(Module):
    """Blocks one after the other; the first has the stride and the projection."""

    def __init__(
        self,
        channels: int,
        num_blocks: int,
        stride: int | Sequence[int],
        bn_config: Mapping[str, FloatStrOrBool],
        resnet_v2: bool,
        bottleneck: bool,
        use_projection: bool,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          num_blocks: number of blocks.
          resnet_v2: which kind of block.
          channels, stride, use_projection, bn_config, bottleneck, name: as for
            ``BlockV1``.
        """
        super().__init__(name)
        block = BlockV2 if resnet_v2 else BlockV1
        self.blocks = [
            block(
                channels,
                1 if i else stride,
                use_projection and not i,
                bn_config,
                bottleneck,
                f"block_{i}",
            )
            for i in range(num_blocks)
        ]

    def __call__(
        self, inputs: jax.Array, is_training: bool, test_local_stats: bool
    ) -> jax.Array:
        """``[N, H, W, C]`` -> ``[N, H', W', channels]``."""
        for block in self.blocks:
            inputs = block(inputs, is_training, test_local_stats)
        return inputs


def _config(
    blocks: tuple[int, ...], narrow: bool = False
) -> dict[str, tuple[int, ...] | bool | tuple[bool, ...]]:
    widths = (64, 128, 256, 512)
    return dict(
        blocks_per_group=blocks,
        bottleneck=not narrow,
        channels_per_group=widths if narrow else tuple(4 * n for n in widths),
        use_projection=(not narrow, True, True, True),
    )


class ResNet(Module):
    """A residual network for images: 7x7 convolution, four groups of blocks, logits.

    Submodules: ``initial_conv``, ``initial_batchnorm`` (v1) or ``final_batchnorm``
    (v2), ``block_group_0`` to ``block_group_3``, ``logits``.
    """

    CONFIGS = {
        18: _config((2, 2, 2, 2), narrow=True),
        34: _config((3, 4, 6, 3), narrow=True),
        50: _config((3, 4, 6, 3)),
        101: _config((3, 4, 23, 3)),
        152: _config((3, 8, 36, 3)),
        200: _config((3, 24, 36, 3)),
    }
    BlockGroup = BlockGroup
    BlockV1 = BlockV1
    BlockV2 = BlockV2

    def __init__(
        self,
        blocks_per_group: Sequence[int],
        num_classes: int,
        bn_config: Mapping[str, FloatStrOrBool] | None = None,
        resnet_v2: bool = False,
        bottleneck: bool = True,
        channels_per_group: Sequence[int] = (256, 512, 1024, 2048),
        use_projection: Sequence[bool] = (True, True, True, True),
        logits_config: Mapping[str, Any] | None = None,
        name: str | None = None,
        initial_conv_config: Mapping[str, FloatStrOrBool] | None = None,
        strides: Sequence[int] = (1, 2, 2, 2),
    ):
        """Takes the settings.

        Args:
          blocks_per_group: four numbers of blocks.
          num_classes: length of the logits.
          bn_config: arguments of all batch norms; defaults: decay_rate 0.9, eps 1e-5,
            scale and offset created.
          resnet_v2: activations before the convolutions.
          bottleneck: blocks of three convolutions in place of two.
          channels_per_group: four numbers of channels.
          use_projection: four times, whether the group's first shortcut is a
            convolution.
          logits_config: arguments of the last layer; default: weights start at zero.
          name: of the module.
          initial_conv_config: arguments of the first convolution.
          strides: of the four groups.

        Raises:
          ValueError: not four numbers where four are needed.
        """
        super().__init__(name)
        for what, given in (
            ("blocks_per_group", blocks_per_group),
            ("channels_per_group", channels_per_group),
            ("strides", strides),
        ):
            if len(given) != 4:
                raise ValueError(f"`{what}` must be of length 4 not {len(given)}")
        norm = dict(decay_rate=0.9, eps=1e-5, create_scale=True, create_offset=True)
        norm |= dict(bn_config or {})
        first = dict(output_channels=64, kernel_shape=7, stride=2, with_bias=False)
        first |= dict(padding="SAME", name="initial_conv") | dict(
            initial_conv_config or {}
        )
        self.resnet_v2 = resnet_v2
        self.initial_conv = Conv2D(**first)
        if not resnet_v2:
            self.initial_batchnorm = BatchNorm(name="initial_batchnorm", **norm)
        groups = zip(
            channels_per_group, blocks_per_group, strides, use_projection, strict=False
        )
        self.block_groups = [
            BlockGroup(
                channels,
                blocks,
                stride,
                norm,
                resnet_v2,
                bottleneck,
                projected,
                f"block_group_{i}",
            )
            for i, (channels, blocks, stride, projected) in enumerate(groups)
        ]
        if resnet_v2:
            self.final_batchnorm = BatchNorm(name="final_batchnorm", **norm)
        last = dict(w_init=jnp.zeros, name="logits") | dict(logits_config or {})
        self.logits = Linear(num_classes, **last)

    def __call__(
        self, inputs: jax.Array, is_training: bool, test_local_stats: bool = False
    ) -> jax.Array:
        """Images ``[N, H, W, C]`` -> logits ``[N, num_classes]``.

        Args:
          inputs: the images.
          is_training, test_local_stats: see ``BatchNorm``.
        """
        mode = (is_training, test_local_stats)
        out = self.initial_conv(inputs)
        if not self.resnet_v2:
            out = jax.nn.relu(self.initial_batchnorm(out, *mode))
        out = max_pool(out, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
        for group in self.block_groups:
            out = group(out, *mode)
        if self.resnet_v2:
            out = jax.nn.relu(self.final_batchnorm(out, *mode))
        return self.logits(jnp.mean(out, axis=_LAYOUT_AXES))
