"""How modules get their full names, and how the user steers it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from haiku_core._src.frames import Frame, Scope, module_name
from haiku_core._src.text import name_and_number

T = TypeVar("T")

# A name marked as absolute. No module name may hold a colon, so none looks like it.
FORCED = "FORCE:"
# Attributes that decorators put on methods.
TRANSPARENT = "_hk_transparent"
NAMED_LIKE = "_hk_named_like"


@functools.lru_cache(maxsize=4096)
def check_name(name: str) -> None:
    """Raises unless the name is an identifier of ASCII letters, digits and ``_``."""
    if not (name.isascii() and name.isidentifier()):
        raise ValueError(
            f"'{name}' is not a valid module name (must be a valid Python identifier)"
        )


def _check_forced(full: str) -> None:
    for part in full.split("/"):
        bare = part.removeprefix("~")
        if bare or not part:
            try:
                check_name(bare)
            except ValueError:
                raise ValueError(
                    f"'{full}' is not a valid module name (each part must be a valid "
                    "Python identifier)"
                ) from None


def prefix_in(scope: Scope) -> str:
    """What names of modules created in this scope start with; computed once."""
    prefix = scope.prefix
    if prefix is None:
        if scope.module is None:
            prefix = ""
        else:
            prefix = module_name(scope.module) + "/"
            if scope.method == "__init__":
                prefix += "~/"
            elif scope.method != "__call__":
                prefix += f"~{scope.method}/"
        scope.prefix = prefix
    return prefix


def full_name(frame: Frame, name: str) -> str:
    """Gives the module under construction its name, and reserves that name.

    Args:
      frame: the current one; its innermost scope is the module's own constructor.
      name: what the user or the class calls it, perhaps forced, perhaps numbered.

    Returns:
      A name that no module created in the same method call has; or the forced one.

    Raises:
      ValueError: for an invalid name, or one asked for by number that is in use.
    """
    scope = frame.scope.outer or frame.scope
    if scope.counts is None:
        scope.counts, scope.names = {}, set()
    counts, names = scope.counts, scope.names
    if name.startswith(FORCED):
        name = name[len(FORCED) :]
        _check_forced(name)
        base, number = name_and_number(name)
        names.add(name)
        counts[base] = max(counts.get(base, 0), (number or 0) + 1)
        return name
    check_name(name)
    base, number = name_and_number(name)
    base = prefix_in(scope) + base
    free = counts.get(base, 0)
    if number is None:
        number = free
        name = f"{base}_{free}" if free else base
    else:
        name = f"{base}_{number}"
    if name in names:
        raise ValueError(
            f"Module name '{name}' is not unique. Give one of the two another name, or "
            "none; to share parameters, reuse the module object or see hk.force_name."
        )
    names.add(name)
    if number >= free:
        counts[base] = number + 1
    return name


def force_name(name: str) -> str:
    """Marks a module name as absolute: no prefix, no numbering.

    Two modules of one forced name share their parameters, so this is for the rare case
    where a module must be found under a given name, wherever it is created.

    Args:
      name: the full name, such as ``"foo"`` or ``"foo/~/bar"``.

    Returns:
      A string to pass as ``name`` to any module's constructor.
    """
    return FORCED + name


def transparent(method: T) -> T:
    """Marks a method as one that opens no scope.

    Parameters and modules that it creates are named as if its caller had created them;
    interceptors don't see its calls.

    Args:
      method: a function in the body of a module class.

    Returns:
      The same function.
    """
    setattr(method, TRANSPARENT, True)
    return method


def name_like(method_name: str) -> Callable[[T], T]:
    """Names what a method creates as if another method had created it.

    This keeps checkpoints valid when code is moved between methods. Mind that default
    names are numbered afresh in each method call, so two such methods which create
    unnamed modules of one class make them share parameters.

    Args:
      method_name: the other method; it needn't exist.

    Returns:
      A decorator for methods of module classes.
    """

    def mark(method: Any) -> Any:
        setattr(method, NAMED_LIKE, method_name)
        return method

    return mark
