"""Reshaping all but the leading axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from haiku_core._src.module import Module


class Reshape(Module):
    """Gives the trailing axes a new shape and keeps the leading ones."""

    def __init__(
        self,
        output_shape: Sequence[int],
        preserve_dims: int = 1,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          output_shape: of the axes after the kept ones; one number may be -1, for what
            is left over.
          preserve_dims: number of leading axes to keep.
          name: of the module.

        Raises:
          ValueError: nothing to keep, or -1 twice.
        """
        super().__init__(name)
        if not preserve_dims:
            raise ValueError("Argument preserve_dims should be non-zero.")
        shape = tuple(output_shape)
        if shape.count(-1) > 1:
            raise ValueError("-1 can only occur once in `output_shape`.")
        self.preserve_dims = preserve_dims
        self.output_shape = shape

    def __call__(self, inputs: jax.Array) -> jax.Array:
        """Reshapes; inputs without further axes than the kept ones pass as they are."""
        n = self.preserve_dims
        if inputs.ndim <= n:
            return inputs
        kept, rest = inputs.shape[:n], inputs.shape[n:]
        shape = self.output_shape
        if -1 in shape:
            # Not left to jnp.reshape, which can't tell if an axis has no elements.
            known = math.prod(k for k in shape if k != -1)
            left = math.prod(rest) // known if known else 0
            shape = tuple(left if k == -1 else k for k in shape)
        return jnp.reshape(inputs, (*kept, *shape))


class Flatten(Reshape):
    """Makes one axis of all but the leading ones."""

    def __init__(self, preserve_dims: int = 1, name: str | None = None):
        """Takes the settings.

        Args:
          preserve_dims: number of leading axes to keep.
          name: of the module.
        """
        super().__init__((-1,), preserve_dims, name)
