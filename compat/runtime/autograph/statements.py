"""Statements of converted code: `if_stmt`, `while_stmt`, `for_stmt`.

With plain Python values each does what the statement would. With a traced condition
(or a tensor to iterate over inside a trace) it becomes an op of `control_flow`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from compat.runtime.autograph.expressions import TracedRange, and_, steered
from compat.runtime.autograph.host import for_dataset
from compat.runtime.autograph.locals import Get, LoopState, Merged, Put, Shape
from compat.runtime.control_flow import branch_aligned, is_traced, loop_over, loop_while
from compat.runtime.errors import InvalidArgumentError, OperatorNotAllowedInGraphError
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert, is_tensor
from compat.runtime.variable import Variable

# Loops over tensors of up to so many rows are written out: their bodies may then do
# what compiled loops cannot, such as append to a list.
UNROLLED = 8
# Those of up to so many rows are written out if they cannot be compiled.
WRITTEN_OUT = 256


# Statements.


def if_stmt(
    test: Any,
    body: Callable[[], None],
    orelse: Callable[[], None],
    get: Get,
    put: Put,
    names: Sequence[str],
    where: str,
) -> None:
    """`if test: body() else: orelse()`."""
    if not steered(test):
        (body if test else orelse)()
        return
    before = get()
    after: list[list[Any]] = []

    def ran(block: Callable[[], None]) -> Callable[[], Any]:
        def run_block() -> list[Tensor]:
            put(list(before))
            block()
            state = [_read(v, b) for v, b in zip(get(), before, strict=True)]
            after.append(state)
            return [t for v in state for t in Shape(v).tensors()]

        return run_block

    try:
        merged = Merged(names, where)
        flat = branch_aligned(
            convert(test), [ran(orelse), ran(body)], lambda: merged.align(after), where
        )
        put(merged.rebuilt(flat))
    except BaseException:
        put(before)
        raise


def _read(value: Any, before: Any) -> Any:
    """The value of a variable that a branch put into a local; else what is there."""
    if isinstance(value, Variable) and value is not before:
        return value.value()
    return value


def while_stmt(
    test: Callable[[], Any],
    body: Callable[[], None],
    get: Get,
    put: Put,
    names: Sequence[str],
    where: str,
) -> None:
    """`while test(): body()`."""
    while True:
        value = test()
        if steered(value):
            break
        if not value:
            return
        body()
    _compiled_while(test, body, get, put, names, where)


def _compiled_while(
    test: Callable[[], Any],
    body: Callable[[], None],
    get: Get,
    put: Put,
    names: Sequence[str],
    where: str,
) -> None:
    state = LoopState(get, put, names, where)
    try:
        state.learn(body)

        def goes_on(*tensors: Tensor) -> Any:
            state.enter(tensors)
            return test()

        def step(*tensors: Tensor) -> list[Tensor]:
            state.enter(tensors)
            body()
            return state.leave()

        state.done(loop_while(goes_on, step, state.tensors(), name=where))
    except BaseException:
        state.restore()
        raise


def for_stmt(
    items: Any,
    more: Callable[[], Any] | None,
    body: Callable[[Any], None],
    get: Get,
    put: Put,
    names: Sequence[str],
    where: str,
) -> None:
    """`for item in items: body(item)`, while `more()`."""
    rest = (more, body, get, put, names, where)
    if isinstance(items, TracedRange):
        _for_range(items, *rest)
    elif hasattr(items, "runs_on_host") or hasattr(items, "element_spec"):
        for_dataset(items, *rest)
    elif is_tensor(items) and STATE.frame is not None and len(items) > UNROLLED:
        _for_tensor(convert(items), *rest)
    else:
        _for_python(items, *rest)


def _for_python(items: Any, more, body, get, put, names, where) -> None:
    for item in items:
        going = True if more is None else more()
        if steered(going):
            once = functools.partial(body, item)
            if_stmt(going, once, lambda: None, get, put, names, where)
        elif going:
            body(item)
            if more is not None and not steered(more()) and not more():
                return
        else:
            return


def _for_range(items: TracedRange, more, body, get, put, names, where) -> None:
    step = items.step
    if is_tensor(step) and is_traced(step):
        raise OperatorNotAllowedInGraphError(f"{where}: range() with a traced step")
    up = int(step) > 0
    at = [convert(items.start, None, convert(items.stop).dtype.numpy)]

    def get_all() -> list[Any]:
        return [at[0], *get()]

    def put_all(values: list[Any]) -> None:
        at[0] = values[0]
        put(values[1:])

    def test() -> Any:
        inside = at[0] < items.stop if up else at[0] > items.stop
        return inside if more is None else and_(lambda: inside, more)

    def one() -> None:
        item = at[0]
        at[0] = item + int(step)
        body(item)

    _compiled_while(test, one, get_all, put_all, ["(position)", *names], where)


def _for_tensor(items: Tensor, more, body, get, put, names, where) -> None:
    state = LoopState(get, put, names, where)
    try:
        state.learn(lambda: body(items[0]))

        def step(carry: list[Tensor], row: list[Tensor]) -> Any:
            state.enter(carry)
            if more is None:
                body(row[0])
            else:
                once = functools.partial(body, row[0])
                going = more()
                if steered(going):
                    if_stmt(going, once, lambda: None, get, put, names, where)
                elif going:
                    once()
            return state.leave(), []

        last, _ = loop_over(step, state.tensors(), [items], name=where)
        state.done(last)
    except (TypeError, InvalidArgumentError):
        state.restore()
        if len(items) > WRITTEN_OUT:
            raise
        _for_python(items, more, body, get, put, names, where)
    except BaseException:
        state.restore()
        raise
