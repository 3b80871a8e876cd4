"""The object graph of a checkpoint: which Python objects held which variables.

Paths are tuples of attribute names and list positions from the object that was saved.
An object may be reached by several paths; it is one node.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from compat.bundle._src import wire
from compat.bundle._src.wire import BYTES, VARINT

KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "VARIABLE_VALUE"
Path = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Attribute:
    """A tensor that belongs to a node.

    Attributes:
      name: Which of the node's tensors; a variable's is ``VARIABLE_VALUE``.
      full_name: The variable's name in TensorFlow (name scopes), maybe empty.
      key: The tensor's key in the checkpoint.
    """

    name: str
    full_name: str
    key: str


@dataclasses.dataclass(frozen=True)
class Slot:
    """A Keras optimizer's slot variable, kept beside the graph.

    Attributes:
      variable: The node of the variable that is optimised.
      name: Which slot, such as ``m``.
      node: The node of the slot variable.
    """

    variable: int
    name: str
    node: int


@dataclasses.dataclass
class Node:
    """One saved object: its children, its tensors, its slot variables."""

    children: dict[str, int] = dataclasses.field(default_factory=dict)
    attributes: list[Attribute] = dataclasses.field(default_factory=list)
    slots: list[Slot] = dataclasses.field(default_factory=list)

    @property
    def variable(self) -> Attribute | None:
        """The node's value if it is a variable."""
        return next((a for a in self.attributes if a.name == VALUE), None)


class ObjectGraph:
    """The nodes of a checkpoint; node 0 is the object that was saved."""

    def __init__(self, nodes: list[Node]):
        self.nodes = nodes

    def resolve(self, path: Path, start: int = 0) -> int | None:
        """The node at `path` from `start`, or None."""
        node = start
        for name in path:
            following = self.nodes[node].children.get(name)
            if following is None:
                return None
            node = following
        return node

    def variables(self) -> Iterator[tuple[int, Attribute]]:
        """Yields (node, value) for every variable."""
        for index, node in enumerate(self.nodes):
            if node.variable is not None:
                yield index, node.variable

    def slot_nodes(self) -> set[int]:
        """The nodes that are Keras slot variables."""
        return {slot.node for node in self.nodes for slot in node.slots}

    def paths(self, start: int = 0) -> dict[int, Path]:
        """The shortest path from `start` to each node that can be reached."""
        found: dict[int, Path] = {start: ()}
        queue = [start]
        for node in queue:
            for name, child in self.nodes[node].children.items():
                if child not in found:
                    found[child] = (*found[node], name)
                    queue.append(child)
        return found


def decode(data: bytes) -> ObjectGraph:
    """Reads a graph.

    Raises:
      wire.WireError: The bytes are no graph, or it points outside itself.
    """
    nodes = []
    for body in wire.collect(data, nodes=(1, BYTES))["nodes"]:
        nodes.append(_decode_node(body))
    if not nodes:
        raise wire.WireError("the object graph is empty")
    for node in nodes:
        for target in [*node.children.values(), *(s.node for s in node.slots)]:
            if target >= len(nodes):
                raise wire.WireError("the object graph points outside itself")
    return ObjectGraph(nodes)


def _text(values: list[bytes]) -> str:
    try:
        return values[-1].decode() if values else ""
    except UnicodeDecodeError:
        raise wire.WireError("a name is not valid UTF-8") from None


def _decode_node(data: bytes) -> Node:
    node = Node()
    found = wire.collect(
        data, children=(1, BYTES), attributes=(2, BYTES), slots=(3, BYTES)
    )
    for child in found["children"]:
        parts = wire.collect(child, node=(1, VARINT), name=(2, BYTES))
        node.children[_text(parts["name"])] = (parts["node"] or [0])[-1]
    for attribute in found["attributes"]:
        parts = wire.collect(
            attribute, name=(1, BYTES), full=(2, BYTES), key=(3, BYTES)
        )
        name, full, key = (_text(parts[field]) for field in ("name", "full", "key"))
        node.attributes.append(Attribute(name, full, key))
    for slot in found["slots"]:
        parts = wire.collect(
            slot, variable=(1, VARINT), name=(2, BYTES), node=(3, VARINT)
        )
        variable, target = (parts["variable"] or [0])[-1], (parts["node"] or [0])[-1]
        node.slots.append(Slot(variable, _text(parts["name"]), target))
    return node


def encode(graph: ObjectGraph) -> bytes:
    """Writes a graph."""
    return b"".join(wire.put_bytes(1, _encode_node(node)) for node in graph.nodes)


def _encode_node(node: Node) -> bytes:
    out = b""
    for name, child in node.children.items():
        out += wire.put_bytes(1, wire.put_int(1, child) + wire.put_text(2, name))
    for item in node.attributes:
        out += wire.put_bytes(
            2,
            wire.put_text(1, item.name)
            + wire.put_text(2, item.full_name)
            + wire.put_text(3, item.key),
        )
    for slot in node.slots:
        out += wire.put_bytes(
            3,
            wire.put_int(1, slot.variable)
            + wire.put_text(2, slot.name)
            + wire.put_int(3, slot.node),
        )
    return out


def escape(name: str) -> str:
    """A path element as it stands in a tensor's key."""
    return name.replace(".", "..").replace("/", ".S")


def variable_key(path: Path) -> str:
    """The key TensorFlow gives the value of the variable at `path`."""
    return "/".join([*map(escape, path), ".ATTRIBUTES", VALUE])
