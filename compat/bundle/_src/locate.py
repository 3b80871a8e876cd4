"""Finding a checkpoint from what a person names: a folder, a prefix, one of its files.

A folder's ``checkpoint`` file, a small protocol buffer in text form, says which of its
checkpoints is the latest.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re

from compat import atomic
from compat.bundle._src import table
from compat.bundle._src.errors import BundleError, NoCheckpoint, OldFormat

STATE_FILE = "checkpoint"
_LATEST = re.compile(r"^\s*model_checkpoint_path\s*:\s*(\"(?:[^\"\\\n]|\\.)*\")", re.M)
_PART = re.compile(r"(?:\.index|\.data-\d{5}-of-\d{5})$")


def _exists(prefix: str) -> bool:
    return os.path.isfile(prefix + ".index")


def latest(folder: str | os.PathLike[str]) -> str | None:
    """The prefix that the folder's state file names as the latest, or None.

    A path that no longer holds because the folder was moved is looked up in the
    folder itself.

    Raises:
      BundleError: The state file is damaged.
      NoCheckpoint: It names a checkpoint that isn't there.
    """
    folder = os.fspath(folder)
    state = os.path.join(folder, STATE_FILE)
    try:
        with open(state, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    match = _LATEST.search(text)
    try:
        named = ast.literal_eval(match.group(1)) if match else None
    except (SyntaxError, ValueError):
        named = None
    if not named:
        raise BundleError("this file does not name a checkpoint", path=state)
    for prefix in (
        os.path.join(folder, named),
        os.path.join(folder, os.path.basename(named)),
    ):
        if _exists(prefix) or os.path.isfile(prefix):
            return prefix
    raise NoCheckpoint(f"it names {named!r}, which is not there", path=state)


def write_state(prefix: str | os.PathLike[str]) -> None:
    """Makes `prefix` the latest checkpoint of its folder."""
    folder, name = os.path.split(os.fspath(prefix))
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    text = f"model_checkpoint_path: {quoted}\nall_model_checkpoint_paths: {quoted}\n"
    atomic.write_text(os.path.join(folder, STATE_FILE), text)


def _prefixes(folder: str) -> list[str]:
    names = sorted(os.listdir(folder))
    return [os.path.join(folder, n[:-6]) for n in names if n.endswith(".index")]


def locate(path: str | os.PathLike[str]) -> str:
    """The prefix of the checkpoint that `path` means.

    Args:
      path: A prefix; a folder with a ``checkpoint`` file or a single checkpoint; a
        SavedModel's folder; or one of a checkpoint's own files.

    Raises:
      NoCheckpoint: Nothing fits, or several do.
      OldFormat: It is a file of TensorFlow's first checkpoint format.
    """
    path = os.fspath(path)
    if _exists(path):
        return path
    if os.path.isdir(path):
        return _in_folder(path)
    stem = _PART.sub("", path)
    if stem != path:
        return stem
    if os.path.basename(path) == STATE_FILE and os.path.isfile(path):
        try:
            return latest(os.path.dirname(path) or ".")
        except BundleError:
            if not _old_format(path):
                raise
    if _old_format(path):
        raise OldFormat("this is a checkpoint in TensorFlow's V1 format", path=path)
    if os.path.exists(path):
        raise NoCheckpoint("this is no checkpoint", path=path)
    folder = os.path.dirname(path) or "."
    near = _prefixes(folder) if os.path.isdir(folder) else []
    also = f"; in its folder: {', '.join(map(os.path.basename, near[:5]))}"
    raise NoCheckpoint(f"there is no such checkpoint{also if near else ''}", path=path)


def _in_folder(folder: str) -> str:
    named = latest(folder)
    if named is not None:
        return named
    inner = os.path.join(folder, "variables", "variables")
    if _exists(inner):
        return inner
    found = _prefixes(folder)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(map(os.path.basename, found[:8]))
        raise NoCheckpoint(
            f"the folder holds {len(found)} checkpoints: name one ({names})",
            path=folder,
        )
    inner = ", ".join(_folders_with_checkpoints(folder)[:8])
    where = f"; its folders {inner} do" if inner else ""
    raise NoCheckpoint(f"the folder holds no checkpoint{where}", path=folder)


def _folders_with_checkpoints(folder: str) -> list[str]:
    names = []
    for entry in os.scandir(folder):
        with contextlib.suppress(OSError):
            if entry.is_dir() and _prefixes(entry.path):
                names.append(entry.name)
    return sorted(names)


def _old_format(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            file.seek(-8, os.SEEK_END)
            return table.is_table(file.read(8))
    except OSError:
        return False
