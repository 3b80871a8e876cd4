"""Runs a file of tests in a process of its own.

RLax and TRFL need TensorFlow Probability, which in a process where TensorFlow is
imported already wants tf-keras. Tests against them stay independent of what is
installed, and of what ran before, in a process where they come first.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_tests(path: str, *options: str) -> None:
    """Runs pytest on a file, given from the repository's root; fails as it does.

    Raises:
      AssertionError: with pytest's report, unless some tests ran and all passed.
    """
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", *options, path]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "JAX_PLATFORMS": "cpu", **quiet},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        report = (done.stdout[-20_000:] + done.stderr[-2_000:]).strip()
        raise AssertionError(f"{path} failed in its own process:\n{report}")
