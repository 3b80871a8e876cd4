"""Control flow as ops: `tf.cond`, `tf.while_loop`, `tf.map_fn`, `tf.scan`, ….

Where the values that steer it are concrete, it is Python's own. Inside a trace the
branches and bodies are staged (see `staging`), and the whole becomes one op whose
inputs are all that they capture: tapes differentiate through it, variables assigned
inside are assigned.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compat.runtime import nest
from compat.runtime.errors import InvalidArgumentError
from compat.runtime.export import export
from compat.runtime.plans import Plan, run
from compat.runtime.random import next_key
from compat.runtime.staging import Outputs, Staged, stage
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert, is_tensor
from compat.runtime.tracing import Tracer, in_trace
from compat.runtime.variable import Variable


def is_traced(value: Any) -> bool:
    """Whether a value is a tensor that is known only when the trace runs."""
    if isinstance(value, Variable):
        value = value._peek()
    return isinstance(getattr(value, "_array", value), Tracer)


class _Captures:
    """What several staged bodies capture and write, each thing once."""

    def __init__(self, bodies: Sequence[Staged]) -> None:
        self.things: list[Any] = []
        self.written: list[Variable] = []
        for body in bodies:
            for variable in body.written:
                if not any(v is variable for v in self.written):
                    self.written.append(variable)
        for body in bodies:
            for thing in body.captures:
                self._place(thing)
        for variable in self.written:
            self._place(variable)

    def _place(self, thing: Any) -> int:
        for i, known in enumerate(self.things):
            if known is thing:
                return i
        self.things.append(thing)
        return len(self.things) - 1

    def places(self, things: Sequence[Any]) -> list[int]:
        """Where things stand among the captured ones."""
        return [self._place(thing) for thing in things]

    def values(self) -> list[Tensor]:
        """The current values."""
        return [t if type(t) is Tensor else t._read() for t in self.things]

    def write(self, values: Sequence[Tensor]) -> None:
        """Assigns the written variables."""
        for variable, value in zip(self.written, values, strict=True):
            variable._write(value)


def _arrays(values: Any) -> list[Tensor]:
    return [convert(v) for v in values]


def _same_avals(name: str, what: str, first: Any, second: Any) -> None:
    for i, (a, b) in enumerate(zip(first, second, strict=False)):
        if a.shape != b.shape or a.dtype != b.dtype:
            raise InvalidArgumentError(
                f"{name}: {what} {i} is {a.dtype}{list(a.shape)} and then "
                f"{b.dtype}{list(b.shape)}; inside tf.function they must agree"
            )
    if len(first) != len(second):
        raise InvalidArgumentError(
            f"{name}: {len(first)} and {len(second)} tensors; inside tf.function "
            "there must be as many"
        )


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
        _same_avals(name, "result", bodies[0].outputs.arrays, body.outputs.arrays)
    count = len(bodies[0].outputs.arrays)
    flat = _chosen(index, bodies, [list(range(count))] * len(bodies), name)
    return bodies[0].outputs.rebuild(flat)


def _chosen(
    index: Tensor, bodies: Sequence[Staged], sources: Sequence[Sequence[Any]], name: str
) -> list[Tensor]:
    """The results of one of several staged functions; assigns what they assign."""
    captures = _Captures(bodies)
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

    key = next_key() if any(b.draws for b in bodies) else _no_key()
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


@functools.cache
def _no_key() -> Tensor:
    from compat.runtime.tensor import lift

    return Tensor(lift(np.zeros(2, np.uint32)))


class _Step:
    """A staged loop body as a function of (key, carried arrays, captured arrays)."""

    def __init__(self, body: Staged, captures: _Captures, carried: int) -> None:
        self.body = body
        self.inner = captures.places(body.captures)
        self.written = captures.places(body.written)
        self.all_written = captures.places(captures.written)
        self.carried = carried

    def __call__(self, key: Any, inputs: Sequence[Any], values: list[Any]) -> Any:
        """(outputs, values of the captured things after the step)."""
        out = self.body.pure(*[values[i] for i in self.inner], key, *inputs)
        count = len(self.body.outputs.arrays)
        values = list(values)
        for i, value in zip(self.written, out[count:], strict=True):
            values[i] = value
        return out[:count], values


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
      maximum: a bound on the number of steps; only with one can a tape differentiate.
      name: for error messages.
    """
    start = list(start)
    avals = [t._array for t in start]
    tested = stage(lambda *s: convert(test(*s)), avals, name=name)
    staged = stage(lambda *s: _arrays(body(*s)), avals, name=name)
    _same_avals(name, "loop variable", avals, staged.outputs.arrays)
    captures = _Captures([tested, staged])
    ask = _Step(tested, captures, len(start))
    step = _Step(staged, captures, len(start))
    bounded = maximum if STATE.tapes or (STATE.frame and STATE.frame.tapes) else None

    def pure(key: Any, *arrays: Any) -> list[Any]:
        state, fixed = arrays[: len(start)], list(arrays[len(start) :])

        def joined(written: Sequence[Any]) -> list[Any]:
            values = list(fixed)
            for i, value in zip(step.all_written, written, strict=True):
                values[i] = value
            return values

        def goes_on(carry: Any) -> Any:
            count, state, written = carry
            out, _ = ask(key, state, joined(written))
            more = jnp.reshape(out[0], ())
            if maximum is not None:
                more = more & (count < maximum)
            return more

        def one(carry: Any) -> Any:
            count, state, written = carry
            inner = jax.random.fold_in(key, count)
            out, values = step(inner, state, joined(written))
            after = tuple(values[i] for i in step.all_written)
            return count + 1, tuple(out), after

        first = (
            jnp.zeros((), "int32"),
            tuple(state),
            tuple(fixed[i] for i in step.all_written),
        )
        if bounded is None:
            _, state, written = jax.lax.while_loop(goes_on, one, first)
        else:
            (_, state, written), _ = jax.lax.scan(
                lambda c, _: (jax.lax.cond(goes_on(c), one, lambda x: x, c), None),
                first,
                None,
                length=bounded,
            )
        return [*state, *written]

    key = next_key() if tested.draws or staged.draws else _no_key()
    flat = run(Plan(pure, name), [key, *start, *captures.values()])
    captures.write(flat[len(start) :])
    return list(flat[: len(start)])


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
        state = _arrays(state)
        kept.append(Outputs(result))
        return [*state, *(Tensor(a) for a in kept[-1].arrays)]

    staged = stage(flat_body, avals, name=name)
    result = kept[-1]
    _same_avals(name, "state", avals[:split], staged.outputs.arrays[:split])
    captures = _Captures([staged])
    step = _Step(staged, captures, split)

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

    key = next_key() if staged.draws else _no_key()
    flat = run(Plan(pure, name), [key, *start, *rows, *captures.values()])
    count = len(result.arrays)
    captures.write(flat[split + count :])
    return list(flat[:split]), result.rebuild(flat[split : split + count])


def _staged_here(*values: Any) -> bool:
    """Whether loops over these become ops: inside a trace, not eagerly."""
    return STATE.frame is not None or in_trace() or any(is_traced(v) for v in values)


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

    Inside a trace, a tape can differentiate through it if `maximum_iterations` is
    given, or if the number of steps does not depend on traced values.
    """
    maximum = None if maximum_iterations is None else int(maximum_iterations)
    state = _tensors_of(list(loop_vars))
    traced = _staged_here(*_leaf_tensors(state))
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
    packed = Outputs(state)
    flat = [Tensor(a) for a in packed.arrays]
    out = loop_while(
        lambda *s: cond(*packed.rebuild(s)),
        lambda *s: _flat_state(_stepped(body, packed.rebuild(s))),
        flat,
        maximum,
    )
    return _as_given(loop_vars, packed.rebuild(out))


def _flat_state(state: Any) -> list[Tensor]:
    return [Tensor(a) for a in Outputs(state).arrays]


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
    from compat.runtime.plans import STACK

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
    if length and not _staged_here(*flat):
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

    key = next_key() if body.draws else _no_key()
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
    if not _staged_here(*flat, *nest.flatten(state)):
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


@export("tf.group")
def group(*inputs: Any, **kwargs: Any) -> None:
    """Nothing is left to do: its arguments have run."""


@export("tf.no_op")
def no_op(name: Any = None) -> None:
    """Does nothing."""


@export("tf.control_dependencies")
class control_dependencies:
    """Has no effect: everything runs in the program's order."""

    def __init__(self, control_inputs: Any = None) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        pass


@export("tf.recompute_grad")
def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` itself: what is kept for the gradient is decided by the compiler."""
    return f
