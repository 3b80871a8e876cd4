"""Gradients of Python code that reads and changes boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .boxes import Array, Box, Recorder, Swapped, is_inexact
from .tracing import abstract, split
from .variables import Variables


def _settle(variables: Iterable[Box], function: Callable[[], Any]) -> list[Box]:
    """The boxes of `variables`, made first by a dry run where they aren't there yet."""
    if isinstance(variables, Variables) and variables._pending:
        abstract(function)
    return list(variables)


def value_and_grad(
    loss_fn: Callable[[], Any], variables: Iterable[Box], has_aux: bool = False
) -> tuple[Any, list[Array]]:
    """Calls `loss_fn` and differentiates its result by the variables.

    Boxes that `loss_fn` writes (batch statistics, counters) hold the new values
    afterwards.

    Args:
      loss_fn: takes no arguments; returns the loss, or (loss, aux) with `has_aux`. The
        gradient of a loss that is no scalar is that of its sum.
      variables: the boxes to differentiate by.

    Returns:
      What `loss_fn` returned, and one gradient for each variable (zeros where the loss
      does not depend on it).
    """
    boxes = _settle(variables, loss_fn)
    written: list[Box] = []
    parts: list[Any] = []

    def pure(values):
        with Swapped(boxes, values), Recorder(restore=True) as recorder:
            out = loss_fn()
            loss = out[0] if has_aux else out
            loss = loss.value if isinstance(loss, Box) else loss
            written[:] = recorder.written
            arrays, join = split((out, [box._value for box in written]))
            parts[:] = [join]
            return jnp.sum(loss), arrays

    (_, arrays), gradients = jax.value_and_grad(pure, has_aux=True)(
        [box.value for box in boxes]
    )
    out, new = parts[0](arrays)
    for box, value in zip(written, new, strict=True):
        box.value = value
    return out, gradients


def vjp(function: Callable[[], Any]) -> tuple[Any, Callable]:
    """Calls `function`; its result, and a function that gives gradients of parts of it.

    For several losses out of one computation:

        (actor_loss, critic_loss), gradient = vjp(losses)
        actor_gradients = gradient(actor_loss, actor.trainable_variables)
        critic_gradients = gradient(critic_loss, critic.trainable_variables)

    The second argument of `gradient` is one box or several; its first is an array out
    of the result itself, not one computed from it.
    """
    _, recorder = abstract(function)
    boxes = [b for b in recorder.before if is_inexact(b._value)]
    written: list[Box] = []
    parts: list[Any] = []

    def pure(values):
        with Swapped(boxes, values), Recorder(restore=True) as recorder:
            out = function()
            written[:] = recorder.written
            arrays, join = split((out, [box._value for box in written]))
            parts[:] = [join]
            return arrays

    arrays, pullback = jax.vjp(pure, [box.value for box in boxes])
    out, new = parts[0](arrays)
    for box, value in zip(written, new, strict=True):
        box.value = value

    def gradient(target: Array, variables: Box | Iterable[Box]) -> Any:
        if not any(a is target for a in arrays):
            raise ValueError("the target is no array among the results of the function")
        (found,) = pullback([_seed(a, a is target) for a in arrays])
        by_box = dict(zip(boxes, found, strict=True))
        one = isinstance(variables, Box)
        wanted = [variables] if one else list(variables)
        result = [by_box[b] if b in by_box else jnp.zeros_like(b.value) for b in wanted]
        return result[0] if one else result

    return out, gradient


def _seed(array: Array, chosen: bool) -> Array:
    if not is_inexact(array):
        return np.zeros(array.shape, jax.dtypes.float0)
    return jnp.ones_like(array) if chosen else jnp.zeros_like(array)
