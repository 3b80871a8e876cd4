"""Running a core over a sequence."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import TENSOR, UNKNOWN, Ignored, Static, T, Ts, op, tup
from compat.runtime import nest
from compat.runtime.control_flow import loop_over
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert, is_tensor
from compat.sonnet._src.cores import RNNCore
from compat.sonnet._src.layer import layer
from compat.sonnet._src.shapes import sizes


@layer()
def _unstacked(x: T, *, count: Static):
    return [x[i] for i in range(count)]


@layer()
def _stacked(parts: Ts):
    return jnp.stack(parts)


@layer()
def _ended(t: T, length: T, before: T, after: T):
    over = t >= length
    if over.ndim:
        over = over.reshape(over.shape + (1,) * (after.ndim - over.ndim))
    return jnp.where(over, before, after)


@layer()
def _row(x: T, *, at: Static):
    return x[at]


@layer()
def _rest(x: T):
    return x[1:]


@layer()
def _before(first: T, rest: T):
    return jnp.concatenate([first[None], rest])


@layer()
def _next(t: T):
    return t + 1


@layer()
def _zeros_like(x: T):
    return jnp.zeros_like(x)


@op("snt.static_unroll", returns=tup(TENSOR, UNKNOWN), helper=False)
def static_unroll(
    core: RNNCore, input_sequence: Any, initial_state: Any, sequence_length: Any = None
):
    """Calls a core for each step of a sequence [time, …], one after the other.

    Past `sequence_length` (a number, or one for each example) the state and the
    output stay what they were.

    Raises:
      ValueError: sequences of several lengths, or of none.
    """
    outputs, state = [], initial_state
    for t, inputs in enumerate(_steps(input_sequence)):
        output, new_state = core(inputs, state)
        if sequence_length is not None:
            last = outputs[-1] if t else nest.map_structure(_zeros_like, output)
            output = _kept(t, sequence_length, last, output)
            new_state = _kept(t, sequence_length, state, new_state)
        outputs.append(output)
        state = new_state
    return nest.map_structure(lambda *o: _stacked(list(o)), *outputs), state


@static_unroll.when("sequence_length is omitted")
def _(core, input_sequence, initial_state):
    return hk.static_unroll(core, input_sequence, initial_state)


@static_unroll.when()
def _(core, input_sequence, initial_state, sequence_length=None):
    return hk.sonnet.static_unroll(
        core, input_sequence, initial_state, sequence_length=sequence_length
    )


@op("snt.dynamic_unroll", returns=tup(TENSOR, UNKNOWN), helper=False)
def dynamic_unroll(
    core: RNNCore,
    input_sequence: Any,
    initial_state: Any,
    sequence_length: Any = None,
    parallel_iterations: Ignored = 1,
    swap_memory: Ignored = False,
):
    """The same as `static_unroll`; inside a tf.function one loop, whatever its length.

    Raises:
      ValueError: sequences of several lengths, or of none.
    """
    if STATE.frame is None:
        return static_unroll.fn(core, input_sequence, initial_state, sequence_length)
    return _looped(core, input_sequence, initial_state, sequence_length)


@dynamic_unroll.when("sequence_length is omitted")
def _(core, input_sequence, initial_state):
    return hk.dynamic_unroll(core, input_sequence, initial_state)


@dynamic_unroll.when()
def _(core, input_sequence, initial_state, sequence_length=None):
    return hk.sonnet.dynamic_unroll(
        core, input_sequence, initial_state, sequence_length=sequence_length
    )


def _columns(sequence: Any) -> tuple[list[Tensor], int]:
    """The leaves of the inputs, and the number of steps."""
    leaves = [convert(leaf) for leaf in nest.flatten(sequence)]
    lengths = {sizes(leaf)[0] for leaf in leaves}
    if len(lengths) > 1:
        raise ValueError(
            "input_sequence tensors must have consistent number of time steps"
        )
    (count,) = lengths
    if count == 0:
        raise ValueError("input_sequence must have at least a single time step")
    return leaves, count


def _steps(sequence: Any) -> list[Any]:
    """The nest of inputs of each step."""
    leaves, count = _columns(sequence)
    if any(leaf.shape[0] is None for leaf in leaves):
        raise ValueError(
            "input_sequence must have a statically known number of time steps: use "
            "snt.dynamic_unroll"
        )
    columns = [_unstacked(leaf, count=count) for leaf in leaves]
    return [nest.pack_sequence_as(sequence, row) for row in zip(*columns, strict=True)]


def _looped(core: Any, sequence: Any, state: Any, length: Any) -> tuple[Any, Any]:
    """The unrolling as a loop of the compiled program.

    The first step stands before it: modules may make their variables in it.
    """
    leaves, count = _columns(sequence)
    first = nest.pack_sequence_as(sequence, [_row(leaf, at=0) for leaf in leaves])
    output, new_state = core(first, state)
    if length is not None:
        output = _kept(0, length, nest.map_structure(_zeros_like, output), output)
        new_state = _kept(0, length, state, new_state)
    if count == 1:
        return nest.map_structure(lambda o: _stacked([o]), output), new_state
    # What a step hands to the next: its number, state and output; leaves that are no
    # tensors stay outside.
    carried = (convert(1), new_state, output)
    flat = nest.flatten(carried)
    places = [i for i, leaf in enumerate(flat) if is_tensor(leaf)]

    def body(values: list[Tensor], row: list[Tensor]) -> tuple[list[Tensor], Any]:
        filled = list(flat)
        for place, value in zip(places, values, strict=True):
            filled[place] = value
        t, before, last = nest.pack_sequence_as(carried, filled)
        out, after = core(nest.pack_sequence_as(sequence, row), before)
        if length is not None:
            out, after = _kept(t, length, last, out), _kept(t, length, before, after)
        leaves = nest.flatten((_next(t), after, out))
        return [convert(leaves[place]) for place in places], out

    start = [convert(flat[place]) for place in places]
    end, outputs = loop_over(
        body, start, [_rest(leaf) for leaf in leaves], name="snt.dynamic_unroll"
    )
    filled = list(flat)
    for place, value in zip(places, end, strict=True):
        filled[place] = value
    _, state, _ = nest.pack_sequence_as(carried, filled)
    return nest.map_structure(_before, output, outputs), state


def _kept(t: Any, length: Any, before: Any, after: Any) -> Any:
    """`before` where the sequence is over, leaf by leaf; scalars go on."""

    def choose(old: Tensor, new: Tensor) -> Tensor:
        return _ended(t, length, old, new) if len(new.shape) else new

    return nest.map_structure(choose, before, after)
