"""Files that are either wholly written or not there at all.

Everything is written beside its destination under a temporary name, forced to disk,
and renamed over it in one step. Whatever happens in between (an exception, a full
disk, a killed process) leaves the old file, or none.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from typing import IO

PREFIX = ".partial-"


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Forces the entries of a folder to disk, so that a rename in it lasts."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _partial_name(final: str) -> str:
    folder, name = os.path.split(final)
    return os.path.join(folder, f"{PREFIX}{secrets.token_hex(6)}-{name[-60:]}")


@contextlib.contextmanager
def writing(path: str | os.PathLike[str], mode: str = "wb") -> Iterator[IO]:
    """Opens a temporary file that takes the name `path` when the block ends well.

    The permission bits of a file that is replaced are kept. A symbolic link is
    followed: the file it names is replaced, the link stays. An exception inside the
    block removes the temporary file and leaves `path` as it was.

    Args:
      path: The file to create or replace. Its folder must exist.
      mode: ``"wb"`` or ``"w"`` (UTF-8, line ends written as given).

    Raises:
      OSError: The folder can't be written, or the disk is full.
    """
    final = os.path.realpath(path)
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    partial = _partial_name(final)
    try:
        handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError as error:
        error.filename = final
        raise
    try:
        with open(handle, mode, **text) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            os.chmod(partial, stat.S_IMODE(os.stat(final).st_mode))
        os.replace(partial, final)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise
    sync_folder(os.path.dirname(final))


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes `data` to `path` in one step; see `writing`."""
    with writing(path) as file:
        file.write(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Writes `text` to `path` as UTF-8 in one step; see `writing`."""
    with writing(path, "w") as file:
        file.write(text)


@contextlib.contextmanager
def writing_folder(path: str | os.PathLike[str]) -> Iterator[str]:
    """Gives a temporary folder that takes the name `path` when the block ends well.

    A folder that is there already is set aside just before the new one takes its
    place, and deleted after.

    Raises:
      OSError: The parent can't be written, or the disk is full.
    """
    final = os.path.realpath(path)
    parent = os.path.dirname(final)
    partial = _partial_name(final)
    old = None
    os.mkdir(partial)
    try:
        yield partial
        for root, _, files in os.walk(partial):
            for file in files:
                sync_folder(os.path.join(root, file))
            sync_folder(root)
        if os.path.lexists(final):
            old = _partial_name(final + "-old")
            os.replace(final, old)
        os.replace(partial, final)
    except BaseException:
        if old is not None and not os.path.lexists(final):
            os.replace(old, final)
        shutil.rmtree(partial, ignore_errors=True)
        raise
    sync_folder(parent)
    if old is not None:
        if os.path.isdir(old):
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.unlink(old)
