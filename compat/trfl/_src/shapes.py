"""Checks of ranks and shapes, with the errors that TRFL raises."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from compat.dictionary import SHAPE, op
from compat.trfl._src.lifting import composed


def require(function: str, *groups: tuple[int, dict[str, Any]]) -> None:
    """Checks arrays in groups of one rank, whose shapes within a group are equal.

    Args:
      function: named in the error.
      *groups: (rank, {name: array, …}).

    Raises:
      ValueError: an array is of another rank, or of another shape than the first of its
        group.
    """
    for rank, arrays in groups:
        shapes = {name: np.shape(array) for name, array in arrays.items()}
        first = next(iter(shapes))
        for name, shape in shapes.items():
            if len(shape) != rank:
                raise ValueError(
                    f"{function}: {name} must have rank {rank}, but has shape {shape}"
                )
            if shape != shapes[first]:
                raise ValueError(
                    f"{function}: shapes of {first} {shapes[first]} and {name} {shape} "
                    "are not compatible"
                )


def next_values(values: Any, bootstrap_value: Any) -> Any:
    """``[T, …]`` values of the states reached, of those left and the last one's."""
    return jnp.concatenate([values[1:], bootstrap_value[None]], axis=0)


@composed
@op(
    "trfl.assert_rank_and_shape_compatibility",
    "trfl.base_ops.assert_rank_and_shape_compatibility",
    helper=False,
)
def assert_rank_and_shape_compatibility(tensors, rank):
    """Checks that tensors have a rank, and one shape.

    Args:
      tensors: a list of tensors.
      rank: the rank they must have.

    Raises:
      ValueError: the list is empty, or a tensor is of another rank or shape.
    """
    if not tensors:
        raise ValueError("List of tensors should be non-empty.")
    named = {f"tensor {i}": np.empty(t.shape, bool) for i, t in enumerate(tensors)}
    require("assert_rank_and_shape_compatibility", (rank, named))


@composed
@op(
    "trfl.best_effort_shape",
    "trfl.base_ops.best_effort_shape",
    returns=SHAPE,
    helper=False,
)
def best_effort_shape(tensor, with_rank=None):
    """The shape of a tensor as a list of ints.

    Raises:
      ValueError: ``with_rank`` is given and is not the rank.
    """
    shape = list(np.shape(tensor) if tensor.shape is None else tensor.shape)
    if with_rank and len(shape) != with_rank:
        raise ValueError(f"Shape {tuple(shape)} must have rank {with_rank}")
    return [int(size) for size in shape]


@best_effort_shape.when("with_rank is None")
def _(tensor, with_rank=None):
    return list(tensor.shape)
