"""Runs RLax's own unit tests against rlax_core, or another implementation.

    python -m tests.conformance.rlax                        # all 710 cases
    python -m tests.conformance.rlax --only vtrace_test     # those with this in the id
    python -m tests.conformance.rlax --shard 3/20           # every 20th case
    python -m tests.conformance.rlax --impl rlax            # the baseline
    python -m tests.conformance.rlax --impl rlax --freeze   # lists of another version
    python -m tests.conformance.rlax --sweep sweep.tsv      # which names the cases pin

To be called from the root of the repository, with rlax, dm-haiku and optax installed.
The tests are read from the installed wheel, and run with ``rlax`` replaced by an
adapter that forwards public names. lists.json names the cases: PUBLIC ones pass on RLax
itself, through the adapter, and are the denominator; PRIVATE ones need what RLax does
not export; BROKEN ones do not pass on RLax itself here.

Exit status: 0 when all selected cases pass, 1 when some do not, 2 for a set-up error.
The last line is ``N passed of M (P%)``.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import re
import sys
import time
import types

from tests.conformance.rlax.adapter import Adapter, implementation
from tests.conformance.rlax.runner import Outcome, run
from tests.conformance.rlax.upstream import LISTS, SetUpError, Upstream, frozen

# Cases that differ from another one only in being run without jit, or on a device.
_VARIANT = re.compile(
    r"__(with|without)_device$|__without_jit$|test_optimization[1-9]$"
)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.rlax",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--impl", default="rlax_core", help="package under test")
    parser.add_argument("--only", help="cases with this in their id")
    parser.add_argument("--shard", metavar="I/N", help="every N-th case, from the I-th")
    parser.add_argument("--freeze", action="store_true", help="write the lists anew")
    parser.add_argument("--sweep", metavar="FILE", help="one mutant per public name")
    parser.add_argument(
        "--mutate",
        action="append",
        default=[],
        metavar="NAME=FACTOR",
        help="self-test: change the numbers that NAME returns",
    )
    parser.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="NAME",
        help="self-test: the implementation lacks NAME",
    )
    parser.add_argument("--json", metavar="FILE", help="write every outcome")
    parser.add_argument("--timeout", type=int, default=120, help="seconds for a case")
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args(argv)


def selected(cases: list[str], only: str | None, shard: str | None) -> list[str]:
    """The cases asked for.

    Raises:
      SetUpError: none is, or the shard makes no sense.
    """
    chosen = [c for c in cases if only is None or only in c]
    if shard is not None:
        part, _, of = shard.partition("/")
        if not (part.isdigit() and of.isdigit() and 1 <= int(part) <= int(of)):
            raise SetUpError(f"--shard {shard}: write it as 3/20")
        chosen = chosen[int(part) - 1 :: int(of)]
    if not chosen:
        raise SetUpError("no case is selected")
    return chosen


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    arguments = _arguments(argv)
    try:
        return _run(arguments)
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 2


def _run(arguments: argparse.Namespace) -> int:
    upstream = Upstream()
    from absl import flags, logging

    flags.FLAGS(["rlax"])
    logging.set_verbosity(logging.FATAL)
    lists = None if arguments.freeze else frozen(upstream)
    impl = implementation(arguments.impl)
    if arguments.drop:
        kept = {k: v for k, v in vars(impl).items() if k not in arguments.drop}
        impl = types.SimpleNamespace(**kept)
    if arguments.sweep:
        return _sweep(arguments, upstream, impl, lists)
    factors = dict(pair.split("=") for pair in arguments.mutate)
    adapter = Adapter(impl, upstream, {k: float(v) for k, v in factors.items()})
    adapter.install()
    start = time.monotonic()
    if lists is None:
        return _freeze(arguments, upstream, adapter)
    wanted = selected(lists["public"], arguments.only, arguments.shard)
    outcomes, _ = run(
        upstream, adapter, set(wanted), arguments.timeout, arguments.verbose
    )
    if arguments.json:
        _write(arguments.json, outcomes)
    took = time.monotonic() - start
    return _summary(wanted, outcomes, f"impl {arguments.impl}, {took:.0f} s")


def _passed(outcomes: dict[str, Outcome], case: str) -> bool:
    return case in outcomes and outcomes[case].verdict == "pass"


def _summary(wanted: list[str], outcomes: dict[str, Outcome], note: str) -> int:
    counts = collections.defaultdict(lambda: [0, 0])
    for case in wanted:
        row = counts[case.partition("::")[0]]
        row[0] += _passed(outcomes, case)
        row[1] += 1
    for stem, (good, of) in sorted(counts.items()):
        print(f"{stem:34} {good:4} of {of:4}")
    good = sum(row[0] for row in counts.values())
    print(note)
    print(f"{good} passed of {len(wanted)} ({100 * good / len(wanted):.1f}%)")
    return 0 if good == len(wanted) else 1


def _write(path: str, data: object) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1, sort_keys=True)
        file.write("\n")


def _freeze(arguments: argparse.Namespace, upstream: Upstream, adapter: Adapter) -> int:
    if arguments.impl != "rlax" or arguments.only or arguments.shard:
        raise SetUpError("--freeze needs --impl rlax, whole")
    import jax

    outcomes, broken = run(upstream, adapter, timeout=arguments.timeout)

    def having(*verdicts: str) -> dict[str, Outcome]:
        return {c: o for c, o in outcomes.items() if o.verdict in verdicts}

    touched = adapter.touched
    _write(
        str(LISTS),
        {
            "rlax": upstream.version,
            "jax": jax.__version__,
            "files": upstream.digest(),
            "public": sorted(having("pass")),
            "private": {c: o.why for c, o in having("private").items()},
            "broken": {
                c: f"{o[0]}: {o.why}" for c, o in having("fail", "skip").items()
            },
            "unloadable": broken,
            "touches": {
                case: sorted(
                    touched.get(case, set())
                    | touched.get(case.partition("::")[0], set())
                )
                for case in outcomes
            },
        },
    )
    return _summary(
        sorted(having("pass")), outcomes, f"frozen: rlax {upstream.version}"
    )


def _sweep(
    arguments: argparse.Namespace, upstream: Upstream, impl: object, lists: dict
) -> int:
    """For every public name: do the cases notice when its numbers move by 1 %?"""
    public, rows = set(lists["public"]), []
    for name in sorted(upstream.owner):
        cases = {
            case
            for case, names in lists["touches"].items()
            if name in names and case in public and not _VARIANT.search(case)
        }
        adapter = Adapter(impl, upstream, {name: 1.01})
        adapter.install()
        outcomes, _ = run(upstream, adapter, cases, arguments.timeout)
        noticing = sum(not _passed(outcomes, case) for case in cases)
        rows.append((name, upstream.owner[name], len(cases), noticing))
        print(*rows[-1], sep="\t", flush=True)
    with open(arguments.sweep, "w", encoding="utf-8") as file:
        print("name", "module", "cases", "noticing", sep="\t", file=file)
        for row in rows:
            print(*row, sep="\t", file=file)
    caught = sum(row[3] > 0 for row in rows)
    print(f"{caught} noticed of {len(rows)} ({100 * caught / len(rows):.1f}%)")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    # Else the last line of a traceback is a remark about hidden frames.
    os.environ.setdefault("JAX_TRACEBACK_FILTERING", "off")
    sys.exit(main())
