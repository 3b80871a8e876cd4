"""Moves Sonnet 2 / TensorFlow 2 code and checkpoints to Haiku on JAX.

`rewrite_source(text)` rewrites one text, `rewrite_paths(["project/"])` files and
folders; `migrate.checkpoint.convert` moves weights.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from migrate.api import Run as Run
from migrate.api import rewrite_paths as rewrite_paths
from migrate.api import rewrite_source as rewrite_source
from migrate.results import FileResult as FileResult
from migrate.results import Finding as Finding
from migrate.results import Options as Options
from migrate.results import SourceResult as SourceResult

__all__ = (
    "FileResult",
    "Finding",
    "Options",
    "Run",
    "SourceResult",
    "rewrite_paths",
    "rewrite_source",
)


def __getattr__(name: str) -> ModuleType:
    if name == "checkpoint":  # imports JAX: only when asked for
        return importlib.import_module("migrate.checkpoint")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
