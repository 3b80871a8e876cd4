"""Jacobians: one gradient for each element of the target."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from compat.runtime.plans import STACK, Plan, run
from compat.runtime.tape.records import add
from compat.runtime.tensor import Tensor

# Gradients by each leaf, given a weight for each element of the target.
Pull = Callable[[Tensor], Sequence[Tensor | None]]

_STACK_SECOND = Plan(lambda *rows: jnp.stack(rows, axis=1), "stack")


@functools.cache
def _reshaping(shape: tuple[int, ...]) -> Plan:
    return Plan(lambda x: jnp.reshape(x, shape), "reshape")


def jacobians(
    pull: Pull, target: Tensor, groups: Sequence[Sequence[int]], shapes: Sequence[Any]
) -> list[Tensor | None]:
    """The derivative of each element of the target by each element of the sources.

    Args:
      pull: gradients by the leaves.
      target: a tensor.
      groups: for each source, which leaves stand for it.
      shapes: the shapes of the sources.

    Returns:
      Tensors of shape target.shape + source.shape; None for no influence.
    """
    own = target._array.shape
    rows = []
    for i in range(math.prod(own)):
        seed = jnp.zeros(math.prod(own), target._array.dtype).at[i].set(1)
        rows.append(pull(Tensor(seed.reshape(own))))
    out: list[Tensor | None] = []
    for group, shape in zip(groups, shapes, strict=True):
        total = None
        for leaf in group:
            column = [row[leaf] for row in rows]
            if column and column[0] is not None:
                part = run(STACK, column)
                total = part if total is None else add(total, part)
        if total is not None:
            total = run(_reshaping((*own, *shape)), (total,))
        out.append(total)
    return out


def batch_jacobian(
    pull: Pull, target: Tensor, group: Sequence[int], shape: Sequence[int]
) -> Tensor | None:
    """The Jacobian of each row of the target by the same row of one source.

    Args:
      pull: gradients by the leaves.
      target: a tensor of shape [rows, …].
      group: which leaves stand for the source.
      shape: the shape of a row of the source.

    Returns:
      A tensor of shape target.shape + shape; None for no influence.
    """
    own = target._array.shape
    size = math.prod(own[1:])
    columns = []
    for i in range(size):
        seed = jnp.zeros((own[0], size), target._array.dtype).at[:, i].set(1)
        found = pull(Tensor(seed.reshape(own)))
        columns.append(found[group[0]] if group else None)
    if not columns or columns[0] is None:
        return None
    return run(_reshaping((*own, *shape)), (run(_STACK_SECOND, columns),))
