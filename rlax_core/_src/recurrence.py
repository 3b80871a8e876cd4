"""Backward linear recurrences: the one computation under all multi-step returns.

Every return, trace or correction here has the form ``g[t] = b[t] + a[t] * g[t+1]``,
solved from the end of the sequence. On a CPU the plain scan is fastest. On an
accelerator a long sequence can be solved in O(log T) steps instead; that is asked for
with ``parallel_scans``.
"""

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
from jax import lax

Array = jax.Array
Affine = Callable[..., tuple[Array, Array]]

_PARALLEL = contextvars.ContextVar("rlax_core_parallel_scans", default=False)


@contextlib.contextmanager
def parallel_scans(enabled: bool = True) -> Iterator[None]:
    """Solves recurrences traced inside the block by an associative scan.

    Worth trying for long sequences on an accelerator; on a CPU it is several times
    slower than the default. The choice is made when a function is traced, so put the
    block inside the function that is jitted: entering it later has no effect on code
    that is compiled already. Results differ from the default by rounding.
    """
    token = _PARALLEL.set(enabled)
    try:
        yield
    finally:
        _PARALLEL.reset(token)


def _as_given(weights: Array, offsets: Array) -> tuple[Array, Array]:
    return weights, offsets


# Cached, so that repeated calls outside jit find it traced already.
@functools.cache
def _stepping(affine: Affine):
    def one_step_back(later: Array, step: tuple[Array, ...]) -> tuple[Array, Array]:
        weight, offset = affine(*step)
        value = offset + weight * later
        return value, value

    return one_step_back


def _then(later: tuple[Array, Array], step: tuple[Array, Array]):
    """The map of ``step`` applied after the maps of all later steps."""
    weight_later, offset_later = later
    weight, offset = step
    return weight * weight_later, offset + weight * offset_later


def solve_backward(weights: Array, offsets: Array, last: Array) -> Array:
    """Solves ``g[t] = offsets[t] + weights[t] * g[t+1]`` with ``g[T] = last``.

    Args:
      weights: ``[T, ...]``.
      offsets: ``[T, ...]``.
      last: ``[...]`` the value after the end.

    Returns:
      ``[T, ...]`` g at 0 … T-1, in the promoted dtype of the arguments.
    """
    return solve_steps(_as_given, (weights, offsets), last)


def solve_steps(affine: Affine, steps: tuple[Array, ...], last: Array) -> Array:
    """As ``solve_backward``, with the weights and offsets worked out step by step.

    On a CPU that saves passes over memory where they are made of several sequences.

    Args:
      affine: makes weights and offsets of the steps; element by element, and a function
        of a module: it is what compiled steps are remembered by.
      steps: arrays ``[T, ...]``.
      last: ``[...]`` the value after the end.

    Returns:
      ``[T, ...]``, in the promoted dtype of the arguments.
    """
    dtype = jnp.result_type(*steps, last)
    steps = tuple(jnp.asarray(step, dtype) for step in steps)
    last = jnp.asarray(last, dtype)
    if not _PARALLEL.get():
        return lax.scan(_stepping(affine), last, steps, reverse=True)[1]
    whole, values = lax.associative_scan(_then, affine(*steps), reverse=True)
    return values + whole * last
