"""Functions of one tensor, element by element."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    BOOL,
    FLOAT,
    TENSOR,
    Call,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    T,
    op,
)

ANY = [Call(Floats(2, 3)), Call(Floats(3, dtype="float64"))]
POSITIVE = [Call(Floats(2, 3, low=0.1)), Call(Floats(3, low=0.1, dtype="float64"))]
UNIT = [Call(Floats(2, 3, low=-0.9, high=0.9))]
HALVES = Call(Exactly([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.0, 1.2], "float32"))
NON_FINITE = Call(Exactly([np.nan, np.inf, -np.inf, 0.0, 1.0], "float32"), grad_=False)
COMPLEX = Call(Exactly([1 + 2j, -1j, 0], "complex64"), grad_=False)


@op(
    "tf.abs",
    "tf.math.abs",
    returns=Like("x"),
    check=[
        *ANY,
        Call(Ints(4)),
        Call(Exactly([0.0, -1.0, 1.0], "float32")),
        COMPLEX,
    ],
)
def abs(x: T, name: Ignored = None):
    """The absolute value; of complex numbers a float. At 0 the gradient is 0."""
    if jnp.issubdtype(x.dtype, jnp.floating):
        return x * jax.lax.stop_gradient(jnp.sign(x))
    return jnp.abs(x)


@abs.when("x is float", because="at 0 the gradient is 1 instead of 0")
def _(x):
    return jnp.abs(x)


@abs.when("not x is float")
def _(x):
    return jnp.abs(x)


@op(
    "tf.negative",
    "tf.math.negative",
    returns=Like("x"),
    check=[*ANY, Call(Ints(4))],
)
def negative(x: T, name: Ignored = None):
    """The additive inverse."""
    return jnp.negative(x)


@op(
    "tf.sign",
    "tf.math.sign",
    returns=Like("x"),
    check=[*ANY, Call(Ints(4)), Call(Exactly([0.0, -0.0, 3.0], "float32"))],
)
def sign(x: T, name: Ignored = None):
    """-1, 0 or 1."""
    return jnp.sign(x)


@op("tf.square", "tf.math.square", returns=Like("x"), check=[*ANY, Call(Ints(4))])
def square(x: T, name: Ignored = None):
    """The square."""
    return jnp.square(x)


@op(
    "tf.sqrt",
    "tf.math.sqrt",
    returns=FLOAT,
    check=[*POSITIVE, Call(Exactly([0.0, -1.0], "float32"), grad_=False)],
)
def sqrt(x: T, name: Ignored = None):
    """The square root; NaN of negative numbers."""
    return jnp.sqrt(x)


@op("tf.math.rsqrt", returns=FLOAT, check=POSITIVE)
def rsqrt(x: T, name: Ignored = None):
    """The reciprocal of the square root."""
    return jax.lax.rsqrt(x)


@op("tf.math.reciprocal", returns=FLOAT, check=POSITIVE)
def reciprocal(x: T, name: Ignored = None):
    """1 / x."""
    return jnp.reciprocal(x)


@op(
    "tf.math.reciprocal_no_nan",
    returns=FLOAT,
    check=[Call(Exactly([2.0, 0.0, -4.0], "float32"))],
)
def reciprocal_no_nan(x: T, name: Ignored = None):
    """1 / x; 0 where x is 0."""
    zero = x == 0
    return jnp.where(zero, 0, 1 / jnp.where(zero, 1, x))


@op("tf.exp", "tf.math.exp", returns=FLOAT, check=ANY)
def exp(x: T, name: Ignored = None):
    """The exponential."""
    return jnp.exp(x)


@op("tf.math.expm1", returns=FLOAT, check=ANY)
def expm1(x: T, name: Ignored = None):
    """The exponential less 1, exact near 0."""
    return jnp.expm1(x)


@op(
    "tf.math.log",
    returns=FLOAT,
    check=[*POSITIVE, Call(Exactly([0.0, -1.0, 1.0], "float32"), grad_=False)],
)
def log(x: T, name: Ignored = None):
    """The natural logarithm."""
    return jnp.log(x)


@op("tf.math.log1p", returns=FLOAT, check=POSITIVE)
def log1p(x: T, name: Ignored = None):
    """The natural logarithm of 1 + x, exact near 0."""
    return jnp.log1p(x)


@op("tf.sin", "tf.math.sin", returns=FLOAT, check=ANY)
def sin(x: T, name: Ignored = None):
    """The sine."""
    return jnp.sin(x)


@op("tf.cos", "tf.math.cos", returns=FLOAT, check=ANY)
def cos(x: T, name: Ignored = None):
    """The cosine."""
    return jnp.cos(x)


@op("tf.tan", "tf.math.tan", returns=FLOAT, check=UNIT)
def tan(x: T, name: Ignored = None):
    """The tangent."""
    return jnp.tan(x)


@op("tf.asin", "tf.math.asin", returns=FLOAT, check=UNIT)
def asin(x: T, name: Ignored = None):
    """The inverse sine."""
    return jnp.arcsin(x)


@op("tf.acos", "tf.math.acos", returns=FLOAT, check=UNIT)
def acos(x: T, name: Ignored = None):
    """The inverse cosine."""
    return jnp.arccos(x)


@op("tf.atan", "tf.math.atan", returns=FLOAT, check=ANY)
def atan(x: T, name: Ignored = None):
    """The inverse tangent."""
    return jnp.arctan(x)


@op("tf.sinh", "tf.math.sinh", returns=FLOAT, check=ANY)
def sinh(x: T, name: Ignored = None):
    """The hyperbolic sine."""
    return jnp.sinh(x)


@op("tf.cosh", "tf.math.cosh", returns=FLOAT, check=ANY)
def cosh(x: T, name: Ignored = None):
    """The hyperbolic cosine."""
    return jnp.cosh(x)


@op("tf.asinh", "tf.math.asinh", returns=FLOAT, check=ANY)
def asinh(x: T, name: Ignored = None):
    """The inverse hyperbolic sine."""
    return jnp.arcsinh(x)


@op("tf.acosh", "tf.math.acosh", returns=FLOAT, check=[Call(Floats(4, low=1.1))])
def acosh(x: T, name: Ignored = None):
    """The inverse hyperbolic cosine."""
    return jnp.arccosh(x)


@op("tf.atanh", "tf.math.atanh", returns=FLOAT, check=UNIT)
def atanh(x: T, name: Ignored = None):
    """The inverse hyperbolic tangent."""
    return jnp.arctanh(x)


@op("tf.floor", "tf.math.floor", constant=True, returns=FLOAT, check=[HALVES])
def floor(x: T, name: Ignored = None):
    """The largest whole number not above x."""
    return jnp.floor(x)


@op("tf.math.ceil", constant=True, returns=FLOAT, check=[HALVES])
def ceil(x: T, name: Ignored = None):
    """The smallest whole number not below x."""
    return jnp.ceil(x)


@op(
    "tf.round",
    "tf.math.round",
    constant=True,
    returns=Like("x"),
    check=[HALVES, Call(Ints(4))],
)
def round(x: T, name: Ignored = None):
    """The nearest whole number, halves to even; the gradient is 0."""
    return jnp.round(x)


@op("tf.math.rint", constant=True, returns=FLOAT, check=[HALVES])
def rint(x: T, name: Ignored = None):
    """The nearest whole number, halves to even."""
    return jnp.rint(x)


@op("tf.math.is_nan", returns=BOOL, check=[NON_FINITE])
def is_nan(x: T, name: Ignored = None):
    """Whether x is no number."""
    return jnp.isnan(x)


@op("tf.math.is_inf", returns=BOOL, check=[NON_FINITE])
def is_inf(x: T, name: Ignored = None):
    """Whether x is infinite."""
    return jnp.isinf(x)


@op("tf.math.is_finite", returns=BOOL, check=[NON_FINITE])
def is_finite(x: T, name: Ignored = None):
    """Whether x is neither infinite nor no number."""
    return jnp.isfinite(x)


@op("tf.math.erf", returns=FLOAT, check=ANY)
def erf(x: T, name: Ignored = None):
    """The error function."""
    return jax.lax.erf(x)


@op("tf.math.erfc", returns=FLOAT, check=ANY)
def erfc(x: T, name: Ignored = None):
    """1 less the error function."""
    return jax.lax.erfc(x)


@op("tf.math.erfinv", returns=FLOAT, check=UNIT)
def erfinv(x: T, name: Ignored = None):
    """The inverse of the error function."""
    return jax.lax.erf_inv(x)


@op("tf.math.erfcinv", returns=FLOAT, check=[Call(Floats(4, low=0.1, high=1.9))])
def erfcinv(x: T, name: Ignored = None):
    """The inverse of the complementary error function."""
    return jax.lax.erf_inv(1 - x)


@op("tf.math.ndtri", returns=FLOAT, check=[Call(Floats(4, low=0.1, high=0.9))])
def ndtri(x: T, name: Ignored = None):
    """The quantile of the standard normal distribution."""
    return jax.scipy.special.ndtri(x)


@op("tf.math.lgamma", returns=FLOAT, check=POSITIVE)
def lgamma(x: T, name: Ignored = None):
    """The logarithm of the absolute value of the gamma function."""
    return jax.lax.lgamma(x)


@op("tf.math.digamma", returns=FLOAT, check=POSITIVE)
def digamma(x: T, name: Ignored = None):
    """The derivative of `lgamma`."""
    return jax.lax.digamma(x)


@op(
    "tf.math.polygamma",
    returns=FLOAT,
    check=[Call(Exactly([1.0, 2.0], "f4"), Floats(2, low=0.5), grad_=False)],
)
def polygamma(a: T, x: T, name: Ignored = None):
    """The derivative of order `a` of digamma, the order being whole."""
    factorial = jnp.exp(jax.lax.lgamma(a + 1))
    sign = jnp.where(a % 2 == 0, -1, 1)
    higher = sign * factorial * jax.scipy.special.zeta(a + 1, x)
    return jnp.where(a == 0, jax.lax.digamma(x), higher)


@op(
    "tf.math.zeta",
    returns=FLOAT,
    check=[Call(Floats(3, low=1.5, high=4), Floats(3, low=0.5), grad_=False)],
)
def zeta(x: T, q: T, name: Ignored = None):
    """Hurwitz's zeta function."""
    return jax.scipy.special.zeta(x, q)


@op(
    "tf.math.igamma",
    returns=FLOAT,
    check=[Call(Floats(3, low=0.5), Floats(3, low=0.5))],
)
def igamma(a: T, x: T, name: Ignored = None):
    """The lower regularised incomplete gamma function."""
    return jax.lax.igamma(a, x)


@op(
    "tf.math.igammac",
    returns=FLOAT,
    check=[Call(Floats(3, low=0.5), Floats(3, low=0.5))],
)
def igammac(a: T, x: T, name: Ignored = None):
    """The upper regularised incomplete gamma function."""
    return jax.lax.igammac(a, x)


@op(
    "tf.math.betainc",
    returns=FLOAT,
    check=[
        Call(
            Floats(3, low=0.5),
            Floats(3, low=0.5),
            Floats(3, low=0.1, high=0.9),
            grad_=False,
        )
    ],
)
def betainc(a: T, b: T, x: T, name: Ignored = None):
    """The regularised incomplete beta function."""
    return jax.scipy.special.betainc(a, b, x)


@op(
    "tf.math.lbeta",
    returns=FLOAT,
    check=[Call(Floats(3, low=0.5)), Call(Floats(2, 3, low=0.5))],
)
def lbeta(x: T, name: Ignored = None):
    """The logarithm of the multivariate beta function of the last axis."""
    total = jax.lax.lgamma(jnp.sum(x, axis=-1))
    return jnp.sum(jax.lax.lgamma(x), axis=-1) - total


@op("tf.math.bessel_i0", "tf.math.special.bessel_i0", returns=FLOAT, check=ANY)
def bessel_i0(x: T, name: Ignored = None):
    """The modified Bessel function of order 0."""
    return jax.scipy.special.i0(x)


@op("tf.math.bessel_i0e", "tf.math.special.bessel_i0e", returns=FLOAT, check=ANY)
def bessel_i0e(x: T, name: Ignored = None):
    """The exponentially scaled modified Bessel function of order 0."""
    return jax.scipy.special.i0e(x)


@op("tf.math.bessel_i1", "tf.math.special.bessel_i1", returns=FLOAT, check=ANY)
def bessel_i1(x: T, name: Ignored = None):
    """The modified Bessel function of order 1."""
    return jax.scipy.special.i1(x)


@op("tf.math.bessel_i1e", "tf.math.special.bessel_i1e", returns=FLOAT, check=ANY)
def bessel_i1e(x: T, name: Ignored = None):
    """The exponentially scaled modified Bessel function of order 1."""
    return jax.scipy.special.i1e(x)


@op(
    "tf.dtypes.complex",
    "tf.complex",
    returns=TENSOR,
    check=[Call(Floats(3), Floats(3))],
)
def complex(real: T, imag: T, name: Ignored = None):
    """A complex number of its two parts."""
    return jax.lax.complex(real, imag)


@op("tf.math.real", returns=TENSOR, check=[COMPLEX, Call(Floats(2))])
def real(input: T, name: Ignored = None):
    """The real part."""
    return jnp.real(input)


@op("tf.math.imag", returns=TENSOR, check=[COMPLEX])
def imag(input: T, name: Ignored = None):
    """The imaginary part."""
    return jnp.imag(input)


@op("tf.math.conj", returns=Like("x"), check=[COMPLEX, Call(Floats(2))])
def conj(x: T, name: Ignored = None):
    """The complex conjugate."""
    return jnp.conj(x)


@op("tf.math.angle", returns=FLOAT, check=[COMPLEX])
def angle(input: T, name: Ignored = None):
    """The argument of complex numbers."""
    return jnp.angle(input)


@op(
    "tf.math.special.expint",
    returns=FLOAT,
    check=[Call(Floats(4, low=0.2), grad_=False)],
)
def expint(x: T, name: Ignored = None):
    """The exponential integral."""
    return jax.scipy.special.expi(x)


@op(
    "tf.math.special.spence",
    returns=FLOAT,
    check=[Call(Floats(4, low=0.2), grad_=False)],
)
def spence(x: T, name: Ignored = None):
    """Spence's integral."""
    return jax.scipy.special.spence(x)
