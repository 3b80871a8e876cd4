"""Loads a package of ours as the rewriter copies it: on dm-haiku instead of ours."""

from __future__ import annotations

import importlib
import importlib.util
import pathlib
import shutil
import sys
import types


def on_dm_haiku(package: str, folder: pathlib.Path) -> types.ModuleType:
    """Copies `package` (dotted) with its `haiku_core` imports turned to `haiku`."""
    name = "copied_" + package.replace(".", "_")
    if name in sys.modules:
        return sys.modules[name]
    source = pathlib.Path(importlib.util.find_spec(package).origin).parent
    target = folder / name
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    for file in target.rglob("*.py"):
        text = file.read_text()
        assert text.count("haiku_core") == text.count("import haiku_core as hk\n") <= 1
        file.write_text(text.replace("import haiku_core as hk", "import haiku as hk"))
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
