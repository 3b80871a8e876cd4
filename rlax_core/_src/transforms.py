"""Monotonic transformations of values, and coding of values over bins.

All take and return floating-point arrays of any shape, element by element, and raise
``AssertionError`` for other dtypes.
"""

import jax
import jax.numpy as jnp
from jax import lax

from rlax_core._src.arrays import one_hot
from rlax_core._src.checks import require_family

Array = jax.Array


def identity(x: Array) -> Array:
    """Returns ``x``, float of any shape."""
    require_family("identity", "float", x=x)
    return x


def sigmoid(x: Array) -> Array:
    """``1 / (1 + exp(-x))``, from the real line to (0, 1)."""
    require_family("sigmoid", "float", x=x)
    return jax.nn.sigmoid(x)


def logit(x: Array) -> Array:
    """``log(x / (1 - x))``, the inverse of ``sigmoid``; infinite at 0 and 1."""
    require_family("logit", "float", x=x)
    return -jnp.log(1.0 / x - 1.0)


def signed_logp1(x: Array) -> Array:
    """``sign(x) log(1 + |x|)``, the inverse of ``signed_expm1``."""
    require_family("signed_logp1", "float", x=x)
    return jnp.sign(x) * jnp.log1p(jnp.abs(x))


def signed_expm1(x: Array) -> Array:
    """``sign(x) (exp(|x|) - 1)``, the inverse of ``signed_logp1``."""
    require_family("signed_expm1", "float", x=x)
    return jnp.sign(x) * jnp.expm1(jnp.abs(x))


def signed_hyperbolic(x: Array, eps: float = 1e-3) -> Array:
    """``sign(x) (sqrt(|x| + 1) - 1) + eps x``, the inverse of ``signed_parabolic``.

    Grows as a square root and keeps a slope of at least ``eps``. Pohlen et al. 2018,
    "Observe and look further: achieving consistent performance on Atari".
    """
    require_family("signed_hyperbolic", "float", x=x)
    return eps * x + jnp.sign(x) * (jnp.sqrt(jnp.abs(x) + 1) - 1)


def signed_parabolic(x: Array, eps: float = 1e-3) -> Array:
    """The inverse of ``signed_hyperbolic``, for the same ``eps``."""
    require_family("signed_parabolic", "float", x=x)
    # The positive root of eps z^2 + z = grown, in the form that does not cancel.
    grown = eps + 1 + jnp.abs(x)
    z = 2 * grown / (jnp.sqrt(1 + 4 * eps * grown) + 1)
    return jnp.sign(x) * (jnp.square(z) - 1)


def hyperbolic_sin(x: Array) -> Array:
    """``sinh(x)``, the inverse of ``hyperbolic_arcsin``."""
    require_family("hyperbolic_sin", "float", x=x)
    return jnp.sinh(x)


def hyperbolic_arcsin(x: Array) -> Array:
    """``arcsinh(x)``, the inverse of ``hyperbolic_sin``."""
    require_family("hyperbolic_arcsin", "float", x=x)
    return jnp.arcsinh(x)


def power(x: Array, p: float) -> Array:
    """A signed power with slope 1 at 0; ``power(_, 1/p)`` is its inverse.

    ``sign(x) ((|x| / q + 1)**p - 1) / q`` with ``q = sqrt(p)``.
    """
    require_family("power", "float", x=x)
    q = jnp.sqrt(p)
    return jnp.sign(x) * (jnp.power(jnp.abs(x) / q + 1.0, p) - 1) / q


def transform_to_2hot(
    scalar: Array, min_value: float, max_value: float, num_bins: int
) -> Array:
    """Codes values as probabilities of the two evenly spaced bins around each.

    Args:
      scalar: ``[...]`` float values; clipped to the range.
      min_value: value of the first bin.
      max_value: value of the last bin.
      num_bins: number ``K`` of bins.

    Returns:
      ``[..., K]`` probabilities whose mean over the bins is the value (up to 1e-5
      of a bin's width: the distance between bins is not allowed to be zero).
    """
    width = max_value - min_value
    scalar = jnp.clip(scalar, min_value, max_value)
    position = (scalar - min_value) / width * (num_bins - 1)
    below, above = jnp.floor(position), jnp.ceil(position)

    def value_of(bin_number: Array) -> Array:
        return bin_number / (num_bins - 1.0) * width + min_value

    gap = value_of(above) - value_of(below)
    share = (value_of(above) - scalar) / (gap + 1e-5)
    low = share[..., None] * one_hot(below, num_bins, scalar.dtype)
    return low + (1 - share)[..., None] * one_hot(above, num_bins, scalar.dtype)


def _mean_over(probs: Array, bins: Array) -> Array:
    # One axis at least goes in front of the bins, so that ``[K]`` gives ``[1]``: that
    # is the shape which code written for RLax counts on.
    lead = range(max(1, probs.ndim - 1))
    return jnp.sum(probs * lax.expand_dims(bins, lead), axis=-1)


def transform_from_2hot(
    probs: Array, min_value: float, max_value: float, num_bins: int
) -> Array:
    """The mean of evenly spaced bins under given probabilities.

    Args:
      probs: ``[..., K]`` float.
      min_value: value of the first bin.
      max_value: value of the last bin.
      num_bins: number ``K`` of bins.

    Returns:
      ``[...]`` values; ``[1]`` where the probabilities are ``[K]``.
    """
    bins = jnp.linspace(min_value, max_value, num_bins).astype(probs.dtype)
    return _mean_over(probs, bins)


def transform_to_2hot_nonlinear(scalar: Array, bins: Array) -> Array:
    """Codes values as probabilities of the two bins around each.

    Args:
      scalar: ``[...]`` float values; clipped to the range of the bins.
      bins: ``[K]`` values of the bins, ascending.

    Returns:
      ``[..., K]`` probabilities.
    """
    require_family("transform_to_2hot_nonlinear", "float", scalar=scalar)
    scalar = jnp.clip(scalar, bins[0], bins[-1])
    # A scalar gives ``[1, K]``, as in RLax.
    lead = range(max(1, scalar.ndim))
    reached = scalar[..., None] <= lax.expand_dims(bins, lead)
    above = jnp.argmax(reached, axis=-1)
    below = above - 1  # -1 for a value in the first bin, and then its share is 0
    upper = bins[above]
    share = (upper - scalar) / (upper - bins[below])
    count, dtype = bins.shape[0], jnp.result_type(float)
    low = share[..., None] * one_hot(below, count, dtype)
    return low + (1 - share)[..., None] * one_hot(above, count, dtype)


def transform_from_2hot_nonlinear(probs: Array, bins: Array) -> Array:
    """The mean of ``bins`` ``[K]`` under probabilities ``[..., K]``, as above."""
    return _mean_over(probs, bins)
