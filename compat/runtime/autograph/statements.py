"""What converted code calls: `if_stmt`, `while_stmt`, `for_stmt`, `and_`, `call`, ….

With plain Python values each does what the statement would. With a traced condition
(or a tensor to iterate over inside a trace) it becomes an op of `control_flow`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from compat.runtime import autograph, nest
from compat.runtime.autograph.lowering import RESULT
from compat.runtime.control_flow import branch_aligned, is_traced, loop_over, loop_while
from compat.runtime.errors import OperatorNotAllowedInGraphError
from compat.runtime.operators import tf_op
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert, is_tensor
from compat.runtime.variable import Variable

Get = Callable[[], list[Any]]
Set = Callable[[list[Any]], None]

# Loops over tensors of up to so many rows are written out: their bodies may then do
# what compiled loops cannot, such as append to a list.
UNROLLED = 8


class Undefined:
    """Stands for a local variable that has no value; using it raises.

    Args:
      why: the error's text.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def _raise(self, *args: Any, **kwargs: Any) -> Any:
        raise UnboundLocalError(self._why)

    __call__ = __bool__ = __iter__ = __len__ = __getitem__ = __add__ = __radd__ = _raise
    __mul__ = __rmul__ = __sub__ = __rsub__ = __truediv__ = __float__ = __int__ = _raise
    __array__ = __lt__ = __gt__ = __le__ = __ge__ = __neg__ = _raise

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._raise()

    def __repr__(self) -> str:
        return "<no value>"


UNDEFINED = Undefined(
    "a local variable is used that has no value on this path: inside tf.function, give "
    "it one before the `if` or loop that sets it"
)


def attribute(base: Any, name: str) -> Any:
    """`base.name`, or UNDEFINED."""
    return getattr(base, name, UNDEFINED)


def set_attribute(base: Any, name: str, value: Any) -> None:
    """`base.name = value`, unless it is undefined or the same."""
    if value is not UNDEFINED and getattr(base, name, UNDEFINED) is not value:
        setattr(base, name, value)


def result(value: Any) -> Any:
    """What a function returns."""
    if isinstance(value, Undefined) and value is not UNDEFINED:
        value._raise()
    return None if value is UNDEFINED else value


# Expressions.


def _steered(value: Any) -> bool:
    """Whether a condition is known only when the trace runs."""
    return is_tensor(value) and is_traced(value)


def and_(*terms: Callable[[], Any]) -> Any:
    """`a and b`; on traced tensors `tf.logical_and`, evaluating all."""
    value = terms[0]()
    for term in terms[1:]:
        if _steered(value):
            value = tf_op("tf.logical_and")(value, _truth(term()))
        elif not value:
            return value
        else:
            value = term()
    return value


def or_(*terms: Callable[[], Any]) -> Any:
    """`a or b`; on traced tensors `tf.logical_or`, evaluating all."""
    value = terms[0]()
    for term in terms[1:]:
        if _steered(value):
            value = tf_op("tf.logical_or")(value, _truth(term()))
        elif value:
            return value
        else:
            value = term()
    return value


def _truth(value: Any) -> Any:
    return value if is_tensor(value) else bool(value)


def not_(value: Any) -> Any:
    """`not a`; on a traced tensor `tf.logical_not`."""
    return tf_op("tf.logical_not")(value) if _steered(value) else not value


def if_exp(test: Any, body: Callable[[], Any], orelse: Callable[[], Any]) -> Any:
    """`a if test else b`."""
    if not _steered(test):
        return body() if test else orelse()
    return tf_op("tf.cond")(test, body, orelse)


def assert_stmt(test: Any, message: Callable[[], Any]) -> None:
    """`assert test, message`; without effect on traced tensors."""
    if not _steered(test) and not test:
        raise AssertionError(*[m for m in [message()] if m is not None])


def call(function: Any) -> Any:
    """The function that a call inside converted code calls."""
    if function is range:
        return _range
    if "tf.range" in getattr(getattr(function, "entry", None), "names", ()):
        return functools.partial(_tf_range, function)
    if STATE.frame is None and not isinstance(function, type(call)):
        return function
    if isinstance(function, type):
        return function
    return autograph.convert(function)


class TracedRange:
    """`range` of traced bounds."""

    def __init__(self, start: Any, stop: Any, step: Any) -> None:
        self.start, self.stop, self.step = start, stop, step

    def __iter__(self) -> Any:
        raise OperatorNotAllowedInGraphError(
            "iterating over a range with traced bounds needs a `for` statement in a "
            "function that tf.function converts"
        )


def _range(*args: Any) -> Any:
    if any(_steered(a) for a in args):
        start, stop, step = [0, args[0], 1] if len(args) == 1 else [*args, 1][:3]
        return TracedRange(start, stop, step)
    return range(*[int(a) if is_tensor(a) else a for a in args])


def _tf_range(function: Any, *args: Any, **kwargs: Any) -> Any:
    return _range(*args) if any(map(_steered, args)) else function(*args, **kwargs)


# State: what a statement assigns to.


def _is_value(thing: Any) -> bool:
    """Whether something can be a tensor in compiled control flow."""
    return (is_tensor(thing) and not hasattr(thing, "_peek")) or isinstance(
        thing, int | float | complex | np.ndarray | np.generic
    )


class _Shape:
    """How one variable of the state is made of tensors and of constants."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.leaves = [value] if isinstance(value, Undefined) else _leaves(value)
        self.places = [i for i, leaf in enumerate(self.leaves) if _parts(leaf)]

    def tensors(self) -> list[Tensor]:
        """The tensors in it."""
        return [t for leaf in self.leaves for t in _parts(leaf)]

    def rebuilt(self, tensors: list[Tensor]) -> Any:
        """The variable's value with other tensors; takes them off the list."""
        leaves = list(self.leaves)
        for place in self.places:
            leaf = leaves[place]
            if hasattr(leaf, "tensor_parts"):
                count = len(_parts(leaf))
                parts = [tensors.pop(0) for _ in range(count)]
                leaves[place] = leaf.from_tensor_parts(parts)
            else:
                leaves[place] = tensors.pop(0)
        if isinstance(self.value, Undefined) or not nest.is_nested(self.value):
            return leaves[0]
        return nest.pack_sequence_as(self.value, leaves)


def _leaves(value: Any) -> list[Any]:
    return nest.flatten(value)


def _parts(leaf: Any) -> list[Tensor]:
    if isinstance(leaf, Undefined):
        return []
    if hasattr(leaf, "tensor_parts"):
        return leaf.tensor_parts()
    return [convert(leaf)] if _is_value(leaf) else []


def _same(a: Any, b: Any) -> bool:
    """Whether two values are one constant."""
    if a is b:
        return True
    if _is_value(a) and _is_value(b):
        python = isinstance(a, bool | int | float) and type(a) is type(b)
        return python and a == b
    if type(a) is not type(b):
        return False
    if nest.is_nested(a):
        x, y = _leaves(a), _leaves(b)
        return len(x) == len(y) and all(map(_same, x, y))
    try:
        return bool(a == b)
    except Exception:
        return False


# Statements.


def if_stmt(
    test: Any,
    body: Callable[[], None],
    orelse: Callable[[], None],
    get: Get,
    put: Set,
    names: Sequence[str],
    where: str,
) -> None:
    """`if test: body() else: orelse()`."""
    if not _steered(test):
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
            return [t for v in state for t in _Shape(v).tensors()]

        return run_block

    try:
        merged = _Merged(names, where)
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


class _Merged:
    """The state after an `if`, from what it was at the end of both branches."""

    def __init__(self, names: Sequence[str], where: str) -> None:
        self._names, self._where = names, where

    def align(self, after: Sequence[list[Any]]) -> list[list[Any]]:
        """For each branch, where each joint tensor comes from.

        An int is a place among the branch's own tensors; an array stands for itself.
        """
        sources: list[list[Any]] = [[], []]
        self._build: list[Callable[[list[Tensor]], Any]] = []
        at = [0, 0]
        for name, first, second in zip(self._names, *after, strict=True):
            shapes = [_Shape(first), _Shape(second)]
            own = [s.tensors() for s in shapes]
            places = [list(range(at[i], at[i] + len(own[i]))) for i in (0, 1)]
            at = [at[i] + len(own[i]) for i in (0, 1)]
            if _same(first, second):
                self._build.append(functools.partial(_constant, first))
                continue
            missing = [
                isinstance(v, Undefined) or (v is None and name == RESULT)
                for v in (first, second)
            ]
            if any(missing) and name != RESULT:
                self._build.append(functools.partial(_constant, UNDEFINED))
                continue
            if any(missing):
                have = 0 if missing[1] else 1
                zeros = [np.zeros(t._array.shape, t._array.dtype) for t in own[have]]
                sources[have] += places[have]
                sources[1 - have] += zeros
                self._build.append(shapes[have].rebuilt)
                continue
            problem = self._problem(name, shapes, own)
            if problem is not None:  # it may never be used
                self._build.append(functools.partial(_constant, Undefined(problem)))
                continue
            sources[0] += places[0]
            sources[1] += places[1]
            self._build.append(shapes[1].rebuilt)
        return sources

    def _problem(
        self, name: str, shapes: list[_Shape], own: list[list[Tensor]]
    ) -> str | None:
        """Why a variable can have no joint value; None if it can."""
        first, second = shapes
        where = f"{self._where}: '{name}' "
        if len(own[0]) != len(own[1]) or first.places != second.places:
            return (
                f"{where}is {second.value!r} in one branch of an `if` on a tensor and "
                f"{first.value!r} in the other: both must be tensors, or the same"
            )
        for a, b in zip(own[0], own[1], strict=True):
            x, y = a._array, b._array
            if x.shape != y.shape or x.dtype != y.dtype:
                return (
                    f"{where}must have the same shape and dtype in both branches of "
                    f"an `if` on a tensor, but is {b.dtype.name}{list(b.shape)} and "
                    f"{a.dtype.name}{list(a.shape)}"
                )
        return None

    def rebuilt(self, tensors: list[Tensor]) -> list[Any]:
        """The joint state."""
        left = list(tensors)
        return [build(left) for build in self._build]


def _constant(value: Any, tensors: list[Tensor]) -> Any:
    return value


class _LoopState:
    """The state of a loop as tensors, and back."""

    def __init__(self, get: Get, put: Set, names: Sequence[str], where: str) -> None:
        self._get, self._put = get, put
        self._names, self._where = names, where
        self.before = get()
        self._shapes = [_Shape(v) for v in self.before]

    def tensors(self) -> list[Tensor]:
        """Those of the state before the loop."""
        return [t for s in self._shapes for t in s.tensors()]

    def enter(self, tensors: Sequence[Tensor]) -> None:
        """Sets the variables."""
        left = list(tensors)
        self._put([s.rebuilt(left) for s in self._shapes])

    def learn(self, run_once: Callable[[], None]) -> None:
        """Finds what a `return` in the body returns, by a trace that is thrown away."""
        if RESULT not in self._names:
            return
        at = list(self._names).index(RESULT)
        if self.before[at] is not None and self.before[at] is not UNDEFINED:
            return
        from compat.runtime.staging import stage

        found: list[Any] = []

        def probe(*tensors: Tensor) -> None:
            self.enter(tensors)
            run_once()
            after = _Shape(self._get()[at])
            zeros = [np.zeros(t._array.shape, t._array.dtype) for t in after.tensors()]
            found.append((after, [Tensor(jnp.asarray(z)) for z in zeros]))

        stage(probe, [t._array for t in self.tensors()], name=self._where)
        after, zeros = found[-1]
        if zeros:
            self.before[at] = after.rebuilt(zeros)
            self._shapes[at] = _Shape(self.before[at])

    def leave(self) -> list[Tensor]:
        """The tensors at the end of a step.

        Raises:
          TypeError: something that is no tensor was changed, or a tensor's kind.
        """
        out: list[Tensor] = []
        for name, shape, value in zip(
            self._names, self._shapes, self._get(), strict=True
        ):
            if isinstance(shape.value, Undefined):
                continue
            now = _Shape(value)
            where = f"{self._where}: '{name}' "
            own, new = shape.tensors(), now.tensors()
            if not own and not new:
                if not _same(shape.value, value):
                    raise TypeError(
                        f"{where}changes from {shape.value!r} to {value!r} in a loop "
                        "that is compiled: it must be a tensor"
                    )
                continue
            if len(own) != len(new) or shape.places != now.places:
                raise TypeError(
                    f"{where}is {shape.value!r} before and {value!r} in a loop that "
                    "is compiled: it must be made of as many tensors"
                )
            for a, b in zip(own, new, strict=True):
                x, y = a._array, b._array
                if x.shape != y.shape or x.dtype != y.dtype:
                    raise TypeError(
                        f"{where}must keep its shape and dtype in a loop that is "
                        f"compiled, but goes from {a.dtype.name}{list(a.shape)} to "
                        f"{b.dtype.name}{list(b.shape)}"
                    )
            out += new
        return out

    def done(self, tensors: Sequence[Tensor]) -> None:
        """Sets the variables after the loop."""
        self.enter(tensors)

    def restore(self) -> None:
        """Sets them as before."""
        self._put(self.before)


def while_stmt(
    test: Callable[[], Any],
    body: Callable[[], None],
    get: Get,
    put: Set,
    names: Sequence[str],
    where: str,
) -> None:
    """`while test(): body()`."""
    while True:
        value = test()
        if _steered(value):
            break
        if not value:
            return
        body()
    _compiled_while(test, body, get, put, names, where)


def _compiled_while(
    test: Callable[[], Any],
    body: Callable[[], None],
    get: Get,
    put: Set,
    names: Sequence[str],
    where: str,
) -> None:
    state = _LoopState(get, put, names, where)
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
    put: Set,
    names: Sequence[str],
    where: str,
) -> None:
    """`for item in items: body(item)`, while `more()`."""
    rest = (more, body, get, put, names, where)
    if isinstance(items, TracedRange):
        _for_range(items, *rest)
    elif hasattr(items, "runs_on_host") or hasattr(items, "element_spec"):
        from compat.runtime.autograph.host import for_dataset

        for_dataset(items, *rest)
    elif is_tensor(items) and STATE.frame is not None and len(items) > UNROLLED:
        _for_tensor(convert(items), *rest)
    else:
        _for_python(items, *rest)


def _for_python(items: Any, more, body, get, put, names, where) -> None:
    for item in items:
        going = True if more is None else more()
        if _steered(going):
            once = functools.partial(body, item)
            if_stmt(going, once, lambda: None, get, put, names, where)
        elif going:
            body(item)
            if more is not None and not _steered(more()) and not more():
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
    state = _LoopState(get, put, names, where)
    try:
        state.learn(lambda: body(items[0]))

        def step(carry: list[Tensor], row: list[Tensor]) -> Any:
            state.enter(carry)
            if more is None:
                body(row[0])
            else:
                once = functools.partial(body, row[0])
                going = more()
                if _steered(going):
                    if_stmt(going, once, lambda: None, get, put, names, where)
                elif going:
                    once()
            return state.leave(), []

        last, _ = loop_over(step, state.tensors(), [items], name=where)
        state.done(last)
    except BaseException:
        state.restore()
        raise
