"""Restoring: values of a checkpoint go to the variables at their places.

What a checkpoint holds for variables that do not exist yet is given to them when they
are made and attached, as in TensorFlow.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from compat.bundle import Bundle, BundleError, ObjectGraph
from compat.runtime import trackable
from compat.runtime.errors import DataLossError
from compat.runtime.module import Module
from compat.runtime.tensor import Tensor, lift
from compat.runtime.variable import BEFORE_FIRST_READ, Variable


class Restoring:
    """A checkpoint whose values go to the variables that stand at their places.

    It is remembered while some are left: variables may be made later. The program's
    objects are held weakly; what they hold is found through them.

    Args:
      root: the object restored into.
      reader: the open checkpoint.
      graph: its object graph.
      prefix: its path, for messages.
    """

    def __init__(
        self, root: Any, reader: Bundle, graph: ObjectGraph, prefix: str
    ) -> None:
        self._reader = reader
        self._graph = graph
        self._prefix = prefix
        self._taken: set[int] = set()  # nodes whose values variables have
        # Where in the graph the program's objects are, and the variables that have
        # theirs; by id.
        self._places: dict[int, tuple[int, weakref.ref[Any]]] = {}
        self._met: dict[int, weakref.ref[Variable]] = {}
        self._match([(root, 0)])

    def match(self) -> None:
        """Restores what can be reached now and was not restored before."""
        self._places = {k: p for k, p in self._places.items() if p[1]() is not None}
        self._match([(ref(), node) for node, ref in self._places.values()])

    def attached(self, owner: Any, name: str, value: Any) -> bool:
        """Restores into what was just attached; whether that changed anything."""
        node, ref = self._places.get(id(owner), (0, None))
        if ref is None or ref() is not owner:
            return False
        child = self._graph.nodes[node].children.get(name)
        if child is None:
            return False
        before = len(self._taken)
        self._match([(value, child)])
        return len(self._taken) > before

    def _match(self, queue: list[tuple[Any, int]]) -> None:
        seen = set()
        found: list[tuple[Variable, int, np.ndarray]] = []
        while queue:
            thing, node = queue.pop(0)
            if (id(thing), node) in seen:
                continue
            seen.add((id(thing), node))
            if isinstance(thing, Variable):
                value = self._graph.nodes[node].variable
                if value is not None and not self.has(thing):
                    found.append((thing, node, self._fitting(value.key, thing)))
                continue
            if not isinstance(thing, list | tuple | dict):
                self._places[id(thing)] = (node, weakref.ref(thing))
            held = self._graph.nodes[node].children
            for name, child in trackable.children(thing).items():
                if name in held:
                    queue.append((child, held[name]))
        # All or nothing: a value that is damaged or does not fit was told by now.
        for variable, node, array in found:
            variable._value = Tensor(lift(array))
            self._taken.add(node)
            self._met[id(variable)] = weakref.ref(variable)

    def _fitting(self, key: str, variable: Variable) -> np.ndarray:
        try:
            array = self._reader.get(key)
        except BundleError as error:
            raise DataLossError(str(error)) from error
        if not variable.shape.is_compatible_with(array.shape):
            raise ValueError(
                f"{self._prefix}: {key} has shape {array.shape}, the variable "
                f"{variable.name} {variable.shape}"
            )
        if array.dtype != variable.dtype.numpy:
            raise ValueError(
                f"{self._prefix}: {key} is {array.dtype}, the variable "
                f"{variable.name} {variable.dtype.name}"
            )
        return array

    def has(self, variable: Variable) -> bool:
        """Whether the variable has its value."""
        ref = self._met.get(id(variable))
        return ref is not None and ref() is variable

    @property
    def trivial(self) -> bool:
        """Whether no variable has got a value."""
        return not self._taken

    def unused(self) -> list[str]:
        """Values of the checkpoint that no variable took."""
        reachable = self._graph.paths()
        return [
            value.key
            for node, value in self._graph.variables()
            if node not in self._taken and node in reachable
        ]

    @property
    def over(self) -> bool:
        """Whether nothing can come of it any more."""
        alive = any(ref() is not None for _, ref in self._places.values())
        return not alive or not self.unused()


class LoadStatus:
    """What a restore has found so far; its asserts say what is missing.

    Args:
      root: the object restored into.
      restoring: the restore.
      prefix: the checkpoint's path, for messages.
    """

    def __init__(self, root: Any, restoring: Restoring, prefix: str) -> None:
        self._root = root
        self._restoring = restoring
        self._prefix = prefix

    def _missing(self) -> list[str]:
        """Variables of the program that the checkpoint has nothing for."""
        self._restoring.match()
        _, variables = trackable.graph_of(self._root)
        return [k for k, v in variables.items() if not self._restoring.has(v)]

    def assert_consumed(self) -> LoadStatus:
        """Raises AssertionError unless everything was restored, on both sides."""
        self.assert_existing_objects_matched()
        unused = self._restoring.unused()
        if unused:
            raise AssertionError(
                f"{self._prefix}: unresolved object in checkpoint: "
                f"{', '.join(unused[:5])}{' …' if len(unused) > 5 else ''} "
                f"({len(unused)} in all)"
            )
        return self

    def assert_existing_objects_matched(self) -> LoadStatus:
        """Raises AssertionError unless every variable that exists was restored."""
        missing = [k for k in self._missing() if not k.startswith("save_counter/")]
        if missing:
            raise AssertionError(
                f"{self._prefix}: nothing in the checkpoint for "
                f"{', '.join(missing[:5])}{' …' if len(missing) > 5 else ''} "
                f"({len(missing)} in all)"
            )
        return self

    def assert_nontrivial_match(self) -> LoadStatus:
        """Raises AssertionError if nothing but the root was matched."""
        self._restoring.match()
        if self._restoring.trivial:
            raise AssertionError(f"{self._prefix}: nothing was restored")
        return self

    def expect_partial(self) -> LoadStatus:
        """Accepts whatever was restored."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Nothing is left to do."""

    initialize_or_restore = run_restore_ops


class NothingToRestore(LoadStatus):
    """The status of `restore(None)`."""

    def __init__(self) -> None:
        pass

    def assert_consumed(self) -> LoadStatus:
        """Raises AssertionError: there was no checkpoint."""
        raise AssertionError("No checkpoint specified (save_path=None)")

    assert_existing_objects_matched = assert_nontrivial_match = assert_consumed


_pending: list[Restoring] = []
_plain_setattr = Module.__setattr__


def _attach(self: Module, name: str, value: Any) -> None:
    """`Module.__setattr__` while a restore still has values without variables."""
    _plain_setattr(self, name, value)
    if trackable.is_trackable(value):
        attached(self, name, value)


def attached(owner: Any, name: str, value: Any) -> None:
    """Tells those that wait what was attached to an object."""
    if any([restoring.attached(owner, name, value) for restoring in _pending]):
        _sweep()


def _match_all() -> None:
    """Finds variables that were put into lists and dicts, before they are read."""
    for restoring in _pending:
        restoring.match()
    _sweep()


def remember(restoring: Restoring) -> None:
    """Lets a restore wait for variables that are made later."""
    _sweep()
    if restoring.over:
        return
    _pending.append(restoring)
    Module.__setattr__ = _attach
    if _match_all not in BEFORE_FIRST_READ:
        BEFORE_FIRST_READ.append(_match_all)


def _sweep() -> None:
    _pending[:] = [restoring for restoring in _pending if not restoring.over]
    if not _pending and _match_all in BEFORE_FIRST_READ:
        BEFORE_FIRST_READ.remove(_match_all)
        del Module.__setattr__
