"""Moves Sonnet 2 / TensorFlow 2 code and checkpoints to Haiku on JAX.

`from sonnet2haiku import compat` gives the same module as `import compat`, for
environments where another package of that name is found first.
"""

from __future__ import annotations

import importlib
from types import ModuleType

_PARTS = ("compat", "migrate", "haiku_core", "rlax_core")


def __getattr__(name: str) -> ModuleType:
    if name in _PARTS:
        return importlib.import_module(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PARTS])
