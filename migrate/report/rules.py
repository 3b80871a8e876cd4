"""The table of rules, as reports and commands print it."""

from __future__ import annotations

import dataclasses
from typing import Any


def _table() -> dict[str, Any]:
    from migrate.rules.codes import CODES

    return CODES


def codes() -> list[str]:
    """All codes, sorted."""
    return sorted(_table())


def title(code: str) -> str:
    """What a rule is about, in a few words."""
    return _table()[code].title


def as_dict(code: str) -> dict[str, Any]:
    """Code, title, explanation and example of a rule."""
    return {"code": code, **dataclasses.asdict(_table()[code])}
