"""Programs like those from which people learn Haiku: they train, and as on dm-haiku."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import haiku_core as hk
from tests.haiku_core.upstream import haiku

_ROOT = Path(__file__).resolve().parents[2]
# Least factor by which the loss has to fall.
_PROGRAMS = {
    "mnist": 0.3,
    "vae": 0.9,
    "char_rnn": 0.8,
    "gan": 1.0,
    "transformer": 0.7,
    "resnet": 0.92,
    "impala": 0.97,
    "sharing": 0.9,
    "ensemble": 0.7,
}


@pytest.mark.parametrize("name", _PROGRAMS)
def test_program(name):
    program = importlib.import_module(f"tests.haiku_core.programs.{name}")
    ours, theirs = program.run(hk), program.run(haiku)
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        if isinstance(value, (set, str)) or key in ("names", "tokens", "size"):
            assert value == theirs[key], key
        else:
            # The first losses agree to rounding; training lets differences grow.
            np.testing.assert_allclose(value, theirs[key], rtol=2e-3, atol=2e-4)
    np.testing.assert_allclose(ours["losses"][0], theirs["losses"][0], rtol=1e-5)
    assert ours["losses"][-1] < _PROGRAMS[name] * ours["losses"][0]


def test_data_parallel():
    """On eight devices, as on one, as on dm-haiku."""
    results = []
    for library in ("haiku_core", "haiku"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.haiku_core.programs.data_parallel", library],
            cwd=_ROOT,
            env={
                **os.environ,
                "JAX_PLATFORMS": "cpu",
                "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        results.append(json.loads(done.stdout.splitlines()[-1]))
    ours, theirs = results
    for count in ("one", "eight"):
        for key in ("losses", "values"):
            np.testing.assert_allclose(
                ours[count][key], theirs[count][key], rtol=1e-4, atol=1e-5
            )
            np.testing.assert_allclose(
                ours[count][key], ours["one"][key], rtol=1e-4, atol=1e-5
            )
    assert ours["eight"]["losses"][-1] < 0.9 * ours["eight"]["losses"][0]
