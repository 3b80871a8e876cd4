"""The report as SARIF 2.1.0, for code hosts and editors that show findings in place."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from migrate.report.model import FileReport, Report, outcome, version
from migrate.results import Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"left": "warning", "unsafe": "warning", "assumed": "note", "stays": "note"}


def render(report: Report) -> str:
    """The text of the report: what needs eyes, so all but what was proven exact."""
    from migrate.report import rules

    results, used = [], set()
    for file in (*report.files, *report.callers):
        if file.error is not None:
            results.append(_error(file))
        for finding in file.findings:
            if outcome(finding) in _LEVELS:
                used.add(finding.code)
                results.append(_result(file, finding))
    driver = {
        "name": "sonnet2haiku",
        "version": version(),
        "rules": [
            {"id": code, "shortDescription": {"text": rules.title(code)}}
            for code in sorted(used)
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": report.complete}],
        "results": results,
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _location(path: str, region: dict[str, int] | None = None) -> list[dict[str, Any]]:
    plain = pathlib.PurePath(path)
    uri = plain.as_uri() if plain.is_absolute() else plain.as_posix()
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if region is not None:
        place["region"] = region
    return [{"physicalLocation": place}]


def _error(file: FileReport) -> dict[str, Any]:
    return {
        "ruleId": "error",
        "level": "error",
        "message": {"text": file.error},
        "locations": _location(file.path),
    }


def _result(file: FileReport, finding: Finding) -> dict[str, Any]:
    text = f"{finding.name}: " if finding.name else ""
    text += finding.message
    if finding.suggestion:
        text += f" Do: {finding.suggestion}"
    if finding.cell:
        text = f"cell {finding.cell}, line {finding.line}: {text}"
    region = {"startLine": finding.line, "startColumn": finding.column + 1}
    return {
        "ruleId": finding.code,
        "level": _LEVELS[outcome(finding)],
        "message": {"text": text},
        "locations": _location(file.path, None if finding.cell else region),
        "properties": {"outcome": outcome(finding)},
    }
