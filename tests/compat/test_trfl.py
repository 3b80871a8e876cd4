"""compat.trfl against TRFL, in a process where TensorFlow Probability comes first."""

import pytest

from tests.support.own_process import run_tests


def test_against_trfl():
    pytest.importorskip("tensorflow")
    pytest.importorskip("tensorflow_probability")
    run_tests("tests/compat/against_trfl.py")
