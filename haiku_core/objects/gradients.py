"""Gradients of Python code that reads and changes boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .boxes import Array, Box, Recorder, Swapped, is_inexact
from .tracing import abstract, split
from .variables import NotMadeError, Variables


def _settle(variables: Any, function: Callable[[], Any]) -> list[Box]:
    """The boxes of `variables`, made first by a dry run where they aren't there yet."""
    if isinstance(variables, Variables) and variables._pending:
        abstract(function)
    elif callable(variables):
        try:
            return list(variables())
        except NotMadeError:
            abstract(function)
            return list(variables())
    return list(variables)


def value_and_grad(
    loss_fn: Callable[..., Any],
    variables: Box | Iterable[Box] | Callable[[], Iterable[Box]] = (),
    has_aux: bool = False,
    at: Sequence[Array] = (),
) -> tuple[Any, Any]:
    """Calls `loss_fn` and differentiates its result by variables, or by its arguments.

    Boxes that `loss_fn` writes (batch statistics, counters) hold the new values
    afterwards.

    Args:
      loss_fn: takes the arrays `at`, and nothing else; returns the loss, or (loss, aux)
        with `has_aux`. The gradient of a loss that is no scalar is that of its sum.
      variables: the box or boxes to differentiate by; or a function that lists them,
        called once they exist.
      at: arrays to differentiate by instead.

    Returns:
      What `loss_fn` returned, and one gradient for each variable (zeros where the loss
      does not depend on it) or each array; of a single box, its gradient alone.

    Raises:
      TypeError: both variables and arrays are given.
    """
    at = list(at)
    if at and not (isinstance(variables, tuple) and not variables):
        raise TypeError("differentiate by variables or by the arrays `at`, not by both")
    one = isinstance(variables, Box)
    boxes = _settle([variables] if one else variables, lambda: loss_fn(*at))
    written: list[Box] = []
    parts: list[Any] = []

    def pure(values, given):
        with Swapped(boxes, values), Recorder(restore=True) as recorder:
            out = loss_fn(*given)
            loss = out[0] if has_aux else out
            loss = loss.value if isinstance(loss, Box) else loss
            written[:] = recorder.written
            arrays, join = split((out, [box._value for box in written]))
            parts[:] = [join]
            return jnp.sum(loss), arrays

    (_, arrays), gradients = jax.value_and_grad(pure, 1 if at else 0, has_aux=True)(
        [box.value for box in boxes], at
    )
    out, new = parts[0](arrays)
    for box, value in zip(written, new, strict=True):
        box.value = value
    return out, gradients[0] if one else gradients


def vjp(function: Callable[..., Any], at: Sequence[Array] = ()) -> tuple[Any, Callable]:
    """Calls `function`; its result, and a function that gives gradients of parts of it.

    For several losses out of one computation:

        (actor_loss, critic_loss), gradient = vjp(losses)
        actor_gradients = gradient(actor_loss, actor.trainable_variables)
        critic_gradients = gradient(critic_loss, critic.trainable_variables)

    The second argument of `gradient` is one box or several, or one or several of the
    arrays `at` that the function takes; its first is an array, or several, out of the
    result itself, not one computed from it. A third weighs the elements of the first.
    """
    at = list(at)
    _, recorder = abstract(lambda: function(*at))
    boxes = [b for b in recorder.before if is_inexact(b._value)]
    written: list[Box] = []
    parts: list[Any] = []

    def pure(values, given):
        with Swapped(boxes, values), Recorder(restore=True) as recorder:
            out = function(*given)
            written[:] = recorder.written
            arrays, join = split((out, [box._value for box in written]))
            parts[:] = [join]
            return arrays

    arrays, pullback = jax.vjp(pure, [box.value for box in boxes], at)
    out, new = parts[0](arrays)
    for box, value in zip(written, new, strict=True):
        box.value = value

    def gradient(target: Any, variables: Any, weights: Any = None) -> Any:
        if not isinstance(target, list | tuple):
            target, weights = [target], [weights]
        elif weights is None:
            weights = [None] * len(target)
        seeds = {id(t): w for t, w in zip(target, weights, strict=True)}
        if not set(seeds) <= set(map(id, arrays)):
            raise ValueError("the target is no array among the results of the function")
        by_box, by_array = pullback([_seed(a, seeds) for a in arrays])
        found = {id(b): g for b, g in zip(boxes, by_box, strict=True)}
        found |= {id(a): g for a, g in zip(at, by_array, strict=True)}
        one = isinstance(variables, Box) or id(variables) in found
        wanted = [variables] if one else list(variables)
        result = [
            found[id(w)] if id(w) in found else jnp.zeros_like(jnp.asarray(w))
            for w in wanted
        ]
        return result[0] if one else result

    return out, gradient


def _seed(array: Array, seeds: dict[int, Array | None]) -> Array:
    if not is_inexact(array):
        return np.zeros(array.shape, jax.dtypes.float0)
    if id(array) not in seeds:
        return jnp.zeros_like(array)
    weights = seeds[id(array)]
    if weights is None:
        return jnp.ones_like(array)
    return jnp.broadcast_to(jnp.asarray(weights, array.dtype), array.shape)
