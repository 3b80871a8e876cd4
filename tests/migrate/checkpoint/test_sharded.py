"""What needs several devices runs in a process that has them."""

from __future__ import annotations

import pytest

from tests.support.own_process import run_tests


@pytest.mark.slow
def test_on_eight_devices(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=8")
    run_tests("tests/migrate/checkpoint/on_eight_devices.py", "-p", "no:xdist")
