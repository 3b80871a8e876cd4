"""Sonnet's checkpoints as Haiku's parameters and state, without TensorFlow.

`convert` joins a checkpoint to a Haiku program by the paths of its objects and gives
(params, state); `restore` puts one into an object that owns networks. `save` and `load`
keep them in files that execute no code.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from migrate.checkpoint._src.convert import convert as convert
    from migrate.checkpoint._src.convert import make_plan as make_plan
    from migrate.checkpoint._src.convert import restore as restore
    from migrate.checkpoint._src.files import load as load
    from migrate.checkpoint._src.files import load_optimizer as load_optimizer
    from migrate.checkpoint._src.files import save as save

__all__ = (
    "convert",
    "load",
    "load_optimizer",
    "make_plan",
    "restore",
    "save",
)

# Converting needs JAX; reading and saving arrays, and the command's help, do not.
_FILES = {
    **dict.fromkeys(("convert", "make_plan", "restore"), "convert"),
    **dict.fromkeys(("load", "load_optimizer", "save"), "files"),
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    file = importlib.import_module(f"{__name__}._src.{_FILES[name]}")
    return getattr(file, name)
