"""Runs the cases of one test file in this process."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
import unittest

from tests.conformance.sonnet.adapters import AdapterFinder, PrivateName
from tests.conformance.sonnet.upstream import modname, wheel_root
from tests.conformance.sonnet.wiring import wire


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.cases = {}
        self._t0 = 0.0
        self.prefix = ""

    def key(self, test):
        # Not test.id(): parameterized puts reprs (with addresses) into that.
        return f"{self.prefix}::{type(test).__name__}.{test._testMethodName}"

    def startTest(self, test):
        super().startTest(test)
        self._t0 = time.time()
        self.cases[self.key(test)] = ["pass", "", 0.0]

    def stopTest(self, test):
        super().stopTest(test)
        self.cases[self.key(test)][2] = round(time.time() - self._t0, 3)

    def _set(self, test, status, detail):
        if not hasattr(test, "_testMethodName"):
            self.cases[f"{self.prefix}::{test.id()}"] = [status, detail, 0.0]
            return
        self.cases.setdefault(self.key(test), ["", "", 0.0])
        self.cases[self.key(test)][:2] = [status, detail]

    def detail(self, err):
        if err is None:
            return ""
        last = "".join(traceback.format_exception_only(err[0], err[1]))
        tb = traceback.extract_tb(err[2])
        where = " <- ".join(
            f"{os.path.basename(f.filename)}:{f.lineno}" for f in tb[-5:][::-1]
        )
        return last.strip()[:400] + " @ " + where

    def status(self, err):
        e = err[1]
        seen = set()
        while e is not None and id(e) not in seen:
            if isinstance(e, PrivateName):  # Of a shim, more likely not there yet.
                own = AdapterFinder.context.snt.__name__ == "sonnet"
                return "private" if own else "missing"
            seen.add(id(e))
            e = e.__cause__ or e.__context__
        return "fail" if issubclass(err[0], AssertionError) else "error"

    def addError(self, test, err):
        self._set(test, self.status(err), self.detail(err))

    def addFailure(self, test, err):
        self._set(test, self.status(err), self.detail(err))

    def addSkip(self, test, reason):
        self._set(test, "skip", reason)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._set(test, self.status(err), self.detail(err))

    def addExpectedFailure(self, test, err):
        self._set(test, "skip", "expected failure")

    def addUnexpectedSuccess(self, test):
        self._set(test, "fail", "unexpected success")


def cases_of(suite):
    """The single tests of a suite."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases_of(test)
        elif not test.id().endswith("test_session"):
            yield test


def work(impl: str, file: str, wanted: set[str], goldens: str, out_path: str) -> None:
    """Runs the wanted cases of a file and writes what came of them.

    Args:
      impl: the wiring.
      file: the test file's path in the wheel.
      wanted: the ids of the cases.
      goldens: the directory in which golden checkpoints are looked for.
      out_path: where a JSON file is written.
    """
    from absl import flags

    out = {"file": file, "cases": {}, "error": ""}
    started = time.time()
    scratch = tempfile.mkdtemp(prefix="sonnet_suite_")
    try:
        flags.FLAGS(["suite", f"--test_tmpdir={scratch}"], known_only=True)
        os.chdir(goldens)
        wire(impl, wheel_root())
        module = importlib.import_module(modname(file))
        if impl != "hybrid":  # importing the adapters binds them on the package
            sys.modules["sonnet"].__dict__.pop("src", None)
        result = Result()
        result.prefix = file.replace("sonnet/src/", "")
        loaded = unittest.defaultTestLoader.loadTestsFromModule(module)
        tests = [t for t in cases_of(loaded) if result.key(t) in wanted]
        unittest.TestSuite(tests).run(result)
        out["cases"] = result.cases
    except BaseException as error:
        text = traceback.format_exception(type(error), error, error.__traceback__)
        out["error"] = "".join(text)[-3000:]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    real = getattr(sys.modules.get("tensorflow"), "__file__", "") or ""
    out["leak"] = impl != "adapter" and "site-packages/tensorflow/" in real
    out["seconds"] = round(time.time() - started, 2)
    with open(out_path, "w") as file_:
        json.dump(out, file_)
