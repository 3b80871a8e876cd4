"""`tf.io.gfile`: files by TensorFlow's names, on local paths."""

from __future__ import annotations

import glob as glob_lib
import os
import shutil
from collections.abc import Iterator
from typing import Any

from compat.runtime.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
)
from compat.runtime.export import export
from compat.runtime.tensor import Tensor, convert


def _path(path: Any) -> str:
    text = os.fspath(path.numpy() if hasattr(path, "numpy") else path)
    text = text.decode() if isinstance(text, bytes) else text
    if "://" in text:
        raise NotImplementedError(f"{text}: only local paths are supported")
    return text


@export("tf.io.gfile.GFile", "tf.compat.v1.gfile.GFile", "tf.compat.v1.gfile.Open")
class GFile:
    """A file; opened when first used.

    Raises:
      InvalidArgumentError: no such mode.
      NotFoundError: there is no such file, when it is opened.
      PermissionDeniedError: it is not opened for that.
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        if not set(mode) <= set("rwab+"):
            raise InvalidArgumentError(
                f"mode {mode!r} is not of the letters r, w, a, b, +"
            )
        self._name, self._mode = _path(name), mode
        self._file: Any = None

    @property
    def name(self) -> str:
        """The path."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode."""
        return self._mode

    def _open(self) -> Any:
        if self._file is None:
            try:
                self._file = open(self._name, self._mode)
            except FileNotFoundError as error:
                raise NotFoundError(str(error)) from error
        return self._file

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._open(), name)

    def _readable(self) -> Any:
        if not set(self._mode) & set("r+"):
            raise PermissionDeniedError("File isn't open for reading")
        return self._open()

    def read(self, n: int = -1) -> Any:
        """The next `n` characters or bytes, all that are left by default."""
        return self._readable().read(n)

    def readline(self) -> Any:
        """The next line with its end; empty after the last."""
        return self._readable().readline()

    def readlines(self) -> list[Any]:
        """All lines that are left."""
        return self._readable().readlines()

    def write(self, file_content: Any) -> None:
        """Appends text or bytes."""
        if not set(self._mode) & set("wa+"):
            raise PermissionDeniedError("File isn't open for writing")
        self._open().write(file_content)

    def seek(self, offset: int, whence: int = 0) -> None:
        """Goes to a position."""
        self._open().seek(offset, whence)

    def size(self) -> int:
        """The size in bytes."""
        return os.path.getsize(self._name)

    def close(self) -> None:
        """Closes it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> GFile:
        self._open()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._readable())


@export("tf.io.gfile.exists")
def exists(path: Any) -> bool:
    """Whether there is such a file or folder."""
    return os.path.exists(_path(path))


@export("tf.io.gfile.isdir")
def isdir(path: Any) -> bool:
    """Whether it is a folder."""
    return os.path.isdir(_path(path))


@export("tf.io.gfile.listdir")
def listdir(path: Any) -> list[str]:
    """The names in a folder."""
    if not isdir(path):
        raise NotFoundError(f"Could not find directory {path}")
    return os.listdir(_path(path))


@export("tf.io.gfile.glob")
def glob(pattern: Any) -> list[str]:
    """The paths that match a pattern, or one of a list of them."""
    patterns = pattern if isinstance(pattern, list | tuple) else [pattern]
    return [p for each in patterns for p in sorted(glob_lib.glob(_path(each)))]


@export("tf.io.gfile.makedirs")
def makedirs(path: Any) -> None:
    """Makes a folder and those above it."""
    os.makedirs(_path(path), exist_ok=True)


@export("tf.io.gfile.mkdir")
def mkdir(path: Any) -> None:
    """Makes a folder, unless it is there."""
    try:
        os.mkdir(_path(path))
    except FileNotFoundError as error:
        raise NotFoundError(str(error)) from error
    except FileExistsError as error:
        if not isdir(path):
            raise AlreadyExistsError(str(error)) from error


@export("tf.io.gfile.remove")
def remove(path: Any) -> None:
    """Removes a file."""
    try:
        os.remove(_path(path))
    except FileNotFoundError as error:
        raise NotFoundError(str(error)) from error
    except IsADirectoryError as error:
        raise FailedPreconditionError(str(error)) from error


@export("tf.io.gfile.rmtree")
def rmtree(path: Any) -> None:
    """Removes a folder with all in it."""
    try:
        shutil.rmtree(_path(path))
    except FileNotFoundError as error:
        raise NotFoundError(str(error)) from error


@export("tf.io.gfile.copy")
def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copies a file."""
    _free(dst, overwrite)
    try:
        shutil.copyfile(_path(src), _path(dst))
    except FileNotFoundError as error:
        raise NotFoundError(str(error)) from error


@export("tf.io.gfile.rename")
def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Renames a file."""
    _free(dst, overwrite)
    try:
        os.replace(_path(src), _path(dst))
    except FileNotFoundError as error:
        raise NotFoundError(str(error)) from error


def _free(path: Any, overwrite: bool) -> None:
    if not overwrite and exists(path):
        raise AlreadyExistsError(f"{path} already exists")


@export("tf.io.gfile.stat")
def stat(path: Any) -> Any:
    """What the system says of a file: `length`, `mtime_nsec`, `is_directory`."""
    try:
        found = os.stat(_path(path))
    except FileNotFoundError as error:
        raise NotFoundError(str(error)) from error
    fields = {
        "length": found.st_size,
        "mtime_nsec": found.st_mtime_ns,
        "is_directory": isdir(path),
    }
    return type("FileStatistics", (), fields)()


@export("tf.io.gfile.walk")
def walk(top: Any, topdown: bool = True, onerror: Any = None) -> Iterator[Any]:
    """Walks a folder as `os.walk`."""
    return os.walk(_path(top), topdown, onerror)


@export("tf.io.gfile.join")
def join(path: Any, *paths: Any) -> str:
    """Joins parts of a path."""
    return os.path.join(_path(path), *map(_path, paths))


@export("tf.io.read_file")
def read_file(filename: Any, name: Any = None) -> Tensor:
    """A file's bytes as a string tensor."""
    with GFile(filename, "rb") as file:
        return convert(file.read())


@export("tf.io.write_file")
def write_file(filename: Any, contents: Any, name: Any = None) -> None:
    """Writes a string tensor to a file; makes its folder."""
    data = contents.numpy() if hasattr(contents, "numpy") else contents
    makedirs(os.path.dirname(os.path.abspath(_path(filename))))
    with open(_path(filename), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
