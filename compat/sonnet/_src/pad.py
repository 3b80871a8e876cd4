"""Padding of convolutions as functions of the kernel's size."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from compat.dictionary import Kind, manual, value
from compat.sonnet._src.shapes import replicate

_KIND = Kind("function")

value("snt.pad.valid", spelling="hk.pad.valid", returns=_KIND)
value("snt.pad.same", spelling="hk.pad.same", returns=_KIND)
value("snt.pad.full", spelling="hk.pad.full", returns=_KIND)
value("snt.pad.causal", spelling="hk.pad.causal", returns=_KIND)
value("snt.pad.reverse_causal", spelling="hk.pad.reverse_causal", returns=_KIND)
manual(
    "snt.pad.create",
    because="it pads all axes, as tf.pad wants it; jax.lax convolutions and "
    "hk.pad.create_from_padfn name the spatial axes only",
    instead="hand the padding function to the convolution's `padding`, or use "
    "hk.pad.create_from_padfn(padding, kernel, rate, n)",
)


def valid(effective_kernel_size: int) -> list[int]:
    """No padding."""
    return [0, 0]


def same(effective_kernel_size: int) -> list[int]:
    """Such that the output is as long as the input, the larger half behind."""
    total = effective_kernel_size - 1
    return [total // 2, total - total // 2]


def full(effective_kernel_size: int) -> list[int]:
    """Such that each overlap of kernel and input counts, however small."""
    return [effective_kernel_size - 1] * 2


def causal(effective_kernel_size: int) -> list[int]:
    """Such that an output sees no input after it."""
    return [effective_kernel_size - 1, 0]


def reverse_causal(effective_kernel_size: int) -> list[int]:
    """Such that an output sees no input before it."""
    return [0, effective_kernel_size - 1]


def create(
    padding: Callable[[int], Sequence[int]] | Sequence[Callable[[int], Sequence[int]]],
    kernel: int | Sequence[int],
    rate: int | Sequence[int],
    n: int,
    channel_index: int,
) -> list[Sequence[int]]:
    """Padding before and after of every axis, batch and channels included.

    Args:
      padding: one function for all of the `n` spatial axes, or one each.
      kernel: the kernel's size, likewise.
      rate: its dilation, likewise.
      n: the number of spatial axes.
      channel_index: 1 where channels come before the spatial axes, else -1.
    """
    functions = replicate(padding, n, "padding")
    sizes = zip(replicate(kernel, n, "kernel"), replicate(rate, n, "rate"), strict=True)
    spatial = [
        function((size - 1) * dilation + 1)
        for function, (size, dilation) in zip(functions, sizes, strict=True)
    ]
    none = [0, 0]
    if channel_index == 1:
        return [none, none, *spatial]
    return [none, *spatial, none]
