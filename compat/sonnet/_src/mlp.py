"""The multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax

import haiku_core as hk
from compat.dictionary import module
from compat.runtime.tensor import Tensor
from compat.sonnet._src.activations import relu
from compat.sonnet._src.base import Module
from compat.sonnet._src.dropout import dropout
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.linear import Linear
from compat.sonnet._src.variants import takes_the_same


@module("snt.nets.MLP")
class MLP(Module):
    """Linear layers with an activation between them.

    With a dropout rate, dropout comes before each activation.
    """

    def __init__(
        self,
        output_sizes: Iterable[int],
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        with_bias: bool = True,
        activation: Callable[[Any], Any] = relu,
        dropout_rate: float | None = None,
        activate_final: bool = False,
        name: str | None = None,
    ):
        if not with_bias and b_init is not None:
            raise ValueError("When with_bias=False b_init must not be set.")
        super().__init__(name=name)
        self._activation, self._activate_final = activation, activate_final
        self._dropout_rate = dropout_rate
        # Kept for `reverse`; each layer has its own.
        self._with_bias, self._w_init, self._b_init = with_bias, w_init, b_init
        self._layers = [
            Linear(size, with_bias, w_init, b_init, name=f"linear_{i}")
            for i, size in enumerate(output_sizes)
        ]

    def __call__(self, inputs: Any, is_training: Any = None) -> Tensor:
        """[batch, input] to [batch, last size].

        Raises:
          ValueError: `is_training` is missing where there is dropout, or given where
            there is none.
        """
        drops = self._dropout_rate not in (None, 0)
        if drops and is_training is None:
            raise ValueError(
                "The `is_training` argument is required when dropout is used."
            )
        if not drops and is_training is not None:
            raise ValueError(
                "The `is_training` argument should only be used with dropout."
            )
        last = None if self._activate_final else len(self._layers) - 1
        for i, linear in enumerate(self._layers):
            inputs = linear(inputs)
            if i != last:
                if drops:
                    inputs = dropout(
                        inputs, self._dropout_rate, None, None, is_training
                    )
                inputs = self._activation(inputs)
        return inputs

    def reverse(
        self, activate_final: bool | None = None, name: str | None = None
    ) -> MLP:
        """A new network of the input sizes of this one's layers, last to first."""
        if activate_final is None:
            activate_final = self._activate_final
        return MLP(
            [linear.input_size for linear in reversed(self.submodules)],
            w_init=self._w_init,
            b_init=self._b_init,
            with_bias=self._with_bias,
            activation=self._activation,
            dropout_rate=self._dropout_rate,
            activate_final=activate_final,
            name=f"{self.name}_reversed" if name is None else name,
        )


# Haiku's takes the rate of the dropout at the call.
@MLP.entry.when("dropout_rate is omitted")
def _(
    output_sizes,
    w_init=None,
    b_init=None,
    with_bias=True,
    activation=jax.nn.relu,
    activate_final=False,
    name=None,
):
    return hk.nets.MLP(
        output_sizes,
        w_init=w_init,
        b_init=b_init,
        with_bias=with_bias,
        activation=activation,
        activate_final=activate_final,
        name=name,
    )


takes_the_same(MLP.entry, "hk.sonnet.MLP", activation="jax.nn.relu")
