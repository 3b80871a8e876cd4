"""Carrying parameters, state and keys through functions that JAX wants pure.

``hk.scan``, ``hk.vmap`` and their like all do the same: turn what the current frame
holds into a pytree, hand it to a pure function along with the user's arguments, run the
user's function there in a frame of its own, and merge what changed into the current
frame afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax

from haiku_core._src.frames import Frame, here
from haiku_core._src.keys import PRNGSequence, resumed
from haiku_core._src.mappings import to_haiku_dict

Bundles = dict[str, dict[str, Any]]


class Carried(NamedTuple):
    """A frame's values as a pytree; or what of them changed, the rest ``None``.

    Attributes:
      params: parameters.
      initial: first values of state.
      current: present values of state.
      rng: the internal state of the key sequence, ``None`` without one.
    """

    params: Bundles | None
    initial: Bundles | None
    current: Bundles
    rng: Any


def needed_frame(name: str, alternative: str | None = None) -> Frame:
    """The current frame; outside of a transform, an error that names JAX's function."""
    frame = here.frame
    if frame is None:
        alternative = alternative or f"jax.{name}"
        raise ValueError(
            f"hk.{name}() should not be used outside of hk.transform(). "
            f"Use {alternative}() instead."
        )
    return frame


def taken(frame: Frame, *, fixed: bool = False) -> Carried:
    """What a frame holds now.

    Args:
      frame: the frame.
      fixed: leave out what can't change where the structure must stay as it is: first
        values, and (in ``apply``) parameters. :func:`inner` finds these in the frame.
    """
    return Carried(
        params=None if fixed and frame.frozen else to_haiku_dict(frame.params),
        initial=None if fixed and frame.frozen else to_haiku_dict(frame.initial),
        current=to_haiku_dict(frame.current),
        rng=None if frame.keys is None else frame.keys.internal_state,
    )


def taken_for_loop(frame: Frame) -> Carried:
    """What a loop changes: parameters exist by the time that a loop is traced."""
    return taken(frame)._replace(params=None, initial=None)


def inner(outer: Frame, values: Carried, *, share_names: bool = False) -> Frame:
    """A frame for the body of a pure function; to be made inside of that function.

    Args:
      outer: the frame in which the function is called.
      values: the function's argument. What it leaves out is taken from ``outer``.
      share_names: whether names given out in the body count as given out outside.
    """
    params, initial = values.params, values.initial
    return Frame(
        params=to_haiku_dict(outer.params if params is None else params),
        initial=to_haiku_dict(outer.initial if initial is None else initial),
        current=to_haiku_dict(values.current),
        keys=resumed(values.rng),
        frozen=outer.frozen,
        scope=outer.scope if share_names else outer.scope.fork(),
        run=outer.run,
    )


def _other(
    before: Mapping[str, Mapping[str, Any]] | None, after: Bundles
) -> dict[str, dict[str, Any]]:
    """The entries of ``after`` that are not the very objects of ``before``."""
    before = before or {}
    missing = object()
    found: Bundles = {}
    for owner, bundle in after.items():
        old = before.get(owner, {})
        different = {
            name: value
            for name, value in bundle.items()
            if old.get(name, missing) is not value
        }
        if different:
            found[owner] = different
    return found


def changed(before: Carried, after: Frame) -> Carried:
    """What a body changed, by identity of the values: fewer results for JAX to return.

    Args:
      before: the pure function's argument.
      after: the frame made from it, after the body ran.
    """
    rng = None
    if after.keys is not None:
        key, subkeys = after.keys.internal_state
        old_key, old_subkeys = before.rng
        same = key is old_key and len(subkeys) == len(old_subkeys)
        if not (same and all(map(_is, subkeys, old_subkeys))):
            rng = key, subkeys
    return Carried(
        params=None if after.frozen else _other(before.params, after.params),
        initial=_other(before.initial, after.initial),
        current=_other(before.current, after.current),
        rng=rng,
    )


def _is(a: Any, b: Any) -> bool:
    return a is b


def merge(frame: Frame, values: Carried) -> None:
    """Takes a pure function's result over into the frame around it."""
    if values.params and not frame.frozen:
        for owner, bundle in values.params.items():
            frame.params.setdefault(owner, {}).update(bundle)
    initial = values.initial if values.initial is not None else values.current
    for owner, bundle in initial.items():
        known = frame.initial.get(owner, {})
        fresh = {name: value for name, value in bundle.items() if name not in known}
        if fresh:
            # Replaced, not updated: what `apply` was given belongs to the caller.
            frame.initial = {**frame.initial, owner: {**known, **fresh}}
    for owner, bundle in values.current.items():
        frame.current.setdefault(owner, {}).update(bundle)
    if values.rng is not None and frame.keys is not None:
        twin = resumed(values.rng)
        frame.keys._key, frame.keys._subkeys = twin._key, twin._subkeys


def fill_keys(keys: PRNGSequence | None) -> None:
    """Brings the reserve to a full block: loops and branches need equal structures."""
    if keys is not None:
        keys.reserve_up_to_full()


def same_result(function: Callable[..., Any]) -> Callable[..., Any]:
    """One wrapper for each function wrapped, so that equal branches stay equal."""
    seen: dict[int, Any] = {}

    def wrap(branch: Any) -> Any:
        if id(branch) not in seen:
            seen[id(branch)] = function(branch)
        return seen[id(branch)]

    return wrap


def first_leaf_length(xs: Any) -> int:
    """The size of the leading axis of a pytree's first leaf."""
    return jax.tree.leaves(xs)[0].shape[0]
