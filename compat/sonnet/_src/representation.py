"""How modules print: as the call that made them."""

from __future__ import annotations

import functools
import inspect
import pprint
import textwrap
from typing import Any

_WIDTH = 80


@functools.cache
def _signature(cls: type) -> inspect.Signature:
    return inspect.signature(cls.__init__)


def constructor_call(cls: type, args: tuple, kwargs: dict[str, Any]) -> str:
    """`Linear(output_size=3, with_bias=False)`, defaults left out.

    On one line where it fits in 80 characters, else one line for each argument.
    """
    given = _given(_signature(cls), args, kwargs)
    line = f"{cls.__name__}({', '.join(k + repr(v) for k, v in given)})"
    if len(line) <= _WIDTH:
        return line
    lines = (textwrap.indent(_hanging(k, v), "    ") for k, v in given)
    return f"{cls.__name__}(\n" + "".join(f"{text},\n" for text in lines) + ")"


def _given(
    signature: inspect.Signature, args: tuple, kwargs: dict[str, Any]
) -> list[tuple[str, Any]]:
    """("name=", value) of each argument that isn't at its default; "" for `*args`."""
    shown: list[tuple[str, Any]] = []
    for name, value in signature.bind(None, *args, **kwargs).arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            shown.extend(("", v) for v in value)
        elif parameter.kind is parameter.VAR_KEYWORD:
            shown.extend((f"{k}=", v) for k, v in value.items())
        elif not _equal(value, parameter.default):
            shown.append((f"{name}=", value))
    return shown[1:]  # without self


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:  # arrays compare elementwise, and anything may refuse to
        return False


def _hanging(name: str, value: Any) -> str:
    lines = pprint.pformat(value).splitlines()
    return name + f"\n{' ' * len(name)}".join(lines)
