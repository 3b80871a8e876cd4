"""Loops as one op each: `while` on traced values, and a scan over rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from compat.runtime.control_flow.captures import Captures, Step, arrays_of, same_avals
from compat.runtime.control_flow.reversible import repeat_while
from compat.runtime.plans import Plan, run
from compat.runtime.random import next_key
from compat.runtime.staging import Outputs, no_key, stage
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert


def loop_while(
    test: Callable[..., Any],
    body: Callable[..., Any],
    start: Sequence[Tensor],
    maximum: int | None = None,
    name: str = "tf.while_loop",
) -> list[Tensor]:
    """Runs `state = body(*state)` while `test(*state)`, as one op.

    Args:
      test: tensors → a scalar bool.
      body: tensors → as many tensors of the same shapes and dtypes.
      start: the first state.
      maximum: a bound on the number of steps; only with one can a tape differentiate
        more than once.
      name: for error messages.
    """
    start = list(start)
    avals = [t._array for t in start]
    tested = stage(lambda *s: convert(test(*s)), avals, name=name)
    staged = stage(lambda *s: arrays_of(body(*s)), avals, name=name)
    same_avals(name, "loop variable", avals, staged.outputs.arrays)
    captures = Captures([tested, staged])
    ask = Step(tested, captures, len(start))
    step = Step(staged, captures, len(start))
    bounded = maximum if STATE.tapes or (STATE.frame and STATE.frame.tapes) else None

    split = len(start)  # carried are the state, then the assigned variables

    def joined(carry: Sequence[Any], fixed: Sequence[Any]) -> list[Any]:
        values = list(fixed)
        for i, value in zip(step.all_written, carry[split:], strict=True):
            values[i] = value
        return values

    def goes_on(count: Any, carry: Sequence[Any], fixed: Sequence[Any]) -> Any:
        key, *values = fixed
        out, _ = ask(key, carry[:split], joined(carry, values))
        more = jnp.reshape(out[0], ())
        return more if maximum is None else more & (count < maximum)

    def one(count: Any, carry: Sequence[Any], fixed: Sequence[Any]) -> list[Any]:
        key, *values = fixed
        inner = jax.random.fold_in(key, count)
        out, values = step(inner, carry[:split], joined(carry, values))
        return [*out, *(values[i] for i in step.all_written)]

    def pure(key: Any, *arrays: Any) -> list[Any]:
        fixed = [key, *arrays[split:]]
        carry = [*arrays[:split], *(fixed[1 + i] for i in step.all_written)]
        if bounded is None:
            return repeat_while(goes_on, one, carry, fixed)

        def guarded(carry: list[Any], count: Any) -> tuple[list[Any], None]:
            more = goes_on(count, carry, fixed)
            after = jax.lax.cond(more, lambda c: one(count, c, fixed), list, carry)
            return after, None

        return jax.lax.scan(guarded, carry, jnp.arange(bounded, dtype="int32"))[0]

    key = next_key() if tested.draws or staged.draws else no_key()
    flat = run(Plan(pure, name), [key, *start, *captures.values()])
    captures.write(flat[split:])
    return list(flat[:split])


def loop_over(
    body: Callable[..., Any],
    start: Sequence[Tensor],
    rows: Sequence[Tensor],
    reverse: bool = False,
    name: str = "tf.scan",
) -> tuple[list[Tensor], Any]:
    """Runs `state, result = body(state, row)` over the rows, as one op.

    Args:
      body: (list of tensors, list of tensors) → (list of tensors like the first, any
        nest of tensors).
      start: the first state.
      rows: tensors of one length; the body gets a row of each.
      reverse: whether to start at the last row.
      name: for error messages.

    Returns:
      The last state, and the results stacked.
    """
    start, rows = list(start), list(rows)
    split = len(start)
    avals = [t._array for t in start]
    avals += [jax.ShapeDtypeStruct(r._array.shape[1:], r._array.dtype) for r in rows]
    kept: list[Outputs] = []

    def flat_body(*arguments: Tensor) -> Any:
        state, result = body(list(arguments[:split]), list(arguments[split:]))
        state = arrays_of(state)
        kept.append(Outputs(result))
        return [*state, *(Tensor(a) for a in kept[-1].arrays)]

    staged = stage(flat_body, avals, name=name)
    result = kept[-1]
    same_avals(name, "state", avals[:split], staged.outputs.arrays[:split])
    captures = Captures([staged])
    step = Step(staged, captures, split)

    def pure(key: Any, *arrays: Any) -> list[Any]:
        state, xs = arrays[:split], arrays[split : split + len(rows)]
        fixed = list(arrays[split + len(rows) :])

        def one(carry: Any, x: Any) -> Any:
            count, state, written = carry
            values = list(fixed)
            for i, value in zip(step.all_written, written, strict=True):
                values[i] = value
            inner = jax.random.fold_in(key, count)
            out, values = step(inner, [*state, *x], values)
            after = tuple(values[i] for i in step.all_written)
            return (count + 1, tuple(out[:split]), after), list(out[split:])

        first = (
            jnp.zeros((), "int32"),
            tuple(state),
            tuple(fixed[i] for i in step.all_written),
        )
        (_, state, written), ys = jax.lax.scan(one, first, list(xs), reverse=reverse)
        return [*state, *ys, *written]

    key = next_key() if staged.draws else no_key()
    flat = run(Plan(pure, name), [key, *start, *rows, *captures.values()])
    count = len(result.arrays)
    captures.write(flat[split + count :])
    return list(flat[:split]), result.rebuild(flat[split : split + count])
