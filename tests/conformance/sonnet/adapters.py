"""`sonnet.src.*` for the tests, made of Sonnet's public names alone.

A test that reaches for a private name gets a `Missing`, which raises when it is used.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import inspect
import os
import sys
import types

from tests.conformance.sonnet.testing import make_test_utils
from tests.conformance.sonnet.upstream import SUPPORT


class PrivateName(Exception):
    """A test touched a name that Sonnet does not export."""


class Missing:
    """Stands for a private name; only touching it is an error."""

    def __init__(self, path):
        self.__dict__["_path"] = path

    def _boom(self, *a, **k):
        raise PrivateName(
            f"{self._path}: not a public name of {AdapterFinder.context.snt.__name__}"
        )

    __call__ = _boom
    __iter__ = _boom

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Missing(self._path + "." + name)

    def __mro_entries__(self, bases):
        self._boom()


# Names reachable publicly although upstream's tests reach them privately.
def derived(mod, name, snt, tf):
    if (mod, name) == ("conv", "ConvND"):
        return nd_class(snt, "Conv%dD")
    if (mod, name) == ("conv_transpose", "ConvNDTranspose"):
        return nd_class(snt, "Conv%dDTranspose")
    if (mod, name) == ("base", "ModuleMetaclass"):
        return type(snt.Module)
    if (mod, name) == ("base", "TFFunctionType"):
        return type(tf.function(lambda: None, autograph=False))
    return None


def nd_class(snt, pattern):

    def build(num_spatial_dims, *args, **kwargs):
        cls = getattr(snt, pattern % num_spatial_dims, None)
        if cls is None:
            raise PrivateName(pattern % num_spatial_dims)
        return cls(*args, **kwargs)

    build.__name__ = pattern.replace("%d", "N")
    return build


NAMESPACES = {
    "initializers": ("initializers",),
    "regularizers": ("regularizers",),
    "pad": ("pad",),
    "mixed_precision": ("mixed_precision",),
    "optimizers": ("optimizers",),
    "nets": ("nets", "nets.resnet"),
    "distribute": ("distribute",),
    "functional": ("functional",),
}


def public_lookup(mod, name, snt):
    """`mod` is the path under sonnet.src, e.g. 'optimizers.sgd'."""
    spaces = [""]
    head = mod.split(".")[0]
    spaces = list(NAMESPACES.get(head, ())) + spaces
    for space in spaces:
        ns = snt
        for part in filter(None, space.split(".")):
            ns = getattr(ns, part, None)
            if ns is None:
                break
        if ns is None:
            continue
        exported = getattr(ns, "__all__", None)
        if exported is not None and name not in exported:
            continue
        if name.startswith("_"):
            continue
        if hasattr(ns, name):
            value = getattr(ns, name)
            if not inspect.ismodule(value):
                return value
    return None


class AdapterModule(types.ModuleType):
    """Lazy stand-in for one module below sonnet.src."""

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return resolve(self.__name__, name)


def resolve(fullname, name):
    ctx = AdapterFinder.context
    sub = fullname + "." + name
    if sub in sys.modules:
        return sys.modules[sub]
    if ctx.is_upstream_module(sub):
        return importlib.import_module(sub)
    mod = fullname[len("sonnet.src") :].lstrip(".")
    found = derived(mod, name, ctx.snt, ctx.tf)
    if found is None:
        found = public_lookup(mod, name, ctx.snt)
    if found is None:
        return Missing(f"{fullname}.{name}")
    return found


class AdapterFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    context = None

    def __init__(self, root, snt, tf):
        self.root, self.snt, self.tf = root, snt, tf
        AdapterFinder.context = self

    def upstream_path(self, fullname):
        p = os.path.join(self.root, *fullname.split("."))
        if os.path.isfile(p + ".py"):
            return p + ".py"
        if os.path.isfile(os.path.join(p, "__init__.py")):
            return os.path.join(p, "__init__.py")
        return None

    def is_upstream_module(self, fullname):
        return self.upstream_path(fullname) is not None

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "sonnet.src" and not fullname.startswith("sonnet.src."):
            return None
        if not self.is_upstream_module(fullname):
            return None
        is_pkg = os.path.isdir(os.path.join(self.root, *fullname.split(".")))
        spec = importlib.machinery.ModuleSpec(fullname, self, is_package=is_pkg)
        return spec

    def create_module(self, spec):
        if spec.name == "sonnet.src.test_utils":
            return make_test_utils(self.tf)
        if spec.name in SUPPORT or spec.name.endswith("_test"):
            return types.ModuleType(spec.name)
        return AdapterModule(spec.name)

    def exec_module(self, module):
        name = module.__name__
        if name in SUPPORT or name.endswith("_test"):
            path = self.upstream_path(name)
            module.__file__ = path
            with open(path, encoding="utf-8") as f:
                code = compile(f.read(), path, "exec")
            exec(code, module.__dict__)
