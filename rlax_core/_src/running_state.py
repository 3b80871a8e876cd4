"""State carried from step to step: moving averages, and periodic copies."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from rlax_core._src.records import record

Array = jax.Array
Numeric = Array | float


@record(frozen=True)
class EmaMoments:
    """Trees of the estimated mean and variance of each leaf, scalars."""

    mean: Any
    variance: Any


@record(frozen=True)
class EmaState:
    """Moving averages of values and squared values, and how much of zero is in them."""

    mu: Any
    nu: Any
    decay_product: Numeric

    def debiased_moments(self) -> EmaMoments:
        """The moments, with the zeros that the averages began from taken out.

        Kingma & Ba 2015, "Adam: a method for stochastic optimization", section 3. The
        variance is the difference of two averages: it loses digits where the mean is
        large against it.
        """
        least = jnp.finfo(jnp.result_type(self.decay_product)).tiny
        scale = 1.0 / jnp.maximum(1 - self.decay_product, least)
        mean = jax.tree.map(lambda mu: mu * scale, self.mu)

        def variance(nu: Array, center: Array) -> Array:
            return jnp.maximum(nu * scale - jnp.square(center), 0.0)

        return EmaMoments(mean=mean, variance=jax.tree.map(variance, self.nu, mean))


def create_ema(
    decay: float = 0.999, pmean_axis_name: str | None = None
) -> tuple[Callable[[Any], EmaState], Callable[..., tuple[EmaMoments, EmaState]]]:
    """Makes the functions that track mean and variance of each leaf of a tree.

    Args:
      decay: share of the old average kept at each update.
      pmean_axis_name: mapped axis of devices to average over. None: none.

    Returns:
      ``init_state(tree)``, and ``update_moments(tree, state)``, which returns the
      moments and the new state.
    """

    def init_state(template_tree: Any) -> EmaState:
        zeros = jax.tree.map(lambda x: jnp.zeros_like(jnp.mean(x)), template_tree)
        return EmaState(mu=zeros, nu=zeros, decay_product=jnp.ones((), jnp.float32))

    def toward(average: Array, value: Array) -> Array:
        mean = jnp.mean(value)
        if pmean_axis_name is not None:
            mean = lax.pmean(mean, pmean_axis_name)
        return decay * average + (1 - decay) * mean

    def update_moments(tree: Any, state: EmaState) -> tuple[EmaMoments, EmaState]:
        squares = jax.tree.map(jnp.square, tree)
        moved = EmaState(
            mu=jax.tree.map(toward, state.mu, tree),
            nu=jax.tree.map(toward, state.nu, squares),
            decay_product=decay * state.decay_product,
        )
        return moved.debiased_moments(), moved

    return init_state, update_moments


def conditional_update(new_tensors: Any, old_tensors: Any, is_time: Array) -> Any:
    """The new tree where ``is_time`` holds, the old one otherwise.

    Args:
      new_tensors: tree of arrays.
      old_tensors: tree of the same structure, shapes and dtypes.
      is_time: boolean scalar.

    Returns:
      The chosen tree.
    """
    return jax.tree.map(
        lambda new, old: lax.select(is_time, new, old), new_tensors, old_tensors
    )


def periodic_update(
    new_tensors: Any, old_tensors: Any, steps: Array, update_period: int
) -> Any:
    """The new tree at every ``update_period``-th step from 0 on, else the old one.

    Mnih et al. 2015, "Human-level control through deep reinforcement learning": the
    target network.

    Args:
      new_tensors: tree of arrays.
      old_tensors: tree of the same structure, shapes and dtypes.
      steps: int scalar, the number of the step.
      update_period: how many steps apart.

    Returns:
      The chosen tree.
    """
    return conditional_update(new_tensors, old_tensors, steps % update_period == 0)
