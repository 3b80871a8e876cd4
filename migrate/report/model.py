"""What all reports say of a run: counted once, written four ways."""

from __future__ import annotations

import dataclasses
import difflib
import importlib.metadata
from collections.abc import Iterable
from typing import Any

from migrate import results
from migrate.api import Run
from migrate.results import FileResult, Finding

SCHEMA = 1  # of the JSON report; raised when a key changes its meaning or goes
STATUSES = ("changed", "unchanged", "skipped", "error")


def version() -> str:
    """The version of the installed package; "unknown" in a bare source tree."""
    try:
        return importlib.metadata.version("sonnet2haiku")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


@dataclasses.dataclass(frozen=True)
class Counts:
    """Places in the source by what became of them.

    Attributes:
      safe: turned, exact.
      assumed: turned, exact under a stated condition that was not proven.
      unsafe: turned although results may change; only by --unsafe.
      left: not turned, for a person.
      stays: left on purpose; in no percentage.
    """

    safe: int = 0
    assumed: int = 0
    unsafe: int = 0
    left: int = 0
    stays: int = 0

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Counts:
        counts = dict.fromkeys(("safe", "assumed", "unsafe", "left", "stays"), 0)
        for finding in findings:
            counts[outcome(finding)] += 1
        return cls(**counts)

    @property
    def occurrences(self) -> int:
        """What the percentages refer to: all but what stays on purpose."""
        return self.safe + self.assumed + self.unsafe + self.left

    def percent(self, part: str) -> float | None:
        """The share of "safe", "assumed", "unsafe" or "left", in tenths rounded down.

        So 100.0 is said only of all. None where there is nothing to share.
        """
        if not self.occurrences:
            return None
        return getattr(self, part) * 1000 // self.occurrences / 10

    def __add__(self, other: Counts) -> Counts:
        both = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return Counts(*(a + b for a, b in both))

    def as_dict(self) -> dict[str, Any]:
        parts = ("safe", "assumed", "unsafe", "left")
        return {
            "occurrences": self.occurrences,
            **dataclasses.asdict(self),
            "percent": {part: self.percent(part) for part in parts},
        }


def outcome(finding: Finding) -> str:
    """The field of `Counts` that a finding counts in."""
    if finding.safety == results.MANUAL:
        return "left"
    if finding.safety == results.STAYS:
        return "stays"
    return finding.safety if finding.applied else "left"


@dataclasses.dataclass(frozen=True)
class FileReport:
    """What is said of one file."""

    path: str
    status: str
    counts: Counts
    findings: tuple[Finding, ...]
    error: str | None
    diff: tuple[str, ...]

    @classmethod
    def of(cls, file: FileResult) -> FileReport:
        if file.error is not None:
            return cls(file.path, "error", Counts(), (), file.error, ())
        if file.result is None:
            return cls(file.path, "skipped", Counts(), (), None, ())
        findings = tuple(sorted(file.result.findings))
        status = "changed" if file.changed else "unchanged"
        counts = Counts.of(findings)
        return cls(file.path, status, counts, findings, None, diff_of(file))

    def as_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "status": self.status,
            "error": self.error,
            "counts": self.counts.as_dict(),
            "findings": [
                {**dataclasses.asdict(f), "outcome": outcome(f)} for f in self.findings
            ],
        }


@dataclasses.dataclass(frozen=True)
class Report:
    """What is said of a run.

    Attributes:
      counts: of all files together.
      callers: files that were not given and use what changed; in no count.
      complete: whether all files were gone through; Ctrl-C may have ended it.
    """

    files: tuple[FileReport, ...]
    counts: Counts
    options: results.Options
    complete: bool = True
    callers: tuple[FileReport, ...] = ()

    @classmethod
    def of(cls, run: Run) -> Report:
        files = tuple(FileReport.of(f) for f in run.files)
        counts = sum((f.counts for f in files), Counts())
        callers = tuple(map(FileReport.of, run.callers))
        return cls(files, counts, run.options, not run.interrupted, callers)

    def number(self, status: str) -> int:
        """How many files have a status."""
        return sum(f.status == status for f in self.files)

    @property
    def finished(self) -> int:
        """How many files with legacy code have nothing left in them, as far as proven.

        Those with assumed, unsafe, left or staying places do not count.
        """
        return sum(
            f.counts.safe > 0 and f.counts == Counts(safe=f.counts.safe)
            for f in self.files
        )

    @property
    def nothing_left(self) -> int:
        """How many files with legacy code have no place left for a person."""
        return sum(
            bool(f.findings) and f.counts.left == 0 and f.error is None
            for f in self.files
        )

    @property
    def with_legacy(self) -> int:
        """How many files have any place that was found."""
        return sum(bool(f.findings) for f in self.files)

    def as_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "tool": {"name": "sonnet2haiku", "version": version()},
            "complete": self.complete,
            "options": dataclasses.asdict(self.options),
            "totals": {
                **self.counts.as_dict(),
                "files": {
                    "all": len(self.files),
                    **{status: self.number(status) for status in STATUSES},
                    "with_legacy": self.with_legacy,
                    "nothing_left": self.nothing_left,
                    "all_exact": self.finished,
                },
            },
            "files": [f.as_dict() for f in self.files],
            "callers": [f.as_dict() for f in self.callers],
        }


def place(file: FileReport, finding: Finding) -> str:
    """`path:line:column`, both from 1; of a notebook with the cell."""
    cell = f"cell {finding.cell}:" if finding.cell else ""
    return f"{file.path}:{cell}{finding.line}:{finding.column + 1}"


def diff_of(file: FileResult) -> tuple[str, ...]:
    """The lines of a unified diff, without line ends; `patch` understands it."""
    if not file.changed:
        return ()
    before, after = _lines(file.before), _lines(file.result.text)
    out = []
    for line in difflib.unified_diff(
        before, after, f"a/{file.path.lstrip('/')}", f"b/{file.path.lstrip('/')}"
    ):
        out.append(line.removesuffix("\n"))
        if line[:1] in "+- " and not line.endswith("\n"):
            out.append("\\ No newline at end of file")
    return tuple(out)


def _lines(text: str) -> list[str]:
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines
