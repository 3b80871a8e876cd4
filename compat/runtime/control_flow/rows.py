"""Functions of each row: `tf.map_fn`, `tf.vectorized_map`, `tf.scan`, `tf.foldl`, …."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from compat.runtime import nest
from compat.runtime.control_flow.captures import staged_here
from compat.runtime.control_flow.loops import loop_over
from compat.runtime.export import export
from compat.runtime.plans import STACK, Plan, run
from compat.runtime.random import next_key
from compat.runtime.staging import no_key, stage
from compat.runtime.tensor import Tensor, convert


def _rows(elems: Any) -> tuple[list[Tensor], int]:
    flat = [convert(e) for e in nest.flatten(elems)]
    lengths = {t._array.shape[0] if t._array.ndim else None for t in flat}
    if len(lengths) != 1 or None in lengths:
        raise ValueError(
            f"elements must have one first dimension, got shapes "
            f"{[t.shape for t in flat]}"
        )
    return flat, lengths.pop()


def _stacked(results: list[Any]) -> Any:
    columns = zip(*[nest.flatten(r) for r in results], strict=True)
    joined = [run(STACK, [convert(v) for v in column]) for column in columns]
    return nest.pack_sequence_as(results[0], joined)


@export("tf.map_fn")
def map_fn(
    fn: Callable[..., Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: Any = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: Any = None,
    fn_output_signature: Any = None,
) -> Any:
    """`fn` of each row, the results stacked."""
    flat, length = _rows(elems)
    if length and not staged_here(*flat):
        rows = [
            nest.pack_sequence_as(elems, [t[i] for t in flat]) for i in range(length)
        ]
        return _stacked([fn(row) for row in rows])
    _, out = loop_over(
        lambda _, row: ([], fn(nest.pack_sequence_as(elems, row))),
        [],
        flat,
        name="tf.map_fn",
    )
    return out


@export("tf.vectorized_map")
def vectorized_map(
    fn: Callable[..., Any], elems: Any, fallback_to_while_loop: bool = True, warn=True
) -> Any:
    """`fn` of each row, all at once."""
    flat, length = _rows(elems)
    avals = [jax.ShapeDtypeStruct(t._array.shape[1:], t._array.dtype) for t in flat]
    body = stage(
        lambda *row: fn(nest.pack_sequence_as(elems, list(row))),
        avals,
        name="tf.vectorized_map",
    )
    if body.written:
        raise ValueError("tf.vectorized_map: the function assigns to a variable")
    captured = body.values()

    def pure(key: Any, *arrays: Any) -> Any:
        rows, fixed = arrays[: len(flat)], arrays[len(flat) :]
        keys = jax.random.split(key, length)
        return jax.vmap(lambda k, *row: list(body.pure(*fixed, k, *row)))(keys, *rows)

    key = next_key() if body.draws else no_key()
    out = run(Plan(pure, "tf.vectorized_map"), [key, *flat, *captured])
    return body.outputs.rebuild(out)


def _fold(
    fn: Callable[..., Any], elems: Any, initializer: Any, reverse: bool, name: str
) -> tuple[Any, Any]:
    """(last state, all states stacked)."""
    flat, length = _rows(elems)
    if initializer is None:
        first = -1 if reverse else 0
        state = nest.pack_sequence_as(elems, [t[first] for t in flat])
        flat = [t[:-1] if reverse else t[1:] for t in flat]
        length -= 1
        states = [state]
    else:
        state = nest.map_structure(convert, initializer)
        states = []
    if not staged_here(*flat, *nest.flatten(state)):
        order = range(length - 1, -1, -1) if reverse else range(length)
        for i in order:
            state = fn(state, nest.pack_sequence_as(elems, [t[i] for t in flat]))
            state = nest.map_structure(convert, state)
            states.append(state)
        if reverse:
            states.reverse()
        return state, _stacked(states) if states else state
    structure = state

    def body(carry: Any, row: Any) -> Any:
        new = fn(
            nest.pack_sequence_as(structure, carry),
            nest.pack_sequence_as(elems, row),
        )
        new = nest.flatten(nest.map_structure(convert, new))
        return new, list(new)

    last, ys = loop_over(body, nest.flatten(state), flat, reverse, name)
    if states:
        parts = [
            (y, s) if reverse else (s, y)
            for y, s in zip(ys, nest.flatten(structure), strict=True)
        ]
        ys = [run(_JOIN_LAST if reverse else _JOIN_FIRST, list(p)) for p in parts]
    pack = functools.partial(nest.pack_sequence_as, structure)
    return pack(last), pack(ys)


_JOIN_FIRST = Plan(lambda s, y: jnp.concatenate([s[None], y]), "concat")
_JOIN_LAST = Plan(lambda y, s: jnp.concatenate([y, s[None]]), "concat")


@export("tf.scan")
def scan(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: Any = None,
) -> Any:
    """All states of `state = fn(state, row)`, stacked."""
    return _fold(fn, elems, initializer, reverse, "tf.scan")[1]


@export("tf.foldl")
def foldl(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: Any = None,
) -> Any:
    """The last state of `state = fn(state, row)`, from the first row on."""
    return _fold(fn, elems, initializer, False, "tf.foldl")[0]


@export("tf.foldr")
def foldr(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: Any = None,
) -> Any:
    """The last state of `state = fn(state, row)`, from the last row on."""
    return _fold(fn, elems, initializer, True, "tf.foldr")[0]
