"""Moves Sonnet 2 / TensorFlow 2 code and checkpoints to Haiku on JAX.

`from sonnet2haiku import compat` gives the same module as `import compat`, and an error
that says so where another package of that name is found first.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from sonnet2haiku import _names


def __getattr__(name: str) -> ModuleType:
    if name in _names.PARTS:
        _names.check(name)
        return importlib.import_module(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_names.PARTS])
