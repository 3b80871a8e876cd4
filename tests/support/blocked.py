"""Imports code as on a machine without TensorFlow and Sonnet."""

from __future__ import annotations

import contextlib
import importlib.util
import pathlib
import sys
import types

BLOCKED = frozenset({"tensorflow", "sonnet", "trfl", "tf_keras", "keras"})


class _Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{name} is blocked in this test", name=name)
        return None


@contextlib.contextmanager
def legacy_blocked():
    """While active, importing TensorFlow, Sonnet or TRFL fails."""
    hidden = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if name.partition(".")[0] in BLOCKED
    }
    sys.meta_path.insert(0, _Finder)
    try:
        yield
    finally:
        sys.meta_path.remove(_Finder)
        for name in list(sys.modules):
            if name.partition(".")[0] in BLOCKED:
                del sys.modules[name]
        sys.modules.update(hidden)


def load_file(path: pathlib.Path, name: str, blocked: bool = True) -> types.ModuleType:
    """Imports a file under a name of its own, its folder on the path.

    With `blocked`, TensorFlow and Sonnet can't be imported by it.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        with legacy_blocked() if blocked else contextlib.nullcontext():
            sys.modules[name] = module
            spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module
