"""Third-party legacy code, read from where it is installed, and its rewrite."""

from __future__ import annotations

import importlib.metadata
import pathlib
import re
import shutil
import types

from migrate.api import rewrite_paths
from migrate.output import plan, write
from migrate.results import Options
from tests.support.blocked import load_file

_OURS = re.compile(
    r"^\s*(from|import) (haiku_core|rlax_core|compat|migrate|sonnet2haiku)\b",
    re.MULTILINE,
)


def installed(distribution: str, file: str) -> pathlib.Path:
    """The path of a file of an installed distribution."""
    for found in importlib.metadata.files(distribution) or ():
        if str(found) == file:
            return pathlib.Path(found.locate())
    raise FileNotFoundError(f"{distribution} has no {file}")


def migrated(
    path: pathlib.Path,
    folder: pathlib.Path,
    haiku: str = "haiku_core",
    blocked: bool = True,
) -> types.ModuleType:
    """Rewrites a file into a folder and imports it where TensorFlow can't be.

    Without `blocked` it can: for a file whose input pipeline stays TensorFlow's.
    """
    source = folder.parent / "source" / path.name
    source.parent.mkdir(exist_ok=True)
    shutil.copy(path, source)  # by itself: outside the package it is installed in
    run = rewrite_paths([source], options=Options(haiku=haiku), out=folder, jobs=1)
    assert not run.errors
    write(plan(run, str(folder)))
    if haiku == "haiku":
        for file in folder.rglob("*.py"):
            assert not _OURS.search(file.read_text()), f"{file} imports this project"
    return load_file(folder / path.name, f"migrated_{haiku}_{path.stem}", blocked)
