"""Normal distributions over vectors, with independent components.

The last axis is the vector; axes before it are a batch. Parameters broadcast.
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp

Array = jax.Array
_LOG_TWO_PI = math.log(2 * math.pi)


def _sum_last(x: Array) -> Array:
    return jnp.sum(x, axis=-1)


class DiagonalNormal:
    """A normal distribution whose covariance matrix is diagonal."""

    def __init__(self, loc: Array, scale_diag: Array):
        """Takes the mean and the standard deviations, ``[..., D]`` each.

        Raises:
          ValueError: if the mean is a scalar, or the shapes do not broadcast.
        """
        self.loc = jnp.asarray(loc)
        if not self.loc.ndim:
            raise ValueError("DiagonalNormal: the mean must have an axis of components")
        self.scale_diag = jnp.asarray(scale_diag, jnp.result_type(loc, scale_diag))
        self._shape = jnp.broadcast_shapes(self.loc.shape, self.scale_diag.shape)
        # Entropies are float32 at least, as Distrax's are.
        given = jnp.result_type(self.loc, self.scale_diag)
        self._wide = jnp.promote_types(given, jnp.result_type(float))

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The shape of a log-probability."""
        return self._shape[:-1]

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one sampled vector."""
        return self._shape[-1:]

    def sample(self, *, seed: Array, sample_shape: int | Sequence[int] = ()) -> Array:
        """Draws vectors, ``[*sample_shape, *batch_shape, D]``, by the key ``seed``."""
        lead = (sample_shape,) if isinstance(sample_shape, int) else tuple(sample_shape)
        dtype = jnp.result_type(self.loc, self.scale_diag)
        noise = jax.random.normal(seed, (math.prod(lead), *self._shape), dtype)
        return (self.loc + self.scale_diag * noise).reshape(lead + self._shape)

    def _log_volume(self, dtype: jnp.dtype) -> Array:
        """Sum of the log-scales: of what densities and entropies have in common."""
        log_scale = jnp.log(jnp.abs(self.scale_diag.astype(dtype)))
        return _sum_last(jnp.broadcast_to(log_scale, self._shape))

    def log_prob(self, value: Array) -> Array:
        """Log-density of vectors ``[..., D]``, summed over the components."""
        z = (value - self.loc) / self.scale_diag
        volume = self._log_volume(self.scale_diag.dtype)
        return _sum_last(-0.5 * (z * z + _LOG_TWO_PI)) - volume

    def prob(self, value: Array) -> Array:
        """Density of vectors ``[..., D]``."""
        return jnp.exp(self.log_prob(value))

    def entropy(self) -> Array:
        """Differential entropy in nats, ``[*batch_shape]``."""
        size = self._shape[-1]
        return 0.5 * (1 + _LOG_TWO_PI) * size + self._log_volume(self._wide)

    def kl_divergence(self, other: "DiagonalNormal") -> Array:
        """KL(self ‖ other) in nats.

        Raises:
          ValueError: if the numbers of components differ.
        """
        if self.event_shape != other.event_shape:
            raise ValueError(
                f"kl_divergence: vectors of {self.event_shape} and {other.event_shape}."
            )
        ratio = jnp.abs(self.scale_diag / other.scale_diag)
        shift = (self.loc - other.loc) / other.scale_diag
        return _sum_last(0.5 * (ratio * ratio + shift * shift - 1) - jnp.log(ratio))


class SquashedNormal:
    """A diagonal normal sent through tanh, and from there to an interval."""

    def __init__(self, base: DiagonalNormal, interval: tuple | None = None):
        """Takes the distribution before squashing, and the interval's two ends.

        Without ends it is the interval of tanh, from -1 to 1.
        """
        self.base = base
        self._interval = interval

    def _stretched(self, unit: Array) -> Array:
        if self._interval is None:
            return unit
        low, high = self._interval
        return low + 0.5 * (high - low) * (unit + 1)

    def _unstretched(self, value: Array) -> Array:
        if self._interval is None:
            return value
        low, high = self._interval
        return (value - low) / (0.5 * (high - low)) - 1

    def _log_stretch(self) -> Array:
        if self._interval is None:
            return 0.0
        low, high = self._interval
        return jnp.log(jnp.abs(0.5 * (high - low)))

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The shape of a log-probability."""
        return self.base.batch_shape

    def sample(self, *, seed: Array, sample_shape: int | Sequence[int] = ()) -> Array:
        """Draws vectors within the interval by the key ``seed``."""
        free = self.base.sample(seed=seed, sample_shape=sample_shape)
        return self._stretched(jnp.tanh(free))

    def log_prob(self, value: Array) -> Array:
        """Log-density; at the ends of the interval and beyond it is not finite."""
        free = jnp.arctanh(self._unstretched(value))
        # log of tanh'(x) = 1 - tanh(x)^2, in the form that does not cancel.
        log_slope = 2 * (math.log(2) - free - jax.nn.softplus(-2 * free))
        return self.base.log_prob(free) - _sum_last(log_slope + self._log_stretch())

    def prob(self, value: Array) -> Array:
        """Density of vectors within the interval."""
        return jnp.exp(self.log_prob(value))


def multivariate_normal_kl_divergence(
    mu_0: Array, sigma_0: Array, mu_1: Array, sigma_1: Array
) -> Array:
    """KL between two normal distributions with diagonal covariance.

    Args:
      mu_0: ``[..., D]`` mean of the first.
      sigma_0: its standard deviations, ``[..., D]`` or whatever broadcasts to it.
      mu_1: ``[..., D]`` mean of the second.
      sigma_1: its standard deviations.

    Returns:
      ``[...]`` KL(first ‖ second) in nats.
    """
    return DiagonalNormal(mu_0, sigma_0).kl_divergence(DiagonalNormal(mu_1, sigma_1))
