"""Flax modules in Haiku programs, and the other way round. Imports flax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flax.errors
import flax.linen as nn

from haiku_core._src.filtering import traverse
from haiku_core._src.frames import current_frame, owner_name
from haiku_core._src.keys import maybe_next_rng_key
from haiku_core._src.lift import LiftingModule, LiftWithStateUpdater
from haiku_core._src.transform import (
    Transformed,
    TransformedWithState,
    running_init,
    transform_with_state,
    with_empty_state,
)

Nested = dict[str, Any]


def flatten_flax_to_haiku(collection: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Turns a nested collection of Flax's into Haiku's two levels.

    Args:
      collection: such as ``variables["params"]``.

    Returns:
      Path joined by slashes (``~`` for the root) -> name -> value.
    """
    out: dict[str, dict[str, Any]] = {}

    def visit(level: Mapping[str, Any], path: tuple[str, ...]) -> None:
        for name, value in level.items():
            if isinstance(value, Mapping):
                visit(value, (*path, name))
            else:
                out.setdefault("/".join(path) or "~", {})[name] = value

    visit(collection, ())
    return out


def _nested(values: Mapping[str, Mapping[str, Any]]) -> Nested:
    """The inverse of :func:`flatten_flax_to_haiku`."""
    out: Nested = {}
    for owner, name, value in traverse(values):
        level = out
        for part in () if owner == "~" else owner.split("/"):
            level = level.setdefault(part, {})
        level[name] = value
    return out


# ---------------------------------------------------------------- Haiku in Flax


class Module(nn.Module):
    """A Flax module that runs a function transformed by Haiku.

    Parameters are in the collection ``params`` and state in ``state``, nested by the
    components of the module names. The random keys of ``apply`` come from Flax's
    sequence ``apply``, if there is one.

    Attributes:
      transformed: what ``hk.transform`` or ``hk.transform_with_state`` returned.
    """

    transformed: Transformed | TransformedWithState

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.transformed, Transformed):
            self.transformed = with_empty_state(self.transformed)

    @classmethod
    def create(cls, hk_cls: Any, *args: Any, **kwargs: Any) -> Module:
        """Makes a Flax module of a Haiku module class.

        Args:
          hk_cls: the class.
          *args: arguments of its constructor.
          **kwargs: likewise.
        """
        return cls(
            transform_with_state(lambda *a, **k: hk_cls(*args, **kwargs)(*a, **k))
        )

    @nn.compact
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        starting = self.is_initializing()
        if starting:
            key = self.make_rng("params")
            params, state = self.transformed.init(key, *args, **kwargs)
            self._store("params", params)
            self._store("state", state)
        else:
            params, state = (
                flatten_flax_to_haiku(self.variables.get(name, {}))
                for name in ("params", "state")
            )
        key = self.make_rng("apply") if self.has_rng("apply") else None
        out, after = self.transformed.apply(params, state, key, *args, **kwargs)
        if not starting:
            # Only what changed: the collection needn't be mutable if nothing did.
            self._store(
                "state",
                {
                    owner: {
                        name: value
                        for name, value in bundle.items()
                        if value is not state.get(owner, {}).get(name)
                    }
                    for owner, bundle in after.items()
                },
            )
        return out

    def _store(self, collection: str, values: Any) -> None:
        for owner, name, value in traverse(values):
            scope = self.scope
            for part in owner.split("/"):
                scope = scope.push(part, reuse=True)
            scope.put_variable(collection, name, value)


# ---------------------------------------------------------------- Flax in Haiku


def _state_of(variables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """All collections as Haiku state, each under its name."""
    return {
        f"{collection}/{owner}": bundle
        for collection, values in variables.items()
        for owner, bundle in flatten_flax_to_haiku(values).items()
    }


def _variables_of(state: Mapping[str, Mapping[str, Any]]) -> dict[str, Nested]:
    """The inverse."""
    collections: dict[str, dict[str, Any]] = {}
    for path, bundle in state.items():
        collection, _, owner = path.partition("/")
        collections.setdefault(collection, {})[owner] = bundle
    return {name: _nested(values) for name, values in collections.items()}


def _init_keys(kwargs: dict[str, Any]) -> Any:
    """What Flax's ``init`` gets as keys; takes ``rngs`` out of the arguments."""
    if "rngs" not in kwargs:
        return maybe_next_rng_key()
    rngs = kwargs.pop("rngs")
    if not isinstance(rngs, Mapping):
        raise flax.errors.InvalidRngError(
            "rngs should be a dictionary mapping strings to `jax.PRNGKey`."
        )
    if "params" in rngs or (key := maybe_next_rng_key()) is None:
        return dict(rngs)
    return {**rngs, "params": key}


def lift(mod: nn.Module, *, name: str) -> Callable[..., Any]:
    """Makes a Flax module callable in a Haiku program, which then owns its variables.

    Args:
      mod: the Flax module.
      name: the prefix of its parameters and state in Haiku's dictionaries. Collections
        other than ``params`` become state, under their names.

    Returns:
      A function that calls the module; it also takes ``rngs`` as Flax's ``apply`` does.

    Raises:
      ValueError: outside of a transform.
    """
    frame = current_frame("experimental.flax.lift")

    def init(rng: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        variables = dict(mod.init(rng, *args, **kwargs))
        params = flatten_flax_to_haiku(variables.pop("params", {}))
        return params, _state_of(variables)

    lifted = LiftingModule(init, transparent=False, allow_reuse=True, name=name)
    if frame.scope.module is not None:
        name = f"{owner_name(frame)}/{name}"

    def call(*args: Any, **kwargs: Any) -> Any:
        init_kwargs = dict(kwargs)
        key = _init_keys(init_kwargs) if running_init() else None
        params, state = lifted(key, *args, **init_kwargs)
        variables = _variables_of(state)
        out, after = mod.apply(
            {**variables, "params": _nested(params)},
            *args,
            **kwargs,
            mutable=list(variables),
        )
        LiftWithStateUpdater(name).update(_state_of(after))
        return out

    return call
