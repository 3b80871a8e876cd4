"""Loops over datasets: Python iterates, the body is compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from compat.runtime.autograph import RunsOnHost
from compat.runtime.autograph.locals import is_value
from compat.runtime.state import STATE
from compat.runtime.tensor import convert

_bodies: dict[Any, Any] = {}


def for_dataset(
    items: Any,
    more: Callable[[], Any] | None,
    body: Callable[[Any], None],
    get: Callable[[], list[Any]],
    put: Callable[[list[Any]], None],
    names: Sequence[str],
    where: str,
) -> None:
    """`for item in dataset: body(item)`, while `more()`.

    Raises:
      RunsOnHost: inside a trace: the function around it has to run in Python.
    """
    if STATE.frame is not None:
        raise RunsOnHost(where)
    step = _compiled(body, get, put, names)
    for item in items:
        if more is not None and not more():
            return
        put(step(item, get()))


def _compiled(
    body: Callable[[Any], None], get: Any, put: Any, names: Sequence[str]
) -> Callable[[Any, list[Any]], list[Any]]:
    """The body as a compiled function of (item, state) → state.

    It is remembered for the code and what the code refers to.
    """
    from compat.runtime.function import Function

    cells = dict(zip(body.__code__.co_freevars, body.__closure__ or (), strict=True))
    fixed = tuple(
        (name, id(_content(cell))) for name, cell in cells.items() if name not in names
    )
    key = (body.__code__, fixed)
    found = _bodies.get(key)
    if found is not None:
        known_get, known_put, step = found[:3]
    else:
        known_get, known_put = get, put

        def one(item: Any, state: list[Any]) -> list[Any]:
            known_put(list(state))
            body(item)
            return known_get()

        step = Function(one, autograph=False)
        held = [_content(cell) for cell in cells.values()]
        _bodies[key] = (known_get, known_put, step, held)

    def run(item: Any, state: list[Any]) -> list[Any]:
        given = [
            convert(v) if is_value(v) and not isinstance(v, bool) else v for v in state
        ]
        return list(step(item, given))

    return run


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None
