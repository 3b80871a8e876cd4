"""From a checkpoint and a program to parameters and state."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compat.bundle import BundleError
from migrate.checkpoint._src import blame, haikus, names, optimizers, owners, roots
from migrate.checkpoint._src.join import Join
from migrate.checkpoint._src.keys import OPTIMIZER, PARAMS, STATE
from migrate.checkpoint._src.plan import Plan, Waivers
from migrate.checkpoint._src.source import Path, Source, open_source
from migrate.checkpoint._src.trace import Trace, trace
from migrate.checkpoint._src.trees import as_trees, optimizer_state
from migrate.checkpoint._src.values import collect
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
    optimizer: Any = None,
    optimizer_path: str | None = None,
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
    waivers = Waivers(ignore)
    mapping = dict(mapping or {})
    owned = owners.examine(program) if owners.is_owner(program) else None
    if owned is None:
        found = _trace(program, inputs, named_inputs, hk)
    else:
        found = owned.trace
    _check_mapping(mapping, found, source)
    if optimizer is not None:
        if owned is not None:
            raise UserError(
                "the target has its own optimizers", "leave --optimizer out"
            )
        slots, parameters, leaves = optimizers.state_for(optimizer, found.leaves)
    if source.by_name and (owned is not None or optimizer is not None):
        what = "learners" if owned is not None else "the state of optimizers"
        raise UserError(
            f"{source.reader.prefix} knows names only, by which {what} can't be found",
            "convert its networks one by one, without --optimizer",
        )
    try:
        if source.by_name:
            plan = names.join(source, found, root, mapping, cast, waivers)
            plan.notes += _advice(source, plan, waivers)
            return plan
        join = Join(source, found, mapping, cast)
        pairs = roots.choose(source, found, root, mapping)
        for module, node in pairs:
            join.visit(module, node, _path(source, node))
        if owned is not None:
            _place_optimizers(join, owned, pairs[0][1])
        if optimizer is not None:
            found.leaves |= leaves
            where = _optimizer_node(source, optimizer_path)
            path = _path(source, where) or ("optimizer",)
            optimizers.place(join, where, path, OPTIMIZER, slots, parameters)
        plan = join.plan(waivers)
        plan.roots = [(m.name, source.show(n)) for m, n in pairs]
    except BundleError as error:
        raise UserError(str(error)) from error
    plan.notes += _advice(source, plan, waivers)
    return plan


def _advice(source: Source, plan: Plan, waivers: Waivers) -> Iterator[str]:
    """What to type next, where that can be told."""
    for node in optimizers.all_of(source):
        path = source.show(node)
        if any(problem.subject.startswith(path + "/") for problem in plan.unexpected):
            yield (
                f"{path} is the state of an optimizer: bring it along with --optimizer"
                f" '{optimizers.counterpart(source, node)}', or leave it behind with"
                f" --ignore {path}"
            )
    for pattern in waivers.unused():
        known = _names(source)
        near = difflib.get_close_matches(pattern, known, 1)
        if pattern in known:
            yield f"--ignore {pattern} is not needed: it is not in the way"
        else:
            guess = f"; is it {near[0]}?" if near else ""
            yield f"--ignore {pattern} matched nothing{guess}"


def _names(source: Source) -> list[str]:
    """Paths of the outer objects, and of all below them."""
    top = [source.show(node) for node in source.children(0).values()]
    return [*top, *(f"{name}/*" for name in top)]


def _trace(program: Any, inputs: tuple, named: Mapping[str, Any], hk: Any) -> Trace:
    haikus.check_inputs(program, inputs, named)
    program, hk = haikus.prepare(program, hk)
    try:
        return trace(program, inputs, named, hk)
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"the target fails when it is traced: {blame.describe(error)}",
            "are its inputs right?",
        ) from error


def _check_mapping(mapping: Mapping[str, str], found: Trace, source: Source) -> None:
    names = {module.name for module in found.modules}
    names |= {f"{key.module}:{key.name}" for key in found.leaves}
    for target, path in mapping.items():
        if target not in names:
            near = difflib.get_close_matches(target, names, 1)
            guess = f"is it {near[0]}? " if near else ""
            raise UserError(
                f"the target has no {target!r}, which is to be renamed",
                f"{guess}write a Haiku module's name, or MODULE:NAME for one array",
            )
        if source.resolve(tuple(part for part in path.split("/") if part)) is None:
            known = ["/".join(p) for p in source.paths.values()]
            near = difflib.get_close_matches(path, known, 1)
            raise UserError(
                f"the checkpoint has no {path!r}, which {target} is to come from",
                f"is it {near[0]}?" if near else "see its names with inspect",
            )


def _path(source: Source, node: int | None) -> Path:
    return () if node is None else source.paths.get(node, ())


def _place_optimizers(join: Join, owned: owners.Owned, base: int | None) -> None:
    for optimizer in owned.optimizers:
        node = None if base is None else join.source.resolve(optimizer.path, base)
        optimizers.place(
            join,
            node,
            (*_path(join.source, base), *optimizer.path),
            "/".join(optimizer.path),
            optimizer.state,
            optimizer.parameters,
        )
    join.notes += owned.notes


def _optimizer_node(source: Source, path: str | None) -> int | None:
    if path is None:
        return optimizers.find(source)
    node = source.resolve(tuple(part for part in path.split("/") if part))
    if node is None:
        raise UserError(f"the checkpoint has no object {path!r}")
    return node


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
    checkpoint: str | os.PathLike[str], program: Any, *inputs: Any, **options: Any
) -> tuple[dict, dict] | tuple[dict, dict, Any]:
    """Converts a Sonnet checkpoint to a Haiku program's parameters and state.

    Args:
      checkpoint: A prefix, a folder, or one of the checkpoint's files.
      program: The migrated code: a function that makes and calls modules, a
        transformed one, a module class, or a `Network` of `haiku_core.objects`.
      *inputs: What it is called with: arrays or `jax.ShapeDtypeStruct` in any nesting
        (only shapes and types matter), other values as they are. An argument called
        ``is_training`` that isn't given is true, so that all state exists.
      **options: Inputs by name, and any of:

        * root: where the program's outermost module is in the checkpoint; found by
          itself where only one place fits. ``MODULE=PATH`` for one of several, a list
          for more.
        * ignore: patterns of checkpoint paths that need no place.
        * mapping: Haiku module, or ``module:name``, to checkpoint path, for what was
          renamed.
        * cast: whether to allow casts that lose precision.
        * verify: whether to verify the checkpoint's checksums; true by default.
        * hk: the Haiku in use, if it can't be told from `program`.
        * optimizer: an optax transformation whose state is wanted too.
        * optimizer_path: where the optimizer is in the checkpoint, if it has several.

    Returns:
      (params, state), two-level dictionaries of numpy arrays; with `optimizer`,
      (params, state, optimizer state).

    Raises:
      UserError: Something has no place and isn't waived, or a file is damaged.
    """
    plan = make_plan(checkpoint, program, *inputs, **options)
    refuse_incomplete(plan)
    arrays = collect(plan)
    others = {key.collection for key in arrays} - {PARAMS, STATE, OPTIMIZER}
    if others:
        raise UserError(
            f"the target owns more than one network ({', '.join(sorted(others)[:4])})",
            "use restore(checkpoint, target)",
        )
    params, state = as_trees(arrays)
    optimizer = options.get("optimizer")
    if optimizer is None:
        return params, state
    return params, state, optimizer_state(optimizer, params, arrays)


def restore(
    checkpoint: str | os.PathLike[str], owner: Any, *, trust_pickle=False, **options
) -> None:
    """Puts a checkpoint into an object that owns networks: a learner, an agent.

    Its attributes lead to networks, variables and optimizers of `haiku_core.objects`,
    all with their variables made. Nothing is changed unless everything fits.

    Args:
      checkpoint: A Sonnet checkpoint, or a file that ``convert-checkpoint`` wrote.
      owner: The object.
      trust_pickle: Whether a pickle may be loaded: that can run any code.
      **options: As for `convert`, for a Sonnet checkpoint.

    Raises:
      UserError: Something has no place or no value, or a file is damaged.
    """
    from migrate.checkpoint._src import files

    owned = owners.examine(owner)
    if files.is_converted(checkpoint):
        arrays, _ = files.read(checkpoint, trust_pickle=trust_pickle, **options)
        keys = {str(key): key for key in owned.boxes}
        for name in {*keys} ^ {*arrays}:
            where = "the file" if name in arrays else "the target"
            raise UserError(f"only {where} has {name}: they do not fit each other")
        owners.put(owned, {keys[name]: array for name, array in arrays.items()})
        return
    plan = make_plan(checkpoint, owner, **options)
    refuse_incomplete(plan)
    owners.put(owned, collect(plan))
