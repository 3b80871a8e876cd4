"""Hooks on parameters and state: custom creators, getters and setters.

The active hooks of each kind are a tuple in ``here``, the outermost first. The tuples
are never mutated, so a running chain is not disturbed by hooks that come and go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple

import jax

from haiku_core._src.frames import Frame, current_frame, here
from haiku_core._src.typing import Initializer


class GetterContext(NamedTuple):
    """What a creator or getter is told about the value that is created or read.

    Attributes:
      full_name: e.g. ``mlp/~/linear_0/w``.
      module: the module whose value it is, ``None`` outside of modules.
      original_dtype: as given to ``get_parameter`` or ``get_state``.
      original_shape: likewise.
      original_init: likewise.
      lifted_prefix_name: during ``init``, what the enclosing lifted modules (see
        :func:`lift`) will put before ``full_name`` in the outermost dictionary,
        with a trailing slash; else ``None``.
    """

    full_name: str
    module: Any | None
    original_dtype: Any
    original_shape: Sequence[int]
    original_init: Initializer | None
    lifted_prefix_name: str | None

    @property
    def module_name(self) -> str:
        """The full name without its last component."""
        return self.full_name.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last component of the full name."""
        return self.full_name.rpartition("/")[2]


class SetterContext(NamedTuple):
    """What a setter is told about the state that is set.

    Attributes:
      full_name: e.g. ``batch_norm/~/mean_ema/average``.
      module: the module whose state it is, ``None`` outside of modules.
      original_dtype: of the value given to ``set_state``; a pytree like the value.
      original_shape: likewise.
      lifted_prefix_name: as in :class:`GetterContext`.
    """

    full_name: str
    module: Any | None
    original_dtype: Any
    original_shape: Sequence[int]
    lifted_prefix_name: str | None

    @property
    def module_name(self) -> str:
        """The full name without its last component."""
        return self.full_name.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last component of the full name."""
        return self.full_name.rpartition("/")[2]


NextCreator = Callable[[Sequence[int], Any, Initializer], jax.Array]
Creator = Callable[
    [NextCreator, Sequence[int], Any, Initializer, GetterContext], jax.Array
]
NextGetter = Callable[[jax.Array], jax.Array]
Getter = Callable[[NextGetter, jax.Array, GetterContext], jax.Array]
NextSetter = Callable[[Any], Any]
Setter = Callable[[NextSetter, Any, SetterContext], Any]


def lifted_prefix(frame: Frame) -> str | None:
    """The names of the lifted modules around, outermost first, or None."""
    if frame.frozen:
        return None
    names: list[str] = []
    at: Frame | None = frame
    while at is not None:
        name = getattr(at.scope.module, "_lifted_prefix", None)
        if name:
            names.append(name)
        at = at.enclosing
    return "/".join(reversed(names)) + "/" if names else None


def created(
    hooks: tuple[Creator, ...],
    context: GetterContext,
    shape: Sequence[int],
    dtype: Any,
    init: Initializer,
) -> Any:
    """Runs the creators, the outermost first, and the initializer at their end."""

    def step(position: int) -> NextCreator:
        if position == len(hooks):
            return lambda shape, dtype, init: init(shape, dtype)
        following = step(position + 1)
        hook = hooks[position]
        return lambda shape, dtype, init: hook(following, shape, dtype, init, context)

    return step(0)(shape, dtype, init)


def passed_through(hooks: tuple[Any, ...], context: Any, value: Any) -> Any:
    """Runs getters or setters on a value, the outermost first."""

    def step(position: int) -> Callable[[Any], Any]:
        if position == len(hooks):
            return lambda value: value
        following = step(position + 1)
        hook = hooks[position]
        return lambda value: hook(following, value, context)

    return step(0)(value)


class Installed:
    """Context manager that adds one hook to some of the tuples in ``here``."""

    def __init__(self, hook: Callable[..., Any], kinds: Sequence[str]) -> None:
        self._hook = hook
        self._kinds = kinds

    def __enter__(self) -> None:
        for kind in self._kinds:
            setattr(here, kind, (*getattr(here, kind), self._hook))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for name in self._kinds:
            setattr(here, name, without(getattr(here, name), self._hook))


def without(hooks: tuple[Any, ...], hook: Any) -> tuple[Any, ...]:
    """The hooks without the last of them that is this one."""
    for position in reversed(range(len(hooks))):
        if hooks[position] is hook:
            return hooks[:position] + hooks[position + 1 :]
    return hooks


def _chosen(what: str, params: bool, state: bool) -> list[str]:
    wanted = {f"param_{what}": params, f"state_{what}": state}
    return [name for name, on in wanted.items() if on]


def custom_creator(
    creator: Creator, *, params: bool = True, state: bool = False
) -> Installed:
    """Lets a function have its say whenever a parameter or state is created.

    Args:
      creator: ``f(next_creator, shape, dtype, init, context)`` returns the initial
        value, as a rule ``next_creator(shape, dtype, init)`` with some of these
        changed. ``context`` is a :class:`GetterContext`. ``hk.DO_NOT_STORE`` keeps
        the value out of the dictionaries.
      params: whether it is called for parameters.
      state: whether it is called for state.

    Returns:
      A context manager under which the creator is active. Creators nest: the
      outermost is called first, its ``next_creator`` is the one inside of it.

    Raises:
      ValueError: outside of a transform.
    """
    current_frame("custom_creator")
    return Installed(creator, _chosen("creators", params, state))


def custom_getter(
    getter: Getter, *, params: bool = True, state: bool = False
) -> Installed:
    """Lets a function change each parameter or state value that is read.

    Args:
      getter: ``f(next_getter, value, context)`` returns the value to use, as a rule
        ``next_getter(value)``. ``context`` is a :class:`GetterContext`.
      params: whether it is called by ``get_parameter``.
      state: whether it is called by ``get_state``.

    Returns:
      A context manager under which the getter is active. What is stored is unchanged.

    Raises:
      ValueError: outside of a transform.
    """
    current_frame("custom_getter")
    return Installed(getter, _chosen("getters", params, state))


def custom_setter(setter: Setter) -> Installed:
    """Lets a function change each value before ``set_state`` stores it.

    Args:
      setter: ``f(next_setter, value, context)`` returns the value to store, as a rule
        ``next_setter(value)``; ``hk.DO_NOT_STORE`` stores nothing. ``context`` is a
        :class:`SetterContext`.

    Returns:
      A context manager under which the setter is active.

    Raises:
      ValueError: outside of a transform.
    """
    current_frame("custom_setter")
    return Installed(setter, ["state_setters"])
