"""What a rewrite found and did: one model, read by every report."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

SAFE = "safe"  # exact, proven
ASSUMED = "assumed"  # exact under a stated guard that the analysis could not prove
UNSAFE = "unsafe"  # may change results; made only with --unsafe
MANUAL = "manual"  # not turned: a person must look (a leftover)
STAYS = "stays"  # left as it is on purpose
SAFETIES = (SAFE, ASSUMED, UNSAFE, MANUAL, STAYS)


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """One place in the source, and what became of it.

    Attributes:
      line: 1-based, in the source before the rewrite.
      column: 0-based.
      code: of the rule, such as "S2H101" (see `migrate.rules.codes`).
      safety: one of `SAFETIES`.
      name: the legacy name, such as "tf.reduce_mean"; empty for a pattern of code.
      message: what was done and, if assumed, under which condition; or the reason why
        it was left.
      suggestion: what a person should do, for `manual` and `stays`.
      applied: whether the text changed (an `unsafe` edit may be withheld).
      cell: of a notebook: the number of the code cell, from 1; `line` counts in it. 0
        for other files.
    """

    line: int
    column: int
    code: str
    safety: str
    name: str
    message: str
    suggestion: str = ""
    applied: bool = True
    cell: int = 0


@dataclasses.dataclass(frozen=True)
class Options:
    """How to rewrite.

    Attributes:
      haiku: the package to write against: "haiku_core" or "haiku" (dm-haiku; what it
        lacks is then copied into the user's tree).
      unsafe: whether unsafe edits are made.
      only: codes to apply, none for all; `skip`: codes to leave out. A prefix stands
        for all codes that begin with it.
      package: the user's top package, into which `_tf_ops.py` and copies go; None for
        files that lie in no package (they then stand beside the file).
    """

    haiku: str = "haiku_core"
    unsafe: bool = False
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    package: str | None = None

    def enabled(self, code: str) -> bool:
        """Whether the rule with this code is to be applied."""
        chosen = not self.only or code.startswith(self.only)
        return chosen and not code.startswith(tuple(self.skip) or ("\0",))


@dataclasses.dataclass
class SourceResult:
    """The rewrite of one source text.

    Attributes:
      text: the new text; the same object as before where nothing changed.
      findings: in the order of their place.
      helpers: names of dictionary entries whose bodies the text calls as
        `_tf_ops.<name>`.
      copies: packages of ours that must be copied beside it: "objects", "sonnet".
    """

    text: str
    findings: list[Finding] = dataclasses.field(default_factory=list)
    helpers: set[str] = dataclasses.field(default_factory=set)
    copies: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class FileResult:
    """One file: its source before and after, or why there is none.

    Attributes:
      path: as given or found.
      before: the text before, None where it was not read.
      result: None where the file was not parsed: it mentions nothing (`skipped`) or
        can't be (`error`).
      error: one line for people.
      relative: its place below the path that was given, for a mirrored tree.
      home: the folder into which `_tf_ops.py` and copies that it needs go.
      data: the bytes of the file after the rewrite, where it changed: the text in the
        file's own encoding, or the whole notebook.
    """

    path: str
    before: str | None = None
    result: SourceResult | None = None
    error: str | None = None
    relative: str = ""
    home: str = ""
    data: bytes | None = dataclasses.field(default=None, repr=False)

    @property
    def changed(self) -> bool:
        return self.result is not None and self.result.text != self.before


def count(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings of each safety, zeros included."""
    counts = dict.fromkeys(SAFETIES, 0)
    for finding in findings:
        counts[finding.safety] += 1
    return counts
