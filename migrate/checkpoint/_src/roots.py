"""Finding where in a checkpoint a program's modules are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from migrate.checkpoint._src.join import Join
from migrate.checkpoint._src.keys import PARAMS, STATE
from migrate.checkpoint._src.source import Path, Source
from migrate.checkpoint._src.trace import Found, Trace
from migrate.errors import UserError

Roots = Sequence[str] | str | None
_SHOWN = 6


def real_roots(trace: Trace) -> list[Found]:
    """The outermost modules that hold arrays, themselves or through others."""
    names = {(f.prefix, f.name) for f in trace.modules}

    real = [
        f
        for f in trace.roots
        if not _inside(f.prefix, f.name, names) and _has_leaves(trace, f)
    ]
    # What belongs to no module at all: the function asked for it itself.
    bare = {
        key.module
        for key in trace.leaves
        if key.collection in (PARAMS, STATE) and ("", key.module) not in names
    }
    return [*real, *(Found(None, n) for n in sorted(bare) if not _inside("", n, names))]


def _inside(prefix: str, name: str, names: set[tuple[str, str]]) -> bool:
    """Whether a module's name lies below that of another."""
    parts = name.split("/")
    return any(
        (prefix, "/".join(parts[:size])) in names for size in range(1, len(parts))
    )


def _has_leaves(trace: Trace, found: Found) -> bool:
    """Whether some array belongs to the module or to one that it reaches."""
    seen: set[int] = set()
    pending = [found]
    names = {key.module for key in trace.leaves}
    while pending:
        module = pending.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        start = module.name + "/"
        if any(n == module.name or n.startswith(start) for n in names):
            return True
        if any(key in trace.leaves for _, key in module.values):
            return True
        pending += [child for _, child in module.children]
    return False


def parse_roots(given: Roots) -> tuple[Path | None, dict[str, Path]]:
    """Splits ``PATH`` and ``MODULE=PATH`` into a general root and one per module."""
    general, each = None, {}
    for text in [given] if isinstance(given, str) else given or ():
        module, equals, path = text.rpartition("=")
        parts = tuple(part for part in path.split("/") if part)
        if equals:
            each[module] = parts
        elif general is None:
            general = parts
        else:
            raise UserError(
                f"two roots are given, {'/'.join(general)!r} and {text!r}",
                "say which module each is for: --root MODULE=PATH",
            )
    return general, each


def _fit(
    source: Source, trace: Trace, found: Found, node: int, mapping: Mapping[str, str]
) -> tuple[int, int, int]:
    """How well the object at `node` fits.

    Returns:
      (arrays that get a value, variables that have a counterpart, fitting or not,
      minus the variables that would be left over).
    """
    join = Join(source, trace, mapping)
    path = source.paths.get(node, ())
    join.visit(found, node, path)
    filled = sum(k is not None for a in join.assignments for k in a.keys)
    if not join.used:
        return 0, 0, 0
    below = source.graph.paths(node)
    unplaced = sum(n in source.variables and n not in join.used for n in below)
    return filled, len(join.used), -unplaced


def _start(source: Source, path: Path) -> int:
    node = source.resolve(path)
    if node is None:
        top = ", ".join(sorted(source.children(0))[:_SHOWN])
        raise UserError(
            f"the checkpoint has no object {'/'.join(path)!r}",
            f"its root holds {top}",
        )
    return node


def choose(
    source: Source,
    trace: Trace,
    given: Roots,
    mapping: Mapping[str, str],
) -> list[tuple[Found, int | None]]:
    """Pairs each outermost module with an object of the checkpoint.

    Args:
      source: The checkpoint.
      trace: The program.
      given: The user's ``PATH`` (of the only module, or under which to look) and
        ``MODULE=PATH``.
      mapping: The user's pairs for single modules.

    Raises:
      UserError: Several objects fit equally, or a given path doesn't exist.
    """
    general, each = parse_roots(given)
    roots = real_roots(trace)
    unknown = set(each) - {found.name for found in roots}
    if unknown:
        names = ", ".join(found.name for found in roots)
        raise UserError(
            f"the program has no outermost module {sorted(unknown)[0]!r}",
            f"it has {names}",
        )
    if general is not None:
        _start(source, general)
    pairs: list[tuple[Found, int | None]] = []
    taken: set[int] = set()
    for found in roots:
        if found.name in each:
            node = _start(source, each[found.name])
        elif found.name in mapping:
            node = _start(source, tuple(mapping[found.name].split("/")))
        elif general is not None and len(roots) == 1:
            node = _start(source, general)
        else:
            node = None
        if node is not None:
            taken.add(node)
        pairs.append((found, node))
    start = _start(source, general) if general is not None else 0
    candidates = list(source.graph.paths(start))
    for index, (found, node) in enumerate(pairs):
        if node is None and not _all_mapped(trace, found, mapping):
            free = [c for c in candidates if c not in taken]
            node = _infer(source, trace, found, free, mapping)
            pairs[index] = found, node
            if node is not None:
                taken.add(node)
    return pairs


def _all_mapped(trace: Trace, found: Found, mapping: Mapping[str, str]) -> bool:
    own = [key for key in trace.leaves if key.module == found.name]
    return bool(own) and all(f"{key.module}:{key.name}" in mapping for key in own)


def _may_fit(source: Source, node: int, heads: set[str], named: set[str]) -> bool:
    """Whether an object is worth a try: it has a member that the module looks for."""
    children = source.children(node)
    if not heads.isdisjoint(children):
        return True
    variables = (source.variables.get(child) for child in children.values())
    return any(v and v.full_name.rpartition("/")[2] in named for v in variables)


def _infer(
    source: Source,
    trace: Trace,
    found: Found,
    candidates: list[int],
    mapping: Mapping[str, str],
) -> int | None:
    heads = Join(source, trace, mapping).heads(found)
    named = {key.name for key in trace.leaves if key.module == found.name}
    scores = {}
    for node in candidates:
        if _may_fit(source, node, heads, named):
            score = _fit(source, trace, found, node, mapping)
            if score[1]:
                scores[node] = score
    if not scores:
        return None
    best = max(scores.values())
    tied = [node for node, score in scores.items() if score == best]
    if len(tied) > 1:
        last = found.name.rpartition("/")[2]
        named = [n for n in tied if source.paths[n][-1:] in ((last,), ("_" + last,))]
        tied = named if len(named) == 1 else tied
    if len(tied) > 1:
        shown = ", ".join(source.show(node) for node in tied[:_SHOWN])
        more = f" and {len(tied) - _SHOWN} more" if len(tied) > _SHOWN else ""
        raise UserError(
            f"{len(tied)} objects of the checkpoint fit {found.name or 'the target'}"
            f" equally well: {shown}{more}",
            f"choose one with --root {found.name}=PATH",
        )
    return tied[0]
