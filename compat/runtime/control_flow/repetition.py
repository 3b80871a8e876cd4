"""`tf.while_loop`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compat.runtime import nest
from compat.runtime.control_flow.captures import is_traced, staged_here
from compat.runtime.control_flow.loops import loop_while
from compat.runtime.control_flow.unfinished import finished, unfinished
from compat.runtime.export import export
from compat.runtime.staging import Outputs, stage
from compat.runtime.state import STATE
from compat.runtime.tensor import convert, is_tensor


@export("tf.while_loop")
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: Any = None,
    name: Any = None,
) -> Any:
    """Repeats `loop_vars = body(*loop_vars)` while `cond(*loop_vars)`.

    Inside a trace it is one op. A tape's derivative of it costs less if
    `maximum_iterations` is given, or the number of steps does not depend on traced
    values, and only then can be differentiated again.
    """
    maximum = None if maximum_iterations is None else int(maximum_iterations)
    state = _tensors_of(list(loop_vars))
    traced = staged_here(*_leaf_tensors(state))
    steps = 0
    # Under a tape a loop of known length is unrolled: that can be differentiated.
    while not traced or (STATE.tapes and not is_traced(cond(*state))):
        if maximum is not None and steps >= maximum:
            return _as_given(loop_vars, state)
        test = cond(*state)
        if not traced and is_traced(test):
            traced = True
            break
        if not test:
            return _as_given(loop_vars, state)
        state = _stepped(body, state)
        steps += 1
    if maximum is not None:
        maximum -= steps
    if unfinished(state):
        found: list[Any] = []
        stage(lambda: found.append(_stepped(body, state)), [], name="tf.while_loop")
        state = finished(state, found[-1])
    packed = Outputs(state)
    out = loop_while(
        lambda *s: cond(*packed.rebuild(s)),
        lambda *s: Outputs(_stepped(body, packed.rebuild(s))).tensors,
        packed.tensors,
        maximum,
    )
    return _as_given(loop_vars, packed.rebuild(out))


def _tensors_of(state: Any) -> Any:
    return nest.map_structure(
        lambda v: v if hasattr(v, "tensor_parts") else convert(v), state
    )


def _leaf_tensors(state: Any) -> list[Any]:
    return [v for v in nest.flatten(state) if is_tensor(v)]


def _stepped(body: Callable[..., Any], state: list[Any]) -> list[Any]:
    out = body(*state)
    if not isinstance(out, list | tuple) or hasattr(out, "_fields"):
        out = [out]
    return _tensors_of(list(out))


def _as_given(loop_vars: Any, state: list[Any]) -> Any:
    if isinstance(loop_vars, tuple) and hasattr(loop_vars, "_fields"):
        return type(loop_vars)(*state)
    return state if isinstance(loop_vars, list) else tuple(state)
