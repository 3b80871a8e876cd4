"""Decompositions, determinants and what is solved with them."""

import jax
import jax.numpy as jnp

from compat.dictionary import (
    FLOAT,
    INT,
    Call,
    Exactly,
    Floats,
    Ignored,
    Static,
    T,
    op,
    tup,
)
from compat.tensorflow._src.linalg import POSITIVE


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


@op("tf.linalg.det", returns=FLOAT, check=[Call(POSITIVE)])
def det(input: T, name: Ignored = None):
    """The determinant of matrices."""
    return jnp.linalg.det(input)


@op("tf.linalg.logdet", returns=FLOAT, check=[Call(POSITIVE, grad_=False)])
def logdet(matrix: T, name: Ignored = None):
    """The logarithm of the determinant of positive definite matrices."""
    return jnp.linalg.slogdet(matrix)[1]


@op(
    "tf.linalg.slogdet",
    returns=tup(FLOAT, FLOAT, names="sign log_abs_determinant"),
    check=[Call(POSITIVE, grad_=False)],
)
def slogdet(input: T, name: Ignored = None):
    """(sign, logarithm of the absolute value) of the determinant."""
    return tuple(jnp.linalg.slogdet(input))


@slogdet.when()
def _(input):
    return jnp.linalg.slogdet(input)


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
    returns=tup(FLOAT, FLOAT, names="q r"),
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


@op("tf.linalg.matrix_rank", returns=INT, check=[Call(POSITIVE)])
def matrix_rank(
    a: T, tol: Static = None, validate_args: Ignored = False, name: Ignored = None
):
    """The number of singular values above a tolerance."""
    return jnp.linalg.matrix_rank(a, tol).astype(jnp.int32)


@matrix_rank.when("tol is None")
def _(a):
    return jnp.linalg.matrix_rank(a)


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
