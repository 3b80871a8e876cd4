"""A multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax

from haiku_core._src.keys import PRNGSequence
from haiku_core._src.linear import Linear
from haiku_core._src.module import Module
from haiku_core._src.typing import Initializer
from haiku_core.layers._src.dropout import dropout


class MLP(Module):
    """Linear layers with an activation in between.

    Submodules: ``linear_0``, ``linear_1``, ... .
    """

    def __init__(
        self,
        output_sizes: Iterable[int],
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        with_bias: bool = True,
        activation: Callable[[jax.Array], jax.Array] = jax.nn.relu,
        activate_final: bool = False,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          output_sizes: one layer for each.
          w_init, b_init, with_bias: of all layers; see ``Linear``.
          activation: between the layers.
          activate_final: after the last one too.
          name: of the module.

        Raises:
          ValueError: ``b_init`` given, but no bias.
        """
        if b_init is not None and not with_bias:
            raise ValueError("When with_bias=False b_init must not be set.")
        super().__init__(name)
        self.activate_final, self.activation = activate_final, activation
        self.with_bias, self.w_init, self.b_init = with_bias, w_init, b_init
        self.layers = tuple(
            Linear(size, with_bias, w_init, b_init, f"linear_{i}")
            for i, size in enumerate(output_sizes)
        )
        self.output_size = self.layers[-1].output_size if self.layers else None

    def __call__(
        self, inputs: jax.Array, dropout_rate: float | None = None, rng: Any = None
    ) -> jax.Array:
        """``[..., I]`` -> ``[..., output_sizes[-1]]``.

        Args:
          inputs: rank 1 at least.
          dropout_rate: apply dropout of this rate before each activation.
          rng: a random key for it.

        Raises:
          ValueError: one of ``dropout_rate`` and ``rng`` without the other.
        """
        if (dropout_rate is None) != (rng is None):
            if rng is None:
                raise ValueError("When using dropout an rng key must be passed.")
            raise ValueError("RNG should only be passed when using dropout.")
        keys = None if rng is None else PRNGSequence(rng)
        activated = len(self.layers) - (not self.activate_final)
        out = inputs
        for i, layer in enumerate(self.layers):
            out = layer(out)
            if i < activated:
                if keys is not None:
                    out = dropout(next(keys), dropout_rate, out)
                out = self.activation(out)
        return out

    def reverse(
        self, activate_final: bool | None = None, name: str | None = None
    ) -> MLP:
        """A new MLP from the outputs' size back to the inputs'; shares nothing.

        Args:
          activate_final: as in the constructor; default: as here.
          name: default: that of this module with ``_reversed``.

        Raises:
          ValueError: this module has not been called, so the sizes aren't known.
        """
        sizes = [layer.input_size for layer in self.layers[::-1]]
        if None in sizes:
            raise ValueError("You cannot reverse an MLP until it has been called.")
        return MLP(
            sizes,
            activation=self.activation,
            activate_final=(
                self.activate_final if activate_final is None else activate_final
            ),
            b_init=self.b_init,
            name=self.name + "_reversed" if name is None else name,
            w_init=self.w_init,
            with_bias=self.with_bias,
        )
