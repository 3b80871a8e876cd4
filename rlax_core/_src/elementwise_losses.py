"""Losses of a prediction against a target, element by element."""

import jax
import jax.numpy as jnp

from rlax_core._src.checks import Signature, require_same_shape

Array = jax.Array

_HUBER = Signature("huber_loss", x="float")


def huber_loss(x: Array, delta: float = 1.0) -> Array:
    """Half the square of an error up to ``delta``, and linear beyond.

    Huber 1964, "Robust estimation of a location parameter". Its gradient is that of
    ``0.5 * clip_gradient(x, -delta, delta)**2``.

    Args:
      x: float array of any shape, errors.
      delta: where the linear part begins; positive.

    Returns:
      Array shaped as ``x``.

    Raises:
      AssertionError: if ``x`` is not floating point.
    """
    _HUBER(x)
    size = jnp.abs(x)
    near = jnp.minimum(size, delta)
    return near * near * 0.5 + delta * (size - near)


_L2 = Signature("l2_loss", predictions="float", targets="float")


def l2_loss(predictions: Array, targets: Array | None = None) -> Array:
    """Half the squared difference, ``0.5 * (predictions - targets)**2``.

    Args:
      predictions: float array of any shape.
      targets: float array that broadcasts to it; None: zeros, a regularizer.

    Returns:
      Array shaped as ``predictions``.
    """
    _L2(predictions, predictions if targets is None else targets)
    difference = predictions if targets is None else predictions - targets
    return 0.5 * jnp.square(difference)


_LIKELIHOOD = Signature("likelihood", predictions="float", targets="float")


def likelihood(predictions: Array, targets: Array) -> Array:
    """The Bernoulli likelihood ``p**t * (1 - p)**(1 - t)``, with 0**0 as 1.

    Args:
      predictions: float array, probabilities p.
      targets: float array, labels t from 0 to 1.

    Returns:
      Array of their broadcast shape.
    """
    _LIKELIHOOD(predictions, targets)
    certain = (targets == predictions) & ((targets == 0) | (targets == 1))
    hit = predictions**targets
    missed = (1.0 - predictions) ** (1.0 - targets)
    return jnp.where(certain, 1, hit * missed)


def log_loss(predictions: Array, targets: Array) -> Array:
    """Minus the log of the Bernoulli ``likelihood``, in nats.

    Args:
      predictions: float array, probabilities.
      targets: float array, labels from 0 to 1.

    Returns:
      Array of their broadcast shape.
    """
    return -jnp.log(likelihood(predictions, targets))


def expectile_loss(predictions: Array, targets: Array, expectile: float) -> Array:
    """The squared error, weighted by the side on which it falls.

    Targets above the prediction weigh ``expectile`` and those below ``1 - expectile``,
    so that minimizing it predicts an expectile of the targets.
    Kostrikov et al. 2021, "Offline reinforcement learning with implicit Q-learning".

    Args:
      predictions: array of any shape.
      targets: array of the same shape.
      expectile: from 0 to 1; 0.5 weighs both sides alike.

    Returns:
      Array shaped as ``predictions``.

    Raises:
      AssertionError: if the shapes differ.
    """
    require_same_shape("expectile_loss", predictions=predictions, targets=targets)
    error = targets - predictions
    weight = jnp.abs(expectile - (error < 0))
    return weight * jnp.square(error)
