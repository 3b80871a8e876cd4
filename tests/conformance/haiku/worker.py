"""One test file, or a part of it, in a process of its own.

python -m tests.conformance.haiku.worker JOB.json
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import re
import signal
import sys
import time

from tests.conformance.haiku.hook import install
from tests.conformance.haiku.shims import AbsentPackage
from tests.conformance.haiku.upstream import (
    NAME_TENSORFLOW,
    NEED_FLAX_LOADED,
    dotted,
    wheel_src,
)


class CaseTimeout(BaseException):
    """A single case ran past its time limit."""


class WorkerPlugin:
    """Collects by way of the import hook, filters, and records outcomes."""

    def __init__(self, wanted: set[str] | None, limit: int, shims_used: set[str]):
        self.wanted, self.limit, self.shims_used = wanted, limit, shims_used
        self.cases = {}  # case id -> {outcome, seconds, why, shims}
        self.collect_errors = []
        self.out, self.saved = None, 0.0

    def pytest_collect_directory(self, path, parent):
        import pytest

        return pytest.Dir.from_parent(parent, path=path)  # Never a Package.

    def pytest_pycollect_makemodule(self, module_path, parent):
        import pytest

        class TestModule(pytest.Module):
            def _getobj(self):
                relative = str(self.path.relative_to(wheel_src()))
                return importlib.import_module(dotted(relative))

        return TestModule.from_parent(parent, path=module_path)

    def pytest_collection_modifyitems(self, config, items):
        if self.wanted is not None:
            items[:] = [item for item in items if item.nodeid in self.wanted]

    def pytest_collectreport(self, report):
        if report.failed:
            self.collect_errors.append(str(report.longrepr)[-3000:])

    def pytest_runtest_protocol(self, item, nextitem):
        def expired(signum, frame):
            raise CaseTimeout(f"took more than {self.limit} s of processor time")

        self.shims_used.clear()
        signal.signal(signal.SIGPROF, expired)
        signal.setitimer(signal.ITIMER_PROF, self.limit)
        return None

    def pytest_runtest_logreport(self, report):
        case = self.cases.setdefault(
            report.nodeid, {"outcome": "missing", "seconds": 0.0, "why": ""}
        )
        case["seconds"] = round(case["seconds"] + report.duration, 3)
        if report.failed:
            case["outcome"] = "failed"
            text = str(report.longrepr)
            private = re.findall(r"NeedsPrivate: (\S+)", text)
            last = [line for line in text.splitlines() if line.startswith("E ")]
            case["why"] = (
                case["why"]
                or (
                    f"needs-private: {private[0]}"
                    if private
                    else (last[0][1:].strip() if last else text[-200:])
                )[:300]
            )
        elif report.skipped and case["outcome"] == "missing":
            case["outcome"] = "skipped"
            case["why"] = str(
                report.longrepr[-1]
                if isinstance(report.longrepr, tuple)
                else report.longrepr
            )[:200]
        elif (
            report.when == "call"
            and report.passed
            and case["outcome"] == "missing"
            and type(report).__name__ == "TestReport"
        ):
            case["outcome"] = "passed"
        if report.when == "teardown":
            signal.setitimer(signal.ITIMER_PROF, 0)
            case["shims"] = sorted(self.shims_used)
            if time.monotonic() - self.saved > 10:  # A crash costs little then.
                self.save()

    def save(self):
        self.saved = time.monotonic()
        self.out.write_text(
            json.dumps(
                {
                    "cases": self.cases,
                    "errors": self.collect_errors,
                    "cpu": round(time.process_time(), 1),
                }
            )
        )


def worker(job: dict) -> None:
    """Runs one job in this process and writes its result as JSON."""
    import pytest

    os.chdir(job["cwd"])
    shims_used = set()
    if not job["plain"]:
        # An installed tensorflow would be imported (by flax), which takes long.
        sys.modules["tensorflow"] = None
        shims_used = install(job["impl"]).used
        if job["file"] is None:  # Only: can it be imported?
            return
        if job["file"] in NAME_TENSORFLOW:
            for name in ("tensorflow", "jax.experimental.jax2tf"):
                sys.modules[name] = AbsentPackage(name)
    if job["file"] in NEED_FLAX_LOADED:
        importlib.import_module("flax")
    wanted = None if job["cases"] is None else set(job["cases"])
    plugin = WorkerPlugin(wanted, job["limit"], shims_used)
    plugin.out = pathlib.Path(job["out"])
    src = wheel_src()
    args = [
        "-q",
        "--no-header",
        "--tb=short",
        f"--rootdir={src}",
        "-c",
        job["ini"],
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "-o",
        "python_files=*_test.py",
        str(src / job["file"]),
    ]
    if job["collect_only"]:
        args.append("--collect-only")
    pytest.main(args, plugins=[plugin])
    plugin.save()


if __name__ == "__main__":
    worker(json.loads(pathlib.Path(sys.argv[1]).read_text()))
