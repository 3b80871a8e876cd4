"""Sonnet's convolutional network for CIFAR-10.

Needs the sibling files ``batch_norm.py`` and ``metrics.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk

from .batch_norm import BatchNorm

Initializer = Callable[[Any, Any], jax.Array]


class Cifar10ConvNet(hk.Module):
    """3x3 convolutions, each with batch norm and ReLU, a mean over space, logits.

    Submodules ``conv_2d_<i>``, ``batch_norm_<i>`` and ``logits``, in the attributes
    ``_conv_modules``, ``_bn_modules`` and ``_logits_module``. The batch norms train
    the offset only.
    """

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
        """Takes the settings.

        Args:
          num_classes: length of the logits.
          w_init, b_init: of the convolutions and the logits.
          data_format: where the channels are. The mean is over axes 1 and 2 all the
            same, as in Sonnet.
          output_channels, strides: of the convolutions, one number each.
          name: of the module.

        Raises:
          ValueError: as many channels as strides are needed.
        """
        super().__init__(name=name)
        if len(strides) != len(output_channels):
            raise ValueError(
                "The length of `output_channels` and `strides` must be equal."
            )
        inits = dict(w_init=w_init, b_init=b_init)
        self._conv_modules = [
            hk.Conv2D(
                channels,
                (3, 3),
                stride,
                data_format=data_format,
                name=f"conv_2d_{i}",
                **inits,
            )
            for i, (channels, stride) in enumerate(
                zip(output_channels, strides, strict=True)
            )
        ]
        self._bn_modules = [
            BatchNorm(
                create_scale=False,
                create_offset=True,
                decay_rate=0.999,
                data_format=data_format,
                name=f"batch_norm_{i}",
            )
            for i in range(len(output_channels))
        ]
        self._logits_module = hk.Linear(num_classes, name="logits", **inits)

    def __call__(
        self,
        inputs: jax.Array,
        is_training: bool | jax.Array,
        test_local_stats: bool | jax.Array = True,
    ) -> dict[str, Any]:
        """Images ``[N, H, W, C]`` -> logits and activations.

        Args:
          inputs: the images.
          is_training, test_local_stats: see ``BatchNorm``.

        Returns:
          ``logits`` ``[N, num_classes]``, and ``activations``: the result of each
          layer and the mean that the logits are computed from.
        """
        activations = []
        net = inputs
        for conv, norm in zip(self._conv_modules, self._bn_modules, strict=True):
            net = norm(conv(net), is_training, test_local_stats)
            net = jax.nn.relu(net)
            activations.append(net)
        flat = jnp.mean(net, axis=(1, 2))
        activations.append(flat)
        return {"logits": self._logits_module(flat), "activations": activations}
