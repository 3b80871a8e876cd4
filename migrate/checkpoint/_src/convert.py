"""From a checkpoint and a program to parameters and state."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from compat.bundle import BundleError
from migrate.checkpoint._src import casting, haikus, names, roots
from migrate.checkpoint._src.join import Join
from migrate.checkpoint._src.plan import Assignment, Plan, Waivers
from migrate.checkpoint._src.source import Source, open_source
from migrate.checkpoint._src.trace import PARAMS, STATE, Key, trace
from migrate.errors import UserError


def make_plan(
    checkpoint: str | os.PathLike[str] | Source,
    program: Any,
    *inputs: Any,
    root: Sequence[str] | str | None = None,
    ignore: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    cast: bool = False,
    verify: bool = True,
    hk: Any = None,
    **named_inputs: Any,
) -> Plan:
    """Works out what goes where; reads no tensor but a few small ones.

    See `convert` for the arguments.
    """
    source = (
        checkpoint
        if isinstance(checkpoint, Source)
        else open_source(checkpoint, verify=verify)
    )
    program, hk = haikus.prepare(program, hk)
    found = trace(program, inputs, named_inputs, hk)
    waivers = Waivers(ignore)
    mapping = dict(mapping or {})
    try:
        if source.by_name:
            return names.join(source, found, root, mapping, cast, waivers)
        join = Join(source, found, mapping, cast)
        pairs = roots.choose(source, found, root, mapping)
        for module, node in pairs:
            join.visit(module, node, source.paths.get(node, ()) if node else ())
        plan = join.plan(waivers)
        plan.roots = [(m.name, source.show(n)) for m, n in pairs]
    except BundleError as error:
        raise UserError(str(error)) from error
    plan.notes += [f"--ignore {p} matched nothing" for p in waivers.unused()]
    return plan


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


def refuse_incomplete(plan: Plan) -> None:
    """Raises a `UserError` that names what has no place, if anything has none."""
    if plan.complete:
        return
    for name in ("mismatched", "missing", "unexpected"):
        problems = getattr(plan, name)
        if problems:
            first = f"{name}: {problems[0]}"
            break
    raise UserError(
        f"the checkpoint does not fit the target ({plan.summary()}); first {first}",
        "nothing is converted; see the whole list with --plan, waive with --ignore",
    )


def convert(
    checkpoint: str | os.PathLike[str],
    program: Any,
    *inputs: Any,
    root: Sequence[str] | str | None = None,
    ignore: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    cast: bool = False,
    verify: bool = True,
    hk: Any = None,
    **named_inputs: Any,
) -> tuple[dict, dict]:
    """Converts a Sonnet checkpoint to a Haiku program's parameters and state.

    Args:
      checkpoint: A prefix, a folder, or one of the checkpoint's files.
      program: The migrated code: a function that makes and calls modules, a
        transformed one, or a module class.
      *inputs: What it is called with: arrays or `jax.ShapeDtypeStruct` in any nesting
        (only shapes and types matter), other values as they are. An argument called
        ``is_training`` that isn't given is true, so that all state exists.
      root: Where the program's outermost module is in the checkpoint; found by
        itself where only one place fits. ``MODULE=PATH`` for one of several.
      ignore: Patterns of checkpoint paths that need no place.
      mapping: Haiku module, or ``module:name``, to checkpoint path, for what was
        renamed.
      cast: Whether to allow casts that lose precision.
      verify: Whether to verify the checkpoint's checksums.
      hk: The Haiku in use, if it can't be told from `program`.
      **named_inputs: Inputs by name.

    Returns:
      (params, state), two-level dictionaries of numpy arrays.

    Raises:
      UserError: Something has no place and isn't waived, or a file is damaged.
    """
    plan = make_plan(
        checkpoint,
        program,
        *inputs,
        root=root,
        ignore=ignore,
        mapping=mapping,
        cast=cast,
        verify=verify,
        hk=hk,
        **named_inputs,
    )
    refuse_incomplete(plan)
    return collect(plan)


def collect(plan: Plan) -> tuple[dict, dict]:
    """Computes all arrays of a plan, as (params, state)."""
    trees: dict[str, dict] = {PARAMS: {}, STATE: {}}
    for assignment in plan.assignments:
        for key, array in arrays_of(plan, assignment):
            tree = trees.setdefault(key.collection, {})
            tree.setdefault(key.module, {})[key.name] = array
    return trees[PARAMS], trees[STATE]
