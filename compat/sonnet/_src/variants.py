"""What is said once for several classes, or for a class and its Haiku twin."""

from __future__ import annotations

import inspect
import linecache
import types
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import Entry, Ignored
from compat.runtime.dtypes import DType


def with_defaults(function: Callable[..., Any], **defaults: Any) -> Callable[..., Any]:
    """A copy of a function in which these parameters have these defaults.

    For constructors that are alike but for a default.
    """
    made = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        closure=function.__closure__,
    )
    parameters = inspect.signature(function).parameters.values()
    made.__defaults__ = tuple(
        defaults.get(p.name, p.default) for p in parameters if p.default is not p.empty
    )
    made.__annotations__ = function.__annotations__
    made.__doc__ = function.__doc__
    made.__module__ = function.__module__
    return made


def takes_the_same(
    entry: Entry, target: str, *, because: str = "", **written: str
) -> None:
    """Adds the spelling `target(…)` with all arguments of the entry handed on.

    Those that have no default stay positional, the others go by keyword. Parameters
    that have no effect are left out.

    Args:
      entry: of the class.
      target: what takes the same arguments: "hk.Conv2D".
      because: in what small way it is not exact.
      **written: defaults that are other expressions there than they are here, as
        those that are functions are.
    """
    heads, arguments = [], []
    for name, parameter in entry.signature.parameters.items():
        if entry.kinds[name] is Ignored:
            continue
        if parameter.default is parameter.empty:
            heads.append(name)
            arguments.append(name)
        else:
            default = written.get(name) or _expression(parameter.default)
            heads.append(f"{name}={default}")
            arguments.append(f"{name}={name}")
    text = (
        f"def spelling({', '.join(heads)}):\n"
        f"    return {target}({', '.join(arguments)})\n"
    )
    file = f"<{entry.name} as {target}>"
    space: dict[str, Any] = {"hk": hk, "jax": jax, "jnp": jnp}
    exec(compile(text, file, "exec"), space)
    # A spelling is read as source; this is where Python looks for it.
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    entry.when(because=because)(space["spelling"])


def _expression(default: Any) -> str:
    return f"jnp.{default.name}" if isinstance(default, DType) else repr(default)
