"""Joining checkpoints that know names only: TensorFlow 1, Sonnet 1, name-based savers.

Without an object graph the variable names are the only key. Haiku numbers and nests
its module names as Sonnet does its name scopes, so a module's name, less the ``~``,
is looked up below a common start. Sonnet 1 called some variables otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from migrate.checkpoint._src import sonnet1
from migrate.checkpoint._src.join import Join, layout_for, stripped
from migrate.checkpoint._src.plan import Plan, Waivers
from migrate.checkpoint._src.roots import Roots, parse_roots
from migrate.checkpoint._src.source import Path, Source
from migrate.checkpoint._src.trace import Found, Trace
from migrate.errors import UserError


class NameJoin(Join):
    """A join in which names lead from module to module."""

    def visit(self, found: Found, node: int | None, path: Path) -> None:
        mapped = self.mapping.get(found.name)
        if mapped is not None:
            node, path = self._mapped(mapped)
        if id(found) in self.places:
            return
        if node is not None:
            self.places[id(found)] = node
            self._place_by_name(found, node, path)
        self._own_leaves(found, node, path)
        rules = layout_for(found)
        for child in self.children_by_name(found):
            name = stripped(child.name)[-1]
            ways = [(name,)]
            if (alias := rules.inner_path(name)) is not None:
                ways.append(alias)
            reached = (self.called(node, way) for way in ways)
            below = next((found for found in reached if found is not None), None)
            shown = (*path, name) if below is None else self.source.paths[below]
            self.visit(child, below, shown)

    def called(self, node: int | None, names: Path) -> int | None:
        """The object that the names lead to, as Sonnet 1 may have written them."""
        for name in names:
            children = {} if node is None else self.source.children(node)
            following = children.get(name)
            if following is None:
                alike = [n for n in children if sonnet1.is_called(n, name)]
                following = children[alike[0]] if len(alike) == 1 else None
            node = following
        return node

    def _place_by_name(self, found: Found, node: int, path: Path) -> None:
        kind = type(found.module).__name__
        if node in self.source.variables:
            if kind == "ExponentialMovingAverage":
                targets = sonnet1.AVERAGE.targets
                keys = tuple(self.target_key(found, t) for t in targets)
                self.assign((node,), keys, sonnet1.AVERAGE)
                self.notes.append(
                    f"{self.source.show(node)} was kept without debiasing: its counter"
                    f" becomes {sonnet1.LONG_AGO}"
                )
            return
        theirs = max(
            sonnet1.CLASSES.get(kind, ((),)),
            key=lambda placements: sum(
                self.target_key(found, target) is not None
                for placement in placements
                for target in placement.targets
            ),
        )
        for placement in (*layout_for(found).placements, *theirs):
            keys = tuple(self.target_key(found, t) for t in placement.targets)
            if all(key is None or key in self.filled for key in keys):
                continue
            nodes = [self._variable(node, name) for name in placement.sources]
            if None not in nodes:
                self.assign(tuple(nodes), keys, placement)
            else:
                for key in filter(None, keys):
                    self.reasons[key] = self._nearest(node, path)

    def _variable(self, node: int, name: str) -> int | None:
        """The variable that Sonnet's attribute `name` was called after."""
        plain = "/".join(part.lstrip("_") for part in name.split("/"))
        for candidate in (name, plain):
            below = self._below(node, tuple(candidate.split("/")))
            if below in self.source.variables:
                return below
        return None

    def _hint(self, path: str) -> str:
        if sonnet1.SLOTS.search(path):
            last = path.rpartition("/")[2]
            return (
                f"kept by an optimizer or average of TensorFlow 1; --ignore '*{last}'"
            )
        return super()._hint(path)


def join(
    source: Source,
    trace: Trace,
    given: Roots,
    mapping: Mapping[str, str],
    lossy: bool,
    waivers: Waivers,
) -> Plan:
    """Joins a program to a name-based checkpoint.

    Raises:
      UserError: The names fit below several starts, or the given one doesn't exist.
    """
    general, each = parse_roots(given)
    if each:
        raise UserError(
            "a name-based checkpoint has one root for all modules",
            "use --map for single modules",
        )
    if general is not None:
        base = source.resolve(general)
        if base is None:
            raise UserError(f"no variable name starts with {'/'.join(general)!r}")
    else:
        base = _infer(source, trace, mapping)
    done = _attempt(source, trace, base, mapping, lossy)
    plan = done.plan(waivers)
    shown = "/".join(source.paths[base])
    plan.roots = [("all modules", shown or "(no prefix)")]
    plan.notes.append("this checkpoint has names only: joined by name")
    return plan


def _attempt(source, trace, base, mapping, lossy=False) -> NameJoin:
    attempt = NameJoin(source, trace, mapping, lossy)
    path = source.paths[base]
    known = {stripped(found.name) for found in trace.modules}
    for found in trace.modules:
        parts = stripped(found.name)
        if any(parts[:size] in known for size in range(1, len(parts))):
            continue  # its parent leads to it
        attempt.visit(found, attempt.called(base, parts), (*path, *parts))
    for found in {key.module for key in trace.leaves} - {
        found.name for found in trace.modules
    }:
        parts = stripped(found)
        node = attempt.called(base, parts)
        attempt.visit(Found(None, found), node, (*path, *parts))
    return attempt


def _infer(source: Source, trace: Trace, mapping: Mapping[str, str]) -> int:
    scores = {}
    for node in source.paths:
        if source.children(node):
            attempt = _attempt(source, trace, node, mapping)
            filled = sum(k is not None for a in attempt.assignments for k in a.keys)
            scores[node] = filled
    best = max(scores.values(), default=0)
    tied = [node for node, score in scores.items() if score == best]
    if not best:
        return 0
    if len(tied) > 1:
        shown = ", ".join(source.show(node) for node in tied[:6])
        raise UserError(
            f"the names fit equally well below {shown}", "choose one with --root PATH"
        )
    return tied[0]
