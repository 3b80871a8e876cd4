"""An optax transformation with its state."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .boxes import Array, Box, concrete


class Optimizer:
    """An optax transformation with its state.

    Args:
      transformation: such as `optax.adam(1e-3)`; or a function that makes it, called at
        each step, for a learning rate in a box: `lambda: optax.adam(rate.value)`.
    """

    # No others: `optimizer.learning_rate = 0.1` would be without effect.
    __slots__ = ("transformation", "state", "parameters", "__weakref__")

    def __init__(self, transformation: Any):
        self.transformation = transformation
        self.state = Box(None, trainable=False, name="optimizer state")
        self.parameters: tuple[Box, ...] = ()

    def _now(self) -> Any:
        """The transformation, made anew where it depends on boxes."""
        if callable(self.transformation):
            return self.transformation()
        return self.transformation

    def init(self, variables: Iterable[Box]) -> None:
        """Makes the state for these variables, unless it is there."""
        boxes = tuple(variables)
        if self.parameters or not boxes:
            return
        with jax.ensure_compile_time_eval():
            values = [concrete(box) for box in boxes]
            self.state._value = self._now().init(values)
        self.parameters = boxes

    def apply(self, updates: Sequence[Array], parameters: Iterable[Box]) -> None:
        """Changes the parameters by one step of the transformation.

        Args:
          updates: gradients, one for each parameter.
          parameters: boxes, the same at each call.

        Raises:
          ValueError: the numbers differ, or the parameters are not those of before.
        """
        boxes, updates = tuple(parameters), list(updates)
        if len(boxes) != len(updates):
            raise ValueError(f"{len(updates)} updates for {len(boxes)} parameters")
        self.init(boxes)
        if [id(b) for b in boxes] != [id(b) for b in self.parameters]:
            raise ValueError(
                "the parameters are not those of the optimizer's first step: make an "
                "Optimizer for each list of parameters"
            )
        if not boxes:
            return
        values = [box.value for box in boxes]
        changes, self.state.value = self._now().update(
            updates, self.state.value, values
        )
        for box, value, change in zip(boxes, values, changes, strict=True):
            box.value = jnp.asarray(value + change, value.dtype)

    def __deepcopy__(self, memo: dict) -> Optimizer:
        new = Optimizer(self.transformation)
        memo[id(self)] = new
        new.state = copy.deepcopy(self.state, memo)
        new.parameters = tuple(copy.deepcopy(b, memo) for b in self.parameters)
        return new
