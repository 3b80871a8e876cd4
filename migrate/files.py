"""Source files: found under the paths given, read and written in their own encoding."""

from __future__ import annotations

import codecs
import dataclasses
import io
import os
import re
import tokenize
from collections.abc import Iterable, Iterator

from migrate.errors import UserError, one_line

MENTION = re.compile(rb"\b(?:sonnet|tensorflow(?:_probability)?|trfl)\b")
SOURCES = (".py", ".ipynb")
_NO_SOURCES = frozenset({"__pycache__", "node_modules"})
_PYTHON_2 = re.compile(
    r"Missing parentheses in call to '(print|exec)'|multiple exception types|"
    r"leading zeros in decimal integer|'<>'"
)


class FileError(Exception):
    """Why one file can't be handled: one line for people."""


@dataclasses.dataclass(frozen=True)
class Found:
    """One file under the paths given.

    Attributes:
      path: how it is reached: the path given, and what follows.
      relative: its place below the folder given; the bare name of a file given itself.
      root: the folder given, or the folder of a file given itself.
      error: why it is of no use, if so.
      given: whether it was named itself, not found in a folder.
    """

    path: str
    relative: str
    root: str
    error: str | None = None
    given: bool = False

    @property
    def is_source(self) -> bool:
        """Whether this is a file to rewrite, not one that only lies beside."""
        return self.given or self.path.endswith(SOURCES)


def find(paths: Iterable[str], leave_out: str | None = None) -> Iterator[Found]:
    """All files under the paths, each once, in the order of the paths, then sorted.

    Of a folder: everything but hidden files and folders, `__pycache__`, virtual
    environments and `node_modules`. Folders reached by symbolic links are entered
    once; a link back to a folder that contains it is an error of that link alone.

    Args:
      paths: files and folders.
      leave_out: a folder that is not entered: where the results go.

    Raises:
      UserError: a path does not exist.
    """
    seen: set[tuple[int, int]] = set()
    if leave_out is not None and os.path.isdir(leave_out):
        _known(leave_out, seen)
    for path in paths:
        if os.path.isdir(path):
            yield from _walk(path, path, seen, [])
        elif os.path.lexists(path):
            name = os.path.basename(path)
            if os.path.exists(path) and _known(path, seen):
                continue
            root = os.path.dirname(path) or "."
            yield Found(path, name, root, _unreadable(path), given=True)
        else:
            raise UserError(f"{path}: no such file or folder")


def _known(path: str, seen: set[tuple[int, int]]) -> bool:
    status = os.stat(path)
    key = (status.st_dev, status.st_ino)
    if key in seen:
        return True
    seen.add(key)
    return False


def _walk(
    folder: str, top: str, seen: set[tuple[int, int]], above: list[str]
) -> Iterator[Found]:
    real = os.path.realpath(folder)
    if real in above or _known(folder, seen):
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        yield Found(folder, os.path.relpath(folder, top), top, _reason(error))
        return
    linked = []
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _NO_SOURCES:
            continue
        relative = os.path.relpath(entry.path, top)
        reason = _unreadable(entry.path) if entry.is_symlink() else None
        if reason is not None:
            if entry.name.endswith(SOURCES):
                yield Found(entry.path, relative, top, reason)
        elif entry.is_dir():
            if os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                continue
            if not entry.is_symlink():
                yield from _walk(entry.path, top, seen, [*above, real])
            elif _contains(os.path.realpath(entry.path), real):
                reason = "a symbolic link to a folder that contains it; not followed"
                yield Found(entry.path, relative, top, reason)
            else:
                linked.append(entry.path)
        elif entry.is_file() and not _known(entry.path, seen):
            yield Found(entry.path, relative, top)
    for path in linked:  # last, so that files are reached by their own paths first
        yield from _walk(path, top, seen, [*above, real])


def _contains(folder: str, inner: str) -> bool:
    return os.path.commonpath([folder, inner]) == folder


def _unreadable(path: str) -> str | None:
    try:
        os.stat(path)
    except OSError as error:
        return _reason(error)
    return None


def _reason(error: OSError) -> str:
    return one_line(error.strerror or error)


def read(path: str) -> bytes:
    """The bytes of a file.

    Raises:
      FileError: it can't be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise FileError(_reason(error)) from error


def mentions(data: bytes) -> bool:
    """Whether a file may hold legacy code; one that does not is never parsed."""
    return MENTION.search(data) is not None


def decode(data: bytes) -> tuple[str, str]:
    """The text of a Python file, line ends as they are, and its encoding.

    Raises:
      FileError: it is no text, or not in the encoding that it declares (PEP 263).
    """
    if b"\0" in data:
        raise FileError("binary data, no Python source")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise FileError(f"encoding: {one_line(error)}") from error
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"line {line} is not in {error.encoding}; name the file's encoding in its "
            "first line, as in `# -*- coding: latin-1 -*-`"
        ) from error


def _replacement(error: UnicodeError) -> tuple[str, int]:
    """Stands in for what an old encoding lacks, in comments that the rewrite adds."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    plain = text.translate({0x2014: "-", 0x2192: "->", 0x2026: "...", 0x2019: "'"})
    return "".join(c if ord(c) < 128 else "?" for c in plain), error.end


codecs.register_error("sonnet2haiku", _replacement)


def encode(text: str, encoding: str) -> bytes:
    """The bytes of a text, the byte order mark included if the encoding has one."""
    return text.encode(encoding, errors="sonnet2haiku")


def syntax_message(error: SyntaxError) -> str:
    """One line on why a text is no Python 3."""
    place = f"line {error.lineno}: " if error.lineno else ""
    if _PYTHON_2.search(error.msg or ""):
        return (
            f"{place}Python 2 source ({one_line(error.msg)}); turn it into Python 3 "
            "first, for example with `2to3`"
        )
    return f"{place}{one_line(error.msg)}"


def home(
    path: str, vendor: str | None = None, within: str | None = None
) -> tuple[str | None, str]:
    """Where what a rewritten file needs beside it goes.

    Args:
      path: the file.
      vendor: the dotted package chosen for it, if any.
      within: a folder not to be left upwards, where the results are a copy of it.

    Returns:
      The dotted package, None where the file lies in no package; and its folder.
    """
    own = os.path.dirname(os.path.abspath(path))
    folders = []
    folder = own
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folders.append(folder)
        folder = os.path.dirname(folder)
    above = folder  # holds the outermost package
    if within is not None:
        within = os.path.abspath(within)
        folders = [f for f in folders if _contains(within, f)]
        above = within if vendor else above
    if vendor:
        return vendor, os.path.join(above, *vendor.split("."))
    if not folders:
        return None, own
    name = os.path.relpath(folders[-1], above).replace(os.sep, ".")
    return name, folders[-1]
