"""The report in a terminal: a coloured diff, then what was done and what is left."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.text import Text

from migrate.report.model import FileReport, Report, outcome, place

_DIFF_STYLES = (
    ("+++", "bold"),
    ("---", "bold"),
    ("@@", "cyan"),
    ("+", "green"),
    ("-", "red"),
)
_WIDE = 120  # columns of tables in files and pipes
STYLES = {
    "safe": "green",
    "assumed": "yellow",
    "unsafe": "magenta",
    "left": "red",
    "stays": "blue",
}
WORDS = {
    "safe": "turned, exact",
    "assumed": "turned, exact under the condition given",
    "unsafe": "turned, results may change",
    "left": "left for you",
    "stays": "stays as it is",
}


def console(stderr: bool = False) -> Console:
    """A console that colours for terminals only, and follows NO_COLOR."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDE
    return Console(file=stream, highlight=False, soft_wrap=True, width=width)


def line(target: Console, text: str, style: str = "") -> None:
    """Prints one line as it is, without wrapping and markup."""
    target.print(Text(text, style=style), soft_wrap=True, markup=False)


def print_diff(target: Console, file: FileReport) -> None:
    """Prints the diff of one file."""
    for text in file.diff:
        style = next((s for start, s in _DIFF_STYLES if text.startswith(start)), "")
        line(target, text, style)


def print_findings(
    target: Console, report: Report, outcomes: tuple[str, ...], limit: int | None = None
) -> None:
    """Prints the places with some outcomes, one a line."""
    shown = 0
    for file in (*report.files, *report.callers):
        for finding in file.findings:
            kind = outcome(finding)
            if kind not in outcomes:
                continue
            shown += 1
            if limit is not None and shown > limit:
                continue
            text = Text(place(file, finding))
            text.append(f" {finding.code} ", "bold")
            text.append(f"{WORDS[kind]}: ", STYLES[kind])
            text.append(finding.message)
            if finding.suggestion:
                text.append(f" Do: {finding.suggestion}")
            target.print(text, soft_wrap=True)
    if limit is not None and shown > limit:
        line(target, f"… and {shown - limit} more; see them all with --report", "dim")


def print_errors(target: Console, report: Report) -> None:
    """Prints one line for each file that could not be handled."""
    for file in report.files:
        if file.error is not None:
            line(target, f"{file.path}: error: {file.error}", "bold red")


def print_summary(target: Console, report: Report) -> None:
    """Prints the counts."""
    counts = report.counts
    files = _number(len(report.files), "file")
    skipped = report.number("skipped")
    text = f"{files}: {report.number('changed')} changed, "
    text += f"{report.number('unchanged')} unchanged, {skipped} without a mention"
    if report.number("error"):
        text += f", {_number(report.number('error'), 'error')}"
    line(target, text, "bold")
    if counts.occurrences:
        where = _number(report.with_legacy, "file")
        line(target, f"{_number(counts.occurrences, 'place')} in {where}:")
        for part in ("safe", "assumed", "unsafe", "left"):
            number = getattr(counts, part)
            if number or part in ("safe", "left"):
                share = f"{number:7}  {counts.percent(part):5.1f} %  {WORDS[part]}"
                line(target, share, STYLES[part] if number else "dim")
    if counts.stays:
        line(target, f"{counts.stays:7}           {WORDS['stays']}", STYLES["stays"])
    if report.with_legacy:
        line(
            target,
            f"nothing left for you in {report.nothing_left} of "
            f"{_number(report.with_legacy, 'file')}, all proven exact in "
            f"{report.finished}",
        )
    if report.callers:
        places = sum(len(f.findings) for f in report.callers)
        text = f"{_number(places, 'place')} in {_number(len(report.callers), 'file')}"
        line(target, f"{text} that you did not give use what changes", STYLES["left"])
    if not report.complete:
        line(target, "interrupted: not all files were gone through", "bold red")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def progress_wanted() -> bool:
    """Whether somebody watches a progress bar: standard error is a terminal."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
