"""Rebuilds the frozen lists from dm-haiku itself."""

from __future__ import annotations

import json
import pathlib

from tests.conformance.haiku.pool import run_suite
from tests.conformance.haiku.upstream import (
    CLASSES,
    FORCED_BROKEN,
    FORCED_PRIVATE,
    HERE,
    forced,
    read_list,
    selected,
    test_files,
)


def freeze(args):
    """Classifies every upstream case and writes the four frozen lists.

    Everything runs through the adapter; what does not pass there runs once more
    on the plain, installed dm-haiku.  With --json, finished files are kept there
    and not run again when the command is repeated.
    """
    kept = pathlib.Path(args.json) if args.json else None
    state = {"adapted": {}, "plain": {}}
    if kept and kept.exists():
        state = json.loads(kept.read_text())

    def stage(name, todo, **options):
        def save(file, results, errors):
            state[name][file] = {"cases": results, "errors": errors}
            if kept:
                kept.write_text(json.dumps(state))

        todo = {f: c for f, c in todo.items() if f not in state[name]}
        run_suite(
            impl="haiku",
            cases_by_file=todo,
            jobs=args.jobs,
            limit=args.limit,
            save=save,
            **options,
        )
        return (
            {f: done["cases"] for f, done in state[name].items()},
            {f: done["errors"] for f, done in state[name].items()},
        )

    files = {f: None for f in test_files() if not args.only or selected(f, args.only)}
    adapted, errors = stage("adapted", files)
    rest = {}
    for file in files:
        cases = [
            case
            for case, result in adapted[file].items()
            if result["outcome"] not in ("passed", "skipped")
        ]
        if cases or not adapted[file]:
            rest[file] = cases or None
    plain, plain_errors = stage("plain", rest, plain=True)
    lists = classify(
        *(
            {f: d[f] for f in files if f in d}
            for d in (adapted, errors, plain, plain_errors)
        )
    )
    for name in CLASSES:  # With --only, the other files' entries stay.
        for case, remark in read_list(name).items():
            if case.partition("::")[0] not in files:
                lists[name][case] = remark
    write_lists(lists)


def classify(adapted, errors, plain, plain_errors):
    """Sorts cases into CLASSES; returns class -> case -> remark."""
    lists = {name: {} for name in CLASSES}
    for file in adapted:
        cases = adapted[file] or plain.get(file, {})
        if not cases:
            why = (plain_errors.get(file) or errors.get(file) or ["?"])[0]
            lists["broken"][f"{file}::(whole file)"] = why[-200:]
        for case in cases:
            through = adapted[file].get(case)
            direct = plain.get(file, {}).get(case)
            private = forced(FORCED_PRIVATE, case)
            if broken := forced(FORCED_BROKEN, case):
                lists["broken"][case] = broken
            elif through and through["outcome"] == "skipped":
                lists["skipped"][case] = through["why"]
            elif direct and direct["outcome"] == "skipped":
                lists["skipped"][case] = direct["why"]
            elif direct and direct["outcome"] != "passed":
                lists["broken"][case] = direct["why"]
            elif private:
                lists["private"][case] = private
            elif through and through["outcome"] == "passed":
                shims = through.get("shims")
                lists["public"][case] = "via " + " ".join(shims) if shims else ""
            else:
                lists["private"][case] = (
                    through["why"]
                    if through
                    else (errors.get(file) or ["not collected"])[0][-200:]
                )
    return lists


def write_lists(lists):
    for name, cases in lists.items():
        (HERE / f"{name}.txt").write_text(
            "".join(
                f"{case}\t{' '.join(why.split())}".rstrip() + "\n"
                for case, why in sorted(cases.items())
            )
        )
        print(f"{name:8} {len(cases):6d}")
