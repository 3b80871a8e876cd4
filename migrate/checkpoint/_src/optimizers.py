"""The slots of Sonnet's optimizers as optax's state.

Sonnet keeps one list of variables for each kind of slot, in the order in which the
optimizer was given its parameters; every slot has the name of its parameter. optax
keeps trees with the structure of the parameters.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax

from compat.layout import EXACT, Placement
from migrate.checkpoint._src import blame
from migrate.checkpoint._src.join import Join
from migrate.checkpoint._src.keys import OPTIMIZER, PARAMS, Key, Leaf
from migrate.checkpoint._src.plan import Assignment, Problem
from migrate.checkpoint._src.source import Path, Source
from migrate.errors import UserError

_SAME = Placement(("",), ("",), reshape=EXACT)

# Sonnet's slot list, optax's class of state and its field, and a sign: RMSProp's
# momentum comes after the learning rate in both; Sonnet subtracts it, optax adds it.
_SLOTS = (
    ("m", "ScaleByAdamState", "mu", 1),
    ("v", "ScaleByAdamState", "nu", 1),
    ("accumulated_momentum", "TraceState", "trace", 1),
    ("ms", "ScaleByRmsState", "nu", 1),
    ("ms", "ScaleByRStdDevState", "nu", 1),
    ("mg", "ScaleByRStdDevState", "mu", 1),
    ("mom", "TraceState", "trace", -1),
)
_COUNT = ("step", "count")
_LISTS = frozenset(row[0] for row in _SLOTS)


def state_for(
    transformation: Any, leaves: Mapping[Key, Leaf]
) -> tuple[Any, list[Key], dict[Key, Leaf]]:
    """The state that an optax transformation has for a program's parameters.

    Returns:
      (abstract state, the parameters' keys in flattening order, the state's arrays).

    Raises:
      UserError: It is no optax transformation.
    """
    keys: dict[str, dict[str, Key]] = {}
    for key in leaves:
        if key.collection == PARAMS:
            keys.setdefault(key.module, {})[key.name] = key

    def is_key(item: Any) -> bool:
        return isinstance(item, Key)

    shapes = jax.tree.map(
        lambda key: jax.ShapeDtypeStruct(*leaves[key]), keys, is_leaf=is_key
    )
    try:
        state = jax.eval_shape(transformation.init, shapes)
    except Exception as error:
        raise UserError(
            f"the optimizer does not take these parameters: {blame.describe(error)}",
            "write a call that makes an optax transformation: 'optax:adam(1e-3)'",
        ) from error
    flat = jax.tree_util.tree_leaves_with_path(state)
    made = {
        Key(OPTIMIZER, "", jax.tree_util.keystr(where)): Leaf(item.shape, item.dtype)
        for where, item in flat
    }
    return state, jax.tree.leaves(keys, is_leaf=is_key), made


def all_of(source: Source) -> list[int]:
    """Sonnet's optimizers that have slots in the checkpoint."""
    return [
        node
        for node in source.paths
        if any(_is_list(source, source.children(node).get(name)) for name in _LISTS)
        and node not in source.variables
    ]


def counterpart(source: Source, node: int) -> str:
    """How to write, for ``--optimizer``, an optimizer of this kind."""
    children = source.children(node)
    if "accumulated_momentum" in children:
        return "optax:sgd(1e-3, momentum=0.9)"
    return "optax:rmsprop(1e-3)" if "ms" in children else "optax:adam(1e-3)"


def find(source: Source) -> int | None:
    """The only optimizer of Sonnet's in the checkpoint, None if there is none.

    Raises:
      UserError: There are several.
    """
    found = all_of(source)
    if len(found) > 1:
        raise UserError(
            "the checkpoint has several optimizers:"
            f" {', '.join(map(source.show, found))}",
            "choose one with --optimizer PATH=PLACE:OBJECT",
        )
    return found[0] if found else None


def _states(tree: Any, path: tuple = ()) -> Iterator[tuple[tuple, Any]]:
    """Yields (key path, state) for every named tuple inside an optax state."""
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        yield path, tree
        for field in tree._fields:
            key = jax.tree_util.GetAttrKey(field)
            yield from _states(getattr(tree, field), (*path, key))
    elif isinstance(tree, tuple | list):
        for index, item in enumerate(tree):
            yield from _states(item, (*path, jax.tree_util.SequenceKey(index)))
    elif isinstance(tree, dict):
        for name, item in tree.items():
            yield from _states(item, (*path, jax.tree_util.DictKey(name)))


def place(
    join: Join,
    node: int | None,
    path: Path,
    collection: str,
    state: Any,
    parameters: Sequence[Key],
) -> None:
    """Relates a Sonnet optimizer in the checkpoint to an optax state.

    Args:
      join: The join, with the parameters placed already.
      node: The optimizer's object in the checkpoint.
      path: Its path, for messages.
      collection: The collection of the state's keys (`Key`).
      state: The optax state.
      parameters: The arrays optimised, in the order of the leaves of the state's trees.
    """
    if node is None:
        shown = "/".join(path)
        for where, _ in jax.tree_util.tree_leaves_with_path(state):
            key = Key(collection, "", jax.tree_util.keystr(where))
            join.reasons[key] = f"the checkpoint has no optimizer {shown}"
        return
    source = join.source
    children = source.children(node)
    counts = source.variables.keys() & {children.get(_COUNT[0])}
    for where, item in _states(state):
        if _COUNT[1] in item._fields and counts:
            key = Key(
                collection,
                "",
                jax.tree_util.keystr((*where, jax.tree_util.GetAttrKey(_COUNT[1]))),
            )
            _count(join, next(iter(counts)), key)
        for slot, kind, field, sign in _SLOTS:
            if slot in children and type(item).__name__ == kind:
                head = (*where, jax.tree_util.GetAttrKey(field))
                tree = jax.tree_util.tree_leaves_with_path(getattr(item, field))
                keys = [
                    Key(collection, "", jax.tree_util.keystr((*head, *leaf)))
                    for leaf, _ in tree
                ]
                pairs = dict(zip(parameters, keys, strict=True))
                _slots(join, children[slot], (*path, slot), pairs, sign)
    if not parameters or "mom" not in children:
        return
    _drop_idle_momentum(join, children["mom"], state)


def _count(join: Join, node: int, key: Key) -> None:
    """Several schedules may count the same steps: all take the one counter."""
    taken = join.used.pop(node, None)
    join.assign((node,), (key,), _SAME)
    if taken is not None:
        join.used[node] = taken


def _drop_idle_momentum(join: Join, node: int, state: Any) -> None:
    """Sonnet's RMSProp keeps momentum slots even where the momentum is zero.

    They then hold the last step alone, which nothing reads.
    """
    if any(type(item).__name__ == "TraceState" for _, item in _states(state)):
        return
    dropped = 0
    for child in join.source.children(node).values():
        if child in join.source.variables and child not in join.used:
            join.used[child] = None
            dropped += 1
    if dropped:
        join.notes.append(
            f"{dropped} momentum slots of RMSProp are left out: the target's optimizer"
            " has no momentum"
        )


def _slots(join: Join, node: int, path: Path, keys: dict[Key, Key], sign: int) -> None:
    """Places one list of slots.

    Args:
      join: The join, with the parameters placed.
      node: The list in the checkpoint.
      path: Its path, for messages.
      keys: For each parameter, the array that its slot becomes.
      sign: What the slots are multiplied with.
    """
    children = join.source.children(node)
    slots = [children[name] for name in sorted(children, key=_number)]
    placed: dict[tuple[int, ...], Assignment] = {}
    for assignment in join.assignments:
        if any(key in keys for key in assignment.keys):
            placed[assignment.nodes] = assignment
    variables = [n for nodes in placed for n in nodes]
    problem = ""
    if len(slots) != len(variables):
        problem = (
            f"{len(slots)} slots in the checkpoint, but the optimizer's parameters are"
            f" made from {len(variables)} variables"
        )
    else:
        slot_of = _pair(join.source, slots, variables)
        problem = slot_of if isinstance(slot_of, str) else ""
    if problem:
        join.mismatched.append(Problem("/".join(path), problem))
        for child in slots:
            join.used.setdefault(child, None)
        return
    for nodes, assignment in placed.items():
        join.assign(
            tuple(slot_of[n] for n in nodes),
            tuple(keys.get(key) for key in assignment.keys),
            _for_moments(assignment.placement, sign),
        )


def _for_moments(placement: Placement, sign: int) -> Placement:
    """The placement of a parameter's moments: all of its layout but additions."""
    forward, inverse = placement.moments or (placement.forward, placement.inverse)
    if sign == 1:
        return dataclasses.replace(
            placement, forward=forward, inverse=inverse, exact=True
        )

    def signed(arrays, shapes):
        made = forward(arrays, shapes) if forward else arrays
        pairs = zip(made, shapes, strict=True)
        return tuple(sign * (a if s is None else a.reshape(s)) for a, s in pairs)

    def signed_back(arrays, module):
        made = inverse(arrays, module) if inverse else arrays
        return tuple(sign * array for array in made)

    return dataclasses.replace(
        placement, forward=signed, inverse=signed_back, exact=True
    )


def _pair(
    source: Source, slots: list[int], variables: list[int]
) -> dict[int, int] | str:
    """Finds the slot of each variable, or says why it can't.

    By name; variables that share a name, or have none, go by order: Sonnet lists a
    module's variables by attribute name, its own before those of its submodules.
    """
    order = {node: index for index, node in enumerate(_listing(source))}
    variables = sorted(variables, key=lambda n: order.get(n, len(order)))
    names = {n: source.variables[n].full_name for n in variables}
    groups: dict[str, list[int]] = collections.defaultdict(list)
    for node in variables:
        groups[names[node]].append(node)
    chosen: dict[str, list[int]] = collections.defaultdict(list)
    for slot in slots:
        full = source.variables[slot].full_name
        fitting = [n for n in groups if n and (full == n or full.endswith("/" + n))]
        chosen[max(fitting, key=len, default="")].append(slot)
    if any(len(chosen[name]) != len(group) for name, group in groups.items()):
        # The names don't tell: a wholly different naming, so order alone.
        groups, chosen = {"": variables}, {"": slots}
    pairs = {}
    for name, group in groups.items():
        for node, slot in zip(group, chosen[name], strict=True):
            one, other = source.variables[node], source.variables[slot]
            if one.shape != other.shape:
                return (
                    f"{other.path} has shape {list(other.shape)}, its variable"
                    f" {one.path} {list(one.shape)}"
                )
            pairs[node] = slot
    return pairs


def _listing(source: Source) -> list[int]:
    """All variables in the order in which Sonnet lists them."""
    found: dict[int, None] = {}
    seen: set[int] = set()

    def flat(node: int) -> Iterator[int]:
        """The members of a module, with those of its lists in their place."""
        children = source.children(node)
        for name in sorted(children, key=_number):
            child = children[name]
            if _is_list(source, child):
                yield from flat(child)
            else:
                yield child

    pending = [0]
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        inner = []
        for child in flat(node):
            if child in source.variables:
                found.setdefault(child)
            else:
                inner.append(child)
        pending += reversed(inner)
    return list(found)


def _is_list(source: Source, node: int | None) -> bool:
    if node is None:
        return False
    names = source.children(node)
    return bool(names) and all(name.isdigit() for name in names)


def _number(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdigit() else (1 << 30, name)
