"""`snt.distribute.Replicator` over several devices."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import compat.sonnet as snt
from compat import tensorflow as tf

ROOT = Path(__file__).resolve().parents[3]


def test_two_replicas_train_as_one():
    # The number of devices is settled when JAX starts: a process of its own.
    flags = "--xla_force_host_platform_device_count=2"
    done = subprocess.run(
        [sys.executable, "-m", "tests.compat.sonnet.replicated"],
        cwd=ROOT,
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def test_batch_must_split_evenly():
    replicator = snt.distribute.Replicator()
    replicator.num_replicas_in_sync = 2
    with pytest.raises(ValueError, match="can't be split over 2"):
        replicator.split(tf.ones([3, 1]))


def test_device_that_is_not_there():
    with pytest.raises(ValueError, match="local devices"):
        snt.distribute.Replicator(["/device:GPU:99"])


def test_unknown_reduction():
    replicator = snt.distribute.Replicator()
    with pytest.raises(ValueError, match="'mean' or 'sum'"):
        replicator.reduce("max", tf.ones([]))
