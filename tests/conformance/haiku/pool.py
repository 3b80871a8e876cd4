"""Runs workers over the cases asked for, and gathers what became of them."""

from __future__ import annotations

import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from tests.conformance.haiku.upstream import SHARD_CASES, set_up_error

ROOT = pathlib.Path(__file__).resolve().parents[3]
_WORKER = (sys.executable, "-m", "tests.conformance.haiku.worker")
CPU_SECONDS = collections.Counter()  # file -> processor time of its workers


def reference_files(cwd: pathlib.Path) -> None:
    """Provides the checkpoint descriptions that checkpoint_test compares with.

    The wheel lacks them (they are in upstream's source tree only), so the
    installed dm-haiku writes them anew with its own checkpoint_utils.
    """
    target = cwd / "haiku/_src/integration/checkpoints"
    target.mkdir(parents=True)
    code = (
        "import json, pathlib, sys\n"
        "from haiku._src.integration import checkpoint_utils, descriptors\n"
        "for d in descriptors.ALL_MODULES:\n"
        "  name = descriptors.to_file_name(d) + '.json'\n"
        "  text = json.dumps(checkpoint_utils.summarize(d), indent=2) + '\\n'\n"
        "  (pathlib.Path(sys.argv[1]) / name).write_text(text)\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(target)],
        check=False,
        cwd=tempfile.gettempdir(),
        env=worker_environment(),
    )


def worker_environment() -> dict[str, str]:
    env = dict(os.environ)
    env.setdefault("JAX_PLATFORMS", "cpu")
    env.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Compilation takes most of the time; the tests do not need fast programs.
    env.setdefault(
        "XLA_FLAGS",
        "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
    )
    env.setdefault(
        "JAX_COMPILATION_CACHE_DIR",
        os.path.join(tempfile.gettempdir(), "haiku_suite_xla_cache"),
    )
    env.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    env.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env.pop("PYTEST_ADDOPTS", None)
    return env


def check_implementation(impl: str) -> None:
    """Ends the program with a clear message if no worker could load it."""
    with tempfile.TemporaryDirectory(prefix="haiku_suite_") as scratch:
        spec = pathlib.Path(scratch) / "import.job"
        spec.write_text(
            json.dumps({"impl": impl, "plain": False, "file": None, "cwd": scratch})
        )
        done = subprocess.run(
            [*_WORKER, str(spec)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=worker_environment(),
            text=True,
            errors="replace",
        )
    if done.returncode:
        set_up_error(f"cannot import {impl}: {reason([done.stdout])}")


def reason(errors: list[str]) -> str:
    """The one line of a traceback, or of pytest's account of it, that counts."""
    lines = [line for line in "".join(errors[:1]).splitlines() if line.strip()]
    marked = [line[1:] for line in lines if line.startswith("E ")]
    return (marked or lines or ["not collected"])[-1].strip()[:300]


def run_suite(
    *, impl, cases_by_file, jobs, limit, plain=False, verbose=True, save=None
):
    """Runs the given cases (None: all of a file).

    Args:
      impl: the implementation under test.
      cases_by_file: file -> case ids, or None for all of the file's.
      jobs: number of worker processes at a time.
      limit: processor seconds that one case may take.
      plain: run upstream as installed, without the adapter.
      verbose: report progress on stderr.
      save: called as save(file, results, errors) whenever a worker is done.

    Returns:
      file -> case -> result, and file -> errors.
    """
    results = {file: {} for file in cases_by_file}
    errors = collections.defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="haiku_suite_") as scratch:
        scratch = pathlib.Path(scratch)
        ini = scratch / "pytest.ini"
        ini.write_text("[pytest]\n")
        cwd = scratch / "cwd"
        cwd.mkdir()
        if any("checkpoint_test" in file for file in cases_by_file):
            reference_files(cwd)
        queue = []
        for file, cases in cases_by_file.items():
            if cases is None or len(cases) <= SHARD_CASES:
                parts = [cases]
            else:
                count = -(-len(cases) // SHARD_CASES)
                parts = [cases[i::count] for i in range(count)]
            for part in parts:
                queue.append(
                    dict(
                        file=file,
                        cases=part,
                        impl=impl,
                        plain=plain,
                        limit=limit,
                        cwd=str(cwd),
                        ini=str(ini),
                        collect_only=False,
                        out=str(scratch / f"{len(queue)}.json"),
                    )
                )
        queue.sort(key=lambda job: -len(job["cases"] or ()) or -(10**6))

        def run_one(job):
            spec = pathlib.Path(job["out"]).with_suffix(".job")
            spec.write_text(json.dumps(job))
            budget = 1800 + 60 * len(job["cases"] or range(600))
            started = time.time()
            try:
                done = subprocess.run(
                    [*_WORKER, str(spec)],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    timeout=budget,
                    cwd=ROOT,
                    env=worker_environment(),
                    text=True,
                    errors="replace",
                )
                tail = done.stdout[-1500:]
            except subprocess.TimeoutExpired:
                tail = f"worker ran past {budget} s"
            out = pathlib.Path(job["out"])
            if out.exists():
                found = json.loads(out.read_text())
            else:
                found = {"cases": {}, "errors": [f"worker died: {tail}"]}
            return job, found, time.time() - started

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            running = [pool.submit(run_one, job) for job in queue]
            for done in concurrent.futures.as_completed(running):
                job, found, seconds = done.result()
                results[job["file"]].update(found["cases"])
                errors[job["file"]] += found["errors"]
                CPU_SECONDS[job["file"]] += found.get("cpu", 0.0)
                if save:
                    save(job["file"], results[job["file"]], errors[job["file"]])
                if verbose:
                    bad = sum(c["outcome"] == "failed" for c in found["cases"].values())
                    print(
                        f"  {job['file']}: {len(found['cases'])} cases, {bad} failed, "
                        f"{seconds:.0f} s"
                        + (f"; {reason(found['errors'])}" if found["errors"] else ""),
                        file=sys.stderr,
                        flush=True,
                    )
    return results, errors
