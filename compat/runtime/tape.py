"""`tf.GradientTape`: reverse-mode derivatives of what was recorded.

A tape keeps (plan, inputs, outputs) of each op that a watched tensor enters. Going
back, each pull-back is a plan too, run like any op, so that outer tapes record it: that
is all there is to higher-order derivatives.
"""

from __future__ import annotations

import contextlib
import enum
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from compat.runtime import nest
from compat.runtime.export import export
from compat.runtime.plans import STACK, Plan, run
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert, is_tensor, lift
from compat.runtime.variable import Variable

_ADD = Plan(jnp.add, "gradient sum")
_ONES = Plan(jnp.ones_like, "ones_like")
_ZEROS = Plan(jnp.zeros_like, "zeros_like")
_STACK_SECOND = Plan(lambda *rows: jnp.stack(rows, axis=1), "stack")


def _add(x: Tensor, y: Tensor) -> Tensor:
    return run(_ADD, (x, y))


def _ones_like(x: Tensor) -> Tensor:
    return run(_ONES, (convert(x),))


def _zeros_like(x: Any) -> Tensor:
    return run(_ZEROS, (convert(x),))


@functools.cache
def _reshaping(shape: tuple[int, ...]) -> Plan:
    return Plan(lambda x: jnp.reshape(x, shape), "reshape")


def _reshape(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return run(_reshaping(shape), (x,))


@export("tf.UnconnectedGradients")
class UnconnectedGradients(enum.Enum):
    """What the gradient by a source is on which the target does not depend."""

    NONE = "none"
    ZERO = "zero"


class Record:
    """One op that was run.

    Attributes:
      plan: what was run; None where `rule` is given.
      inputs, outputs: its tensors.
      rule: takes a cotangent for each output (zeros where there is none) and returns a
        gradient or None for each input; from `tf.custom_gradient`.
    """

    __slots__ = ("plan", "inputs", "outputs", "rule")

    def __init__(
        self,
        plan: Plan | None,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        rule: Callable[..., Sequence[Tensor | None]] | None = None,
    ) -> None:
        self.plan = plan
        self.inputs = inputs
        self.outputs = outputs
        self.rule = rule


def differentiable(tensor: Tensor) -> bool:
    """Whether the dtype has derivatives."""
    return jnp.issubdtype(tensor._array.dtype, jnp.inexact)


@export("tf.GradientTape")
class GradientTape:
    """Records ops in its `with` block for differentiation.

    Args:
      persistent: whether `gradient` may be called more than once.
      watch_accessed_variables: whether trainable variables are watched when read.
    """

    def __init__(
        self, persistent: bool = False, watch_accessed_variables: bool = True
    ) -> None:
        self._persistent = persistent
        self._auto = watch_accessed_variables
        self._recording = False
        self._clear()

    def _clear(self) -> None:
        self._records: list[Record] = []
        self._live: set[int] = set()
        self._kept: list[Any] = []  # so that the ids in `_live` stay theirs
        self._variables: dict[int, tuple[Variable, list[Tensor]]] = {}
        self._used = False

    # What the runtime calls.

    def watches(self, tensor: Tensor) -> bool:
        """Whether a derivative by or through this tensor may be asked for."""
        return id(tensor) in self._live

    def record(
        self,
        plan: Plan | None,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        rule: Callable[..., Any] | None = None,
    ) -> None:
        """Notes an op if it has a watched input."""
        live = self._live
        for tensor in inputs:
            if id(tensor) in live:
                self._records.append(Record(plan, inputs, outputs, rule))
                for out in outputs:
                    live.add(id(out))
                return

    def accessed(self, variable: Variable, value: Tensor) -> None:
        """Notes that a variable was read."""
        known = self._variables.get(id(variable))
        if known is None:
            if not (self._auto and variable.trainable):
                return
            known = self._variables[id(variable)] = (variable, [])
        values = known[1]
        if not values or values[-1] is not value:
            values.append(value)
            self._live.add(id(value))

    # What programs call.

    def __enter__(self) -> GradientTape:
        if self._recording:
            raise ValueError(
                "Tape is still recording, This can happen if you try to "
                "re-enter an already-active tape."
            )
        self._start()
        return self

    def __exit__(self, *exc: Any) -> None:
        if self._recording:
            self._stop()

    def _start(self) -> None:
        STATE.tapes = [*STATE.tapes, self]
        self._recording = True

    def _stop(self) -> None:
        STATE.tapes = [t for t in STATE.tapes if t is not self]
        self._recording = False

    def watch(self, tensor: Any) -> None:
        """Watches a tensor or variable, or those in a nest.

        Raises:
          ValueError: something else.
        """
        for t in nest.flatten(tensor):
            if isinstance(t, Variable):
                known = self._variables.setdefault(id(t), (t, []))
                value = t._peek()
                if not any(v is value for v in known[1]):
                    known[1].append(value)
                self._live.add(id(value))
            elif isinstance(t, Tensor):
                self._live.add(id(t))
                self._kept.append(t)
            else:
                raise ValueError(
                    f"Passed in object {t!r} of type {type(t)}, not tf.Tensor or "
                    "tf.Variable or ExtensionType."
                )

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables watched, in the order in which they were first read."""
        return tuple(variable for variable, _ in self._variables.values())

    @contextlib.contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Inside, nothing is recorded.

        Raises:
          RuntimeError: the tape does not record.
        """
        if not self._recording:
            raise RuntimeError("stop_recording() needs a tape that records.")
        self._stop()
        try:
            yield
        finally:
            self._start()

    def reset(self) -> None:
        """Forgets everything recorded."""
        self._clear()

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """The derivative of the sum of the targets by each source.

        Args:
          target: a tensor, or a nest of them.
          sources: a nest of tensors and variables.
          output_gradients: weights of the targets' elements, ones by default.
          unconnected_gradients: what stands for a source without influence.

        Returns:
          A nest like `sources`: tensors, or None.

        Raises:
          RuntimeError: the second call on a tape that is not persistent.
        """
        self._check_use()
        zero = UnconnectedGradients(
            getattr(unconnected_gradients, "value", unconnected_gradients)
        )
        with self._reading():
            targets = [
                t._peek() if isinstance(t, Variable) else t
                for t in nest.flatten(target)
            ]
            weights = self._weights(targets, output_gradients)
            flat = nest.flatten(sources)
            leaves, groups = self._leaves_of(flat)
            gradients = self.pull(targets, weights, leaves)
            out = []
            for source, group in zip(flat, groups, strict=True):
                parts = [gradients[i] for i in group if gradients[i] is not None]
                total = parts[0] if parts else None
                for part in parts[1:]:
                    total = _add(total, part)
                if total is None and zero is UnconnectedGradients.ZERO:
                    total = _zeros_like(source)
                out.append(total)
        self._finish()
        return nest.pack_sequence_as(sources, out)

    def _check_use(self) -> None:
        if self._used:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of "
                "gradients (or jacobians)"
            )

    def _finish(self) -> None:
        if not self._persistent:
            self._used = True
            self._records = []

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Asked inside its own block: a persistent tape goes on recording."""
        pause = self._recording and not self._persistent
        if pause:
            self._stop()
        try:
            yield
        finally:
            if pause:
                self._start()

    def _weights(self, targets: list[Any], given: Any) -> list[Any]:
        if given is None:
            return [None] * len(targets)
        weights = nest.flatten(given)
        if len(weights) != len(targets):
            raise ValueError(
                f"{len(weights)} output_gradients for {len(targets)} targets"
            )
        return [
            None if w is None else convert(w, None, t.dtype.numpy)
            for w, t in zip(weights, targets, strict=True)
        ]

    def _leaves_of(self, sources: list[Any]) -> tuple[list[Tensor], list[list[int]]]:
        """The tensors that stand for the sources; for each source, which they are.

        A variable that was assigned to has had several values.
        """
        leaves: list[Tensor] = []
        place: dict[int, int] = {}
        groups = []
        for source in sources:
            if isinstance(source, Variable):
                values = self._variables.get(id(source), (source, []))[1]
            elif isinstance(source, Tensor):
                values = [source] if id(source) in self._live else []
            else:
                raise TypeError(f"sources must be tensors or variables, got {source!r}")
            group = []
            for value in values:
                if id(value) not in place:
                    place[id(value)] = len(leaves)
                    leaves.append(value)
                group.append(place[id(value)])
            groups.append(group)
        return leaves, groups

    def _between(
        self, targets: Sequence[Any], leaves: Sequence[Tensor]
    ) -> tuple[list[Record], set[int]]:
        """The records on a path from a leaf to a target; ids that depend on a leaf."""
        depends = {id(leaf) for leaf in leaves}
        forward = []
        for record in self._records:
            for tensor in record.inputs:
                if id(tensor) in depends:
                    forward.append(record)
                    depends.update([id(out) for out in record.outputs])
                    break
        needed = {id(t) for t in targets if id(t) in depends}
        path = []
        for record in reversed(forward):
            for out in record.outputs:
                if id(out) in needed:
                    path.append(record)
                    needed.update([id(t) for t in record.inputs])
                    break
        return path, depends

    def pull(
        self,
        targets: Sequence[Any],
        weights: Sequence[Tensor | None],
        leaves: Sequence[Tensor],
    ) -> list[Tensor | None]:
        """The gradient by each leaf, None where there is no path."""
        path, depends = self._between(targets, leaves)
        sums: dict[int, Tensor] = {}

        def add(tensor: Tensor, gradient: Tensor) -> None:
            have = sums.get(id(tensor))
            sums[id(tensor)] = gradient if have is None else _add(have, gradient)

        for target, weight in zip(targets, weights, strict=True):
            if not isinstance(target, Tensor) or not differentiable(target):
                continue
            if id(target) in depends:
                if weight is None:
                    weight = _ones_like(target)
                add(target, weight)
        keep = {id(leaf) for leaf in leaves}
        for record in path:
            given = [sums.get(id(out)) for out in record.outputs]
            if not any(g is not None for g in given):
                continue
            for out in record.outputs:
                if id(out) not in keep:
                    sums.pop(id(out), None)
            for tensor, gradient in _pulled(record, given, depends):
                if gradient is not None:
                    add(tensor, gradient)
        return [sums.get(id(leaf)) for leaf in leaves]

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: Any = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The derivative of each element of `target` by each element of the sources.

        Returns:
          A nest like `sources`: tensors of shape target.shape + source.shape, or None.
        """
        del parallel_iterations, experimental_use_pfor
        self._check_use()
        target = convert(target)
        size = target.shape.num_elements()
        zero = UnconnectedGradients(
            getattr(unconnected_gradients, "value", unconnected_gradients)
        )
        with self._reading():
            flat = nest.flatten(sources)
            leaves, groups = self._leaves_of(flat)
            rows = []
            for i in range(size):
                seed = jnp.zeros(size, target._array.dtype).at[i].set(1)
                weight = Tensor(seed.reshape(target._array.shape))
                rows.append(self.pull([target], [weight], leaves))
            out = []
            for source, group in zip(flat, groups, strict=True):
                total = None
                for leaf in group:
                    column = [row[leaf] for row in rows]
                    if column and column[0] is not None:
                        stacked = run(STACK, column)
                        total = stacked if total is None else _add(total, stacked)
                shape = tuple(target.shape) + tuple(source.shape)
                if total is not None:
                    total = _reshape(total, shape)
                elif zero is UnconnectedGradients.ZERO:
                    total = Tensor(lift(np.zeros(shape, source.dtype.numpy)))
                out.append(total)
        self._finish()
        return nest.pack_sequence_as(sources, out)

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: Any = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The Jacobian of each example of a batch.

        Each row of `target` must depend on the same row of `source` only.

        Returns:
          A tensor of shape target.shape + source.shape[1:], or None.

        Raises:
          ValueError: the first dimensions differ.
        """
        del parallel_iterations, experimental_use_pfor
        self._check_use()
        target = convert(target)
        if tuple(target.shape)[:1] != tuple(source.shape)[:1]:
            raise ValueError(
                "Need first dimension of target shape and source shape to match: "
                f"{target.shape}, {source.shape}"
            )
        zero = UnconnectedGradients(
            getattr(unconnected_gradients, "value", unconnected_gradients)
        )
        batch, *rest = target._array.shape
        size = 1
        for dim in rest:
            size *= dim
        with self._reading():
            leaves, groups = self._leaves_of([source])
            rows = []
            for i in range(size):
                seed = jnp.zeros((batch, size), target._array.dtype).at[:, i].set(1)
                weight = Tensor(seed.reshape(target._array.shape))
                row = self.pull([target], [weight], leaves)
                rows.append(row[groups[0][0]] if groups[0] else None)
            shape = tuple(target.shape) + tuple(source.shape)[1:]
            if rows and rows[0] is not None:
                out = _reshape(run(_STACK_SECOND, rows), shape)
            elif zero is UnconnectedGradients.ZERO:
                out = Tensor(lift(np.zeros(shape, source.dtype.numpy)))
            else:
                out = None
        self._finish()
        return out


def _pulled(
    record: Record, given: Sequence[Tensor | None], depends: set[int]
) -> list[tuple[Tensor, Tensor | None]]:
    """(input, gradient) for the inputs of a record that depend on a leaf."""
    inputs = record.inputs
    if record.rule is not None:
        seeds = [
            _zeros_like(out) if g is None else g
            for out, g in zip(record.outputs, given, strict=True)
        ]
        return list(zip(inputs, record.rule(*seeds), strict=True))
    wrt = tuple(
        [i for i, t in enumerate(inputs) if id(t) in depends and differentiable(t)]
    )
    has = tuple([g is not None for g in given])
    if not wrt:
        return []
    plan = record.plan.pullback(wrt, has)
    gradients = run(plan, [*inputs, *[g for g in given if g is not None]])
    return [(inputs[i], g) for i, g in zip(wrt, gradients, strict=True)]


@export("tf.custom_gradient")
def custom_gradient(f: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Decorates a function that returns (value, gradient function).

    The gradient function takes a cotangent for each output and returns a gradient for
    each argument; if it has a parameter `variables`, it is given those that were read
    and returns (gradients, gradients by the variables).
    """
    if f is None:
        return custom_gradient

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        return _custom(f, args, kwargs)

    return decorated


class _Reads:
    """Stands on the tape stack to learn which variables are read."""

    def __init__(self) -> None:
        self.variables: dict[int, tuple[Variable, Tensor]] = {}

    def watches(self, tensor: Tensor) -> bool:
        return False

    def record(self, *unused: Any) -> None:
        pass

    def accessed(self, variable: Variable, value: Tensor) -> None:
        if variable.trainable:
            self.variables.setdefault(id(variable), (variable, value))


def _custom(f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    arguments = nest.map_structure(
        lambda v: convert(v) if _makes_tensor(v) else v, list(args)
    )
    outer = STATE.tapes
    reads = _Reads()
    STATE.tapes = [reads]
    try:
        result, rule = f(*arguments, **kwargs)
    finally:
        STATE.tapes = outer
    flat = [
        Tensor(convert(r)._array) if _makes_tensor(r) else r
        for r in nest.flatten(result)
    ]
    outputs = [r for r in flat if isinstance(r, Tensor)]
    inputs = [a for a in nest.flatten(arguments) if isinstance(a, Tensor)]
    variables = [v for v, _ in reads.variables.values()]
    values = [t for _, t in reads.variables.values()]
    for variable, value in reads.variables.values():
        for tape in outer:
            tape.accessed(variable, value)

    def pulled(*cotangents: Tensor) -> list[Any]:
        if variables:
            if not _takes_variables(rule):
                raise TypeError(
                    "If using @custom_gradient with a function that uses variables, "
                    "then grad_fn must accept a 'variables' keyword argument."
                )
            by_inputs, by_variables = rule(*cotangents, variables=variables)
        else:
            by_inputs, by_variables = rule(*cotangents), []
        gradients = nest.flatten(by_inputs) + nest.flatten(by_variables)
        if len(gradients) != len(inputs) + len(values):
            raise ValueError(
                f"custom_gradient function expected to return {len(inputs)} gradients "
                f"and {len(values)} by variables, but returned {len(gradients)}."
            )
        return [None if g is None else convert(g) for g in gradients]

    for tape in outer:
        tape.record(None, [*inputs, *values], outputs, pulled)
    return nest.pack_sequence_as(result, flat)


def _makes_tensor(value: Any) -> bool:
    return is_tensor(value) or isinstance(value, int | float | np.ndarray | np.generic)


def _takes_variables(rule: Callable[..., Any]) -> bool:
    parameters = inspect.signature(rule).parameters
    return "variables" in parameters or any(
        p.kind is p.VAR_KEYWORD for p in parameters.values()
    )


@export("tf.gradients")
def gradients(*args: Any, **kwargs: Any) -> Any:
    """Raises RuntimeError: it works on graphs. Use tf.GradientTape."""
    raise RuntimeError("tf.gradients is not supported, use tf.GradientTape instead.")
