"""How much of well-known Sonnet 2 code the rewriter turns, file by file.

    python -m tests.corpus.measure                # the groups with a floor
    python -m tests.corpus.measure --all          # wider: graph_nets, mava, all of acme
    python -m tests.corpus.measure --update       # raise the floors to what is reached
    python -m tests.corpus.measure --speed        # CPU time against libcst alone

Sources are read from the installed wheels; nothing of them is kept here, nor is
TensorFlow imported. Names are counted apart from the rewriter's own findings
(`migrate.report.census`): those in the source before, those still there after. A name
that is still there is *marked* (below a comment that says why), *stays* on purpose, or
is *unmarked*, which is a fault. Exit status 1 if a group is below its floor.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import json
import pathlib
import statistics
import sys
import time
from collections.abc import Iterator

from migrate import api, results
from migrate.analysis.project import Project
from migrate.report import census
from migrate.results import Options

FLOORS = pathlib.Path(__file__).with_name("floors.json")
MARK = "TODO(sonnet2haiku"


@dataclasses.dataclass(frozen=True)
class Group:
    """Files of one installed distribution; `wide` ones have no floor."""

    name: str
    distribution: str
    patterns: tuple[str, ...]
    wide: bool = False


GROUPS = (
    Group(
        "sonnet nets",
        "dm-sonnet",
        tuple(
            f"sonnet/src/nets/{name}.py"
            for name in ("mlp", "cifar10_convnet", "resnet", "vqvae")
        ),
    ),
    Group("bsuite agents", "bsuite", ("bsuite/baselines/tf/*/agent.py",)),
    Group("acme networks", "dm-acme", ("acme/tf/networks/*.py",)),
    Group("sonnet examples", "dm-sonnet", ("examples/*.py",), True),
    Group("all of acme.tf", "dm-acme", ("acme/tf/*.py", "acme/tf/*/*.py"), True),
    Group("acme agents", "dm-acme", ("acme/agents/tf/*/*.py",), True),
    Group("graph_nets", "graph-nets", ("graph_nets/*.py",), True),
    Group("mava", "id-mava", ("mava/*/*.py", "mava/*/*/*.py", "mava/*/*/*/*.py"), True),
)


@dataclasses.dataclass
class Row:
    """One file."""

    path: str
    before: int = 0
    marked: int = 0
    stays: int = 0
    unmarked: int = 0
    assumed: int = 0
    helpers: int = 0
    compiles: bool = True
    idempotent: bool = True
    error: str = ""

    @property
    def converted(self) -> int:
        return self.before - self.marked - self.stays - self.unmarked


def files(group: Group) -> list[pathlib.Path]:
    """The files of a group that mention legacy packages.

    Raises:
      FileNotFoundError: there is none: the distribution is another than was meant.
    """
    found = []
    for file in importlib.metadata.files(group.distribution) or ():
        if any(
            file.match(p) and len(file.parts) == p.count("/") + 1
            for p in group.patterns
        ):
            found.append(pathlib.Path(file.locate()))
    mentioned = [f for f in sorted(found) if api.files.mentions(f.read_bytes())]
    if not mentioned:
        raise FileNotFoundError(f"{group.distribution} has none of {group.patterns}")
    return mentioned


def measure(group: Group) -> list[Row]:
    """The rows of a group."""
    paths = files(group)
    run = api.rewrite_paths(paths, options=Options(), jobs=1)
    again = {}
    for file in run.files:
        if file.result is not None:
            again[file.path] = _again(file)
    return [_row(file, again.get(file.path)) for file in run.files]


def _again(file: results.FileResult) -> str | None:
    try:
        return api.rewrite_source(file.result.text, path=file.path).text
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _row(file: results.FileResult, again: str | None) -> Row:
    row = Row(file.path)
    if file.error is not None:
        text = pathlib.Path(file.path).read_text(encoding="utf-8")
        row.before = row.unmarked = len(census.references(text))
        row.error, row.compiles, row.idempotent = file.error, False, False
        return row
    row.before = len(census.references(file.before))
    row.helpers = len(file.result.helpers)
    row.assumed = results.count(file.result.findings)[results.ASSUMED]
    row.idempotent = again == file.result.text
    try:
        compile(file.result.text, file.path, "exec", dont_inherit=True)
    except SyntaxError as error:
        row.compiles, row.error = False, str(error)
        return row
    staying = {f.name for f in file.result.findings if f.safety == results.STAYS}
    marked = census.marked_lines(file.result.text, MARK)
    for reference in census.references(file.result.text):
        if reference.line in marked:
            row.marked += 1
        elif reference.name in staying or _within(reference.name, staying):
            row.stays += 1
        else:
            row.unmarked += 1
            row.error = row.error or f"line {reference.line}: {reference.name} unmarked"
    return row


def _within(name: str, staying: set[str]) -> bool:
    return any(name.startswith(f"{s}.") or s.startswith(f"{name}.") for s in staying)


@dataclasses.dataclass
class Total:
    """A group: counts, and the share of names that were converted, in percent."""

    files: int
    names: int
    percent: float
    unmarked: int
    compile: int
    idempotent: int

    @classmethod
    def of(cls, rows: list[Row]) -> Total:
        names = sum(r.before - r.stays for r in rows)
        converted = sum(r.converted for r in rows)
        return cls(
            len(rows),
            names,
            converted * 1000 // max(names, 1) / 10,
            sum(r.unmarked for r in rows),
            sum(r.compiles for r in rows),
            sum(r.idempotent for r in rows),
        )


def below(total: Total, floor: dict) -> list[str]:
    """In what a group is below its floor."""
    out = []
    for key in ("percent", "compile", "idempotent"):
        if getattr(total, key) < floor[key]:
            out.append(f"{key} {getattr(total, key)} < {floor[key]}")
    if total.unmarked > floor["unmarked"]:
        out.append(f"unmarked {total.unmarked} > {floor['unmarked']}")
    return out


def read_floors() -> dict:
    return json.loads(FLOORS.read_text()) if FLOORS.exists() else {}


def _print(rows: list[Row]) -> None:
    head = ("names", "turned", "marked", "stays", "unmarked", "assumed", "helpers")
    print("  ".join(f"{h:>8}" for h in head), "  compiles  idempotent")
    for row in rows:
        numbers = (row.before, row.converted, row.marked, row.stays, row.unmarked)
        numbers = (*numbers, row.assumed, row.helpers)
        flags = ("yes" if f else "NO" for f in (row.compiles, row.idempotent))
        short = row.path.rpartition("site-packages/")[2]
        line = "  ".join(f"{n:8}" for n in numbers)
        print(line, "  {:>8}  {:>10}".format(*flags), f"  {short}  {row.error[:90]}")


def speed(rounds: int = 7) -> float:
    """CPU time of rewriting acme.tf, over that of libcst doing nothing to it."""
    import libcst as cst

    from migrate.rewrite import engine

    group = next(g for g in GROUPS if g.name == "all of acme.tf")
    texts = [(str(f), f.read_text(encoding="utf-8")) for f in files(group)]

    def nothing() -> None:
        for _, text in texts:
            cst.parse_module(text).visit(cst.CSTTransformer()).code  # noqa: B018

    def ours() -> None:
        project = Project([path for path, _ in texts])
        for path, text in texts:
            engine.rewrite_source(text, path=path, project=project)

    def seconds(work) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    for work in (nothing, ours):
        work()
    pairs = [(seconds(nothing), seconds(ours)) for _ in range(rounds)]
    ratios = sorted(b / a for a, b in pairs)
    alone, whole = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"{len(texts)} files: libcst alone {alone:.3f} s of CPU time, rewriting "
        f"{whole:.3f} s; ratio "
        f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )
    return statistics.median(ratios)


def chosen(everything: bool) -> Iterator[Group]:
    yield from (g for g in GROUPS if everything or not g.wide)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    if options.speed:
        speed()
        return 0
    floors, failed = read_floors(), False
    for group in chosen(options.all):
        rows = measure(group)
        total = Total.of(rows)
        print(f"\n{group.name}: {total}")
        _print(rows)
        if group.wide:
            continue
        problems = below(total, floors[group.name]) if group.name in floors else []
        if problems:
            failed = True
            print(f"BELOW THE FLOOR: {'; '.join(problems)}")
        elif options.update:
            floors[group.name] = dataclasses.asdict(total)
    if options.update and not failed:
        FLOORS.write_text(json.dumps(floors, indent=2) + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
