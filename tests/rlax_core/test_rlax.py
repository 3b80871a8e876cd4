"""rlax_core against RLax, in a process where TensorFlow is not imported."""

import importlib.util

import pytest

from tests.support.own_process import run_tests


def test_against_rlax():
    if importlib.util.find_spec("rlax") is None:
        pytest.skip("rlax is not installed")
    run_tests("tests/rlax_core/against_rlax.py", "-m", "not slow")


@pytest.mark.slow
def test_against_rlax_in_lower_precision():
    if importlib.util.find_spec("rlax") is None:
        pytest.skip("rlax is not installed")
    run_tests("tests/rlax_core/against_rlax.py", "-m", "slow")
