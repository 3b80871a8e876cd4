"""From Python code over tensors and variables to one pure function of arrays.

The code runs once, traced. Where it reads a variable (or a tensor from outside that a
tape watches), a marker stands in the trace; afterwards the markers' places are filled
with inputs. So no second run is needed to learn what is captured.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend.core import Primitive

from compat.runtime import nest, places
from compat.runtime.errors import InaccessibleTensorError
from compat.runtime.frames import Frame
from compat.runtime.plans import Plan, run
from compat.runtime.quick import enter_wide, leave_wide
from compat.runtime.random import SeededKey, next_key
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert, is_tensor, lift
from compat.runtime.tracing import Tracer, clean
from compat.runtime.variable import Variable

CAPTURE = Primitive("capture")
CAPTURE.def_abstract_eval(
    lambda anchor, *, index, shape, dtype: jax.core.ShapedArray(shape, dtype)
)
KEY = jax.ShapeDtypeStruct((2,), np.uint32)


class _Frame(Frame):
    """A frame that puts markers and notes what they stand for."""

    def __init__(self, key: Any, creates: bool) -> None:
        super().__init__(key, creates)
        self.captures: list[Any] = []
        self.anchor: Any = None
        self._stand_ins: dict[int, Tensor] = {}

    def capture(self, thing: Any, like: Any) -> Tensor:
        """A marker's value for a variable or tensor with the aval of `like`."""
        index = len(self.captures)
        self.captures.append(thing)
        # The operand does nothing but bind the marker to this trace.
        return Tensor(
            CAPTURE.bind(
                self.anchor, index=index, shape=tuple(like.shape), dtype=like.dtype
            )
        )

    def meet(self, variable: Variable) -> Tensor:
        if any(v is variable for v in self.created):
            return variable._value
        return self.capture(variable, self.seen(variable)._array)

    def seeded_key(self, seed: int) -> Any:
        key = SeededKey(seed)
        return self.capture(key, key)._array

    def captured(self, tensor: Tensor) -> Tensor:
        if not any(tape.watches(tensor) for tape in self.tapes):
            return tensor
        found = self._stand_ins.get(id(tensor))
        if found is None:
            found = self.capture(tensor, tensor._array)
            self._stand_ins[id(tensor)] = found
        return found


class ShapesChanged(Exception):
    """A value from the host has another shape than when the code was traced."""


class Outputs:
    """The structure of what traced code returned.

    Attributes:
      tensors: the tensors in it, in order.
      arrays: their arrays.
    """

    def __init__(self, value: Any) -> None:
        self.tensors: list[Tensor] = []
        self._structure = value
        self._parts = [self._part(leaf) for leaf in nest.flatten(value)]
        self.arrays = [t._array for t in self.tensors]
        self._alone = self._parts == [None] and not nest.is_nested(value)

    def _part(self, leaf: Any) -> Any:
        if hasattr(leaf, "tensor_parts"):
            parts = leaf.tensor_parts()
            self.tensors += parts
            return len(parts), leaf.from_tensor_parts
        if is_tensor(leaf) or isinstance(
            leaf, np.ndarray | np.generic | int | float | complex
        ):
            self.tensors.append(convert(leaf))
            return None
        if isinstance(leaf, str | bytes):
            text = convert(leaf)
            return 0, lambda _: text
        return 0, lambda _: leaf

    def rebuild(self, tensors: Sequence[Tensor]) -> Any:
        """The structure with other tensors."""
        if self._alone:
            return tensors[0]
        leaves, at = [], 0
        for part in self._parts:
            if part is None:
                leaves.append(tensors[at])
                at += 1
            else:
                count, build = part
                leaves.append(build(tensors[at : at + count]))
                at += count
        return nest.pack_sequence_as(self._structure, leaves)


class Staged:
    """Traced code.

    Attributes:
      plan: the pure function of (captures…, key, inputs…) → (outputs…, written…).
      captures: variables and tensors whose values it takes.
      written: the variables it assigns to.
      created: those it made.
      draws: how many random keys it took.
      outputs: the structure of its result.
      direct: whether it may be run without a look at its captures.
    """

    def __init__(self, jaxpr: Any, frame: _Frame, outputs: Outputs, name: str) -> None:
        self._jaxpr, self._constants, outer = _without_markers(jaxpr)
        self.captures = [*frame.captures, *outer]
        self.written = list(frame.written.values())
        self.created = frame.created
        self.draws = frame.draws
        self.outputs = outputs
        self.plan = Plan(self.pure, name)
        self.flexible = [
            (i, c)
            for i, c in enumerate(self.captures)
            if isinstance(c, Variable) and not c.shape.is_fully_defined()
        ]
        # Variables of the class itself, of numbers: nothing to be asked when run.
        self.direct = all(
            type(c) is Variable and c.dtype.name != "string"
            for c in (*self.captures, *self.written)
        )
        self._shapes = [c._peek()._array.shape for _, c in self.flexible]

    @functools.cached_property
    def run(self) -> Callable[[Sequence[Any]], Any]:
        """`__call__` on arrays, where nothing records and all is concrete.

        That is the usual case: what can be looked up is looked up once.
        """
        jitted, captures, written = self.plan.jitted, self.captures, self.written
        count, rebuild = len(self.outputs.arrays), self.outputs.rebuild
        fresh_key = next_key if self.draws else no_key

        def run_on(inputs: Sequence[Any]) -> Any:
            arrays = [v._array for v in captures]
            arrays.append(fresh_key()._array)
            arrays += inputs
            before = enter_wide()
            try:
                flat = jitted(*arrays)
            finally:
                leave_wide(before)
            for variable, array in zip(written, flat[count:], strict=True):
                variable._array = array
            return rebuild([Tensor(a) for a in flat[:count]])

        return run_on

    def pure(self, *arrays: Any) -> tuple[Any, ...]:
        """The code as a function of (captures…, key, inputs…)."""
        count = len(self.captures)
        constants = [*self._constants, *arrays[:count]]
        return tuple(jax.core.eval_jaxpr(self._jaxpr, constants, *arrays[count:]))

    def fits(self) -> bool:
        """Whether the variables still have the shapes they were traced with."""
        return not self.flexible or self._shapes == [
            c._peek()._array.shape for _, c in self.flexible
        ]

    def values(self) -> list[Tensor]:
        """The captures' current values, read as the code would."""
        return [c if type(c) is Tensor else c._read() for c in self.captures]

    def __call__(self, inputs: Sequence[Tensor]) -> Any:
        """Runs it: one op on tapes; variables get their new values."""
        if self.direct and STATE.frame is None and not STATE.tapes and clean():
            return self.run([t._array for t in inputs])
        key = next_key() if self.draws else no_key()
        flat = run(self.plan, [*self.values(), key, *inputs])
        if clean() and any(isinstance(t._array, Tracer) for t in flat):
            raise leaked(self.plan.name)
        count = len(self.outputs.arrays)
        for variable, value in zip(self.written, flat[count:], strict=True):
            variable._write(value)
        return self.outputs.rebuild(flat[:count])


@functools.cache
def no_key() -> Tensor:
    """What stands for a random key where none is drawn."""
    return Tensor(lift(np.zeros(2, np.uint32)))


def stage(
    body: Callable[..., Any],
    inputs: Sequence[Any],
    *,
    creates: bool = False,
    scope: str = "",
    name: str = "function",
    stand_in: int = -1,
    created: list[Variable] | None = None,
) -> Staged:
    """Traces `body(*tensors)`.

    Args:
      body: the code.
      inputs: arrays, or their shapes and dtypes.
      creates: whether variables may be made; random numbers are then concrete.
      scope: the name scope to start in.
      name: for error messages.
      stand_in: the size with which dimensions of unknown size are traced.
      created: gets the variables made, also where the code raises.
    """
    known: list[Any] = []
    for _ in range(4):
        frame = _Frame(None, creates)
        found: list[Outputs] = []

        def traced(key: Any, *arrays: Any, frame=frame, known=known, found=found):
            frame.key, frame.anchor = None if creates else key, key
            with frame.current(scope):
                if stand_in >= 0:
                    frame.stand_in = stand_in
                for thing in known:
                    if isinstance(thing, Variable):
                        frame.get(thing)
                    elif isinstance(thing, Tensor):
                        frame.captured(thing)
                found.append(Outputs(body(*[Tensor(a) for a in arrays])))
                written = [frame.values[i]._array for i in frame.written]
                return [*found[-1].arrays, *written]

        try:
            with jax.enable_x64(True):
                jaxpr = jax.make_jaxpr(traced)(KEY, *[_aval(a) for a in inputs])
        except jax.errors.UnexpectedTracerError as error:
            # Met first inside a trace within this one: meet it outside, next time.
            if len(frame.captures) == len(known):
                raise leaked(name, places.of_error(error)) from error
        else:
            at_top = {e.params["index"] for e in jaxpr.eqns if e.primitive is CAPTURE}
            if len(at_top) == len(frame.captures):
                return Staged(jaxpr, frame, found[-1], name)
        finally:
            if created is not None:
                created += frame.created
        known = list(frame.captures)
    raise RuntimeError(f"{name} could not be traced: its captures keep changing")


def leaked(name: str, place: str = "") -> InaccessibleTensorError:
    """The error for a tensor that is used outside of the trace that made it."""
    return InaccessibleTensorError(
        f"{place}{': ' if place else ''}{name}: a tensor that was made in the body of "
        "a compiled `if` or loop, or in another trace, is used outside of it. What a "
        "body makes leaves it in local variables, attributes and items d['key'] that "
        "it assigns to; not in a list that it appends to (use a tf.TensorArray)"
    )


def _aval(value: Any) -> Any:
    return jax.ShapeDtypeStruct(value.shape, value.dtype)


def _without_markers(closed: Any) -> tuple[Any, list[Any], list[Tensor]]:
    """The trace with the markers' places as further constants, and its constants.

    Those that a trace around it has not computed yet come last, apart: they are
    captured too, so that the code can be run when that trace is over.
    """
    jaxpr = closed.jaxpr
    markers = [e for e in jaxpr.eqns if e.primitive is CAPTURE]
    markers.sort(key=lambda e: e.params["index"])
    consts = list(zip(jaxpr.constvars, closed.consts, strict=True))
    known = [(v, c) for v, c in consts if not isinstance(c, Tracer)]
    outer = [(v, c) for v, c in consts if isinstance(c, Tracer)]
    changed = jaxpr.replace(
        eqns=[e for e in jaxpr.eqns if e.primitive is not CAPTURE],
        constvars=[
            *(v for v, _ in known),
            *(e.outvars[0] for e in markers),
            *(v for v, _ in outer),
        ],
    )
    return changed, [c for _, c in known], [Tensor(c) for _, c in outer]
