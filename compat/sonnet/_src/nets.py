"""Whole networks: perceptron, CIFAR-10 network, residual networks, VQ-VAE layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import module
from compat.sonnet._src.base import Module, float32, relu
from compat.sonnet._src.initializers import Initializer


@module("snt.nets.MLP")
class MLP(Module):
    """Linear layers with an activation between them."""

    def __init__(
        self,
        output_sizes: Iterable[int],
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        with_bias: bool = True,
        activation: Callable[[Any], Any] = relu,
        dropout_rate: float | None = None,
        activate_final: bool = False,
        name: str | None = None,
    ):
        super().__init__(name=name)


# Haiku's takes the rate of the dropout at the call.
@MLP.entry.when("dropout_rate is None")
def _(
    output_sizes,
    w_init=None,
    b_init=None,
    with_bias=True,
    activation=jax.nn.relu,
    dropout_rate=None,
    activate_final=False,
    name=None,
):
    return hk.nets.MLP(
        output_sizes,
        w_init=w_init,
        b_init=b_init,
        with_bias=with_bias,
        activation=activation,
        activate_final=activate_final,
        name=name,
    )


@MLP.entry.when()
def _(
    output_sizes,
    w_init=None,
    b_init=None,
    with_bias=True,
    activation=jax.nn.relu,
    dropout_rate=None,
    activate_final=False,
    name=None,
):
    return hk.sonnet.MLP(
        output_sizes,
        w_init=w_init,
        b_init=b_init,
        with_bias=with_bias,
        activation=activation,
        dropout_rate=dropout_rate,
        activate_final=activate_final,
        name=name,
    )


@module("snt.nets.Cifar10ConvNet")
class Cifar10ConvNet(Module):
    """Eleven convolutions with batch norm, a mean over the image, and logits."""

    def __init__(
        self,
        num_classes: int = 10,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        data_format: str = "NHWC",
        output_channels: Sequence[int] = (
            *(64, 64, 128, 128, 128, 256, 256, 256, 512, 512, 512),
        ),
        strides: Sequence[int] = (1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1),
        name: str | None = None,
    ):
        super().__init__(name=name)


@Cifar10ConvNet.entry.when()
def _(
    num_classes=10,
    w_init=None,
    b_init=None,
    data_format="NHWC",
    output_channels=(64, 64, 128, 128, 128, 256, 256, 256, 512, 512, 512),
    strides=(1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1),
    name=None,
):
    return hk.sonnet.Cifar10ConvNet(
        num_classes,
        w_init=w_init,
        b_init=b_init,
        data_format=data_format,
        output_channels=output_channels,
        strides=strides,
        name=name,
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


# Haiku's have Haiku's batch norm, whose statistics are others.
@ResNet.entry.when()
def _(
    blocks_per_group_list,
    num_classes,
    bn_config=None,
    resnet_v2=False,
    channels_per_group_list=(256, 512, 1024, 2048),
    name=None,
):
    return hk.sonnet.ResNet(
        blocks_per_group_list,
        num_classes,
        bn_config=bn_config,
        resnet_v2=resnet_v2,
        channels_per_group_list=channels_per_group_list,
        name=name,
    )


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


@module("snt.nets.resnet.BottleNeckBlockV1")
class BottleNeckBlockV1(Module):
    """Three convolutions, each followed by batch norm, around a shortcut."""

    def __init__(
        self,
        channels: int,
        stride: int | Sequence[int],
        use_projection: bool,
        bn_config: Mapping[str, float],
        name: str | None = None,
    ):
        super().__init__(name=name)


@BottleNeckBlockV1.entry.when()
def _(channels, stride, use_projection, bn_config, name=None):
    return hk.sonnet.BottleNeckBlockV1(
        channels, stride, use_projection, bn_config, name=name
    )


@module("snt.nets.resnet.BottleNeckBlockV2")
class BottleNeckBlockV2(Module):
    """Three convolutions, each preceded by batch norm, around a shortcut."""

    def __init__(
        self,
        channels: int,
        stride: int | Sequence[int],
        use_projection: bool,
        bn_config: Mapping[str, float],
        name: str | None = None,
    ):
        super().__init__(name=name)


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


@BlockGroup.entry.when()
def _(channels, num_blocks, stride, bn_config, resnet_v2=False, name=None):
    return hk.sonnet.BlockGroup(
        channels, num_blocks, stride, bn_config, resnet_v2=resnet_v2, name=name
    )


@module("snt.nets.VectorQuantizer")
class VectorQuantizer(Module):
    """The nearest of learnt code vectors (van den Oord et al. 2017, 1711.00937)."""

    def __init__(
        self,
        embedding_dim: int,
        num_embeddings: int,
        commitment_cost: float,
        dtype: Any = float32,
        name: str = "vector_quantizer",
    ):
        super().__init__(name=name)


@VectorQuantizer.entry.when()
def _(embedding_dim, num_embeddings, commitment_cost, dtype=jnp.float32, name=None):
    return hk.nets.VectorQuantizer(
        embedding_dim, num_embeddings, commitment_cost, dtype=dtype, name=name
    )


@module("snt.nets.VectorQuantizerEMA")
class VectorQuantizerEMA(Module):
    """`VectorQuantizer` whose codes follow the inputs by moving averages."""

    def __init__(
        self,
        embedding_dim: int,
        num_embeddings: int,
        commitment_cost: float,
        decay: float,
        epsilon: float = 1e-5,
        dtype: Any = float32,
        name: str = "vector_quantizer_ema",
    ):
        super().__init__(name=name)


@VectorQuantizerEMA.entry.when()
def _(
    embedding_dim,
    num_embeddings,
    commitment_cost,
    decay,
    epsilon=1e-5,
    dtype=jnp.float32,
    name=None,
):
    return hk.nets.VectorQuantizerEMA(
        embedding_dim,
        num_embeddings,
        commitment_cost,
        decay,
        epsilon=epsilon,
        dtype=dtype,
        name=name,
    )
