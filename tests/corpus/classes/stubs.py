"""Stand-ins for packages that the corpus imports and these tests don't use."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types

MISSING = (
    "launchpad",
    "reverb",
    "gym",
    "pyspiel",
    "open_spiel",
    "cv2",
    "PIL",
    "pygame",
)


class _Anything(type):
    """A class whose attributes are such classes again."""

    def __getattr__(cls, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        made = _Anything(name, (), {"__init__": lambda self, *a, **k: None})
        setattr(cls, name, made)
        return made


class _Module(types.ModuleType):
    """A module that has every name."""

    __getattr__ = _Anything.__getattr__


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _Module(spec.name)

    def exec_module(self, module):
        pass


def install() -> None:
    """Makes the missing packages importable."""
    sys.meta_path.append(_Finder())
