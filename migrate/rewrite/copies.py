"""Parts of ours that are copied into the user's tree, to run on dm-haiku without us.

Each file of `haiku_core.objects` and `haiku_core.sonnet` has at most one import of
Haiku; the copy imports dm-haiku there. Only the files that hold what is used, and
what those need, are copied.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
from collections.abc import Iterable

from migrate.errors import UserError

SOURCES = {"objects": "haiku_core.objects", "sonnet": "haiku_core.sonnet"}
_NAMES = {"objects": r"\bobjects\.(\w+)", "sonnet": r"\b_hk_sonnet\.(\w+)"}
_MARK = "# Copied by sonnet2haiku from {}; made again by the next run."
_OURS, _THEIRS = "import haiku_core as hk", "import haiku as hk"


def folder_name(part: str) -> str:
    """The package that holds the copy of "objects" or "sonnet"."""
    return f"_hk_{part}"


def files_of(part: str, texts: Iterable[str], there: str) -> dict[str, str]:
    """The files of a copy: name → text.

    Args:
      part: "objects" or "sonnet".
      texts: the rewritten sources that use it.
      there: the folder of an earlier copy, whose names are kept; it need not exist.

    Raises:
      UserError: that folder holds something else.
    """
    used = {n for text in texts for n in re.findall(_NAMES[part], text)}
    mark = _MARK.format(SOURCES[part])
    used |= _names_there(there, mark)
    source = os.path.dirname(importlib.util.find_spec(SOURCES[part]).origin)
    exports = _exports(_read(source, "__init__"))
    wanted = {name: exports[name] for name in sorted(used) if name in exports}
    files = {}
    todo = sorted({module for module, _ in wanted.values()})
    while todo:
        module = todo.pop()
        if f"{module}.py" in files:
            continue
        text = _read(source, module)
        files[f"{module}.py"] = f"{mark}\n{text.replace(_OURS, _THEIRS)}"
        todo.extend(sorted(_siblings(text)))
    files["__init__.py"] = _init(mark, part, wanted)
    return files


def _read(folder: str, module: str) -> str:
    with open(os.path.join(folder, f"{module}.py"), encoding="utf-8") as file:
        return file.read()


def _names_there(folder: str, mark: str) -> set[str]:
    if not os.path.exists(folder):
        return set()
    try:
        text = _read(folder, "__init__")
    except OSError:
        text = ""
    if not text.startswith(mark):
        raise UserError(
            f"{folder}: is there already and was not made here",
            "move it away, or give another package with --vendor",
        )
    return set(_exports(text))


def _exports(text: str) -> dict[str, tuple[str, str]]:
    """Public name → module and name there, of an `__init__` of `from .x import y`."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = (node.module, alias.name)
    return found


def _siblings(text: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {node.module} if node.module else {a.name for a in node.names}
    return found


def _init(mark: str, part: str, wanted: dict[str, tuple[str, str]]) -> str:
    lines = [mark, f'"""What the code here needs of {SOURCES[part]}."""', ""]
    lines += [
        f"from .{module} import {name} as {public}"
        for public, (module, name) in sorted(wanted.items(), key=lambda w: w[1])
    ]
    return "\n".join(lines) + "\n"
