"""The report as one HTML page that needs nothing else: counts, places, diffs."""

from __future__ import annotations

import html

from migrate.report.model import Counts, FileReport, Report, outcome, version
from migrate.report.text import WORDS

_PARTS = ("safe", "assumed", "unsafe", "left", "stays")
_STYLE = """
:root { color-scheme: light dark; --safe: #2e7d32; --assumed: #b26a00;
  --unsafe: #8e24aa; --left: #c62828; --stays: #1565c0; --line: #8884; --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --safe: #81c784; --assumed: #ffb74d;
  --unsafe: #ce93d8; --left: #ef9a9a; --stays: #90caf9; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.bar { display: flex; height: .8rem; border-radius: .4rem; overflow: hidden;
  margin: 1rem 0; }
.safe { color: var(--safe); } .assumed { color: var(--assumed); }
.unsafe { color: var(--unsafe); } .left { color: var(--left); }
.stays { color: var(--stays); } .bar span { background: currentColor; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .6rem 0; }
summary { cursor: pointer; padding: .4rem .8rem; display: flex; gap: 1rem;
  flex-wrap: wrap; } summary code { flex: 1; overflow-wrap: anywhere; }
details > div { padding: 0 .8rem .8rem; }
pre { overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; margin: .8rem 0 0;
  padding: .6rem; background: var(--soft); border-radius: .3rem; }
pre .add { color: var(--safe); } pre .cut { color: var(--left); }
pre .at { color: var(--stays); } code { font-family: ui-monospace, monospace; }
.error { color: var(--left); font-weight: 600; }
"""


def render(report: Report) -> str:
    """The text of the page."""
    files = [f for f in report.files if f.findings or f.error]
    skipped = len(report.files) - len(files)
    head = "" if report.complete else "<p class=error>Interrupted: incomplete.</p>"
    return (
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
        "<meta name=viewport content='width=device-width, initial-scale=1'>\n"
        f"<title>sonnet2haiku report</title>\n<style>{_STYLE}</style>\n"
        f"<h1>sonnet2haiku report</h1>\n{head}{_totals(report)}"
        f"<h2>Files</h2>\n{''.join(map(_file, files))}"
        f"<p>{skipped} more without anything to turn.</p>\n{_callers(report)}"
        f"<footer><small>sonnet2haiku {_e(version())}</small></footer>\n</html>\n"
    )


def _callers(report: Report) -> str:
    if not report.callers:
        return ""
    return (
        "<h2>Not given, and use what changes</h2>\n"
        f"{''.join(map(_file, report.callers))}"
    )


def _e(text: object) -> str:
    return html.escape(str(text))


def _totals(report: Report) -> str:
    counts = report.counts
    rows = []
    for part in _PARTS:
        number = getattr(counts, part)
        share = counts.percent(part) if part != "stays" else None
        shown = "" if share is None else f"{share:.1f} %"
        rows.append(
            f"<tr><td class={part}>{_e(WORDS[part])}<td class=n>{number}"
            f"<td class=n>{shown}\n"
        )
    return (
        f"{_bar(counts)}<table><tr><th>places<th class=n>number<th class=n>share\n"
        f"{''.join(rows)}</table>\n"
        f"<p>{report.number('changed')} of {len(report.files)} files change. Nothing "
        f"is left for you in {report.nothing_left} of {report.with_legacy} files with "
        f"legacy code; in {report.finished} all is proven exact. "
        f"{report.number('error')} could not be handled.</p>\n"
    )


def _bar(counts: Counts) -> str:
    spans = [
        f"<span class={part} style='flex:{getattr(counts, part)}' "
        f"title='{_e(WORDS[part])}'></span>"
        for part in _PARTS[:4]
        if getattr(counts, part)
    ]
    return f"<div class=bar>{''.join(spans)}</div>\n" if spans else ""


def _file(file: FileReport) -> str:
    if file.error is not None:
        return f"<p class=error><code>{_e(file.path)}</code>: {_e(file.error)}</p>\n"
    numbers = "".join(
        f"<span class={part} title='{_e(WORDS[part])}'>{getattr(file.counts, part)} "
        f"{part}</span>"
        for part in _PARTS
        if getattr(file.counts, part)
    )
    opened = " open" if file.counts.left else ""
    return (
        f"<details{opened}><summary><code>{_e(file.path)}</code>{numbers}</summary><div>"
        f"{_findings(file)}{_diff(file)}</div></details>\n"
    )


def _findings(file: FileReport) -> str:
    rows = []
    for finding in file.findings:
        kind = outcome(finding)
        if kind == "safe":
            continue
        cell = f"cell {finding.cell}, " if finding.cell else ""
        advice = f"<br>Do: {_e(finding.suggestion)}" if finding.suggestion else ""
        rows.append(
            f"<tr><td class=n>{cell}{finding.line}<td>{_e(finding.code)}"
            f"<td class={kind}>{_e(WORDS[kind])}<td><code>{_e(finding.name)}</code>"
            f"<td>{_e(finding.message)}{advice}\n"
        )
    if not rows:
        return ""
    return (
        "<table><tr><th class=n>line<th>rule<th>outcome<th>name<th>why\n"
        f"{''.join(rows)}</table>"
    )


def _diff(file: FileReport) -> str:
    if not file.diff:
        return ""
    classes = {"+": "add", "-": "cut", "@": "at"}
    lines = []
    for text in file.diff:
        kind = classes.get(text[:1])
        lines.append(f"<span class={kind}>{_e(text)}</span>" if kind else _e(text))
    return "<pre>" + "\n".join(lines) + "</pre>"
