"""Products of matrices, diagonals, decompositions."""

import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    FLOAT,
    Call,
    Dtype,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    Static,
    T,
    op,
    tup,
)


def _turned(x, transpose, adjoint):
    if transpose or adjoint:
        x = jnp.matrix_transpose(x)
    return jnp.conj(x) if adjoint else x


@op(
    "tf.matmul",
    "tf.linalg.matmul",
    same=("a", "b"),
    returns=Like("a", "b"),
    check=[
        Call(Floats(2, 3), Floats(3, 4)),
        Call(Floats(5, 2, 3), Floats(5, 3, 4)),
        Call(Floats(3, 2), Floats(3, 4), transpose_a=True),
        Call(Floats(2, 3), Floats(4, 3), transpose_b=True),
        Call(Floats(3, 2), Floats(4, 3), True, True),
        Call(Ints(2, 3), Ints(3, 2)),
        Call(Floats(5, 2, 3), Floats(3, 4)),
        Call(Floats(3, 2), Floats(3, 4), adjoint_a=True),
    ],
)
def matmul(
    a: T,
    b: T,
    transpose_a: Static = False,
    transpose_b: Static = False,
    adjoint_a: Static = False,
    adjoint_b: Static = False,
    a_is_sparse: Ignored = False,
    b_is_sparse: Ignored = False,
    output_type: Dtype = None,
    grad_a: Ignored = False,
    grad_b: Ignored = False,
    name: Ignored = None,
):
    """The product of matrices in the last two axes, each turned first if wanted."""
    a = _turned(a, transpose_a, adjoint_a)
    b = _turned(b, transpose_b, adjoint_b)
    return jnp.matmul(a, b, preferred_element_type=output_type)


@matmul.when("transpose_a == False and transpose_b == False")
def _(a, b, transpose_a=None, transpose_b=None):
    return jnp.matmul(a, b)


@matmul.when("transpose_a == True and transpose_b == False")
def _(a, b, transpose_a=None, transpose_b=None):
    return jnp.matmul(jnp.matrix_transpose(a), b)


@matmul.when("transpose_a == False and transpose_b == True")
def _(a, b, transpose_a=None, transpose_b=None):
    return jnp.matmul(a, jnp.matrix_transpose(b))


@matmul.when("transpose_a == True and transpose_b == True")
def _(a, b, transpose_a=None, transpose_b=None):
    return jnp.matmul(jnp.matrix_transpose(a), jnp.matrix_transpose(b))


@op(
    "tf.linalg.matvec",
    same=("a", "b"),
    returns=Like("a", "b"),
    check=[
        Call(Floats(2, 3), Floats(3)),
        Call(Floats(5, 3, 2), Floats(5, 3), transpose_a=True),
    ],
)
def matvec(
    a: T,
    b: T,
    transpose_a: Static = False,
    adjoint_a: Static = False,
    a_is_sparse: Ignored = False,
    b_is_sparse: Ignored = False,
    name: Ignored = None,
):
    """The product of matrices and vectors."""
    a = _turned(a, transpose_a, adjoint_a)
    return jnp.matmul(a, b[..., None])[..., 0]


@matvec.when("transpose_a == False")
def _(a, b, transpose_a=None):
    return jnp.matvec(a, b)


@op(
    "tf.tensordot",
    "tf.linalg.tensordot",
    same=("a", "b"),
    returns=Like("a", "b"),
    check=[
        Call(Floats(2, 3), Floats(3, 4), 1),
        Call(Floats(2, 3, 4), Floats(4, 3, 2), axes=[[1, 2], [1, 0]]),
        Call(Floats(2), Floats(3), axes=0),
    ],
)
def tensordot(a: T, b: T, axes: Static, name: Ignored = None):
    """The sum of products over pairs of axes."""
    return jnp.tensordot(a, b, axes)


@op(
    "tf.einsum",
    "tf.linalg.einsum",
    returns=FLOAT,
    check=[
        Call("ij,jk->ik", Floats(2, 3), Floats(3, 4)),
        Call("bij,bjk->bik", Floats(5, 2, 3), Floats(5, 3, 4)),
        Call("...i,ij->...j", Floats(4, 2, 3), Floats(3, 2)),
        Call("ii->i", Floats(3, 3)),
    ],
)
def einsum(equation: Static, *inputs: T, name: Ignored = None, **kwargs: Ignored):
    """The sum of products that an equation of subscripts describes."""
    return jnp.einsum(equation, *inputs)


@op(
    "tf.linalg.matrix_transpose",
    returns=Like("a"),
    check=[Call(Floats(2, 3)), Call(Floats(4, 2, 3))],
)
def matrix_transpose(
    a: T, name: Ignored = "matrix_transpose", conjugate: Static = False
):
    """The last two axes exchanged."""
    a = jnp.matrix_transpose(a)
    return jnp.conj(a) if conjugate else a


@matrix_transpose.when()
def _(a):
    return jnp.matrix_transpose(a)


@op(
    "tf.linalg.adjoint",
    returns=Like("matrix"),
    check=[
        Call(Floats(2, 3)),
        Call(Exactly([[1 + 2j, 3j]], "complex64"), grad_=False),
    ],
)
def adjoint(matrix: T, name: Ignored = None):
    """The last two axes exchanged, and conjugated."""
    return jnp.conj(jnp.matrix_transpose(matrix))


SQUARE = [Call(Floats(3, 3)), Call(Floats(2, 3, 3))]
POSITIVE = Exactly([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]], "float32")


@op("tf.linalg.inv", returns=FLOAT, check=[Call(POSITIVE), Call(POSITIVE, True)])
def inv(input: T, adjoint: Static = False, name: Ignored = None):
    """The inverse of matrices (of their adjoints)."""
    return jnp.linalg.inv(_turned(input, False, adjoint))


@inv.when()
def _(input):
    return jnp.linalg.inv(input)


@op(
    "tf.linalg.solve",
    returns=FLOAT,
    check=[Call(POSITIVE, Floats(3, 2)), Call(POSITIVE, Floats(3, 2), adjoint=True)],
)
def solve(matrix: T, rhs: T, adjoint: Static = False, name: Ignored = None):
    """The solution of linear systems."""
    return jnp.linalg.solve(_turned(matrix, False, adjoint), rhs)


@solve.when()
def _(matrix, rhs):
    return jnp.linalg.solve(matrix, rhs)


@op(
    "tf.linalg.cross",
    returns=FLOAT,
    check=[Call(Floats(2, 3), Floats(2, 3))],
)
def cross(a: T, b: T, name: Ignored = None):
    """The cross product of vectors of three."""
    return jnp.cross(a, b)


def vector_norm(tensor, ord, axis, keep):
    """A norm along an axis, of all elements, or of matrices in two axes."""
    pair = isinstance(axis, tuple) and len(axis) == 2
    if ord in ("euclidean", "fro") or (ord == 2 and not pair):
        squares = jnp.square(jnp.abs(tensor))
        return jnp.sqrt(jnp.sum(squares, axis=axis, keepdims=keep))
    if pair:
        return jnp.linalg.norm(tensor, ord, axis, keep)
    size = jnp.abs(tensor)
    if ord == np.inf:
        return jnp.max(size, axis=axis, keepdims=keep)
    if ord == 1:
        return jnp.sum(size, axis=axis, keepdims=keep)
    return jnp.sum(size**ord, axis=axis, keepdims=keep) ** (1 / ord)


@op(
    "tf.norm",
    "tf.linalg.norm",
    returns=FLOAT,
    check=[
        Call(Floats(2, 3)),
        Call(Floats(2, 3), axis=-1),
        Call(Floats(2, 3), ord=1, axis=1, keepdims=True),
        Call(Floats(2, 3), ord=2, axis=-1),
        Call(Floats(4), np.inf),
        Call(Floats(2, 3, 4), "fro", axis=[0, 1]),
        Call(Floats(2, 3, 4), axis=(1, 2), keepdims=True),
        Call(Floats(2, 3), ord=3, axis=0),
    ],
)
def norm(
    tensor: T,
    ord: Static = "euclidean",
    axis: Static = None,
    keepdims: Static = None,
    name: Ignored = None,
):
    """A norm of vectors (along one axis, or of the flat tensor) or of matrices."""
    return vector_norm(tensor, ord, axis, bool(keepdims))


@norm.when("ord is default and keepdims is None")
def _(tensor, axis=None):
    return jnp.linalg.norm(tensor, axis=axis)


@norm.when("ord is default and not keepdims is None")
def _(tensor, axis=None, keepdims=False):
    return jnp.linalg.norm(tensor, axis=axis, keepdims=keepdims)


@norm.when(
    "ord in (1, 2, 3) and rank(axis) == 0 and not axis is None and keepdims is None"
)
def _(tensor, ord, axis):
    return jnp.linalg.norm(tensor, ord, axis=axis)


@op(
    "tf.linalg.normalize",
    returns=tup(FLOAT, FLOAT),
    check=[Call(Floats(2, 3)), Call(Floats(2, 3), axis=-1), Call(Floats(2, 3), 1, 0)],
)
def normalize(
    tensor: T,
    ord: Static = "euclidean",
    axis: Static = None,
    name: Ignored = None,
):
    """(the tensor over its norm, the norm), the norm with its axes kept."""
    size = vector_norm(tensor, ord, axis, True)
    return tensor / size, size
