"""Performance of implementations of the Haiku API and their peers, side by side.

    python -m benchmarks.haiku --impl haiku_core --impl haiku --quick --model mlp
    python -m benchmarks.haiku --impl haiku_core --impl haiku --peer flax --peer nnx \
        --peer equinox --json out.json
    python -m benchmarks.haiku.table out.json              # the table in README.md

To be called from the root of the repository. ``--impl M`` imports module M and drives
it through the Haiku API, one set of models for all. ``--peer`` adds a library with
models of its own kind. The ``bare`` baseline, jnp functions over plain dicts with
dm-haiku's operations, always runs. ``replay`` re-traces an implementation's own jaxpr:
the cost of binding its primitives with no Python above.

Timings are interleaved in one process (A B C, rotated each repeat); medians and
quartiles are shown, and ratios are medians of ratios within a repeat. ``over`` is time
(or bytecodes) minus bare's. Traces are timed by the thread's CPU clock. Bytecodes are
free of noise: use these for gates.

Exit status: 0; 1 when a --gate is exceeded or could not be measured, or an --impl lacks
a model; 2 for a set-up error.
"""

import argparse
import contextlib
import importlib
import importlib.metadata
import json
import os
import re
import sys
import time

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from benchmarks.haiku import fresh_runs
from benchmarks.haiku.common import MODELS, stop
from benchmarks.haiku.measuring import PEERS, summarise
from benchmarks.haiku.suite import Bench

BENCHES = (
    "trace", "init", "eager", "dispatch", "step", "jaxpr", "compile", "initwall",
    "import", "memory", "counts", "cold", "sonnet",
)  # fmt: skip
NOT_SIDE_BY_SIDE = ("import", "initwall", "cold", "sonnet")
SLOW = ("compile", "memory", *NOT_SIDE_BY_SIDE)
DEFAULT = "trace,init,eager,dispatch,step,jaxpr,counts,memory,import"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.haiku",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--impl", action="append", default=[], help="module with the Haiku API")
    peers = [peer for peer in PEERS if peer != "bare"]
    add("--peer", action="append", default=[], choices=peers)
    add("--ref", default="haiku", help="what ratios are taken to")
    add("--bench", default=DEFAULT)
    add("--model", default=",".join(MODELS))
    add("--reps", type=int, default=15)
    add("--import-reps", type=int, default=7)
    add("--imports", action="append", default=[], help="more packages to import")
    add("--quick", action="store_true", help="without the slow benches")
    add("--wall", action="store_true", help="wall clock; for a quiet machine")
    add("--full", action="store_true", help="also the slow compiles")
    add("--replay", action="store_true", help="add the eval_jaxpr floor to trace")
    add("--pin", type=int, help="pin to one CPU")
    add("--json", help="write all figures here")
    add(
        "--gate",
        action="append",
        default=[],
        help="bench:impl:limit: fail if a ratio to --ref is above it; besides benches, "
        "`overhead` is trace time over bare, `bytecodes` the same in bytecodes",
    )
    args = parser.parse_args()
    if not args.impl and not args.peer:
        args.impl = ["haiku_core"]
    args.bench, args.models = args.bench.split(","), args.model.split(",")
    for what, given, known in (
        ("--bench", args.bench, BENCHES),
        ("--model", args.models, MODELS),
    ):
        if odd := set(given) - set(known):
            stop(f"{what}: no {', '.join(sorted(odd))}; there are {', '.join(known)}")
    for gate in args.gate:
        if not re.fullmatch(r"[^:]+:[^:]+:[0-9.]+", gate):
            stop(f"--gate {gate}: not bench:impl:limit")
    if args.quick:
        args.bench = [bench for bench in args.bench if bench not in SLOW]
    return args


def in_fresh_processes(args: argparse.Namespace, results: dict) -> None:
    """Benches that need processes of their own."""
    if "import" in args.bench:
        fresh_runs.bench_import(args, results)
    jobs = [("cold", (m,), max(3, args.reps // 3)) for m in args.models]
    jobs.append(("initwall", (), 2))
    for what, more, reps in jobs:
        if what not in args.bench:
            continue
        for kind, times in fresh_runs.fresh_runs(args, what, *more, reps=reps).items():
            rows = summarise(times, ref=args.ref)
            label = ":".join((*more, kind))
            results.setdefault(what, {})[label] = rows
            for name, row in rows.items():
                line = f"{what:9s}{label:20s}{name:12s}{row['median'] * 1e3:9.1f} ms "
                line += f"±{100 * row['spread']:.1f}%"
                if "x_bare" in row:
                    line += f"  /bare {row['x_bare']:.3f}"
                print(line, flush=True)
    if "sonnet" in args.bench:
        from benchmarks.haiku.against_sonnet import bench_sonnet

        bench_sonnet(args, results)


def exceeded(gate: str, results: dict) -> list[str]:
    """What is above a gate's limit."""
    bench, name, limit = gate.split(":")
    key = {"overhead": "overhead_x_ref", "bytecodes": "over_x_ref"}.get(bench, "x_ref")
    source = {"overhead": "trace", "bytecodes": "counts"}.get(bench, bench)
    seen = {
        model: value
        for model, rows in results.get(source, {}).items()
        if (value := rows.get(name, {}).get(key)) is not None
    }
    if not seen:
        return [f"{gate}: not measured (did the bench run, with {name} and --ref?)"]
    return [f"{gate} {m}: {v:.3f}" for m, v in seen.items() if v > float(limit)]


def main() -> None:
    args = arguments()
    if args.pin is not None:
        os.sched_setaffinity(0, {args.pin})
    results, lacking = {}, []
    side_by_side = [b for b in args.bench if b not in NOT_SIDE_BY_SIDE]
    if side_by_side:
        bench = Bench(args)
        results, lacking = bench.res, bench.lacking
        for name in side_by_side:
            for model in args.models:
                getattr(bench, name)(model)
    in_fresh_processes(args, results)
    if args.json:
        meta = {"python": sys.version, "cpus": os.cpu_count(), "time": time.time()}
        for package in ("jax", "dm-haiku", "flax", "equinox"):
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                meta[package] = importlib.metadata.version(package)
        with open(args.json, "w") as file:
            json.dump({"meta": meta, "results": results}, file, indent=1)
    if bad := [line for gate in args.gate for line in exceeded(gate, results)]:
        sys.exit("GATE FAILED\n" + "\n".join(bad))
    if lacking:
        sys.exit("NOT MEASURED\n" + "\n".join(lacking))


if __name__ == "__main__":
    main()
