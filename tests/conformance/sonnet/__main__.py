"""Runs Sonnet 2's own unit tests against compat.

    python -m tests.conformance.sonnet                     # the next two
    python -m tests.conformance.sonnet --impl shim         # compat.sonnet
    python -m tests.conformance.sonnet --impl hybrid       # Sonnet on compat.tensorflow
    python -m tests.conformance.sonnet --impl adapter      # the baseline
    python -m tests.conformance.sonnet --only bias_test --shard 3/20

The tests are read from the installed dm-sonnet wheel. Asked for are the cases of
cases.json's PUBLIC list: those that pass on the real Sonnet and need its public names
only. floor-shim.txt and floor-hybrid.txt list those that do not pass yet, with the
reason. Exit status: 0 when all others pass; 1 when one does not, or when one that is
listed passes by now; 2 when nothing ran. The last line of each is ``N passed of M
(P%)``.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import pathlib
import sys
import tempfile
import time
import zlib

from tests.conformance.sonnet import worker
from tests.conformance.sonnet.upstream import set_up_error, wheel_root

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
# Sonnet's golden checkpoints, where they lie beside this project.
GOLDENS = ROOT.parent / "shared" / "data" / "sonnet_goldens"
WHERE = "sonnet/src/conformance/checkpoints"
DEFAULT = ("shim", "hybrid")


def public_cases() -> list[str]:
    """The ids of the cases asked for."""
    return json.loads((HERE / "cases.json").read_text())["PUBLIC"]


def read_floor(impl: str) -> dict[str, str]:
    """Cases that do not pass yet, with the reasons."""
    path = HERE / f"floor-{impl}.txt"
    if not path.exists():
        return {}
    lines = [
        line for line in path.read_text().splitlines() if line[:1] not in ("", "#")
    ]
    return dict(line.split("\t", 1) for line in lines)


def in_shard(case: str, shard: str) -> bool:
    """Whether a case is in shard ``K/N``, K from 1; the same in every run."""
    number, _, count = shard.partition("/")
    return zlib.crc32(case.encode()) % int(count) == int(number) % int(count)


def select(only: list[str], shard: str, goldens: pathlib.Path) -> dict[str, set[str]]:
    """The wanted cases by test file, as the wheel's paths.

    Those that read Sonnet's golden checkpoints are left out where there are none.
    """
    cases = public_cases()
    if not goldens.is_dir():
        needing = [case for case in cases if ".test_restore_golden" in case]
        print(f"{len(needing)} cases left out: no golden checkpoints in {goldens}")
        cases = [case for case in cases if case not in needing]
    for part in only:
        if not any(part in case for case in cases):
            set_up_error(f"--only {part}: no case has that in its name")
    by_file = collections.defaultdict(set)
    for case in cases:
        if only and not any(part in case for part in only):
            continue
        if shard and not in_shard(case, shard):
            continue
        file = case.partition("::")[0]
        inside = "" if file.startswith("examples") else "sonnet/src/"
        by_file[inside + file].add(case)
    return dict(by_file)


def golden_root(goldens: pathlib.Path, scratch: str) -> str:
    """A directory in which checkpoints lie where Sonnet's tests look for them."""
    place = pathlib.Path(scratch) / WHERE
    place.parent.mkdir(parents=True)
    if goldens.is_dir():
        place.symlink_to(goldens.resolve())
    return scratch


def preload(impl: str) -> None:
    """Imports what is heavy, once; the children inherit it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if impl == "adapter":
        import sonnet  # noqa: F401
        import tensorflow  # noqa: F401
    else:
        # Thousands of small programs run once each: compiling them is all the cost.
        os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
        import jax  # noqa: F401


def run_all(impl: str, wanted: dict[str, set[str]], jobs: int, timeout: float, goldens):
    """Runs each file in a forked child; yields what the children wrote."""
    with tempfile.TemporaryDirectory(prefix="sonnet_suite_") as scratch:
        root = golden_root(goldens, scratch)
        preload(impl)
        todo = sorted(wanted, key=lambda file: ("conformance/" in file, file))
        live: dict[int, tuple[str, str, float]] = {}
        while todo or live:
            while todo and len(live) < jobs:
                file = todo.pop(0)
                path = os.path.join(scratch, file.replace("/", "__") + ".json")
                sys.stdout.flush()
                child = os.fork()
                if not child:
                    _in_child(impl, file, wanted[file], root, path)
                live[child] = (file, path, time.time())
            child, _ = os.waitpid(-1, os.WNOHANG)
            if not child:
                for running, (_, _, since) in live.items():
                    if time.time() - since > timeout:
                        os.kill(running, 9)
                time.sleep(0.1)
                continue
            file, path, since = live.pop(child)
            yield _result(file, path, time.time() - since)


def _in_child(impl: str, file: str, wanted: set[str], root: str, path: str) -> None:
    status = 1
    try:
        log = os.open(f"{path}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        worker.work(impl, file, wanted, root, path)
        status = 0
    finally:
        os._exit(status)


def _result(file: str, path: str, seconds: float) -> dict:
    if os.path.exists(path):
        return json.loads(pathlib.Path(path).read_text())
    tail = pathlib.Path(f"{path}.log").read_text(errors="replace")[-500:]
    error = f"the worker died: {tail}"
    return {
        "file": file,
        "cases": {},
        "error": error,
        "leak": False,
        "seconds": seconds,
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--impl",
        choices=("shim", "hybrid", "adapter"),
        action="append",
        help="may be given several times",
    )
    parser.add_argument("--only", action="append", default=[], metavar="PART")
    parser.add_argument("--shard", default="", metavar="K/N")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=1200)
    parser.add_argument("--goldens", type=pathlib.Path, default=GOLDENS)
    parser.add_argument(
        "--json", type=pathlib.Path, help="write the results there, by wiring"
    )
    parser.add_argument("--verbose", "-v", action="store_true")
    args = parser.parse_args(argv)
    wanted = select(args.only, args.shard, args.goldens)
    if not wanted:
        set_up_error("no case is selected")
    wheel_root()
    sys.path.insert(0, str(ROOT))
    results: dict[str, dict[str, list]] = {}
    status = 0
    for impl in args.impl or DEFAULT:
        print(f"{impl}:")
        cases: dict[str, list] = results.setdefault(impl, {})
        leaks = []
        for result in run_all(impl, wanted, args.jobs, args.timeout, args.goldens):
            cases.update(result["cases"])
            counts = dict(collections.Counter(v[0] for v in result["cases"].values()))
            error = result["error"].strip().splitlines()[-1:] or [""]
            print(
                f"{result['file']:<52} {result['seconds']:6.1f}s {counts} {error[0]}",
                flush=True,
            )
            if result["leak"]:
                leaks.append(result["file"])
        asked = [c for f in wanted.values() for c in sorted(f)]
        status |= report(impl, asked, cases, leaks, args.verbose)
    if args.json:
        args.json.write_text(json.dumps(results, indent=0, sort_keys=True))
    return status


def report(impl, asked: list[str], cases: dict, leaks: list[str], verbose: bool) -> int:
    """Prints what differs from the floor; returns the exit status."""
    floor = read_floor(impl)
    passed = {c for c in asked if cases.get(c, ["absent"])[0] == "pass"}
    for case in asked:
        status, detail = (cases.get(case) or ["absent", ""])[:2]
        if case not in passed and (verbose or case not in floor):
            print(f"{status:<8} {case}  {detail[:300]}")
    risen = sorted(c for c in floor if c in passed)
    for case in risen:
        print(f"passes by now, strike it from floor-{impl}.txt: {case}")
    for file in leaks:
        print(f"TensorFlow was imported in {file}")
    print(
        f"{len(passed)} passed of {len(asked)} ({100 * len(passed) / len(asked):.1f}%)"
    )
    fallen = [c for c in asked if c not in passed and c not in floor]
    return 1 if fallen or risen or leaks else 0


if __name__ == "__main__":
    sys.exit(main())
