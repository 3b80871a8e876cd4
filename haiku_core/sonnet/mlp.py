"""Sonnet's multi-layer perceptron: its dropout rate is the constructor's.

Needs the sibling file ``dropout.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk

from .dropout import dropout

Initializer = Callable[[Any, Any], jax.Array]


class MLP(hk.Module):
    """Linear layers with an activation in between, and dropout before it.

    Submodules ``linear_0``, ``linear_1``, ..., in the attribute ``_layers``.
    """

    def __init__(
        self,
        output_sizes: Iterable[int],
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        with_bias: bool = True,
        activation: Callable[[jax.Array], jax.Array] = jax.nn.relu,
        dropout_rate: Any = None,
        activate_final: bool = False,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          output_sizes: one layer for each.
          w_init, b_init, with_bias: of all layers; see ``hk.Linear``.
          activation: between the layers.
          dropout_rate: in [0, 1); None or 0: no dropout.
          activate_final: dropout and activation after the last layer too.
          name: of the module.

        Raises:
          ValueError: ``b_init`` given, but no bias.
        """
        if b_init is not None and not with_bias:
            raise ValueError("When with_bias=False b_init must not be set.")
        super().__init__(name=name)
        self._with_bias, self._w_init, self._b_init = with_bias, w_init, b_init
        self._activation, self._activate_final = activation, activate_final
        self._dropout_rate = dropout_rate
        self._layers = [
            hk.Linear(size, with_bias, w_init, b_init, name=f"linear_{i}")
            for i, size in enumerate(output_sizes)
        ]

    def __call__(
        self, inputs: jax.Array, is_training: bool | jax.Array | None = None
    ) -> jax.Array:
        """``[..., I]`` -> ``[..., output_sizes[-1]]``.

        Args:
          inputs: the inputs.
          is_training: whether to apply dropout; may be traced. Given exactly when
            there is a dropout rate.

        Raises:
          ValueError: missing or superfluous ``is_training``.
        """
        drops = self._dropout_rate not in (None, 0)
        if drops and is_training is None:
            raise ValueError("The `is_training` argument is required with dropout.")
        if not drops and is_training is not None:
            raise ValueError(
                "The `is_training` argument should only be used with dropout."
            )
        traced = isinstance(is_training, jax.core.Tracer)
        activated = len(self._layers) - (not self._activate_final)
        out = inputs
        for i, layer in enumerate(self._layers):
            out = layer(out)
            if i >= activated:
                break
            if drops and (traced or is_training):
                dropped = dropout(hk.next_rng_key(), self._dropout_rate, out)
                out = jnp.where(is_training, dropped, out) if traced else dropped
            out = self._activation(out)
        return out

    def reverse(
        self, activate_final: bool | None = None, name: str | None = None
    ) -> MLP:
        """A new MLP from the outputs' size back to the inputs'; shares nothing.

        Args:
          activate_final: default: as here.
          name: default: that of this module with ``_reversed``.

        Raises:
          ValueError: this module has not been called, so the sizes aren't known.
        """
        sizes = [layer.input_size for layer in self._layers[::-1]]
        if None in sizes:
            raise ValueError("An MLP can only be reversed once it has been called.")
        final = self._activate_final if activate_final is None else activate_final
        return MLP(
            sizes,
            self._w_init,
            self._b_init,
            self._with_bias,
            self._activation,
            self._dropout_rate,
            final,
            name or self.name + "_reversed",
        )
