"""Diagonals and bands of matrices."""

import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    Call,
    Floats,
    Ignored,
    Like,
    Static,
    T,
    op,
)


@op(
    "tf.linalg.trace",
    returns=Like("x"),
    check=[Call(Floats(3, 3)), Call(Floats(2, 3, 4))],
)
def trace(x: T, name: Ignored = None):
    """The sum of the diagonal of matrices."""
    return jnp.trace(x, axis1=-2, axis2=-1)


@op(
    "tf.linalg.tensor_diag",
    returns=Like("diagonal"),
    check=[Call(Floats(3)), Call(Floats(2, 3))],
)
def tensor_diag(diagonal: T, name: Ignored = None):
    """A tensor of twice the rank with the given elements on its diagonal."""
    square = jnp.diag(jnp.ravel(diagonal))
    return jnp.reshape(square, (*diagonal.shape, *diagonal.shape))


@tensor_diag.when("rank(diagonal) == 1")
def _(diagonal):
    return jnp.diag(diagonal)


@op(
    "tf.linalg.tensor_diag_part",
    returns=Like("input"),
    check=[Call(Floats(3, 3)), Call(Floats(2, 3, 2, 3))],
)
def tensor_diag_part(input: T, name: Ignored = None):
    """The diagonal of a tensor of even rank whose halves are of one shape."""
    half = input.shape[: input.ndim // 2]
    size = int(np.prod(half))
    return jnp.reshape(jnp.diagonal(jnp.reshape(input, (size, size))), half)


@tensor_diag_part.when("rank(input) == 2")
def _(input):
    return jnp.diagonal(input)


@op(
    "tf.linalg.diag",
    returns=Like("diagonal"),
    check=[Call(Floats(3)), Call(Floats(2, 3)), Call(Floats(2, 3), k=1)],
)
def diag(
    diagonal: T,
    name: Ignored = "diag",
    k: Static = 0,
    num_rows: Static = -1,
    num_cols: Static = -1,
    padding_value: Static = 0,
    align: Static = "RIGHT_LEFT",
):
    """Square matrices with vectors on one diagonal, and zeros.

    Raises:
      NotImplementedError: several diagonals, given sizes, or another filling.
    """
    if not isinstance(k, int) or (num_rows, num_cols, padding_value) != (-1, -1, 0):
        raise NotImplementedError("tf.linalg.diag: one diagonal of a square matrix")
    one = jnp.vectorize(lambda row: jnp.diag(row, k), signature="(n)->(m,m)")
    return one(diagonal)


@diag.when("rank(diagonal) == 1")
def _(diagonal, k=0):
    return jnp.diag(diagonal, k=k)


@op(
    "tf.linalg.diag_part",
    returns=Like("input"),
    check=[Call(Floats(3, 3)), Call(Floats(2, 3, 4)), Call(Floats(3, 3), k=1)],
)
def diag_part(
    input: T,
    name: Ignored = "diag_part",
    k: Static = 0,
    padding_value: Static = 0,
    align: Static = "RIGHT_LEFT",
):
    """One diagonal of matrices.

    Raises:
      NotImplementedError: several diagonals are asked for.
    """
    if not isinstance(k, int):
        raise NotImplementedError("tf.linalg.diag_part: one diagonal")
    return jnp.diagonal(input, k, axis1=-2, axis2=-1)


@diag_part.when("rank(k) == 0")
def _(input, k=0):
    return jnp.diagonal(input, offset=k, axis1=-2, axis2=-1)


@op(
    "tf.linalg.set_diag",
    returns=Like("input"),
    check=[Call(Floats(3, 3), Floats(3)), Call(Floats(2, 3, 4), Floats(2, 3))],
)
def set_diag(
    input: T,
    diagonal: T,
    name: Ignored = "set_diag",
    k: Static = 0,
    align: Static = "RIGHT_LEFT",
):
    """Matrices with their main diagonal replaced.

    Raises:
      NotImplementedError: another diagonal is asked for.
    """
    if k != 0:
        raise NotImplementedError("tf.linalg.set_diag: the main diagonal only")
    at = jnp.arange(diagonal.shape[-1])
    return input.at[..., at, at].set(diagonal)


@op(
    "tf.linalg.band_part",
    returns=Like("input"),
    check=[
        Call(Floats(4, 4), 1, 0),
        Call(Floats(2, 4, 3), -1, 0),
        Call(Floats(4, 4), 0, -1),
    ],
)
def band_part(input: T, num_lower: Static, num_upper: Static, name: Ignored = None):
    """Matrices with zeros outside of a band; a negative width leaves a side whole."""
    rows = jnp.arange(input.shape[-2])[:, None]
    columns = jnp.arange(input.shape[-1])
    low = (num_lower < 0) | (rows - columns <= num_lower)
    high = (num_upper < 0) | (columns - rows <= num_upper)
    return jnp.where(low & high, input, 0)


@band_part.when("num_lower == -1 and num_upper == 0")
def _(input, num_lower, num_upper):
    return jnp.tril(input)


@band_part.when("num_lower == 0 and num_upper == -1")
def _(input, num_lower, num_upper):
    return jnp.triu(input)
