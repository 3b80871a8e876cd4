"""Plans, for people: what is found goes to standard output, as plain text lines."""

from __future__ import annotations

import click
import numpy as np

from migrate.checkpoint._src.compare import Contents
from migrate.checkpoint._src.plan import Plan

_SHOWN = 10
_COLOURS = {"missing": "red", "unexpected": "red", "mismatched": "red"}


def plan(made: Plan, full: bool = False) -> None:
    """Prints roots, notes, and the three lists; with `full`, all that matched too."""
    for module, path in made.roots:
        click.echo(f"root: {module or 'the target'} is {path} in the checkpoint")
    if full:
        variables = made.source.variables
        for assignment in made.assignments:
            sources = " + ".join(variables[node].path for node in assignment.nodes)
            keys = ", ".join(str(k) for k in assignment.keys if k is not None)
            change = (
                "" if assignment.placement.forward is None else "  (layout changes)"
            )
            click.echo(f"  {sources} → {keys}{change}")
    limit = None if full else _SHOWN
    for name in ("mismatched", "missing", "unexpected", "ignored"):
        problems = getattr(made, name)
        if not problems:
            continue
        click.secho(f"{name} ({len(problems)}):", fg=_COLOURS.get(name))
        for problem in problems[:limit]:
            click.echo(f"  {problem}")
        if limit and len(problems) > limit:
            click.echo(f"  … and {len(problems) - limit} more (--plan shows all)")
    for note in made.notes[:limit]:
        click.echo(f"note: {note}")
    if limit and len(made.notes) > limit:
        click.echo(f"note: … and {len(made.notes) - limit} more (--plan shows all)")
    click.echo(made.summary())
    if not made.complete:
        hints = []
        if made.missing or made.unexpected:
            hints.append("waive with --ignore, rename with --map")
        if made.mismatched:
            hints.append("are --input and the target's arguments those of the model?")
        click.secho(f"nothing written: {'; '.join(hints)}", err=True)


def contents(what: Contents, values: bool = False) -> None:
    """Prints every array on a line, then the totals; with `values`, their range."""
    width = max((len(row.name) for row in what.rows), default=0)
    total = 0
    for row in what.rows:
        count = int(np.prod(row.shape, dtype=np.int64))
        total += count
        line = f"{row.name:<{width}}  {row.dtype:<9} {list(row.shape)}"
        if values and row.dtype not in ("string", "object"):
            line += _range(what.get(row.name))
        click.echo(line + (f"  # {row.note}" if row.note else ""))
    click.echo(f"{what.kind}: {len(what.rows)} arrays, {total} elements")
    source = what.facts.get("source")
    if source:
        click.echo(f"made from {source}")


def _range(array: np.ndarray) -> str:
    if not array.size or array.dtype.kind == "c":
        return ""
    if array.dtype.kind == "b":
        return f"  {np.count_nonzero(array)} true"
    wide = array.astype(np.float64)
    bad = np.count_nonzero(~np.isfinite(wide))
    text = f"  mean {wide.mean():.4g}, from {wide.min():.4g} to {wide.max():.4g}"
    return text + (f", {bad} not finite" if bad else "")
