"""MobileNet, first version."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from haiku_core._src.batch_norm import BatchNorm
from haiku_core._src.conv_ranks import Conv2D, DepthwiseConv2D
from haiku_core._src.linear import Linear
from haiku_core._src.module import Module
from haiku_core._src.reshape import Flatten


def _batch_norm() -> BatchNorm:
    return BatchNorm(create_scale=True, create_offset=True, decay_rate=0.999)


class MobileNetV1Block(Module):
    """A depthwise and then a pointwise convolution, each normalised and activated."""

    def __init__(
        self, channels: int, stride: int, use_bn: bool = True, name: str | None = None
    ):
        """Takes the settings.

        Args:
          channels: of the outputs.
          stride: of the depthwise convolution.
          use_bn: batch norms; else the convolutions have biases.
          name: of the module.
        """
        super().__init__(name)
        self.use_bn, self.with_bias = use_bn, not use_bn
        self.stride = stride
        self.channels = channels

    def __call__(self, inputs: jax.Array, is_training: bool) -> jax.Array:
        """``[N, H, W, C]`` -> ``[N, H', W', channels]``."""
        depthwise = DepthwiseConv2D(
            1,
            3,
            self.stride,
            padding=((1, 1), (1, 1)),
            with_bias=self.with_bias,
            name="depthwise_conv",
        )
        pointwise = Conv2D(
            self.channels,
            (1, 1),
            padding="VALID",
            with_bias=self.with_bias,
            name="pointwise_conv",
        )
        out = inputs
        for conv in (depthwise, pointwise):
            out = conv(out)
            if self.use_bn:
                out = _batch_norm()(out, is_training)
            out = jax.nn.relu(out)
        return out


class MobileNetV1(Module):
    """A small network for images (Howard et al. 2017, arXiv 1704.04861)."""

    def __init__(
        self,
        strides: Sequence[int] = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1),
        channels: Sequence[int] = (
            64,
            128,
            128,
            256,
            256,
            512,
            512,
            512,
            512,
            512,
            512,
            1024,
            1024,
        ),
        num_classes: int = 1000,
        use_bn: bool = True,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          strides, channels: of the blocks, one number each.
          num_classes: length of the logits.
          use_bn: batch norms; else the convolutions have biases.
          name: of the module.

        Raises:
          ValueError: as many strides as channels are needed.
        """
        super().__init__(name)
        if len(channels) != len(strides):
            raise ValueError("`strides` and `channels` must have the same length.")
        self.use_bn, self.with_bias = use_bn, not use_bn
        self.num_classes = num_classes
        self.channels = channels
        self.strides = strides

    def __call__(self, inputs: jax.Array, is_training: bool) -> jax.Array:
        """Images ``[N, H, W, C]`` -> logits ``[N, num_classes]``."""
        first = Conv2D(32, (3, 3), 2, padding="VALID", with_bias=self.with_bias)
        out = first(inputs)
        if self.use_bn:
            out = _batch_norm()(out, is_training)
        out = jax.nn.relu(out)
        for channels, stride in zip(self.channels, self.strides, strict=True):
            out = MobileNetV1Block(channels, stride, self.use_bn)(out, is_training)
        out = Flatten()(jnp.mean(out, axis=(1, 2)))
        return Linear(self.num_classes, name="logits")(out)
