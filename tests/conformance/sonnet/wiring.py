"""The wirings: which sonnet and which tensorflow the tests import.

adapter  real Sonnet and TensorFlow behind the public names: the baseline
shim     compat.sonnet and compat.tensorflow
hybrid   Sonnet's own sources on compat.tensorflow
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
import types
import unittest

from tests.conformance.sonnet.adapters import AdapterFinder
from tests.conformance.sonnet.testing import TF, make_test_case


def alias_tree(src, dst):
    """Make `dst` and `dst.*` resolve to package `src` and its submodules."""
    mod = importlib.import_module(src)
    sys.modules[dst] = mod
    for name in list(sys.modules):
        if name.startswith(src + "."):
            sys.modules[dst + name[len(src) :]] = sys.modules[name]
    return mod


class BlockTF(importlib.abc.MetaPathFinder):
    """Real TensorFlow must not creep in while the shim is under test."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.split(".")[0] in ("tensorflow", "keras", "tensorflow_probability"):
            raise ModuleNotFoundError(
                f"No module named {fullname!r} (blocked by the suite)", name=fullname
            )
        return None


def give_test_case(tf):
    """Gives `tf.test` a TestCase, if it has none."""
    TF[:] = [tf]
    if hasattr(tf, "test") and hasattr(tf.test, "TestCase"):
        return
    test = types.ModuleType("tensorflow.test")
    test.TestCase = make_test_case()
    test.main = unittest.main
    test.is_built_with_cuda = lambda: False
    tf.test = test


def wire(impl: str, root: str) -> None:
    """Sets `sys.modules` and the import hooks for one wiring."""
    # The MNIST example imports it, and its test does not use it.
    if importlib.util.find_spec("tensorflow_datasets") is None:
        sys.modules["tensorflow_datasets"] = types.ModuleType("tensorflow_datasets")
    if impl == "adapter":
        import sonnet as snt
        import tensorflow as tf

        TF[:] = [tf]
        for name in list(sys.modules):
            if name == "sonnet.src" or name.startswith("sonnet.src."):
                del sys.modules[name]
        snt.__dict__.pop("src", None)
        sys.meta_path.insert(0, AdapterFinder(root, snt, tf))
        return
    sys.meta_path.insert(0, BlockTF())
    compat = importlib.import_module("compat")
    compat.install(sonnet=impl == "shim")
    tf = alias_tree("compat.tensorflow", "tensorflow")
    give_test_case(tf)
    if impl == "shim":
        snt = alias_tree("compat.sonnet", "sonnet")
        sys.meta_path.insert(0, AdapterFinder(root, snt, tf))
