"""Arrays by key, as the dictionaries and states that programs take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrate.checkpoint._src.keys import OPTIMIZER, PARAMS, STATE, Key
from migrate.errors import UserError


def as_trees(arrays: Mapping[Key, Any]) -> tuple[dict, dict]:
    """The arrays of one network as (params, state)."""
    trees: dict[str, dict] = {PARAMS: {}, STATE: {}}
    for key, array in arrays.items():
        if key.collection in trees:
            trees[key.collection].setdefault(key.module, {})[key.name] = array
    return trees[PARAMS], trees[STATE]


def optimizer_state(optimizer: Any, params: Any, arrays: Mapping[Key, Any]) -> Any:
    """Fills the state of an optax transformation with arrays, by their names.

    Raises:
      UserError: An array is missing.
    """
    import jax

    abstract = jax.eval_shape(optimizer.init, params)

    def value(where: Any, _: Any) -> Any:
        name = jax.tree_util.keystr(where)
        try:
            return arrays[Key(OPTIMIZER, "", name)]
        except KeyError:
            raise UserError(f"there is no state {name} of the optimizer") from None

    return jax.tree_util.tree_map_with_path(value, abstract)
