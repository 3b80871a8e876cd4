"""Programs of Sonnet's users run on compat as they are, and learn what they learnt.

Two processes run all programs, one on TensorFlow and Sonnet, one on compat with both
kept out (see `runner`). Compared are the losses and all variables (weights, optimizer
slots, counters) of each of 20 steps: from the original's variables at each step, and
in a free run, against the original's own spread when its first weights differ in
their last bit.
"""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from tests.compat.programs.programs import PROGRAMS, STEPS
from tests.compat.programs.runner import read

ROOT = pathlib.Path(__file__).parents[3]


def run(side, folder):
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.compat.programs.runner", side, str(folder)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs both sides; a function from (program, side) to its runs."""
    folder = tmp_path_factory.mktemp("programs")
    logs = {side: run(side, folder) for side in ("original", "compat")}

    def of(name, side):
        path = folder / f"{name}-{side}"
        error = path.with_suffix(".error")
        assert not error.exists(), error.read_text()[-3000:]
        return read(path)

    of.logs = logs
    return of


def far(have, want):
    """The greatest difference, relative to the scale of the wanted values."""
    worst = 0.0
    for a, b in zip(have, want, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        if a.size:
            scale = max(np.abs(b.astype(float)).max(), 1e-3)
            worst = max(worst, np.abs(a.astype(float) - b.astype(float)).max() / scale)
    return worst


@pytest.mark.slow
def test_the_compat_side_never_imports_tensorflow(runs):
    assert "TensorFlow was imported" not in runs.logs["compat"].stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_each_step_from_the_originals_variables(runs, name):
    original, ours = runs(name, "original"), runs(name, "compat")
    states, losses = original["free"]
    after, our_losses = ours["follow"]
    assert len(after) == STEPS
    for i in range(STEPS):
        # The optimizer's variables come into being in the first step.
        assert far(after[i], states[i + 1]) < 1e-5, f"step {i}"
        assert our_losses[i].keys() == losses[i].keys()
        for loss in losses[i]:
            assert our_losses[i][loss] == pytest.approx(losses[i][loss], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_free_run_stays_within_the_originals_spread(runs, name):
    original, ours = runs(name, "original"), runs(name, "compat")
    states, nudged = original["free"][0], original["nudged"][0]
    free = ours["free"][0]
    assert len(free) == len(states) == STEPS + 1
    spread = max(far(n, s) for n, s in zip(nudged, states, strict=True))
    distance = max(far(f, s) for f, s in zip(free, states, strict=True))
    assert distance <= max(10 * spread, 1e-5)
    # The programs do learn: the comparison is not one of standing still.
    moved = [np.abs(b - a).max() for a, b in zip(states[0], states[-1], strict=False)]
    assert max(moved) > 1e-3
