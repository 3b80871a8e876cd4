"""The user's own renames: ``--map FILE``."""

from __future__ import annotations

import os

from migrate.errors import UserError


def read(path: str | os.PathLike[str]) -> dict[str, str]:
    """Reads lines ``TARGET = SOURCE``; ``#`` starts a comment.

    The target is a Haiku module (``mlp/~/linear_0``) or one array of it
    (``mlp/~/linear_0:w``), the source a path in the checkpoint.

    Raises:
      UserError: The file can't be read, or a line has another form.
    """
    pairs: dict[str, str] = {}
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise UserError(f"the map {os.fspath(path)} can't be read: {why}") from None
    for number, line in enumerate(lines, 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        target, equals, source = (part.strip() for part in line.partition("="))
        if not equals or not target or not source:
            raise UserError(
                f"{os.fspath(path)}, line {number}: {line!r} is no rename",
                "write TARGET = SOURCE",
            )
        if target in pairs:
            raise UserError(
                f"{os.fspath(path)}, line {number}: {target} is mapped twice"
            )
        pairs[target] = source
    return pairs
