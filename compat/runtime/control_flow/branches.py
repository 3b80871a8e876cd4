"""Choices: `tf.cond`, `tf.switch_case`, `tf.case`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from compat.runtime.control_flow.captures import Captures, is_traced, same_avals
from compat.runtime.export import export
from compat.runtime.plans import Plan, run
from compat.runtime.random import next_key
from compat.runtime.staging import Staged, no_key, stage
from compat.runtime.tensor import Tensor, convert


def branch(
    index: Tensor, branches: Sequence[Callable[[], Any]], name: str = "tf.cond"
) -> Any:
    """The result of one of several functions, chosen by a traced integer or bool.

    Args:
      index: a scalar; a bool chooses the first function if false.
      branches: functions of no argument with results of one structure.
      name: for error messages.
    """
    bodies = [stage(fn, [], name=name) for fn in branches]
    for body in bodies[1:]:
        same_avals(name, "result", bodies[0].outputs.arrays, body.outputs.arrays)
    count = len(bodies[0].outputs.arrays)
    flat = _chosen(index, bodies, [list(range(count))] * len(bodies), name)
    return bodies[0].outputs.rebuild(flat)


def _chosen(
    index: Tensor, bodies: Sequence[Staged], sources: Sequence[Sequence[Any]], name: str
) -> list[Tensor]:
    """The results of one of several staged functions; assigns what they assign."""
    captures = Captures(bodies)
    written = captures.places(captures.written)
    inner = [captures.places(b.captures) for b in bodies]
    own = [captures.places(b.written) for b in bodies]

    def chosen(which: int) -> Callable[..., Any]:
        body, count = bodies[which], len(bodies[which].outputs.arrays)

        def run_branch(key: Any, *values: Any) -> list[Any]:
            out = body.pure(*[values[i] for i in inner[which]], key)
            after = dict(zip(own[which], out[count:], strict=True))
            results = [
                out[s] if isinstance(s, int) else jnp.asarray(s) for s in sources[which]
            ]
            return [*results, *(after.get(i, values[i]) for i in written)]

        return run_branch

    def pure(index: Any, key: Any, *values: Any) -> list[Any]:
        index = jnp.reshape(index, ()).astype("int32")
        return jax.lax.switch(
            index, [chosen(i) for i in range(len(bodies))], key, *values
        )

    key = next_key() if any(b.draws for b in bodies) else no_key()
    flat = run(Plan(pure, name), [index, key, *captures.values()])
    count = len(sources[0])
    captures.write(flat[count:])
    return list(flat[:count])


def branch_aligned(
    index: Tensor,
    branches: Sequence[Callable[[], list[Tensor]]],
    align: Callable[[], Sequence[Sequence[Any]]],
    name: str,
) -> list[Tensor]:
    """`branch` for functions whose results differ in number.

    Args:
      index: a scalar bool or integer, traced.
      branches: functions that return lists of tensors.
      align: called after they were traced; says for each branch where each of the
        joint results comes from: its place in the list, or an array.
      name: for error messages.
    """
    bodies = [stage(fn, [], name=name) for fn in branches]
    return _chosen(index, bodies, align(), name)


@export("tf.cond", "tf.compat.v1.cond")
def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    name: Any = None,
) -> Any:
    """`true_fn()` if `pred` else `false_fn()`.

    Raises:
      TypeError: a function is missing, or cannot be called.
    """
    if not callable(true_fn) or not callable(false_fn):
        raise TypeError("tf.cond needs two functions, true_fn and false_fn")
    if not is_traced(pred):
        return true_fn() if pred else false_fn()
    return branch(convert(pred), [false_fn, true_fn])


@export("tf.switch_case")
def switch_case(
    branch_index: Any, branch_fns: Any, default: Any = None, name: Any = None
) -> Any:
    """The result of the function with that index, else of `default` (or the last)."""
    if not isinstance(branch_fns, dict):
        branch_fns = dict(
            f if isinstance(f, tuple) else (i, f) for i, f in enumerate(branch_fns)
        )
    keys = sorted(branch_fns)
    other = branch_fns[keys[-1]] if default is None else default
    if not is_traced(branch_index):
        return branch_fns.get(int(branch_index), other)()
    table = [branch_fns.get(i, other) for i in range(keys[-1] + 1)]
    index = convert(branch_index)
    past = run(_clamp(len(table)), [index])
    return branch(past, [*table, other], "tf.switch_case")


@functools.cache
def _clamp(count: int) -> Plan:
    return Plan(lambda i: jnp.where((i < 0) | (i >= count), count, i), "clamp")


@export("tf.case")
def case(
    pred_fn_pairs: Any,
    default: Any = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """The result of the function of the first true condition, else of `default`."""
    pairs = list(pred_fn_pairs)
    if not pairs:
        if default is None:
            raise ValueError("tf.case: no condition holds and there is no default")
        return default()
    (pred, fn), *rest = pairs
    if not rest and default is None:
        return fn() if is_traced(pred) or pred else case([], None)
    return cond(pred, fn, lambda: case(rest, default))
