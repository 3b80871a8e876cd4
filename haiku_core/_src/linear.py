"""Linear layers and biases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from haiku_core._src.initializers import fan_in_normal
from haiku_core._src.module import Module
from haiku_core._src.sizes import assert_minimum_rank
from haiku_core._src.typing import Initializer
from haiku_core._src.variables import get_parameter
from haiku_core.layers._src.arrays import as_array
from haiku_core.layers._src.linear import bias, linear


class Linear(Module):
    """``inputs @ w + b`` over the last axis.

    Parameters: ``w`` ``[input_size, output_size]`` and ``b`` ``[output_size]``, in
    the dtype of the inputs.
    """

    def __init__(
        self,
        output_size: int,
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          output_size: length of the last axis of the outputs.
          with_bias: whether there is a ``b``.
          w_init: default truncated normal, standard deviation 1 / sqrt(input_size).
          b_init: default zeros.
          name: of the module.
        """
        super().__init__(name)
        self.input_size: int | None = None
        self.output_size = output_size
        self.with_bias = with_bias
        self.b_init = b_init or jnp.zeros
        self.w_init = w_init

    def __call__(self, inputs: jax.Array, *, precision: Any = None) -> jax.Array:
        """``[..., input_size]`` -> ``[..., output_size]``.

        Args:
          inputs: rank 1 at least.
          precision: of the product, passed to XLA.

        Raises:
          ValueError: the input is a scalar.
        """
        x = as_array(inputs)
        shape = x.shape
        if not shape:
            raise ValueError("Input must not be scalar.")
        self.input_size = size = shape[-1]
        init = self.w_init or fan_in_normal(size)
        w = get_parameter("w", (size, self.output_size), x.dtype, init)
        if not self.with_bias:
            return linear(x, w, precision=precision)
        b = get_parameter("b", (self.output_size,), x.dtype, self.b_init)
        return linear(x, w, b, precision=precision)


class Bias(Module):
    """Adds a trained bias, over all axes but the first or over chosen ones.

    Parameter: ``b``, in the dtype of the inputs.
    """

    def __init__(
        self,
        output_size: Sequence[int] | None = None,
        bias_dims: Sequence[int] | None = None,
        b_init: Initializer | None = None,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          output_size: shape of the inputs without the batch axis; None: any.
          bias_dims: axes of the inputs along which the bias varies. None: all but the
            first; empty: one number for all.
          b_init: default zeros.
          name: of the module.
        """
        super().__init__(name)
        self.b_init = b_init or jnp.zeros
        self.bias_dims = bias_dims
        self.output_size = output_size
        self.bias_shape: tuple[int, ...] | None = None

    def __call__(self, inputs: jax.Array, multiplier: Any = None) -> jax.Array:
        """Returns ``inputs + b``, or ``inputs + b * multiplier``.

        Args:
          inputs: ``[batch, ...]``.
          multiplier: a scalar or an array that broadcasts against the inputs; -1
            subtracts the bias.

        Raises:
          ValueError: rank below 2, another shape than ``output_size``, or an axis
            that can't have a bias.
        """
        assert_minimum_rank(inputs, 2)
        shape = tuple(inputs.shape)
        if self.output_size is not None and tuple(self.output_size) != shape[1:]:
            wanted = (-1, *self.output_size)
            raise ValueError(f"Input shape must be {wanted} not {shape}")
        self.input_size = shape[1:]
        self.bias_shape = bias_shape(shape, self.bias_dims)
        b = get_parameter("b", self.bias_shape, inputs.dtype, self.b_init)
        return bias(inputs, b, multiplier)


def bias_shape(shape: Sequence[int], dims: Sequence[int] | None) -> tuple[int, ...]:
    """Shape of a bias that varies along ``dims`` of inputs of ``shape``.

    It starts at the first axis that varies and goes to the last axis, with 1 for the
    axes in between that don't.

    Raises:
      ValueError: an axis out of range, or the batch axis.
    """
    if dims is None:
        return tuple(shape[1:])
    rank = len(shape)
    varying = set()
    for dim in dims:
        axis = dim % rank if dim < 0 else dim
        if axis == 0:
            raise ValueError("Cannot apply bias across the minibatch dimension.")
        if axis >= rank:
            raise ValueError(
                f"Dimension {axis} (bias_dims={tuple(dims)!r}) out of range for input "
                f"of rank {rank}."
            )
        varying.add(axis)
    sizes = [n if i in varying else 1 for i, n in enumerate(shape)]
    while sizes and sizes[0] == 1:
        del sizes[0]
    return tuple(sizes)
