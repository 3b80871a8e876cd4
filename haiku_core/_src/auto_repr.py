"""How modules print: as the constructor call that made them, worked out when asked."""

from __future__ import annotations

import functools
import inspect
import pprint
from collections.abc import Callable
from typing import Any

from haiku_core._src.text import indented


@functools.lru_cache(maxsize=512)
def _parameters(function: Callable[..., Any]) -> tuple[list[str], dict[str, Any]]:
    """Names of the positional parameters after ``self``, and defaults by name."""
    spec = inspect.getfullargspec(function)
    defaults = spec.defaults or ()
    first = len(spec.args) - len(defaults)
    return spec.args[1:], dict(zip(spec.args[first:], defaults, strict=True))


def _same(value: Any, default: Any) -> bool:
    try:
        return bool(value == default)
    except Exception:  # Any `==` can be broken; then it is not equal.
        return False


def constructor_call(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """``Cls(arg=value, ...)``, without arguments that equal their default.

    Args:
      cls: the class that was constructed.
      args: the positional arguments, without ``self``.
      kwargs: the keyword arguments.

    Returns:
      One line if it fits into 80 columns, else one line an argument.
    """
    names, defaults = _parameters(cls.__init__)
    named = dict(zip(names, args, strict=False))
    named.update((name, kwargs[name]) for name in names if name in kwargs)
    parts = [
        (f"{name}=", value)
        for name, value in named.items()
        if not (name in defaults and _same(value, defaults[name]))
    ]
    parts += [("", value) for value in args[len(names) :]]
    parts += [(f"{n}=", value) for n, value in kwargs.items() if n not in named]
    line = f"{cls.__name__}({', '.join(label + repr(v) for label, v in parts)})"
    if len(line) <= 80:
        return line
    rows = ",\n".join(_row(label, value) for label, value in parts)
    return f"{cls.__name__}(\n{indented(rows, 4)},\n)"


def _row(label: str, value: Any) -> str:
    try:
        text = pprint.pformat(value)
    except TypeError:  # Some extension types break pprint but have a repr.
        text = repr(value)
    return label + indented(text, len(label)).strip()
