"""From Haiku's parameters and state back to a Sonnet checkpoint.

With an original checkpoint as a model, its objects, keys and other contents are kept
and the values replaced. Without one, the objects are laid out as the program's modules
lead to them, which is where a Sonnet program looks for them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from compat import bundle
from compat.bundle import Attribute, BundleError, Node, ObjectGraph
from compat.layout import NORM_AXES, Placement
from migrate.checkpoint._src import haikus, owners
from migrate.checkpoint._src.join import Join, layout_for, stripped
from migrate.checkpoint._src.keys import OPTIMIZER, Key
from migrate.checkpoint._src.plan import Plan
from migrate.checkpoint._src.roots import Roots, parse_roots, real_roots
from migrate.checkpoint._src.trace import Found, Path, Trace, trace
from migrate.errors import UserError

_SAVE_COUNTER = ("save_counter",)


def inverse(
    placement: Placement, arrays: list[np.ndarray | None], module: Any, shapes=None
) -> tuple[np.ndarray, ...]:
    """The sources' arrays from the targets'.

    Raises:
      UserError: The layout has no way back.
    """
    if placement.forward is not None:
        if placement.inverse is None:
            raise UserError(f"{placement.targets[0]} has no way back to Sonnet")
        return placement.inverse(tuple(arrays), module)
    (array,) = arrays
    shape = shapes[0] if shapes else placement.reshape.undo(array.shape, module)
    return (array.reshape(shape),)


def write_like(
    plan: Plan, arrays: Mapping[Key, np.ndarray], prefix: str | os.PathLike[str]
) -> None:
    """Writes a copy of the plan's checkpoint with other values.

    Args:
      plan: A complete join of the program to the model checkpoint.
      arrays: The values, for every key of the plan.
      prefix: Where to write.

    Raises:
      UserError: A value is missing or doesn't fit.
    """
    values: dict[str, np.ndarray] = {}
    variables = plan.source.variables
    for assignment in plan.assignments:
        given = [arrays.get(k) if k is not None else None for k in assignment.keys]
        for key, array in zip(assignment.keys, given, strict=True):
            if key is not None and array is None:
                raise UserError(f"the file has no {key}")
        sources = [variables[node] for node in assignment.nodes]
        made = inverse(
            assignment.placement, given, None, [source.shape for source in sources]
        )
        for source, array in zip(sources, made, strict=True):
            if array.size == np.prod(source.shape, dtype=int):
                array = array.reshape(source.shape)  # unit axes, where signs change
            if array.shape != source.shape:
                raise UserError(
                    f"{source.path}: shape {list(array.shape)} here,"
                    f" {list(source.shape)} in the model checkpoint"
                )
            values[source.key] = array.astype(source.dtype)
    reader = plan.source.reader
    try:
        with bundle.writing_bundle(prefix) as writer:
            for key in reader.keys():
                writer.add(key, values[key] if key in values else reader.get(key))
    except BundleError as error:
        raise UserError(str(error)) from error


class Blueprint:
    """The objects that a Sonnet program like a traced one would save.

    Args:
      trace: The program.
      arrays: The values of all its leaves.
      bases: The path of each outermost module.
    """

    def __init__(
        self,
        trace: Trace,
        arrays: Mapping[Key, np.ndarray],
        bases: Mapping[str, Path],
    ):
        self._arrays = arrays
        self._lookup = Join(_Nothing(), trace)
        self.values: dict[Path, np.ndarray] = {}
        self.aliases: dict[Path, Path] = {}
        self.notes: list[str] = []
        self._places: dict[int, Path] = {}
        self._done: set[Key] = set()
        for found in real_roots(trace):
            self._visit(found, bases[found.name])
        left = [key for key in trace.leaves if key not in self._done]
        if left:
            raise UserError(
                f"{left[0]} has no place in a Sonnet module",
                "add --like CKPT, a checkpoint that the Sonnet program saved",
            )

    def _visit(self, found: Found, path: Path) -> None:
        if id(found) in self._places:
            self.aliases[path] = self._places[id(found)]
            return
        self._places[id(found)] = path
        rules = layout_for(found)
        for placement in rules.placements:
            keys = [
                self._lookup.target_key(found, target) for target in placement.targets
            ]
            if any(key is not None for key in keys):
                given = [None if key is None else self._take(key) for key in keys]
                made = inverse(placement, given, found.module)
                for source, array in zip(placement.sources, made, strict=True):
                    kind = placement.dtype or array.dtype
                    self.values[(*path, *source.split("/"))] = array.astype(kind)
            elif placement.neutral is not None:
                self._neutral(found, placement, path)
        for attribute, key in found.values:
            if key not in self._done and key in self._arrays:
                self._own((*path, *attribute), key)
        for key in self._lookup.owned.get((found.prefix, found.name), ()):
            if key not in self._done:
                name = rules.names(key.name) if rules.names else key.name
                self._own((*path, *name.split("/")), key)
        handled = set()
        for child in self._lookup.children_by_name(found):
            relative = rules.inner_path(stripped(child.name)[-1])
            if relative is not None:
                handled.add(id(child))
                self._visit(child, (*path, *relative))
        for attribute, child in found.children:
            if id(child) not in handled:
                self._visit(child, (*path, *rules.child_path(attribute)))

    def _own(self, path: Path, key: Key) -> None:
        """Places a variable of the user's own, as it is."""
        array = self.values[path] = self._take(key)
        if array.dtype == np.int32:
            self.notes.append(
                f"{'/'.join(path)} is written as int32: where Sonnet's variable is"
                " int64, add --like CKPT, a checkpoint that the Sonnet program saved"
            )

    def _take(self, key: Key) -> np.ndarray:
        self._done.add(key)
        try:
            return np.asarray(self._arrays[key])
        except KeyError:
            raise UserError(f"the file has no {key}") from None

    def _neutral(self, found: Found, placement: Placement, path: Path) -> None:
        """A variable that Sonnet has even where it does nothing."""
        start = found.name + "/"
        for key, array in self._arrays.items():
            inside = key.module == found.name or key.module.startswith(start)
            if inside and np.ndim(array):
                shape = NORM_AXES.undo(np.shape(array), found.module)
                full = np.full(shape, placement.neutral, array.dtype)
                self.values[(*path, placement.sources[0])] = full
                return

    def write(self, prefix: str | os.PathLike[str]) -> None:
        """Writes the checkpoint as ``tf.train.Checkpoint.save`` would."""
        nodes = [Node()]

        def node_at(path: Path) -> int:
            at = 0
            for part in path:
                children = nodes[at].children
                if part not in children:
                    children[part] = len(nodes)
                    nodes.append(Node())
                at = children[part]
            return at

        values = {**self.values, _SAVE_COUNTER: np.asarray(1, np.int64)}
        for path in values:
            key = bundle.variable_key(path)
            nodes[node_at(path)].attributes.append(Attribute(bundle.VALUE, "", key))
        for path, target in self.aliases.items():
            nodes[node_at(path[:-1])].children[path[-1]] = node_at(target)
        with bundle.writing_bundle(prefix, state=True) as writer:
            for path, array in values.items():
                writer.add(bundle.variable_key(path), array)
            writer.add_graph(ObjectGraph(nodes))


class _Nothing:
    """Stands for a checkpoint where a `Join` only serves for its look-ups."""

    variables: dict = {}


def write_new(
    prefix: str | os.PathLike[str],
    arrays: Mapping[str, np.ndarray],
    program: Any,
    inputs: Sequence[Any],
    named: Mapping[str, Any],
    given: Roots,
) -> tuple[dict[str, Path], list[str]]:
    """Writes a checkpoint for the Sonnet program that a Haiku program came from.

    Args:
      prefix: Where to write.
      arrays: The values by key.
      program: The Haiku program; see `convert`.
      inputs: Its inputs.
      named: Its inputs by name.
      given: The path of its outermost module; ``module`` by default, and the modules'
        names if there are several.

    Returns:
      (the path of each outermost module, what is worth knowing).

    Raises:
      UserError: Something has no place, or no value.
    """
    if owners.is_owner(program):
        raise UserError(
            "an object that owns networks is written after the model of a checkpoint"
            " that the Sonnet program saved: only that tells the order of its"
            " optimizers' slots",
            "add --like CKPT",
        )
    program, hk = haikus.prepare(program)
    found = trace(program, tuple(inputs), named, hk)
    general, each = parse_roots(given)
    names = [module.name for module in real_roots(found)]
    bases = {name: (name,) for name in names}
    if len(names) == 1:
        bases = {names[0]: ("module",) if general is None else general}
    bases |= each
    values = {Key.parse(text): array for text, array in arrays.items()}
    extra = sorted(set(values) - set(found.leaves))
    if extra:
        slots = extra[0].collection == OPTIMIZER
        raise UserError(
            f"the program has no {extra[0]}, which the file holds",
            "add --like CKPT, a checkpoint that the Sonnet program saved, and"
            " --optimizer"
            if slots
            else "was it made from this target, with these inputs?",
        )
    made = Blueprint(found, values, bases)
    made.write(prefix)
    return bases, made.notes
