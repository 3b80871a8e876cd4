"""Common settings of all tests.

With `--no-skips`, or in an environment where CI is set, a test that skips itself fails:
there everything is installed, so a skip would hide that something was not tested.
"""

from __future__ import annotations

import os

# Before anything imports them: quiet, on the CPU, and with TensorFlow's own kernels
# (oneDNN's lack some gradients on some processors).
for _name, _value in {
    "CUDA_VISIBLE_DEVICES": "-1",
    "JAX_PLATFORMS": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}.items():
    os.environ.setdefault(_name, _value)

import pytest  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips",
        action="store_true",
        default=os.environ.get("CI", "").lower() in ("1", "true", "yes"),
        help="a skipped test fails (the default where CI is set)",
    )


def _refuse(report) -> None:
    if report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if report.longrepr else ""
        report.outcome = "failed"
        report.longrepr = f"skipped, which --no-skips forbids: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if item.config.getoption("no_skips"):
        _refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    report = yield
    if collector.config.getoption("no_skips"):
        _refuse(report)
    return report
