"""Objects that own networks, variables and optimizers: learners, agents.

Their attributes lead to `Network`, `Box` and `Optimizer` objects of
`haiku_core.objects`, or of a copy of it in the user's own tree; in a checkpoint the
same attributes lead to the modules, variables and optimizers that were there before.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np

from migrate.checkpoint._src.keys import PARAMS, STATE, Key, Leaf
from migrate.checkpoint._src.trace import (
    Found,
    Path,
    Recorder,
    Trace,
    items_of,
    leaves_of,
    wrapped,
)
from migrate.errors import UserError

# A class of `objects` is known by what it is called and has, since the package may be
# a copy beside the user's code.
_MARKS = {
    "Network": ("params", "state", "_pure", "_created"),
    "Box": ("value", "assign"),
    "Optimizer": ("apply", "init"),
}
_FOREIGN = ("builtins", "jax", "jaxlib", "numpy", "optax", "haiku", "haiku_core")


def kind_of(thing: Any) -> str | None:
    """``Network``, ``Box`` or ``Optimizer``, if it is one."""
    kind = type(thing)
    marks = _MARKS.get(kind.__name__)
    if marks and all(hasattr(kind, mark) for mark in marks if mark != "_created"):
        return kind.__name__
    return None


def is_owner(thing: Any) -> bool:
    """Whether `thing` is a network, an object that owns one, or a dictionary of them.

    A dictionary stands for what ``tf.train.Checkpoint(**objects)`` was given.
    """
    if isinstance(thing, type):
        return False
    if not isinstance(thing, Mapping) and not hasattr(thing, "__dict__"):
        return False
    return kind_of(thing) == "Network" or any(True for _ in _members(thing, (), set()))


def _members(thing: Any, path: Path, seen: set[int]) -> Iterator[tuple[Path, str, Any]]:
    """Yields (path, kind, object) for all that is owned, each by every path once."""
    kind = kind_of(thing)
    if kind is not None:
        yield path, kind, thing
        return
    if id(thing) in seen:
        return
    if isinstance(thing, Mapping | list | tuple):
        inside = items_of(thing)
    elif hasattr(thing, "__dict__") and not isinstance(thing, type):
        package = type(thing).__module__.partition(".")[0]
        if package in _FOREIGN or callable(getattr(thing, "__wrapped__", None)):
            return
        inside = vars(thing).items()
    else:
        return
    seen.add(id(thing))
    for name, member in list(inside):
        yield from _members(member, (*path, str(name)), seen)


@dataclasses.dataclass
class OwnedOptimizer:
    """An optimizer among an owner's attributes.

    Attributes:
      path: The attributes that lead to it.
      state: Its optax state.
      parameters: The keys of the arrays that it optimises, in its order.
      keys: The keys of the state's leaves, in flattening order.
    """

    path: Path
    state: Any
    parameters: list[Key]
    keys: list[Key]


@dataclasses.dataclass
class Owned:
    """What an owner holds.

    Attributes:
      trace: All arrays and modules, under one root that stands for the owner.
      optimizers: Its optimizers.
      boxes: Where each array is kept: a box, and for a leaf of a tree in it, which.
      notes: What is worth telling.
    """

    trace: Trace
    optimizers: list[OwnedOptimizer]
    boxes: dict[Key, tuple[Any, int | None]]
    notes: list[str]


def examine(owner: Any) -> Owned:
    """Finds the networks, variables and optimizers of an owner.

    Raises:
      UserError: A network has no variables yet.
    """
    root = Found(owner, "")
    found = Owned(Trace(roots=[root], modules=[root]), [], {}, [])
    networks: dict[int, list[tuple[Path, Found]]] = {}
    late = []
    for path, kind, thing in _members(owner, (), set()):
        if kind == "Network":
            for way, module in _network(thing, path, found, networks):
                root.children.append(((*path, *way), module))
        elif kind == "Box":
            _box(thing, path, root, found)
        else:
            late.append((path, thing))
    keys = {id(box): key for key, (box, leaf) in found.boxes.items() if leaf is None}
    for path, optimizer in late:
        _optimizer(optimizer, path, found, keys)
    return found


def _network(
    network: Any, path: Path, found: Owned, known: dict[int, list[tuple[Path, Found]]]
) -> list[tuple[Path, Found]]:
    """The outermost modules of a network, once for each kind of call that made it.

    Each comes with the path to it from the network.
    """
    if id(network) in known:
        return known[id(network)]
    shown = "/".join(path) or "the network"
    if not network._created:
        raise UserError(
            f"{shown} has no variables yet",
            "call it once, or objects.build it with example inputs, when the target"
            " is made",
        )
    prefix = "".join(f"{part}/" for part in path)
    leaves = {}
    for collection, tree in ((PARAMS, network._params), (STATE, network._state)):
        leaves |= leaves_of(
            {m: {n: b.value for n, b in boxes.items()} for m, boxes in tree.items()},
            prefix + collection,
        )
        for module, boxes in tree.items():
            for name, box in boxes.items():
                found.boxes[Key(prefix + collection, module, name)] = (box, None)
    roots: list[tuple[Path, Found]] = []
    known[id(network)] = roots
    inner: list[tuple[Found, Path, Any]] = []
    hk = sys.modules[type(network).__module__].hk
    way = _way_in(network._skeleton(()), hk)
    for call, args, kwargs in network._created.values():
        traced = _replay(network, hk, prefix, call, args, kwargs, leaves, inner)
        found.trace.modules += traced.modules
        roots += [(way, module) for module in traced.roots]
    found.trace.leaves |= leaves
    for holder, attribute, other in inner:
        for inside, module in _network(other, (*path, *attribute), found, known):
            holder.children.append(((*attribute, *inside), module))
    return roots


def _way_in(made: Any, hk: Any) -> Path:
    """The path from what a network's factory makes to the module in it."""
    for name, member in wrapped(made, hk):
        return (name, *_way_in(member, hk))
    return ()


def _replay(network, hk, prefix, call, args, kwargs, leaves, inner) -> Trace:
    """Traces one call of a network again, to see its modules."""
    init = network._pure(call).init
    flat, structure = jax.tree.flatten((args, kwargs))
    at = [i for i, leaf in enumerate(flat) if isinstance(leaf, jax.ShapeDtypeStruct)]

    def run(key, values):
        filled = list(flat)
        for i, value in zip(at, values, strict=True):
            filled[i] = value
        positional, named = jax.tree.unflatten(structure, filled)
        init(key, *positional, **named)
        return ()

    def on_other(found: Found, path: Path, value: Any) -> bool:
        if kind_of(value) != "Network":
            return False
        inner.append((found, path, value))
        return True

    boxes = sys.modules[type(network).__module__].Recorder
    key = jax.eval_shape(lambda: jax.random.PRNGKey(0))
    with boxes(restore=True), Recorder(hk, prefix, on_other) as recorder:
        jax.eval_shape(run, key, [flat[i] for i in at])
    return recorder.finish(leaves)


def _box(box: Any, path: Path, root: Found, found: Owned) -> None:
    leaves, structure = jax.tree.flatten(box.value)
    alone = jax.tree_util.treedef_is_leaf(structure)
    for index, leaf in enumerate(leaves):
        where = path if alone else (*path, str(index))
        key = Key("/".join(where), "", "")
        found.trace.leaves[key] = _leaf(leaf)
        found.boxes[key] = (box, None if alone else index)
        root.values.append((where, key))


def _leaf(value: Any) -> Leaf:
    return Leaf(tuple(np.shape(value)), np.dtype(value.dtype))


def _optimizer(
    optimizer: Any, path: Path, found: Owned, boxes: Mapping[int, Key]
) -> None:
    shown = "/".join(path)
    state = optimizer.state.value
    if not optimizer.parameters:
        found.notes.append(
            f"the optimizer {shown} has no state yet, so none can be restored: call its"
            " init with the variables when the target is made"
        )
        return
    keys = []
    for index, (where, leaf) in enumerate(jax.tree_util.tree_leaves_with_path(state)):
        key = Key(shown, "", jax.tree_util.keystr(where))
        found.trace.leaves[key] = _leaf(leaf)
        found.boxes[key] = (optimizer.state, index)
        keys.append(key)
    parameters = [boxes[id(box)] for box in optimizer.parameters if id(box) in boxes]
    if len(parameters) != len(optimizer.parameters):
        raise UserError(
            f"the optimizer {shown} changes variables that the target does not own"
        )
    found.optimizers.append(OwnedOptimizer(path, state, parameters, keys))


def put(found: Owned, arrays: Mapping[Key, np.ndarray]) -> None:
    """Puts arrays into the boxes that they belong to."""
    trees: dict[int, tuple[Any, list]] = {}
    for key, array in arrays.items():
        box, index = found.boxes[key]
        value = jax.numpy.asarray(array)
        if index is None:
            box.value = value
        else:
            if id(box) not in trees:
                trees[id(box)] = box, jax.tree.leaves(box.value)
            trees[id(box)][1][index] = value
    for box, leaves in trees.values():
        box.value = jax.tree.unflatten(jax.tree.structure(box.value), leaves)
