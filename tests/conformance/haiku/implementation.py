"""The implementation under test, and what stands for names that it lacks."""

from __future__ import annotations

import ast
import collections
import importlib
import importlib.abc
import importlib.util
import pathlib
import types

from tests.conformance.haiku.upstream import HERE, wheel_src

UPSTREAM_ALIAS = "haiku_upstream"  # what the real package is called here


class RenamedUpstream(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the installed ``haiku`` under the name ``haiku_upstream``."""

    def __init__(self):
        self._root = wheel_src().parent

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] != UPSTREAM_ALIAS:
            return None
        base = self._root.joinpath(*fullname.split(".")[1:])
        is_package = base.is_dir()
        file = base / "__init__.py" if is_package else base.with_suffix(".py")
        if not file.exists() and not is_package:
            return None
        spec = importlib.util.spec_from_file_location(
            fullname,
            file,
            loader=self,
            submodule_search_locations=[str(base)] if is_package else None,
        )
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        file = pathlib.Path(module.__spec__.origin)
        if not file.exists():  # A directory without __init__.py.
            return
        tree = ast.parse(file.read_bytes(), str(file))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                node.module = self._rename(node.module)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    alias.name = self._rename(alias.name)
            elif (
                isinstance(node, ast.Constant)
                and node.value == "haiku.experimental.flax"
            ):
                node.value = self._rename(node.value)  # A key into sys.modules.
        exec(compile(tree, str(file), "exec"), module.__dict__)  # pylint: disable=exec-used

    @staticmethod
    def _rename(name):
        head, dot, tail = name.partition(".")
        return UPSTREAM_ALIAS + dot + tail if head == "haiku" else name


class Implementation:
    """The public API under test, and the lookup of public names in it."""

    # Where to look a name of haiku._src.<module> up, before hk/hk.experimental.
    NAMESPACES = {
        "initializers": ("initializers",),
        "pad": ("pad",),
        "filtering": ("data_structures",),
        "data_structures": ("data_structures",),
        "mixed_precision": ("mixed_precision",),
        "config": ("config",),
        "jaxpr_info": ("experimental.jaxpr_info",),
        "flax.flax_module": ("experimental.flax",),
        "flax.transform_flax": ("experimental.flax",),
        "flax.utils": ("experimental.flax",),
        "nets.mlp": ("nets",),
        "nets.mobilenetv1": ("nets",),
        "nets.resnet": ("nets",),
        "nets.vqvae": ("nets",),
        "test_utils": ("testing",),
        "utils": ("data_structures",),
        "typing": ("initializers",),
    }
    # These hold their own public names only; no fall-back to hk.<name>.
    CLOSED = frozenset(
        {
            "initializers",
            "pad",
            "filtering",
            "jaxpr_info",
            "flax.flax_module",
            "flax.transform_flax",
            "flax.utils",
        }
    )

    def __init__(self, name: str):
        self.name = UPSTREAM_ALIAS if name == "haiku" else name
        self.public = collections.defaultdict(set)
        api = HERE / "api.tsv"
        for line in api.read_text().splitlines()[1:] if api.exists() else ():
            qualified = line.split("\t")[0]
            namespace, _, symbol = qualified.rpartition(".")
            self.public[namespace].add(symbol)

    @property
    def hk(self):
        return importlib.import_module(self.name)

    def is_public(self, namespace: str, symbol: str) -> bool:
        if not self.public:
            return not symbol.startswith("_")
        return symbol in self.public["hk" + ("." + namespace if namespace else "")]

    def lookup(self, module: str, symbol: str):
        """Finds the public object that haiku._src.<module>.<symbol> stands for."""
        spaces = self.NAMESPACES.get(module, ())
        if module not in self.CLOSED:
            spaces += ("", "experimental")
        for space in spaces:
            if self.is_public(space, symbol):
                owner = self.hk
                for part in filter(None, space.split(".")):
                    owner = getattr(owner, part)
                return getattr(owner, symbol)
        raise KeyError(symbol)

    def public_modules(self):
        """Yields the public (sub)modules, with the public names in each."""
        for namespace, symbols in sorted(self.public.items()):
            owner = self.hk
            for part in namespace.split(".")[1:]:
                owner = getattr(owner, part, None)
            if isinstance(owner, types.ModuleType):
                yield namespace, owner, symbols


class NeedsPrivate(BaseException):
    """A test used a private name that has no public counterpart."""


class PrivateName:
    """Stands for a private name; raises NeedsPrivate when it is used.

    Also stands, with another error, for a public name that the implementation
    lacks, so that only the cases that use it fail and not their whole file.
    """

    def __init__(self, qualified, error=NeedsPrivate):
        self.__dict__.update(_qualified=qualified, _error=error)

    def __repr__(self):
        return f"<unavailable {self._qualified}>"

    def __getattr__(self, name):
        if name.startswith(("_", "pytest")):  # pytest and absl look for marks.
            raise AttributeError(name)
        raise self._error(self._qualified)

    def __setattr__(self, name, value):
        raise self._error(self._qualified)

    def __call__(self, *args, **kwargs):
        raise self._error(self._qualified)

    def __enter__(self):
        raise self._error(self._qualified)

    def __exit__(self, *exc):
        pass


class NotImplementedYet(Exception):
    """The implementation under test lacks a public name."""
