"""Sonnet, TensorFlow and TRFL names on JAX: legacy code runs as it is.

    import compat
    compat.install()            # from here on, in this program's own files,
    import sonnet as snt        # these are compat.sonnet,
    import tensorflow as tf     # compat.tensorflow,
    import trfl                 # compat.trfl

or by hand, `from compat import sonnet as snt`. The bridges between legacy code and
Haiku: `to_haiku`, `in_transform`, `from_haiku`, `pure`. What a program uses that is not
here: `missing`.
"""

from __future__ import annotations

import importlib
from typing import Any

from compat.hook import install as install
from compat.hook import installed as installed
from compat.hook import uninstall as uninstall

__all__ = [
    "from_haiku",
    "in_transform",
    "install",
    "installed",
    "missing",
    "pure",
    "to_haiku",
    "uninstall",
]

_LATER = {
    "from_haiku": "compat.runtime.bridges",
    "in_transform": "compat.runtime.bridges",
    "missing": "compat.lookup",
    "pure": "compat.runtime.bridges",
    "to_haiku": "compat.runtime.bridges",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    if name in ("sonnet", "tensorflow", "trfl"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
