"""A `while` loop that can be differentiated in reverse, its number of steps unknown.

XLA needs to know how much memory a derivative keeps. So no states are kept on the way:
the derivative goes back block by block, and runs the loop again up to each block. That
costs n² / (2 · BLOCK) further steps for n of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

BLOCK = 64

# Arrays are carried from step to step, others stay fixed.
Arrays = Sequence[Any]
Test = Callable[[Any, Arrays, Arrays], Any]
Body = Callable[[Any, Arrays, Arrays], list[Any]]


def repeat_while(test: Test, body: Body, carry: Arrays, fixed: Arrays) -> list[Any]:
    """Runs `carry = body(i, carry, fixed)` while `test(i, carry, fixed)`.

    Args:
      test: gives a scalar bool; `i` counts the steps, an int32.
      body: gives arrays of the shapes and dtypes of `carry`.
      carry: the arrays at the start.
      fixed: arrays that the loop reads.

    Returns:
      The arrays at the end. Derivatives by `carry` and `fixed` are of first order.
    """

    def forward(carry: Arrays, fixed: Arrays) -> tuple[Any, list[Any]]:
        return jax.lax.while_loop(
            lambda at: test(at[0], at[1], fixed),
            lambda at: (at[0] + 1, list(body(at[0], at[1], fixed))),
            (jnp.int32(0), list(carry)),
        )

    @jax.custom_vjp
    def loop(carry: Arrays, fixed: Arrays) -> list[Any]:
        return forward(carry, fixed)[1]

    def loop_forward(carry: Arrays, fixed: Arrays) -> Any:
        count, last = forward(carry, fixed)
        return last, (carry, fixed, count)

    def loop_backward(kept: Any, cotangents: Arrays) -> Any:
        return _backward(body, *kept, cotangents)

    loop.defvjp(loop_forward, loop_backward)
    return loop(list(carry), list(fixed))


def _backward(
    body: Body, first: Arrays, fixed: Arrays, count: Any, cotangents: Arrays
) -> tuple[list[Any], list[Any]]:
    """Cotangents of `first` and `fixed`, None for arrays without derivatives."""

    def until(carry: Arrays, stop: Any) -> list[Any]:
        return jax.lax.while_loop(
            lambda at: at[0] < stop,
            lambda at: (at[0] + 1, list(body(at[0], at[1], fixed))),
            (jnp.int32(0), list(carry)),
        )[1]

    def states(start: Any, size: Any) -> list[Any]:
        """Those before each step of a block, stacked."""

        def keep(at: Any) -> Any:
            i, carry, rows = at
            rows = [r.at[i].set(a) for r, a in zip(rows, carry, strict=True)]
            return i + 1, list(body(start + i, carry, fixed)), rows

        blank = [jnp.zeros((BLOCK, *a.shape), a.dtype) for a in first]
        at = (jnp.int32(0), until(first, start), blank)
        return jax.lax.while_loop(lambda at: at[0] < size, keep, at)[2]

    def block(at: Any) -> Any:
        start, *gradients = at
        size = jnp.minimum(count - start, BLOCK)
        rows = states(start, size)

        def back(at: Any) -> Any:
            i, by_carry, by_fixed = at
            carry = [r[i] for r in rows]

            def floats(own: Arrays, others: Arrays) -> list[Any]:
                after = body(start + i, _merged(carry, own), _merged(fixed, others))
                return _floats(after)

            _, pull = jax.vjp(floats, _floats(carry), _floats(fixed))
            by_carry, more = pull(by_carry)
            total = [a + b for a, b in zip(by_fixed, more, strict=True)]
            return i - 1, by_carry, total

        inner = jax.lax.while_loop(lambda at: at[0] >= 0, back, (size - 1, *gradients))
        return start - BLOCK, *inner[1:]

    given = [c for c, a in zip(cotangents, first, strict=True) if _is_float(a)]
    zeros = [jnp.zeros_like(a) for a in _floats(fixed)]
    last = (count - 1) // BLOCK * BLOCK
    at = jax.lax.while_loop(lambda at: at[0] >= 0, block, (last, given, zeros))
    blank = [None] * len(first), [None] * len(fixed)
    return _merged(first, at[1], blank[0]), _merged(fixed, at[2], blank[1])


def _is_float(array: Any) -> bool:
    return jnp.issubdtype(array.dtype, jnp.inexact)


def _floats(arrays: Arrays) -> list[Any]:
    return [a for a in arrays if _is_float(a)]


def _merged(arrays: Arrays, floats: Arrays, others: Arrays | None = None) -> list[Any]:
    """The arrays with other floats, and with `others` where they are no floats."""
    left = iter(floats)
    rest = arrays if others is None else others
    return [
        next(left) if _is_float(a) else other
        for a, other in zip(arrays, rest, strict=True)
    ]
