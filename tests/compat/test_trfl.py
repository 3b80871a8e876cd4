"""compat.trfl against TRFL, in a process where TensorFlow Probability comes first."""

import importlib.util

import pytest

from tests.support.own_process import run_tests


def test_against_trfl():
    needed = ("trfl", "tensorflow", "tensorflow_probability")
    if any(importlib.util.find_spec(package) is None for package in needed):
        pytest.skip(f"needs {', '.join(needed)}")
    run_tests("tests/compat/against_trfl.py")
