"""The outcome of a join: what goes where, and the three lists."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterable

from compat.layout import Placement
from migrate.checkpoint._src.keys import Key, Leaf
from migrate.checkpoint._src.source import Source


@dataclasses.dataclass(frozen=True)
class Assignment:
    """Some variables of the checkpoint that make some arrays of the target.

    Attributes:
      nodes: The variables, in the order of the placement's sources.
      keys: The arrays, in the order of its targets; None for one that the target
        doesn't have.
      placement: The layout between them.
    """

    nodes: tuple[int, ...]
    keys: tuple[Key | None, ...]
    placement: Placement


@dataclasses.dataclass(frozen=True)
class Problem:
    """An entry of one of the lists.

    Attributes:
      subject: The array or variable it is about.
      reason: What is the matter, maybe empty.
    """

    subject: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}" if self.reason else self.subject


@dataclasses.dataclass
class Plan:
    """What a conversion would do.

    Attributes:
      source: The checkpoint.
      leaves: Every array of the target.
      roots: (module, checkpoint path) for each outermost module, as given or inferred.
      assignments: What goes where.
      missing: Arrays of the target without a value.
      unexpected: Variables of the checkpoint without a place.
      mismatched: Pairs that don't fit each other.
      ignored: What the user waived.
      notes: What is worth knowing and no fault.
    """

    source: Source
    leaves: dict[Key, Leaf]
    roots: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    assignments: list[Assignment] = dataclasses.field(default_factory=list)
    missing: list[Problem] = dataclasses.field(default_factory=list)
    unexpected: list[Problem] = dataclasses.field(default_factory=list)
    mismatched: list[Problem] = dataclasses.field(default_factory=list)
    ignored: list[Problem] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)

    @property
    def matched(self) -> int:
        """How many arrays of the target have a value."""
        return sum(k is not None for a in self.assignments for k in a.keys)

    @property
    def complete(self) -> bool:
        """Whether everything has its place, or was waived."""
        return not (self.missing or self.unexpected or self.mismatched)

    def summary(self) -> str:
        """The sizes of the lists in one line."""
        counts = [f"{self.matched} matched"]
        for name in ("missing", "unexpected", "mismatched", "ignored"):
            counts.append(f"{len(getattr(self, name))} {name}")
        return ", ".join(counts)


class Waivers:
    """The user's patterns for what may stay without a place.

    Args:
      patterns: Shell patterns; one that matches a path matches all below it too.
    """

    def __init__(self, patterns: Iterable[str]):
        self._patterns = [p.strip("/") for p in patterns]
        self.used: set[str] = set()

    def cover(self, *names: str) -> bool:
        """Whether some pattern matches one of the names."""
        for pattern in self._patterns:
            for name in names:
                if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(
                    name, pattern + "/*"
                ):
                    self.used.add(pattern)
                    return True
        return False

    def unused(self) -> list[str]:
        """Patterns that matched nothing."""
        return [p for p in self._patterns if p not in self.used]
