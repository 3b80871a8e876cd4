"""Mixed precision: policies on dtypes, set for classes of modules.

A policy is any object with ``param_dtype``, ``cast_to_compute`` and ``cast_to_output``,
as jmp's policies are; jmp itself is not imported.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, TypeVar

from haiku_core._src.frames import here
from haiku_core._src.hooks import custom_creator, custom_getter, without
from haiku_core._src.module import MethodContext, Module

T = TypeVar("T")


class Policy(Protocol):
    """Which dtypes parameters, computations and results have."""

    param_dtype: Any

    def cast_to_compute(self, x: T) -> T:
        """A pytree with its floating arrays in the dtype to compute in."""

    def cast_to_output(self, x: T) -> T:
        """A pytree with its floating arrays in the dtype of results."""


class _Policies(threading.local):
    """Policies of one thread: by class, and those of the methods that run now."""

    def __init__(self) -> None:
        self.by_class: dict[Any, Policy] = {}
        self.running: list[Policy] = []


_policies = _Policies()


def _key(cls: type[Module]) -> Any:
    """What a policy is kept under: the same for a class that is loaded afresh.

    Classes made in functions share a name, so these stand for themselves.
    """
    name = cls.__qualname__
    return cls if "<locals>" in name else (cls.__module__, name)


def current_policy() -> Policy | None:
    """The policy of the innermost running method that has one, or ``None``."""
    return _policies.running[-1] if _policies.running else None


def get_policy(cls: type[Module]) -> Policy | None:
    """The policy set for a class itself, or ``None``."""
    return _policies.by_class.get(_key(cls))


def set_policy(cls: type[Module], policy: Policy) -> None:
    """Sets the policy of all modules of a class, in the current thread.

    While a method of such a module runs, parameters are created in the policy's
    parameter dtype and cast to its compute dtype when read; arguments are cast to the
    compute dtype, results to the output dtype. It holds for modules called by it too,
    unless their classes have policies of their own.

    Args:
      cls: a module class; subclasses aren't meant.
      policy: such as ``jmp.get_policy("params=float32,compute=bfloat16,output=f32")``.

    Raises:
      ValueError: for ``None``; see :func:`clear_policy`.
    """
    if policy is None:
        raise ValueError("set_policy got None; to unset policies use clear_policy.")
    _policies.by_class[_key(cls)] = policy
    if _apply not in here.interceptors:
        # Outermost, so that other interceptors see arguments as the method does.
        here.interceptors = (_apply, *here.interceptors)


def clear_policy(cls: type[Module]) -> None:
    """Removes the policy of a class, if it has one."""
    _policies.by_class.pop(_key(cls), None)
    if not _policies.by_class:
        here.interceptors = without(here.interceptors, _apply)


class _Pushed:
    """Context manager: another policy for a class."""

    def __init__(self, cls: type[Module], policy: Policy) -> None:
        self._cls = cls
        self._policy = policy
        self._saved: list[Policy | None] = []

    def __enter__(self) -> None:
        running = None if here.frame is None else here.frame.scope.module
        if running is not None and _key(type(running)) == _key(self._cls):
            raise ValueError(
                "Pushing a policy inside a method on the same class is not supported: "
                "push it where the module is called from."
            )
        before = get_policy(self._cls)
        set_policy(self._cls, self._policy)
        self._saved.append(before)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        before = self._saved.pop()
        if before is None:
            clear_policy(self._cls)
        else:
            set_policy(self._cls, before)


def push_policy(cls: type[Module], policy: Policy) -> _Pushed:
    """Sets the policy of a class inside a ``with`` block; see :func:`set_policy`.

    Args:
      cls: a module class.
      policy: the policy.

    Returns:
      A context manager. It can't be entered in a method of the class itself.
    """
    return _Pushed(cls, policy)


def _create(next_creator: Any, shape: Any, dtype: Any, init: Any, context: Any) -> Any:
    return next_creator(shape, _policies.running[-1].param_dtype, init)


def _get(next_getter: Any, value: Any, context: Any) -> Any:
    return next_getter(_policies.running[-1].cast_to_compute(value))


def _apply(
    next_f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    context: MethodContext,
) -> Any:
    """The interceptor that puts policies into effect."""
    policy = get_policy(type(context.module))
    if policy is None:
        return next_f(*args, **kwargs)
    running = _policies.running

    def run() -> Any:
        running.append(policy)
        try:
            cast_args, cast_kwargs = policy.cast_to_compute((args, kwargs))
            return policy.cast_to_output(next_f(*cast_args, **cast_kwargs))
        finally:
            running.pop()

    if running:
        return run()
    with custom_creator(_create), custom_getter(_get, state=True):
        return run()
