"""Settings that change how the core behaves, kept per thread.

A thread starts with a copy of what the main thread has at that moment; from then on
the two are independent, so a background thread can never change the naming or random
streams of a model that is being traced elsewhere.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

_DEFAULTS: dict[str, Any] = {
    "check_jax_usage": False,
    "module_auto_repr": True,
    "restore_flatmap": False,
    "rng_reserve_size": 1,
}


class _Options(threading.local):
    """The options as attributes: one C-level look-up on the hot paths."""

    check_jax_usage: bool
    module_auto_repr: bool
    restore_flatmap: bool
    rng_reserve_size: int

    def __init__(self) -> None:
        # Runs once in each thread, on its first access.
        global _main_thread
        mine = vars(self)
        mine.update(_main_thread)
        if threading.current_thread() is threading.main_thread():
            _main_thread = mine


# What new threads start from: the main thread's own attributes, live, from the moment
# that it first reads an option.
_main_thread: dict[str, Any] = _DEFAULTS
options = _Options()


def _given(values: dict[str, Any]) -> dict[str, Any]:
    chosen = {name: value for name, value in values.items() if value is not None}
    _check_size(chosen.get("rng_reserve_size", 1))
    return chosen


def _check_size(size: int) -> None:
    if size <= 0:
        raise ValueError(f"The RNG reserve size must be 1 or more, got {size}.")


class _Overrides:
    """Context manager that sets options on entry and puts the old ones back."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._saved: list[dict[str, Any]] = []

    def __enter__(self) -> None:
        current = vars(options)
        self._saved.append({name: current[name] for name in self._values})
        current.update(self._values)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        vars(options).update(self._saved.pop())


def context(
    *,
    check_jax_usage: bool | None = None,
    module_auto_repr: bool | None = None,
    restore_flatmap: bool | None = None,
    rng_reserve_size: int | None = None,
) -> _Overrides:
    """Overrides options inside a ``with`` block, in the current thread.

    Args:
      check_jax_usage: see :func:`check_jax_usage`.
      module_auto_repr: see :func:`module_auto_repr`.
      restore_flatmap: whether old pickles of immutable parameter mappings are read
        back as immutable mappings; by default they become plain dicts.
      rng_reserve_size: see :func:`rng_reserve_size`.

    Returns:
      A context manager. Options left at ``None`` keep the value they have.

    Raises:
      ValueError: if ``rng_reserve_size`` is below 1.
    """
    return _Overrides(_given(locals()))


def set(
    *,
    check_jax_usage: bool | None = None,
    module_auto_repr: bool | None = None,
    restore_flatmap: bool | None = None,
    rng_reserve_size: int | None = None,
) -> None:
    """Sets options of the current thread for good; arguments as in :func:`context`."""
    vars(options).update(_given(locals()))


def _swap(name: str, value: Any) -> Any:
    current = vars(options)
    before, current[name] = current[name], value
    return before


def check_jax_usage(enabled: bool = True) -> bool:
    """Makes it an error to touch managed state under a raw JAX transformation.

    ``jax.vmap``, ``jax.lax.cond`` and their like expect pure functions. A function
    that creates parameters, draws random keys or sets state isn't one until it went
    through ``hk.transform``. With the check on, each such access compares JAX's
    current trace with the one in which the enclosing Haiku function started, and
    raises if a raw transformation lies between the two. It is off by default since it
    costs a little on each access.

    Args:
      enabled: whether to check from now on, in this thread.

    Returns:
      The former value.
    """
    return _swap("check_jax_usage", enabled)


def module_auto_repr(enabled: bool) -> bool:
    """Chooses whether modules print as the constructor call that made them.

    The text is computed when it is asked for. A class opts out for itself by the
    attribute ``AUTO_REPR = False``.

    Args:
      enabled: whether modules built from now on, in this thread, print so.

    Returns:
      The former value.
    """
    return _swap("module_auto_repr", enabled)


def rng_reserve_size(size: int) -> int:
    """Chooses how many keys one split of the random key yields.

    Bigger blocks mean fewer splits to trace, compile and run. They also change which
    keys :func:`next_rng_key` returns, so initial values differ between sizes.

    Args:
      size: the number of keys in a block, 1 by default.

    Returns:
      The former value.

    Raises:
      ValueError: if ``size`` is below 1.
    """
    _check_size(size)
    return _swap("rng_reserve_size", size)
