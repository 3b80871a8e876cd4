"""Sonnet's initializers, by Sonnet's arguments: ``init(shape, dtype)``.

The distributions are Sonnet's; TensorFlow's streams of random bits are not
reproduced. A seed makes the values the same in each run and each call; without one
they come from ``hk.next_rng_key()``.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk


class Initializer:
    """The base: calls ``_init``, with a key of its own if there is a seed."""

    seed: int | None = None
    _init: Any

    def __call__(self, shape: Any, dtype: Any) -> jax.Array:
        """Returns an array of the shape and dtype."""
        shape = tuple(map(int, shape))
        if self.seed is None:
            return self._init(shape, dtype)
        with hk.with_rng(jax.random.PRNGKey(self.seed)):
            return self._init(shape, dtype)


class Zeros(Initializer):
    """Zeros."""

    def __call__(self, shape: Any, dtype: Any) -> jax.Array:
        """Returns zeros."""
        return jnp.zeros(shape, dtype)


class Ones(Initializer):
    """Ones."""

    def __call__(self, shape: Any, dtype: Any) -> jax.Array:
        """Returns ones."""
        return jnp.ones(shape, dtype)


class Constant(Initializer):
    """One number everywhere."""

    def __init__(self, value: Any):
        """Takes the settings.

        Args:
          value: a scalar.

        Raises:
          TypeError: not a scalar.
        """
        if jnp.ndim(value):
            raise TypeError(f"Invalid type for value: {type(value)} (expected scalar).")
        self.value = value
        self._init = hk.initializers.Constant(value)


class RandomUniform(Initializer):
    """Uniform on [minval, maxval), floats or ints."""

    def __init__(self, minval: Any = 0, maxval: Any = 1, seed: int | None = None):
        """Takes the settings.

        Args:
          minval, maxval: the interval.
          seed: see the module.
        """
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def _init(self, shape: Any, dtype: Any) -> jax.Array:
        key = hk.next_rng_key()
        if jnp.issubdtype(dtype, jnp.integer):
            return jax.random.randint(key, shape, self.minval, self.maxval, dtype)
        return jax.random.uniform(key, shape, dtype, self.minval, self.maxval)


class RandomNormal(Initializer):
    """Normal."""

    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None):
        """Takes the settings.

        Args:
          mean, stddev: of the distribution.
          seed: see the module.
        """
        self.mean, self.stddev, self.seed = mean, stddev, seed
        self._init = hk.initializers.RandomNormal(stddev, mean)


class TruncatedNormal(Initializer):
    """Normal, drawn again outside of two standard deviations."""

    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None):
        """Takes the settings.

        Args:
          mean, stddev: before truncation.
          seed: see the module.
        """
        self.mean, self.stddev, self.seed = mean, stddev, seed
        self._init = hk.initializers.TruncatedNormal(stddev, mean)


class Identity(Initializer):
    """Identity matrices in the last two axes."""

    def __init__(self, gain: float = 1.0):
        """Takes the settings.

        Args:
          gain: a factor.
        """
        self.gain = gain
        self._init = hk.initializers.Identity(gain)


class Orthogonal(Initializer):
    """Orthonormal rows or columns, the last axis against all others."""

    def __init__(self, gain: float = 1.0, seed: int | None = None):
        """Takes the settings.

        Args:
          gain: a factor.
          seed: see the module.
        """
        self.gain, self.seed = gain, seed
        self._init = hk.initializers.Orthogonal(gain)


class VarianceScaling(Initializer):
    """Variance ``scale / fan``; see ``hk.initializers.VarianceScaling``."""

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ):
        """Takes the settings.

        Args:
          scale: positive.
          mode: ``fan_in``, ``fan_out`` or ``fan_avg``.
          distribution: ``uniform``, ``normal`` or ``truncated_normal``.
          seed: see the module.

        Raises:
          ValueError: an argument is none of the above.
        """
        if scale <= 0:
            raise ValueError("`scale` must be positive float.")
        self.scale, self.mode, self.seed = scale, mode, seed
        self.distribution = distribution
        self._init = hk.initializers.VarianceScaling(scale, mode, distribution)
