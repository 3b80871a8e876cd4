"""Atomic writing, as every command here does it; see `compat.atomic`."""

from compat.atomic import PREFIX as PREFIX
from compat.atomic import sync_folder as sync_folder
from compat.atomic import write_bytes as write_bytes
from compat.atomic import write_text as write_text
from compat.atomic import writing as writing
from compat.atomic import writing_folder as writing_folder

__all__ = (
    "PREFIX",
    "sync_folder",
    "write_bytes",
    "write_text",
    "writing",
    "writing_folder",
)
