"""The arrays that a plan makes, one by one, straight from the checkpoint's files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from compat.bundle import BundleError
from migrate.checkpoint._src import casting
from migrate.checkpoint._src.content import FORMAT, Content, Value, ordered, versions
from migrate.checkpoint._src.keys import Key
from migrate.checkpoint._src.plan import Assignment, Plan
from migrate.errors import UserError


def arrays_of(plan: Plan, assignment: Assignment) -> Iterator[tuple[Key, np.ndarray]]:
    """Computes the arrays that one assignment makes.

    Raises:
      UserError: The checkpoint's data is damaged, or an integer does not fit.
    """
    shapes = [plan.leaves[key].shape if key else None for key in assignment.keys]
    try:
        values = tuple(plan.source.get(node) for node in assignment.nodes)
        if assignment.placement.forward is None:
            made = (values[0].reshape(shapes[0]),)
        else:
            made = assignment.placement.forward(values, shapes)
        for key, array in zip(assignment.keys, made, strict=True):
            if key is not None:
                yield key, casting.cast(array, plan.leaves[key].dtype, str(key))
    except BundleError as error:
        raise UserError(str(error)) from error


def collect(plan: Plan) -> dict[Key, np.ndarray]:
    """Computes all arrays of a plan."""
    return dict(pair for a in plan.assignments for pair in arrays_of(plan, a))


def of_plan(plan: Plan, metadata: Mapping[str, Any] | None = None) -> Content:
    """The content that a complete plan makes, streamed from the checkpoint."""
    made = [k for a in plan.assignments for k in a.keys if k is not None]
    specs = {key: plan.leaves[key] for key in made}
    facts = {
        "format": FORMAT,
        "versions": versions(),
        "source": plan.source.reader.prefix,
        "roots": dict(plan.roots),
        "map": _map(plan),
        **(metadata or {}),
    }
    if plan.ignored:
        facts["ignored"] = [problem.subject for problem in plan.ignored]
    return Content(ordered(specs), lambda: _values(plan), facts)


def _map(plan: Plan) -> dict[str, list[str]]:
    variables = plan.source.variables
    return {
        str(key): [variables[node].path for node in assignment.nodes]
        for assignment in plan.assignments
        for key in assignment.keys
        if key is not None
    }


def _values(plan: Plan) -> Iterator[tuple[Key, Value]]:
    for assignment in _in_file_order(plan):
        region = _region(plan, assignment)
        if region is None:
            for key, array in arrays_of(plan, assignment):
                yield key, Value(array)
        else:
            yield assignment.keys[0], region


def _in_file_order(plan: Plan) -> list[Assignment]:
    """The assignments in the order in which their bytes lie on disk."""
    entries = plan.source.reader.entries
    variables = plan.source.variables

    def place(assignment: Assignment) -> tuple[int, int]:
        first = entries[variables[assignment.nodes[0]].key]
        return first.shard, first.offset

    return sorted(plan.assignments, key=place)


def _region(plan: Plan, assignment: Assignment) -> Value | None:
    """The bytes of a variable that becomes an array without a change."""
    if assignment.placement.forward is not None:
        return None
    reader = plan.source.reader
    variable = plan.source.variables[assignment.nodes[0]]
    if variable.dtype != plan.leaves[assignment.keys[0]].dtype:
        return None
    try:
        region = reader.region(variable.key)
    except BundleError as error:
        raise UserError(str(error)) from error
    if region is None:
        return None

    def check(checksum: int) -> None:
        reader.check(variable.key, region, checksum)

    return Value(region=region, check=check if reader.verify else None)
