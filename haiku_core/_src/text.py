"""Names and text: module names from class names, indentation, short dtypes."""

from __future__ import annotations

import functools
import re
from typing import Any

# A capital after a small letter or a digit, or before a small letter: a new word.
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])")
_NUMBERED = re.compile(r"(.*)_(0|[1-9]\d*)$", re.DOTALL)


@functools.lru_cache(maxsize=4096)
def camel_to_snake(name: str) -> str:
    """``MyMLPNet`` -> ``my_mlp_net``."""
    return _WORD_START.sub("_", name).lower()


@functools.lru_cache(maxsize=4096)
def name_and_number(name: str) -> tuple[str, int | None]:
    """Splits off a trailing number: ``linear_1`` -> ``("linear", 1)``."""
    match = _NUMBERED.match(name)
    return (match[1], int(match[2])) if match else (name, None)


def indented(text: str, spaces: int) -> str:
    """The text with spaces put before each line."""
    margin = " " * spaces
    return "\n".join(margin + line for line in text.splitlines())


def simple_dtype(dtype: Any) -> str:
    """A dtype's short name: ``f32``, ``bf16``, ``s8``, ``u32``, ``c64``."""
    name = (dtype(0).dtype if isinstance(dtype, type) else dtype).name
    for long, short in (("complex", "c"), ("double", "d"), ("float", "f")):
        name = name.replace(long, short)
    return name.replace("uint", "u").replace("int", "s")


def format_array(x: Any) -> str:
    """``f32[8,128]``, of anything with a shape and a dtype."""
    return f"{simple_dtype(x.dtype)}[{','.join(map(str, x.shape))}]"


def format_bytes(count: int) -> str:
    """A number of bytes in decimal units: ``1.50 KB``."""
    size, units = float(count), ["B", "KB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.2f} {units[0]}"
