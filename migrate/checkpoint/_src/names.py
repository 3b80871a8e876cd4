"""Joining checkpoints that know names only: TensorFlow 1, Sonnet 1, name-based savers.

Without an object graph the variable names are the only key. Haiku numbers and nests
its module names as Sonnet does its name scopes, so a module's name, less the ``~``,
is looked up below a common start. Sonnet 1 called some variables otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from compat.layout import BIAS_AXES, NORM_AXES, Placement
from migrate.checkpoint._src.join import Join, layout_for, stripped
from migrate.checkpoint._src.plan import Plan, Waivers
from migrate.checkpoint._src.roots import Roots, parse_roots
from migrate.checkpoint._src.source import Path, Source
from migrate.checkpoint._src.trace import Found, Trace
from migrate.errors import UserError

# So many steps that a debiased average no longer differs from a plain one.
_LONG_AGO = 1 << 30


def _plain_average(arrays, shapes):
    """TensorFlow 1 kept the average alone, without debiasing."""
    (average,) = arrays
    count = np.asarray(_LONG_AGO, np.int32)
    return average.reshape(shapes[0]), average.reshape(shapes[1]), count


def _side_by_side(arrays, shapes):
    del shapes
    return (np.concatenate(arrays, axis=-1),)


def _moved(source: str, target: str, reshape=BIAS_AXES) -> Placement:
    return Placement((source,), (target,), reshape=reshape)


_GAINS = (
    _moved("gamma", "params:scale", NORM_AXES),
    _moved("beta", "params:offset", NORM_AXES),
)
_GATES = "zrh"
# Haiku class → how Sonnet 1 named and laid out its variables.
_SONNET1: dict[str, tuple[Placement, ...]] = {
    "BatchNorm": _GAINS,
    "LayerNorm": _GAINS,
    "LSTM": (
        _moved("w_gates", "params:linear/w"),
        _moved("b_gates", "params:linear/b"),
    ),
    "GRU": tuple(
        Placement(tuple(f"{letter}{gate}" for gate in _GATES), (target,), _side_by_side)
        for letter, target in (
            ("w", "params:w_i"),
            ("u", "params:w_h"),
            ("b", "params:b"),
        )
    ),
    "VanillaRNN": (
        _moved("in_to_hidden/w", "params:linear/w"),
        _moved("in_to_hidden/b", "params:linear/b"),
        _moved("hidden_to_hidden/w", "params:linear_1/w"),
        _moved("hidden_to_hidden/b", "params:linear_1/b"),
    ),
}
_AVERAGE = Placement(
    (), ("state:hidden", "state:average", "state:counter"), _plain_average
)


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
            reached = (self._below(node, way) for way in ways)
            below, way = next(
                ((n, w) for n, w in zip(reached, ways, strict=True) if n is not None),
                (None, ways[0]),
            )
            self.visit(child, below, (*path, *way))

    def _place_by_name(self, found: Found, node: int, path: Path) -> None:
        rules = layout_for(found)
        kind = type(found.module).__name__
        if node in self.source.variables:
            if kind == "ExponentialMovingAverage":
                keys = tuple(self.target_key(found, t) for t in _AVERAGE.targets)
                self.assign((node,), keys, _AVERAGE)
                self.notes.append(
                    f"{self.source.show(node)} was kept without debiasing: its counter"
                    f" becomes {_LONG_AGO}"
                )
            return
        for placement in (*rules.placements, *_SONNET1.get(kind, ())):
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
        attempt.visit(found, source.resolve(parts, base), (*path, *parts))
    for found in {key.module for key in trace.leaves} - {
        found.name for found in trace.modules
    }:
        parts = stripped(found)
        attempt.visit(Found(None, found), source.resolve(parts, base), (*path, *parts))
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
