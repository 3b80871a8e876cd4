"""Backward linear recurrences: the one computation under all multi-step returns.

Every return, trace or correction here has the form ``g[t] = b[t] + a[t] * g[t+1]``,
solved from the end of the sequence. On a CPU the plain scan is fastest. On an
accelerator a long sequence can be solved in O(log T) steps instead; that is asked for
with ``parallel_scans``.
"""

import contextlib
import contextvars
from collections.abc import Iterator

import jax
import jax.numpy as jnp
from jax import lax

Array = jax.Array

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


# At module level, so that repeated calls outside jit find it traced already.
def _one_step_back(later: Array, step: tuple[Array, Array]) -> tuple[Array, Array]:
    weight, offset = step
    value = offset + weight * later
    return value, value


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
    dtype = jnp.result_type(weights, offsets, last)
    weights, offsets = weights.astype(dtype), offsets.astype(dtype)
    last = jnp.asarray(last, dtype)
    if not _PARALLEL.get():
        steps = weights, offsets
        return lax.scan(_one_step_back, last, steps, reverse=True)[1]
    whole, values = lax.associative_scan(_then, (weights, offsets), reverse=True)
    return values + whole * last
