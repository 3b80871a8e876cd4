"""Exponential moving averages of values and of whole parameter trees."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from haiku_core._src.initializers import Constant
from haiku_core._src.mappings import to_haiku_dict
from haiku_core._src.module import Module
from haiku_core._src.variables import get_state, set_state
from haiku_core.layers._src.arrays import as_array
from haiku_core.layers._src.averages import ema_step


class ExponentialMovingAverage(Module):
    """An exponential moving average, by default corrected for its start from zero.

    State: ``counter`` (int32 scalar), ``hidden`` (the average as it accumulates) and
    ``average`` (the average to use), both of the value's shape and dtype.
    """

    def __init__(
        self,
        decay: Any,
        zero_debias: bool = True,
        warmup_length: int = 0,
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          decay: weight of the old average, in [0, 1]; may be an array.
          zero_debias: divide by ``1 - decay ** counter``.
          warmup_length: the average is the value itself for so many updates.
          name: of the module.

        Raises:
          ValueError: a negative warm-up, or a warm-up together with ``zero_debias``.
        """
        super().__init__(name)
        if warmup_length < 0:
            raise ValueError(
                f"`warmup_length` is {warmup_length}, but should be non-negative."
            )
        if zero_debias and warmup_length:
            raise ValueError(
                "Zero debiasing does not make sense when warming up the value of the "
                "average to an initial value: set zero_debias=False, or warmup_length "
                "to zero."
            )
        self.zero_debias = zero_debias
        self.warmup_length = warmup_length
        self.decay = decay

    def initialize(self, shape: Any, dtype: Any = jnp.float32) -> None:
        """Creates the state at zero, so that ``average`` can be read before a call.

        Args:
          shape: of the values. An array in its place is deprecated.
          dtype: of the values.
        """
        if hasattr(shape, "shape"):
            warnings.warn(
                "Passing a value to `initialize` is deprecated: write "
                "`ema.initialize(v.shape, v.dtype)`.",
                DeprecationWarning,
                stacklevel=2,
            )
            shape, dtype = shape.shape, shape.dtype
        for slot in ("hidden", "average"):
            get_state(slot, shape, dtype, init=jnp.zeros)

    def __call__(self, value: Any, update_stats: bool = True) -> jax.Array:
        """The average with this value in it.

        Args:
          value: an array or a number.
          update_stats: whether to store the new average in the state.
        """
        value = as_array(value)
        shape, dtype = value.shape, value.dtype
        start = Constant(-self.warmup_length) if self.warmup_length else jnp.zeros
        counter, hidden, average = ema_step(
            get_state("counter", (), jnp.int32, start),
            get_state("hidden", shape, dtype, jnp.zeros),
            value,
            self.decay,
            zero_debias=self.zero_debias,
            warmup=self.warmup_length > 0,
        )
        if update_stats:
            set_state("counter", counter)
            set_state("hidden", hidden)
            set_state("average", average)
        return average

    @property
    def average(self) -> jax.Array:
        """The average so far; there must have been an update or ``initialize``."""
        return get_state("average")


Tree = Mapping[str, Mapping[str, jax.Array]]


def mapped_tree(
    tree: Tree,
    ignore_regex: str,
    stand_in: str,
    make: Callable[[str], Callable[[jax.Array], jax.Array]],
) -> Tree:
    """Applies a module of its own to each leaf of ``{module: {name: array}}``.

    Args:
      tree: parameters or state.
      ignore_regex: leaves whose ``module/name`` starts like this stay as they are.
      stand_in: replaces ``~``, which can't stand in a module's name.
      make: the module's name -> the module.
    """

    def one(path: str, leaf: jax.Array) -> jax.Array:
        if ignore_regex and re.match(ignore_regex, path):
            return leaf
        return make(path.replace("/", "__").replace("~", stand_in))(leaf)

    return to_haiku_dict(
        {
            module: {name: one(f"{module}/{name}", v) for name, v in leaves.items()}
            for module, leaves in tree.items()
        }
    )


class EMAParamsTree(Module):
    """A moving average of each array in a tree of parameters.

    State: a submodule per array, named by its path with ``/`` as ``__`` and ``~`` as
    ``_tilde_``, with the state of ``ExponentialMovingAverage``.
    """

    def __init__(
        self,
        decay: Any,
        zero_debias: bool = True,
        warmup_length: int = 0,
        ignore_regex: str = "",
        name: str | None = None,
    ):
        """Takes the settings.

        Args:
          decay, zero_debias, warmup_length: see ``ExponentialMovingAverage``.
          ignore_regex: arrays whose ``module/name`` matches from its start on are
            passed through.
          name: of the module.
        """
        super().__init__(name)
        self.ignore_regex = ignore_regex
        self.warmup_length = warmup_length
        self.zero_debias = zero_debias
        self.decay = decay

    def __call__(self, tree: Tree, update_stats: bool = True) -> Tree:
        """The tree of averages, with this tree's values in them.

        Args:
          tree: ``{module: {name: array}}``.
          update_stats: whether to store the new averages.
        """

        def make(name: str) -> Callable[[jax.Array], jax.Array]:
            ema = ExponentialMovingAverage(
                self.decay, self.zero_debias, self.warmup_length, name
            )
            return lambda value: ema(value, update_stats=update_stats)

        return mapped_tree(tree, self.ignore_regex, "_tilde_", make)
