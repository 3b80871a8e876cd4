"""The import hook that decides what ``haiku`` and ``haiku.*`` are."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types

from tests.conformance.haiku.implementation import (
    UPSTREAM_ALIAS,
    Implementation,
    NeedsPrivate,
    NotImplementedYet,
    PrivateName,
    RenamedUpstream,
)
from tests.conformance.haiku.shims import Shims
from tests.conformance.haiku.upstream import PACKAGES, SUPPORT_MODULES, wheel_src
from tests.conformance.haiku.upstream_test_utils import make_test_utils


class AdapterModule(types.ModuleType):
    """haiku._src.<module>: looks names up in the public API, lazily."""

    def __init__(self, fullname, impl, shims):
        super().__init__(fullname)
        self.__dict__.update(
            _short=fullname.removeprefix("haiku._src."), _impl=impl, _shims=shims
        )

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        for source in (self._shims.get, self._impl.lookup):
            try:
                return source(self._short, name)
            except KeyError:
                pass
            except AttributeError as e:
                return PrivateName(f"{self._short}.{name} ({e})", NotImplementedYet)
        return PrivateName(f"{self._short}.{name}")

    def __setattr__(self, name, value):
        # The import system sets these; any other assignment patches a private name.
        if name.startswith("__") or isinstance(value, types.ModuleType):
            super().__setattr__(name, value)
        elif not (self._short, name) == ("config", "main_thread_config"):
            raise NeedsPrivate(f"{self._short}.{name}")


class HaikuFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Decides what ``haiku`` and ``haiku.*`` are in a worker process."""

    def __init__(self, impl: Implementation):
        self._impl = impl
        self.shims = Shims(impl)
        self._src = wheel_src()
        self._loaded_before = False

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] != "haiku":
            return None
        if fullname.endswith("_test") or fullname in SUPPORT_MODULES:
            file = self._src.joinpath(*fullname.split(".")[2:]).with_suffix(".py")
            return importlib.util.spec_from_file_location(fullname, file)
        return importlib.machinery.ModuleSpec(
            fullname, self, is_package=fullname in PACKAGES
        )

    def create_module(self, spec):
        name = spec.name
        if name == "haiku._src.test_utils":
            return make_test_utils(self._impl)
        if name in PACKAGES:
            return None  # A plain, empty package.
        if name.startswith("haiku._src."):
            return AdapterModule(name, self._impl, self.shims)
        loading = getattr(sys.modules.get(self._impl.name), "__spec__", None)
        if getattr(loading, "_initializing", False):
            raise ImportError(
                f"{self._impl.name} imports {name}: it must not need "
                "the package that it stands for"
            )
        if name == "haiku" and self._loaded_before:
            # A test dropped `haiku` from sys.modules to import it afresh.
            for other in list(sys.modules):
                if other.partition(".")[0] == self._impl.name:
                    del sys.modules[other]
        self._loaded_before = True
        public = self._impl.hk
        for part in name.split(".")[1:]:
            public = getattr(public, part, None)
        if not isinstance(public, types.ModuleType):
            raise ModuleNotFoundError(
                f"{self._impl.name} has no public {name}", name=name
            )
        # Keep the module's own identity: importlib would overwrite its spec.
        self._kept = {
            k: public.__dict__.get(k)
            for k in ("__spec__", "__loader__", "__package__", "__path__")
        }
        return public

    def exec_module(self, module):
        if not module.__name__.startswith("haiku._src"):
            for key, value in self._kept.items():
                if value is None:
                    module.__dict__.pop(key, None)
                else:
                    setattr(module, key, value)


def install(impl_name: str) -> Shims:
    impl = Implementation(impl_name)
    if impl.name == UPSTREAM_ALIAS:
        sys.meta_path.insert(0, RenamedUpstream())
    finder = HaikuFinder(impl)
    sys.meta_path.insert(0, finder)
    importlib.import_module("haiku")
    return finder.shims
