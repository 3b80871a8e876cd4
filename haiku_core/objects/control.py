"""Choices that depend on values, over code that changes boxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .boxes import Array, Box, Swapped, is_tracer
from .tracing import abstract, split


def cond(
    condition: Array,
    true_fn: Callable[[], Any],
    false_fn: Callable[[], Any] | None = None,
) -> Any:
    """`true_fn()` where the condition holds, else `false_fn()`; both may write boxes.

    A condition that is known now chooses at once; a traced one becomes a `lax.cond`
    that also carries the boxes either branch writes. Both must then return alike;
    without a `false_fn`, the call does nothing else and returns None.

    Args:
      condition: a boolean scalar.
    """
    condition = condition.value if isinstance(condition, Box) else condition
    if false_fn is None:
        true_fn, false_fn = _without_result(true_fn), _nothing
    if not is_tracer(condition):
        return true_fn() if condition else false_fn()
    written: dict[Box, None] = {}
    for branch in (true_fn, false_fn):
        written.update(abstract(branch)[1].written)
    boxes = list(written)
    parts: list[Any] = []

    def branch(function):
        def pure(values):
            with Swapped(boxes, values):
                arrays, join = split(function())
                parts.append(join)
                return arrays, [
                    jnp.asarray(box._value, old.dtype)
                    for box, old in zip(boxes, values, strict=True)
                ]

        return pure

    arrays, new = jax.lax.cond(
        condition, branch(true_fn), branch(false_fn), [box.value for box in boxes]
    )
    for box, value in zip(boxes, new, strict=True):
        box.value = value
    return parts[0](arrays)


def _nothing() -> None:
    return None


def _without_result(function: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        function()

    return run
