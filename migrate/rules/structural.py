"""The handlers of structural names, by the rule their dictionary entry names."""

from __future__ import annotations

from collections.abc import Callable

HANDLERS: dict[str, Callable] = {}


def handles(*rules: str) -> Callable[[Callable], Callable]:
    """Enters a function `(rw, call, name, entry, scope, parent) → expression`."""

    def enter(handler: Callable) -> Callable:
        for rule in rules:
            HANDLERS[rule] = handler
        return handler

    return enter
