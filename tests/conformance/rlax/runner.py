"""Runs upstream's test cases in this process."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import sys
import time
import traceback
import types
import unittest
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.conformance.rlax.adapter import Adapter
from tests.conformance.rlax.upstream import Upstream


class Outcome(NamedTuple):
    """What became of a case: pass, fail, skip or private; how long; why."""

    verdict: str
    seconds: float
    why: str


class _Timeout(BaseException):
    pass


@contextlib.contextmanager
def _limit(seconds: int) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise _Timeout

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _cases(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _cases(item)
        else:
            yield item


def _case_id(stem: str, case: unittest.TestCase, taken: Collection[str]) -> str:
    # absl puts the repr of unnamed parameters after the name: keep the name only.
    name = re.sub(r"\s.*", "", case._testMethodName)
    found = f"{stem}::{type(case).__name__}.{name}"
    while found in taken:
        found += "+"
    return found


def load(upstream: Upstream, path: str) -> unittest.TestSuite:
    """The suite of one of upstream's files."""
    module = types.ModuleType(f"upstream_{Path(path).stem}")
    module.__file__ = str(upstream.root / path)
    sys.modules[module.__name__] = module
    exec(compile(upstream.read(path), module.__file__, "exec"), module.__dict__)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def run(
    upstream: Upstream,
    adapter: Adapter,
    wanted: Collection[str] | None = None,
    timeout: int = 120,
    verbose: bool = False,
) -> tuple[dict[str, Outcome], dict[str, str]]:
    """Runs the cases.

    Args:
      upstream: the wheel.
      adapter: installed already.
      wanted: ids of cases; None: all.
      timeout: seconds after which a case fails.
      verbose: whether to print every outcome, not failures only.

    Returns:
      The outcome of each case, and a traceback for each file that does not load.
    """
    outcomes: dict[str, Outcome] = {}
    broken: dict[str, str] = {}
    for path in upstream.tests():
        stem = Path(path).stem
        if wanted is not None and not any(w.startswith(f"{stem}::") for w in wanted):
            continue
        adapter.current = stem
        try:
            suite = load(upstream, path)
        except Exception:
            broken[stem] = traceback.format_exc(limit=-3)
            print(f"cannot load {stem}: {broken[stem].splitlines()[-1]}")
            continue
        taken: set[str] = set()
        for case in _cases(suite):
            name = _case_id(stem, case, taken)
            taken.add(name)
            if wanted is not None and name not in wanted:
                continue
            adapter.current = name
            outcome = outcomes[name] = _run_case(case, adapter, timeout)
            if verbose or outcome.verdict == "fail":
                print(f"{outcome.verdict:7} {outcome.seconds:7.2f} s {name}")
                if outcome.why:
                    print(f"        {outcome.why}", flush=True)
    return outcomes, broken


def _run_case(case: unittest.TestCase, adapter: Adapter, timeout: int) -> Outcome:
    result, start = unittest.TestResult(), time.monotonic()
    try:
        with (
            _limit(timeout),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            case.run(result)
    except _Timeout:
        return Outcome("fail", float(timeout), f"took over {timeout} s")
    seconds = round(time.monotonic() - start, 3)
    bad = result.errors + result.failures
    if names := adapter.private.get(adapter.current):
        return Outcome("private", seconds, " ".join(sorted(names)))
    if bad:
        return Outcome("fail", seconds, bad[0][1].strip().splitlines()[-1][:300])
    if result.skipped:
        return Outcome("skip", seconds, result.skipped[0][1])
    if result.testsRun != 1:
        return Outcome("fail", seconds, "did not run")
    return Outcome("pass", seconds, "")
