"""The few operations that the networks need between their layers."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from compat.dictionary import Static, T
from compat.sonnet._src.layer import layer


@layer()
def relu(features: T):
    """`max(features, 0)`; the gradient at zero is zero."""
    return jax.nn.relu(features)


@layer()
def tanh(x: T):
    """The hyperbolic tangent."""
    return jnp.tanh(x)


@layer("x", "y")
def added(x: T, y: T):
    """The sum."""
    return jnp.add(x, y)


@layer()
def mean(x: T, *, axes: Static):
    """The mean over axes."""
    return jnp.mean(x, axes)
