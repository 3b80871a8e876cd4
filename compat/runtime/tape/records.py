"""What a tape notes of each op, and how a gradient goes back through it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from compat.runtime.export import export
from compat.runtime.indexed_slices import IndexedSlices, joined, of_rows
from compat.runtime.plans import Plan, run
from compat.runtime.tensor import Tensor, convert


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


_ADD = Plan(jnp.add, "gradient sum")
_ONES = Plan(jnp.ones_like, "ones_like")
_ZEROS = Plan(jnp.zeros_like, "zeros_like")


Gradient = Tensor | IndexedSlices


def add(x: Gradient, y: Gradient) -> Gradient:
    """The sum of two gradients; rows, where both are."""
    if isinstance(x, IndexedSlices) and isinstance(y, IndexedSlices):
        return joined(x, y)
    return run(_ADD, (whole(x), whole(y)))


def whole(gradient: Gradient) -> Tensor:
    """The gradient as a tensor."""
    return gradient.dense() if isinstance(gradient, IndexedSlices) else gradient


def ones_like(x: Tensor) -> Tensor:
    """What a gradient starts from."""
    return run(_ONES, (convert(x),))


def zeros_like(x: Any) -> Tensor:
    """A gradient of zeros."""
    return run(_ZEROS, (convert(x),))


def pull(
    records: Sequence[Record],
    targets: Sequence[Any],
    weights: Sequence[Tensor | None],
    leaves: Sequence[Tensor],
    rows: bool = False,
) -> list[Gradient | None]:
    """The gradient of a weighted sum of the targets by each leaf.

    Args:
      records: the ops, in the order in which they ran.
      targets: tensors; what is none counts for nothing.
      weights: for each target of its shape; None for ones.
      leaves: tensors.
      rows: whether the gradient by a leaf that only rows were taken of may be those.

    Returns:
      For each leaf a tensor of its shape, None where no target depends on it.
    """
    path, depends = _between(records, targets, leaves)
    sums: dict[int, Gradient] = {}

    def put(tensor: Tensor, gradient: Gradient) -> None:
        have = sums.get(id(tensor))
        sums[id(tensor)] = gradient if have is None else add(have, gradient)

    for target, weight in zip(targets, weights, strict=True):
        if not isinstance(target, Tensor) or not differentiable(target):
            continue
        if id(target) in depends:
            put(target, ones_like(target) if weight is None else weight)
    keep = {id(leaf) for leaf in leaves}
    for record in path:
        given = [sums.get(id(out)) for out in record.outputs]
        if not any(g is not None for g in given):
            continue
        given = [None if g is None else whole(g) for g in given]
        for out in record.outputs:
            if id(out) not in keep:
                sums.pop(id(out), None)
        by_rows = rows and record.plan is not None and record.plan.rows
        if by_rows and id(record.inputs[0]) in keep:
            table, indices = record.inputs
            put(table, of_rows(table, indices, given[0]))
            continue
        for tensor, gradient in _pulled(record, given, depends):
            if gradient is not None:
                put(tensor, gradient)
    return [sums.get(id(leaf)) for leaf in leaves]


def _between(
    records: Sequence[Record], targets: Sequence[Any], leaves: Sequence[Tensor]
) -> tuple[list[Record], set[int]]:
    """The records on a path from a leaf to a target; ids that depend on a leaf."""
    depends = {id(leaf) for leaf in leaves}
    forward = []
    for record in records:
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


def _pulled(
    record: Record, given: Sequence[Tensor | None], depends: set[int]
) -> list[tuple[Tensor, Tensor | None]]:
    """(input, gradient) for the inputs of a record that depend on a leaf."""
    inputs = record.inputs
    if record.rule is not None:
        seeds = [
            zeros_like(out) if g is None else g
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
