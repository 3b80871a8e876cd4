"""Writing the results of a run: in place, or as a copy of the tree."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections import defaultdict
from collections.abc import Iterable

from migrate import atomic
from migrate.api import Run
from migrate.errors import UserError
from migrate.results import FileResult


@dataclasses.dataclass(frozen=True)
class Write:
    """One file to be written.

    Attributes:
      path: where.
      data: what; None to copy the file `source`.
      source: the file whose permission bits a new file gets.
    """

    path: str
    data: bytes | None
    source: str | None = None


def plan(run: Run, out: str | None = None) -> list[Write]:
    """All that is to be written, helpers before the files that import them.

    Args:
      run: the results.
      out: the folder for a copy of the tree; None to write in place.

    Raises:
      UserError: something of the user's would be overwritten.
    """
    writes = _companions(run, out)
    for file in run.files:
        if out is None:
            if file.changed:
                writes.append(Write(file.path, file.data, file.path))
        elif os.path.isfile(file.path):
            target = os.path.join(out, file.relative)
            writes.append(Write(target, file.data, file.path))
    if out is not None:
        writes += [
            Write(os.path.join(out, o.relative), None, o.path) for o in run.others
        ]
    _refuse_clashes(writes)
    return writes


def write(writes: Iterable[Write]) -> int:
    """Writes files one by one, each whole or not at all; how many.

    Raises:
      OSError: a folder can't be written, or the disk is full.
    """
    count = 0
    for item in writes:
        folder = os.path.dirname(os.path.abspath(item.path))
        os.makedirs(folder, exist_ok=True)
        data = item.data
        if data is None:
            with open(item.source, "rb") as file:
                data = file.read()
        is_new = not os.path.exists(item.path)
        atomic.write_bytes(item.path, data)
        if is_new and item.source is not None:
            os.chmod(item.path, stat.S_IMODE(os.stat(item.source).st_mode))
        count += 1
    return count


def _refuse_clashes(writes: list[Write]) -> None:
    seen: dict[str, Write] = {}
    for item in writes:
        other = seen.setdefault(os.path.realpath(item.path), item)
        if other is not item and (other.data, other.source) != (item.data, item.source):
            raise UserError(
                f"{item.path}: two files would be written there, from "
                f"{other.source or 'a helper'} and {item.source or 'a helper'}",
                "give them in separate runs, with folders of their own",
            )


def _companions(run: Run, out: str | None) -> list[Write]:
    """The helper files and copied packages that the results import."""
    writes = []
    by_home: dict[str, list[FileResult]] = defaultdict(list)
    for file in run.changed:
        if file.result.helpers or file.result.copies:
            by_home[_target(file, out)].append(file)
    for home, members in sorted(by_home.items()):
        helpers = {h for f in members for h in f.result.helpers}
        if helpers:
            writes.append(_helper_file(home, helpers, run.options.haiku))
        parts = {c for f in members for c in f.result.copies}
        if run.options.haiku == "haiku":
            for part in sorted(parts):
                texts = [f.result.text for f in members if part in f.result.copies]
                writes += _copied(home, part, texts)
        if run.options.package is not None:
            init = os.path.join(home, "__init__.py")
            if not os.path.exists(init):
                writes.append(Write(init, b""))
    return [w for w in writes if not _same(w)]


def _target(file: FileResult, out: str | None) -> str:
    """The folder that helpers go to: the file's home, or where that is copied to."""
    if out is None:
        return file.home
    own = os.path.dirname(os.path.abspath(file.path))
    up = os.path.relpath(file.home, own)
    return os.path.normpath(os.path.join(out, os.path.dirname(file.relative), up))


def _helper_file(home: str, names: set[str], haiku: str) -> Write:
    import compat.legacy  # noqa: F401  (registers the dictionary's entries)
    from migrate.rewrite import helpers

    path = os.path.join(home, f"{helpers.NAME}.py")
    existing = None
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            existing = file.read()
    return Write(path, helpers.generate(names, existing, path, haiku).encode())


def _copied(home: str, part: str, texts: list[str]) -> list[Write]:
    from migrate.rewrite import copies

    folder = os.path.join(home, copies.folder_name(part))
    made = copies.files_of(part, texts, folder)
    return [Write(os.path.join(folder, n), t.encode()) for n, t in sorted(made.items())]


def _same(item: Write) -> bool:
    try:
        with open(item.path, "rb") as file:
            return file.read() == item.data
    except OSError:
        return False
