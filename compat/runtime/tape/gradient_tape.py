"""`tf.GradientTape`: reverse-mode derivatives of what was recorded.

A tape keeps (plan, inputs, outputs) of each op that a watched tensor enters. Going
back, each pull-back is a plan too, run like any op, so that outer tapes record it: that
is all there is to higher-order derivatives.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from compat.runtime import nest
from compat.runtime.export import export
from compat.runtime.plans import Plan
from compat.runtime.state import STATE
from compat.runtime.tape.jacobians import batch_jacobian, jacobians
from compat.runtime.tape.records import (
    Record,
    UnconnectedGradients,
    add,
    pull,
    zeros_like,
)
from compat.runtime.tensor import Tensor, convert, lift
from compat.runtime.variable import Variable


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
                if plan is not None and plan.constant:
                    return
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

    def pull(
        self,
        targets: Sequence[Any],
        weights: Sequence[Tensor | None],
        leaves: Sequence[Tensor],
    ) -> list[Tensor | None]:
        """The gradients by the leaves of what was recorded so far; it goes on."""
        return pull(self._records, targets, weights, leaves)

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
          A nest like `sources`: tensors, or None; `tf.IndexedSlices` for what only
          rows were taken of.

        Raises:
          RuntimeError: the second call on a tape that is not persistent.
        """
        self._check_use()
        zeros = _wants_zeros(unconnected_gradients)
        with self._reading():
            targets = [
                t._peek() if isinstance(t, Variable) else t
                for t in nest.flatten(target)
            ]
            weights = self._weights(targets, output_gradients)
            flat = nest.flatten(sources)
            leaves, groups = self._leaves_of(flat)
            gradients = pull(self._records, targets, weights, leaves, rows=True)
            out = []
            for source, group in zip(flat, groups, strict=True):
                parts = [gradients[i] for i in group if gradients[i] is not None]
                total = parts[0] if parts else None
                for part in parts[1:]:
                    total = add(total, part)
                if total is None and zeros:
                    total = zeros_like(source)
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
        zeros = _wants_zeros(unconnected_gradients)
        flat = nest.flatten(sources)
        shapes = [tuple(source.shape) for source in flat]
        with self._reading():
            leaves, groups = self._leaves_of(flat)
            found = jacobians(self._pull_to(target, leaves), target, groups, shapes)
        self._finish()
        if zeros:
            found = [
                _zeros((*target.shape, *source.shape), source) if j is None else j
                for j, source in zip(found, flat, strict=True)
            ]
        return nest.pack_sequence_as(sources, found)

    def _pull_to(self, target: Tensor, leaves: Sequence[Tensor]) -> Any:
        return lambda weight: self.pull([target], [weight], leaves)

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
        zeros = _wants_zeros(unconnected_gradients)
        row = tuple(source.shape)[1:]
        with self._reading():
            leaves, groups = self._leaves_of([source])
            pulls = self._pull_to(target, leaves)
            found = batch_jacobian(pulls, target, groups[0], row)
        self._finish()
        if found is None and zeros:
            found = _zeros((*target.shape, *row), source)
        return found


def _wants_zeros(unconnected: Any) -> bool:
    """Whether the argument `unconnected_gradients` (or its value) is ZERO."""
    kind = UnconnectedGradients(getattr(unconnected, "value", unconnected))
    return kind is UnconnectedGradients.ZERO


def _zeros(shape: tuple[int, ...], source: Any) -> Tensor:
    return Tensor(lift(np.zeros(shape, source.dtype.numpy)))
