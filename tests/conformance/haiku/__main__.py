"""Runs dm-haiku's own unit tests against haiku_core, or another implementation.

    python -m tests.conformance.haiku                       # all 2594 cases
    python -m tests.conformance.haiku --only conv_test.py   # one file
    python -m tests.conformance.haiku --shard 3/20          # every 20th case
    python -m tests.conformance.haiku --touched main        # files of changed sources
    python -m tests.conformance.haiku --impl haiku          # the baseline

To be called from the root of the repository; README.md tells how it works. Exit
status: 0 when all selected cases pass, or are listed in floor.txt; 1 when some do not,
or when one that is listed passes by now; 2 for a set-up error (nothing ran). The last
line is ``N passed of M (P%)``.
"""

from __future__ import annotations

import argparse
import collections
import difflib
import json
import pathlib
import subprocess
import sys
import time
import zlib

from tests.conformance.haiku import freeze
from tests.conformance.haiku.pool import (
    CPU_SECONDS,
    ROOT,
    check_implementation,
    reason,
    run_suite,
)
from tests.conformance.haiku.upstream import (
    FROZEN_VERSION,
    installed,
    read_list,
    selected,
    set_up_error,
)

# Sources whose names don't tell which of upstream's files test them.
TESTED_BY = {
    "auto_repr": ["module", "utils"],
    "carried": ["stateful", "layer_stack"],
    "control_flow": ["stateful"],
    "dot": ["integration/to_dot"],
    "flax_bridge": ["flax/flax_module", "flax/transform_flax", "flax/utils", "no_flax"],
    "frames": ["base", "module", "stateful", "lift"],
    "hooks": ["base"],
    "jax_names": ["module", "jaxpr_info"],
    "jax_transforms": ["stateful", "eval_shape"],
    "jaxpr_html": ["jaxpr_info", "integration/jaxpr_info"],
    "jaxprs": ["jaxpr_info", "integration/to_dot"],
    "keys": ["base", "random"],
    "mappings": ["data_structures"],
    "naming": ["module"],
    "options": ["config"],
    "rng_use": ["random"],
    "signatures": ["transform"],
    "testing": ["test_utils"],
    "text": ["utils", "module"],
    "variables": ["base"],
}


def cases_by_file() -> dict[str, list[str]]:
    """The frozen cases that only need the public API: file -> case ids."""
    by_file = collections.defaultdict(list)
    for case in read_list("public"):
        by_file[case.partition("::")[0]].append(case)
    return dict(by_file)


def in_shard(case: str, shard: str) -> bool:
    """Whether a case is in shard ``K/N``, K from 1; the same in every run."""
    number, _, count = shard.partition("/")
    return zlib.crc32(case.encode()) % int(count) == int(number) % int(count)


def touched(base: str, files: list[str]) -> list[str]:
    """Files that test sources which differ between a commit and the working tree."""
    diff = subprocess.run(
        ["git", "diff", "--name-only", base, "--", "haiku_core"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if diff.returncode:
        set_up_error(f"--touched {base}: {diff.stderr.strip()}")
    stems = {pathlib.Path(name).stem for name in diff.stdout.split()}
    wanted = []
    for stem in sorted(stems):
        wanted += TESTED_BY.get(stem, [stem])
    return [file for file in files if selected(file, wanted)]


def choose(args: argparse.Namespace) -> dict[str, list[str]]:
    """The cases asked for; what several options choose is joined."""
    everything = cases_by_file()
    for name in args.only or ():
        if not any(selected(file, [name]) for file in everything):
            near = difflib.get_close_matches(name, everything, cutoff=0.5)
            hint = f" (did you mean {', '.join(near)}?)" if near else ""
            set_up_error(f"--only {name}: no file with cases is called so{hint}")
    if not (args.only or args.shard or args.touched):
        return everything
    whole = {file for file in everything if selected(file, args.only or [])}
    if args.touched:
        whole.update(touched(args.touched, list(everything)))
    chosen = {}
    for file, cases in everything.items():
        if file not in whole:
            cases = [c for c in cases if args.shard and in_shard(c, args.shard)]
        if cases:
            chosen[file] = cases
    return chosen


def score(args: argparse.Namespace) -> int:
    """Runs the chosen cases and prints the table; returns the exit status."""
    if (version := installed().version) != FROZEN_VERSION:
        set_up_error(
            f"the frozen lists are of dm-haiku {FROZEN_VERSION}, but {version} is "
            "installed: install that one, or --freeze"
        )
    by_file = choose(args)
    if not by_file:
        print("no case is selected")
        return 0
    check_implementation(args.impl)
    started = time.time()
    results, errors = run_suite(
        impl=args.impl, cases_by_file=by_file, jobs=args.jobs, limit=args.limit
    )
    allowed = read_list("floor")
    passed, total, table, surprises = 0, 0, {}, []
    print(f"{'file':44} {'pass':>6} {'total':>6}")
    for file in sorted(by_file):
        missing = {"outcome": "missing", "seconds": 0.0, "why": reason(errors[file])}
        table[file] = {c: results[file].get(c, missing) for c in by_file[file]}
        good = {c for c, r in table[file].items() if r["outcome"] == "passed"}
        passed, total = passed + len(good), total + len(by_file[file])
        surprises += sorted(case for case in good if case in allowed)
        surprises += sorted(
            c for c in table[file] if c not in good and c not in allowed
        )
        print(f"{file:44} {len(good):6d} {len(by_file[file]):6d}")
        if errors[file]:
            print(f"    trouble: {reason(errors[file])}")
        for case, result in table[file].items():
            if result["outcome"] != "passed":
                print(f"    {result['outcome']}: {case.partition('::')[2]}")
                print(f"        {result['why']}")
    if args.json:
        outcome = {
            "impl": args.impl,
            "passed": passed,
            "total": total,
            "seconds": round(time.time() - started),
            "cpu": CPU_SECONDS,
            "files": table,
        }
        pathlib.Path(args.json).write_text(json.dumps(outcome, indent=1))
    for case in surprises:
        print(f"not as floor.txt has it: {case}")
    print(
        f"run time {time.time() - started:.0f} s with {args.jobs} jobs, "
        f"{CPU_SECONDS.total():.0f} s of processor time"
    )
    print(f"{passed} passed of {total} ({100 * passed / total:.1f}%)")
    return 1 if surprises else 0


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.haiku",
        description="Runs dm-haiku's own tests against another implementation.",
    )
    parser.add_argument(
        "--impl",
        default="haiku_core",
        help="importable package; `haiku` is the baseline",
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="FILE",
        help="a test file, as in the table; may be repeated",
    )
    parser.add_argument(
        "--shard",
        metavar="K/N",
        help="the K-th of N parts; a run number as K goes through all of them",
    )
    parser.add_argument(
        "--touched",
        metavar="COMMIT",
        help="all cases of sources that differ from the commit; adds to --shard",
    )
    parser.add_argument("--json", metavar="OUT", help="write every outcome here")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--limit",
        type=int,
        default=300,
        help="processor seconds that one case may take",
    )
    parser.add_argument(
        "--freeze",
        action="store_true",
        help="rebuild the frozen lists from dm-haiku itself",
    )
    args = parser.parse_args()
    if args.freeze:
        freeze.freeze(args)
    else:
        sys.exit(score(args))


if __name__ == "__main__":
    main()
