"""A convolutional network for small images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compat.dictionary import module
from compat.sonnet._src.activations import mean, relu
from compat.sonnet._src.base import Module
from compat.sonnet._src.batch_norm import BatchNorm
from compat.sonnet._src.conv import Conv2D
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.linear import Linear
from compat.sonnet._src.variants import takes_the_same


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
            64,
            64,
            128,
            128,
            128,
            256,
            256,
            256,
            512,
            512,
            512,
        ),
        strides: Sequence[int] = (1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1),
        name: str | None = None,
    ):
        super().__init__(name=name)
        if len(strides) != len(output_channels):
            raise ValueError(
                "The length of `output_channels` and `strides` must be equal."
            )
        self._num_classes = num_classes
        self._data_format = data_format
        self._output_channels = output_channels
        self._strides = strides
        self._num_layers = len(output_channels)
        self._w_init = w_init
        self._b_init = b_init
        self._conv_modules = [
            Conv2D(
                channels,
                [3, 3],
                stride,
                w_init=w_init,
                b_init=b_init,
                data_format=data_format,
                name=f"conv_2d_{i}",
            )
            for i, (channels, stride) in enumerate(
                zip(output_channels, strides, strict=True)
            )
        ]
        self._bn_modules = [
            BatchNorm(
                create_scale=False,
                create_offset=True,
                data_format=data_format,
                name=f"batch_norm_{i}",
            )
            for i in range(self._num_layers)
        ]
        self._logits_module = Linear(
            num_classes, w_init=w_init, b_init=b_init, name="logits"
        )

    def __call__(
        self, inputs: Any, is_training: Any, test_local_stats: Any = True
    ) -> dict[str, Any]:
        """{"logits": [batch, classes], "activations": each layer's, and their mean}."""
        net, activations = inputs, []
        for conv, norm in zip(self._conv_modules, self._bn_modules, strict=True):
            net = conv(net)
            net = norm(net, is_training, test_local_stats)
            net = relu(net)
            activations.append(net)
        net = mean(net, axes=(1, 2))
        activations.append(net)
        return {"logits": self._logits_module(net), "activations": activations}


takes_the_same(Cifar10ConvNet.entry, "hk.sonnet.Cifar10ConvNet")
