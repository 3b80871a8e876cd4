"""Picking values by index, and Huber's loss."""

import jax.numpy as jnp

import rlax_core as rlax
from compat.dictionary import Call, Floats, Ignored, Ints, Like, Static, T, op


def take(values, indices):
    """One value of the last axis for each index; 0 where there is none such."""
    return jnp.sum(values * rlax.one_hot(indices, values.shape[-1], values.dtype), -1)


@op(
    "trfl.batched_index",
    "trfl.indexing_ops.batched_index",
    returns=Like("values"),
    check=[
        Call(Floats(3, 4), Ints(3, low=0, high=4)),
        Call(Floats(2, 3, 4), Ints(2, 3, low=0, high=4), keepdims=True),
        Call(Floats(2, 3, 4), Ints(2, 3, low=-1, high=6)),
        Call(Floats(2, 3), Ints(3), raises_=ValueError),
        Call(Floats(2, 3, 4, 5), Ints(2, 3, 4), raises_=ValueError),
    ],
    because="an index out of range picks 0 in TRFL, and NaN or from the end in RLax",
)
def batched_index(values: T, indices: T, keepdims: Static = None):
    """Picks one value of the last axis for each index.

    Args:
      values: ``[B, A]`` or ``[T, B, A]``.
      indices: ``[B]`` or ``[T, B]`` int.
      keepdims: whether to keep the last axis, with length 1.

    Returns:
      ``[B]`` or ``[T, B]``; 0 where an index is out of range.

    Raises:
      ValueError: for other shapes.
    """
    if values.ndim not in (2, 3) or values.shape[:-1] != indices.shape:
        raise ValueError(
            "batched_index: values must be [B, A] or [T, B, A] and indices of the same "
            f"shape without A; got {values.shape} and {indices.shape}"
        )
    picked = take(values, indices)
    return picked[..., None] if keepdims else picked


@batched_index.when("keepdims is None")
def _(values, indices, keepdims=None):
    return rlax.batched_index(values, indices)


@batched_index.when("keepdims == True")
def _(values, indices, keepdims=None):
    return rlax.batched_index(values, indices, keepdims=True)


@op(
    "trfl.huber_loss",
    "trfl.clipping_ops.huber_loss",
    returns=Like("input_tensor"),
    check=[
        Call(Floats(5, 3), 0.7),
        Call(Floats(4), quadratic_linear_boundary=1.0),
        Call(Floats(4), -1.0, raises_=ValueError),
    ],
)
def huber_loss(
    input_tensor: T, quadratic_linear_boundary: Static, name: Ignored = None
):
    """Half the square up to a bound, linear beyond.

    Args:
      input_tensor: float tensor of any shape.
      quadratic_linear_boundary: the bound, a number.
      name: has no effect.

    Raises:
      ValueError: the bound is negative.
    """
    if quadratic_linear_boundary < 0:
        raise ValueError("quadratic_linear_boundary must not be negative")
    return rlax.huber_loss(input_tensor, quadratic_linear_boundary)


@huber_loss.when()
def _(input_tensor, quadratic_linear_boundary):
    return rlax.huber_loss(input_tensor, quadratic_linear_boundary)
