"""A checkpoint as a tree of objects with variables at some of them."""

from __future__ import annotations

import dataclasses
import functools
import os

import numpy as np

from compat import bundle
from compat.bundle import Attribute, Bundle, BundleError, Node, ObjectGraph, OldFormat
from migrate.errors import UserError

Path = tuple[str, ...]
# What TensorFlow keeps in a checkpoint for its own use.
_BOOKKEEPING_PATHS = frozenset({("save_counter",)})
_BOOKKEEPING_ATTRIBUTES = frozenset({"OBJECT_CONFIG_JSON"})


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable of the checkpoint.

    Attributes:
      key: Its key in the files.
      path: Its path, for people: attribute names, or the name itself.
      full_name: TensorFlow's name for it, maybe empty.
      shape: Its shape.
      dtype: Its element type in numpy (`object` for strings), None if it has none.
    """

    key: str
    path: str
    full_name: str
    shape: tuple[int, ...]
    dtype: np.dtype | None


class Source:
    """A checkpoint to convert.

    Args:
      reader: The opened checkpoint.

    Attributes:
      by_name: Whether it has no object graph; its nodes are then made from the names.
      graph: The objects.
      variables: node → variable.
    """

    def __init__(self, reader: Bundle):
        self.reader = reader
        graph = reader.graph
        self.by_name = graph is None
        self.graph = graph if graph is not None else _graph_of_names(reader.keys())
        paths = self.graph.paths()
        self.paths: dict[int, Path] = paths
        self.variables: dict[int, Variable] = {}
        for node, value in self.graph.variables():
            entry = reader.entry(value.key)
            path = "/".join(paths[node]) if node in paths else value.key
            self.variables[node] = Variable(
                value.key, path, value.full_name, entry.shape, entry.numpy_dtype
            )

    @functools.cached_property
    def bookkeeping(self) -> set[str]:
        """Keys that hold nothing of the user's."""
        own = {bundle.GRAPH_KEY}
        for path in _BOOKKEEPING_PATHS:
            node = self.graph.resolve(path)
            if node in self.variables and not self.by_name:
                own.add(self.variables[node].key)
        for node in self.graph.nodes:
            for attribute in node.attributes:
                if attribute.name in _BOOKKEEPING_ATTRIBUTES:
                    own.add(attribute.key)
        return own

    @functools.cached_property
    def slot_nodes(self) -> set[int]:
        """Nodes that are a Keras optimizer's slot variables."""
        return self.graph.slot_nodes()

    def show(self, node: int | None) -> str:
        """The path of a node, for people."""
        if node is None:
            return "(nothing)"
        return "/".join(self.paths.get(node, ())) or "(the root)"

    def children(self, node: int) -> dict[str, int]:
        """The children of a node by name."""
        return self.graph.nodes[node].children

    def resolve(self, path: Path, start: int = 0) -> int | None:
        """The node at a path, or None."""
        return self.graph.resolve(path, start)

    def get(self, node: int) -> np.ndarray:
        """The value of a variable."""
        return self.reader.get(self.variables[node].key)


def _graph_of_names(names: list[str]) -> ObjectGraph:
    """Makes a graph in which every part of a name between slashes is an object."""
    nodes = [Node()]
    for name in names:
        node = 0
        for part in name.split("/"):
            children = nodes[node].children
            if part not in children:
                children[part] = len(nodes)
                nodes.append(Node())
            node = children[part]
        nodes[node].attributes.append(Attribute(bundle.VALUE, name, name))
    return ObjectGraph(nodes)


def open_source(path: str | os.PathLike[str], *, verify: bool = True) -> Source:
    """Opens the checkpoint that `path` names: a prefix, a folder, one of its files.

    Raises:
      UserError: There is none, it is damaged, or it needs TensorFlow to be read.
    """
    try:
        prefix = bundle.locate(path)
        return Source(Bundle(prefix, verify=verify))
    except OldFormat:
        from migrate.checkpoint._src import old_format

        return Source(old_format.Reader(os.fspath(path)))
    except BundleError as error:
        raise UserError(str(error)) from error
