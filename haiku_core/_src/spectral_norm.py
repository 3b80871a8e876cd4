"""Spectral normalisation."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from haiku_core._src.initializers import RandomNormal
from haiku_core._src.module import Module
from haiku_core._src.moving_averages import Tree, mapped_tree
from haiku_core._src.variables import get_state, set_state
from haiku_core.layers._src.arrays import as_array
from haiku_core.layers._src.averages import power_iteration


class SpectralNorm(Module):
    """Divides a matrix by its largest singular value (Miyato et al., 1802.05957).

    State: ``u0`` ``[1, n]``, the estimate of the singular vector, and ``sigma``, the
    singular value.
    """

    def __init__(self, eps: float = 1e-4, n_steps: int = 1, name: str | None = None):
        """Takes the settings.

        Args:
          eps: keeps norms away from zero.
          n_steps: power iterations in a call.
          name: of the module.
        """
        super().__init__(name)
        self.n_steps = n_steps
        self.eps = eps

    def __call__(
        self,
        value: jax.Array,
        update_stats: bool = True,
        error_on_non_matrix: bool = False,
    ) -> jax.Array:
        """``value / sigma``.

        Args:
          value: rank 2, or more: then all axes but the last count as one.
          update_stats: whether to store the new estimate.
          error_on_non_matrix: refuse ranks above 2.

        Raises:
          ValueError: rank below 2, or above and that is refused.
        """
        value = as_array(value)
        if value.ndim < 2:
            raise ValueError(
                "Spectral normalization is not well defined for scalar or vector "
                "inputs."
            )
        if error_on_non_matrix and value.ndim > 2:
            raise ValueError(f"Input is {value.ndim}D but error_on_non_matrix is True")
        shape = value.shape
        matrix = value.reshape(-1, shape[-1])
        u0 = get_state("u0", (1, shape[-1]), value.dtype, init=RandomNormal())
        sigma, u0 = power_iteration(matrix, u0, self.n_steps, self.eps)
        if update_stats:
            set_state("u0", u0)
            set_state("sigma", sigma)
        return (matrix / sigma).reshape(shape)

    @property
    def u0(self) -> jax.Array:
        """The estimate of the singular vector."""
        return get_state("u0")

    @property
    def sigma(self) -> jax.Array:
        """The estimate of the singular value; one before the first call."""
        return get_state("sigma", shape=(), init=jnp.ones)


class SNParamsTree(Module):
    """Spectral normalisation of each array in a tree of parameters.

    State: a submodule per array, named by its path with ``/`` as ``__`` and ``~`` as
    ``_tilde``, with the state of ``SpectralNorm``.
    """

    def __init__(
        self,
        eps: float = 1e-4,
        n_steps: int = 1,
        ignore_regex: str = "",
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          eps, n_steps: see ``SpectralNorm``.
          ignore_regex: arrays whose ``module/name`` matches from its start on are
            passed through.
          name: of the module.
        """
        super().__init__(name)
        self.ignore_regex = ignore_regex
        self.n_steps = n_steps
        self.eps = eps

    def __call__(self, tree: Tree, update_stats: bool = True) -> Tree:
        """The tree with each array normalised; ``update_stats``: store estimates."""

        def make(name: str) -> Callable[[jax.Array], jax.Array]:
            norm = SpectralNorm(self.eps, self.n_steps, name)
            return lambda value: norm(value, update_stats=update_stats)

        return mapped_tree(tree, self.ignore_regex, "_tilde", make)
