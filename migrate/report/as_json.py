"""The report as JSON; its keys are described in docs/report.md."""

from __future__ import annotations

import json

from migrate.report.model import Report


def render(report: Report) -> str:
    """The text of the report."""
    return json.dumps(report.as_dict(), indent=2, ensure_ascii=False) + "\n"
