"""Initial states of recurrent cores that are trained."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk


def _names(nest: Any) -> list[str]:
    """Sonnet's variable names: the path of each leaf, ``state`` for a lone one."""
    paths = jax.tree_util.tree_flatten_with_path(nest)[0]
    names = []
    for path, _ in paths:
        parts = []
        for entry in path:
            for attribute in ("key", "idx", "name"):
                if hasattr(entry, attribute):
                    parts.append(str(getattr(entry, attribute)))
                    break
        names.append("/".join(parts) or "state")
    return names


class TrainableState(hk.Module):
    """An initial state with trained values, the same for each element of a batch.

    Parameters: one array ``[1, ...]`` for each leaf of the initial values, named by its
    path with ``__`` for ``/`` (a namedtuple's field, a dictionary's key, an index), or
    ``state`` if there is only one array. Leaves that the mask excludes are state of
    the same name.
    """

    _sonnet_layout = "TrainableState"  # how checkpoints keep it; see compat.layout

    @classmethod
    def for_core(
        cls, core: Any, mask: Any = None, name: str | None = None
    ) -> TrainableState:
        """One that starts as the core's own initial state.

        Args:
          core: an ``hk.RNNCore``.
          mask: see the constructor.
          name: of the module.
        """
        initial = jax.tree.map(lambda s: jnp.squeeze(s, 0), core.initial_state(1))
        return cls(initial, mask, name)

    def __init__(self, initial_values: Any, mask: Any = None, name: str | None = None):
        """Takes the settings.

        Args:
          initial_values: nest of arrays, without a batch axis.
          mask: nest of bools of the same structure: which to train; None: all.
          name: of the module.

        Raises:
          ValueError: a mask of another structure.
        """
        super().__init__(name=name)
        self._initial_values = initial_values
        if mask is None:
            mask = jax.tree.map(lambda _: True, initial_values)
        if jax.tree.structure(mask) != jax.tree.structure(initial_values):
            raise ValueError(
                f"mask must have the structure of initial_values: {mask} is not like "
                f"{initial_values}"
            )
        self._mask = mask

    def __call__(self, batch_size: int) -> Any:
        """The state, each array ``[batch_size, ...]``."""
        leaves, structure = jax.tree.flatten(self._initial_values)
        trained = jax.tree.leaves(self._mask)
        out = []
        for name, leaf, train in zip(
            _names(self._initial_values), leaves, trained, strict=True
        ):
            value = jnp.asarray(leaf)[None]
            get = hk.get_parameter if train else hk.get_state
            row = get(
                name.replace("/", "__"),
                value.shape,
                value.dtype,
                init=lambda shape, dtype, value=value: value,
            )
            out.append(jnp.tile(row, (batch_size,) + (1,) * (value.ndim - 1)))
        return jax.tree.unflatten(structure, out)
