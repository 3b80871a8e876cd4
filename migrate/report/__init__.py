"""Reports: one model of the results, and its writers for files."""

from __future__ import annotations

import os

from migrate.errors import UserError
from migrate.report.model import Report

SUFFIXES = (".json", ".sarif", ".html")


def check_path(path: str) -> None:
    """Raises a `UserError` unless a report can be written to a file so named."""
    if not path.endswith(SUFFIXES):
        raise UserError(f"--report {path}: the name must end in {', '.join(SUFFIXES)}")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise UserError(f"--report {path}: there is no folder {folder}")


def write(report: Report, path: str) -> None:
    """Writes the report, in the format that the name's ending says."""
    from migrate import atomic
    from migrate.report import as_html, as_json, as_sarif

    check_path(path)
    render = {
        ".json": as_json.render,
        ".sarif": as_sarif.render,
        ".html": as_html.render,
    }[os.path.splitext(path)[1]]
    atomic.write_text(path, render(report))
