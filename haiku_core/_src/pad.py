"""Rules that turn a kernel's effective size into padding: (before, after)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from haiku_core._src.sizes import replicate

PadFn = Callable[[int], tuple[int, int]]


def valid(effective_kernel_size: int) -> tuple[int, int]:
    """No padding: only whole windows."""
    del effective_kernel_size
    return 0, 0


def same(effective_kernel_size: int) -> tuple[int, int]:
    """Half of the kernel on each side: the size is kept at stride 1."""
    spare = effective_kernel_size - 1
    before = spare // 2
    return before, spare - before


def full(effective_kernel_size: int) -> tuple[int, int]:
    """Every window that overlaps the input at all."""
    spare = effective_kernel_size - 1
    return spare, spare


def causal(effective_kernel_size: int) -> tuple[int, int]:
    """All padding in front: no output sees a later input."""
    return effective_kernel_size - 1, 0


def reverse_causal(effective_kernel_size: int) -> tuple[int, int]:
    """All padding behind: no output sees an earlier input."""
    return 0, effective_kernel_size - 1


def create_from_padfn(
    padding: PadFn | Sequence[PadFn],
    kernel: int | Sequence[int],
    rate: int | Sequence[int],
    n: int,
) -> tuple[tuple[int, int], ...]:
    """Applies padding rules to the effective size of a kernel on each axis.

    Args:
      padding: one rule, or one per axis.
      kernel: size of the kernel: one number, or one per axis.
      rate: dilation of the kernel, likewise.
      n: number of axes.

    Raises:
      TypeError: a sequence that is neither of length 1 nor n.
    """
    rules = replicate(padding, n, "padding")
    sizes = replicate(kernel, n, "kernel")
    rates = replicate(rate, n, "rate")
    return tuple(
        rule((size - 1) * r + 1)
        for rule, size, r in zip(rules, sizes, rates, strict=True)
    )


def create_from_tuple(
    padding: tuple[int, int] | Sequence[tuple[int, int]], n: int
) -> tuple[tuple[int, int], ...]:
    """One (before, after) for all axes, or one per axis, as one per axis.

    Raises:
      TypeError: not a pair of ints, nor a sequence of 1 or n pairs.
    """
    assert padding, "Padding must not be empty."
    if isinstance(padding[0], int):
        return (tuple(padding),) * n
    if len(padding) not in (1, n):
        raise TypeError(
            f"Padding {padding} must be a Tuple[int, int] or sequence of length 1 or "
            f"sequence of length {n}."
        )
    return tuple(padding) * (n if len(padding) == 1 else 1)


def is_padfn(padding: Any) -> bool:
    """Whether this is a padding rule, or a sequence that starts with one."""
    if isinstance(padding, Sequence):
        padding = padding[0]
    return callable(padding)
