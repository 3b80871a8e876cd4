"""Products of matrices, diagonals, decompositions."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    FLOAT,
    INT,
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
def einsum(equation: Static, *inputs: T, **kwargs: Ignored):
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
    return jnp.diag(diagonal, k)


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


SQUARE = [Call(Floats(3, 3)), Call(Floats(2, 3, 3))]
POSITIVE = Exactly([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]], "float32")


@op(
    "tf.linalg.cholesky",
    returns=FLOAT,
    check=[Call(POSITIVE, grad_=False)],
)
def cholesky(input: T, name: Ignored = None):
    """The lower triangular root of positive definite matrices."""
    return jnp.linalg.cholesky(input)


@op(
    "tf.linalg.cholesky_solve",
    returns=FLOAT,
    check=[Call(POSITIVE, Floats(3, 2), grad_=False)],
)
def cholesky_solve(chol: T, rhs: T, name: Ignored = None):
    """The solution of a system given by its lower triangular root."""
    return jax.scipy.linalg.cho_solve((chol, True), rhs)


@op("tf.linalg.inv", returns=FLOAT, check=[Call(POSITIVE), Call(POSITIVE, True)])
def inv(input: T, adjoint: Static = False, name: Ignored = None):
    """The inverse of matrices (of their adjoints)."""
    return jnp.linalg.inv(_turned(input, False, adjoint))


@inv.when()
def _(input):
    return jnp.linalg.inv(input)


@op("tf.linalg.det", returns=FLOAT, check=[Call(POSITIVE)])
def det(input: T, name: Ignored = None):
    """The determinant of matrices."""
    return jnp.linalg.det(input)


@op("tf.linalg.logdet", returns=FLOAT, check=[Call(POSITIVE, grad_=False)])
def logdet(matrix: T, name: Ignored = None):
    """The logarithm of the determinant of positive definite matrices."""
    return jnp.linalg.slogdet(matrix)[1]


@op("tf.linalg.slogdet", returns=tup(FLOAT, FLOAT), check=[Call(POSITIVE, grad_=False)])
def slogdet(input: T, name: Ignored = None):
    """(sign, logarithm of the absolute value) of the determinant."""
    return tuple(jnp.linalg.slogdet(input))


@slogdet.when()
def _(input):
    return jnp.linalg.slogdet(input)


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
    "tf.linalg.triangular_solve",
    returns=FLOAT,
    check=[
        Call(POSITIVE, Floats(3, 2)),
        Call(POSITIVE, Floats(3, 2), lower=False),
        Call(POSITIVE, Floats(3, 2), adjoint=True),
    ],
)
def triangular_solve(
    matrix: T,
    rhs: T,
    lower: Static = True,
    adjoint: Static = False,
    name: Ignored = None,
):
    """The solution of systems of which one triangle is read."""
    return jax.scipy.linalg.solve_triangular(
        matrix, rhs, lower=lower, trans="C" if adjoint else "N"
    )


@triangular_solve.when("adjoint == False")
def _(matrix, rhs, lower=True, adjoint=None):
    return jax.scipy.linalg.solve_triangular(matrix, rhs, lower=lower)


@op(
    "tf.linalg.qr",
    returns=tup(FLOAT, FLOAT),
    check=[
        Call(Floats(4, 3), grad_=False),
        Call(Floats(4, 3), full_matrices=True, grad_=False),
    ],
)
def qr(input: T, full_matrices: Static = False, name: Ignored = None):
    """(orthogonal, upper triangular): the factors of matrices."""
    return tuple(jnp.linalg.qr(input, "complete" if full_matrices else "reduced"))


@qr.when("full_matrices == False")
def _(input, full_matrices=None):
    return jnp.linalg.qr(input)


@qr.when("full_matrices == True")
def _(input, full_matrices):
    return jnp.linalg.qr(input, mode="complete")


@op(
    "tf.linalg.svd",
    returns=tup(FLOAT, FLOAT, FLOAT),
    check=[Call(POSITIVE, compute_uv=False, grad_=False, only_=True)],
)
def svd(
    tensor: T,
    full_matrices: Static = False,
    compute_uv: Static = True,
    name: Ignored = None,
):
    """(singular values, left vectors, right vectors), or the values alone."""
    if not compute_uv:
        return jnp.linalg.svd(tensor, compute_uv=False)
    u, s, vh = jnp.linalg.svd(tensor, full_matrices=full_matrices)
    return s, u, jnp.conj(jnp.matrix_transpose(vh))


@svd.when("compute_uv == False")
def _(tensor, compute_uv):
    return jnp.linalg.svd(tensor, compute_uv=False)


@op("tf.linalg.eigvalsh", returns=FLOAT, check=[Call(POSITIVE, grad_=False)])
def eigvalsh(tensor: T, name: Ignored = None):
    """The eigenvalues of self-adjoint matrices, ascending."""
    return jnp.linalg.eigvalsh(tensor)


@op(
    "tf.linalg.expm",
    returns=FLOAT,
    check=[Call(POSITIVE, grad_=False)],
)
def expm(input: T, name: Ignored = None):
    """The exponential of matrices."""
    return jax.scipy.linalg.expm(input)


@op("tf.linalg.pinv", returns=FLOAT, check=[Call(Floats(4, 3), grad_=False)])
def pinv(
    a: T, rcond: Static = None, validate_args: Ignored = False, name: Ignored = None
):
    """The pseudo-inverse of matrices."""
    return jnp.linalg.pinv(a, rtol=rcond)


@pinv.when("rcond is None")
def _(a):
    return jnp.linalg.pinv(a)


@op(
    "tf.linalg.lstsq",
    returns=FLOAT,
    check=[Call(Floats(5, 3), Floats(5, 2), grad_=False)],
)
def lstsq(
    matrix: T,
    rhs: T,
    l2_regularizer: Static = 0.0,
    fast: Ignored = True,
    name: Ignored = None,
):
    """The least squares solution of tall systems, regularised, by normal equations."""
    turned = jnp.conj(jnp.matrix_transpose(matrix))
    gram = turned @ matrix
    gram += l2_regularizer * jnp.eye(gram.shape[-1], dtype=gram.dtype)
    return jnp.linalg.solve(gram, turned @ rhs)


@op(
    "tf.linalg.cross",
    returns=FLOAT,
    check=[Call(Floats(2, 3), Floats(2, 3))],
)
def cross(a: T, b: T, name: Ignored = None):
    """The cross product of vectors of three."""
    return jnp.cross(a, b)


@op("tf.linalg.matrix_rank", returns=INT, check=[Call(POSITIVE)])
def matrix_rank(
    a: T, tol: Static = None, validate_args: Ignored = False, name: Ignored = None
):
    """The number of singular values above a tolerance."""
    return jnp.linalg.matrix_rank(a, tol).astype(jnp.int32)


@matrix_rank.when("tol is None")
def _(a):
    return jnp.linalg.matrix_rank(a)


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


@op(
    "tf.linalg.eigh",
    returns=tup(FLOAT, FLOAT),
    check=[Call(Exactly([[2.0, 0.0], [0.0, 5.0]], "float32"), grad_=False)],
)
def eigh(tensor: T, name: Ignored = None):
    """(eigenvalues, eigenvectors) of self-adjoint matrices, the values ascending."""
    return tuple(jnp.linalg.eigh(tensor))


@eigh.when()
def _(tensor):
    return jnp.linalg.eigh(tensor)


@op(
    "tf.linalg.sqrtm",
    "tf.matrix_square_root",
    returns=FLOAT,
    check=[Call(POSITIVE, grad_=False)],
)
def sqrtm(input: T, name: Ignored = None):
    """The square root of a matrix that has a real one."""
    return jnp.real(jax.scipy.linalg.sqrtm(input)).astype(input.dtype)
