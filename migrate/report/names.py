"""Legacy names, how often they occur, how they are handled: the table of `scan`."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from migrate.analysis.imports import LEGACY
from migrate.api import Run
from migrate.report import census
from migrate.report.model import Counts
from migrate.report.text import STYLES

_PARTS = ("safe", "assumed", "left", "stays")


@dataclasses.dataclass(frozen=True)
class Row:
    """One name.

    Attributes:
      found: how often it is in the sources, counted apart from the rewriter.
      how: what the dictionary says of it.
      counts: what becomes of the places that the rewriter reports under that name.
    """

    name: str
    found: int
    how: str
    counts: Counts

    def as_dict(self) -> dict[str, Any]:
        counts = dataclasses.asdict(self.counts)
        return {"name": self.name, "found": self.found, "how": self.how, **counts}


def table(run: Run) -> list[Row]:
    """All names, the most frequent first."""
    import compat.legacy  # noqa: F401  (registers the dictionary's entries)

    found: dict[str, int] = defaultdict(int)
    findings: dict[str, list] = defaultdict(list)
    for file in run.files:
        if file.result is None:
            continue
        for reference in census.references(_plain(file.before)):
            found[reference.name] += 1
        for finding in file.result.findings:
            if finding.name:
                findings[finding.name].append(finding)
    rows = [
        Row(name, found.get(name, 0), handled(name), Counts.of(findings.get(name, ())))
        for name in {*found, *findings}
    ]
    return sorted(rows, key=lambda row: (-row.found, row.name))


def _plain(text: str) -> str:
    """The source with the lines that only IPython understands left out."""
    try:
        compile(text, "<source>", "exec", dont_inherit=True, flags=0x400)
    except SyntaxError:
        kept = [
            line if not line.lstrip().startswith(("%", "!")) else "pass"
            for line in text.split("\n")
        ]
        return "\n".join(kept)
    return text


def handled(name: str) -> str:
    """How a name is handled, in a few words."""
    from compat import dictionary

    entry = dictionary.find(name)
    if entry is None or entry.name in ("tf.*", "snt.*", "trfl.*"):
        legacy = name.partition(".")[0] in LEGACY
        return "not known: left" if legacy else "by a rule"
    if entry.outcome in ("op", "module"):
        if any(w.guard is None and not w.because for w in entry.ways()):
            return "exact"
        if entry.ways():
            return "exact if …"
        return "helper" if entry.helper else "left"
    return {
        "value": entry.spelling or "",
        "structural": "by a rule",
        "stays": "stays",
        "manual": "left",
    }[entry.outcome]


def print_table(target: Console, rows: list[Row]) -> None:
    """Prints the table."""
    if not rows:
        return
    shown = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    shown.add_column("name", no_wrap=True, min_width=24)
    for title in ("found", *_PARTS):
        width = len(title)
        shown.add_column(title, justify="right", no_wrap=True, min_width=width)
    shown.add_column("how", no_wrap=True, min_width=9)
    for row in rows:
        numbers = [getattr(row.counts, part) for part in _PARTS]
        cells = [
            f"[{STYLES[part]}]{number}[/]" if number else ""
            for part, number in zip(_PARTS, numbers, strict=True)
        ]
        shown.add_row(row.name, str(row.found), *cells, row.how)
    target.print(shown)
