"""The objects that a checkpoint follows, and under which names.

As in TensorFlow: attributes of modules and checkpoints by name, elements of lists and
tuples by position, values of dicts by key. An object reached twice is one node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compat.bundle import VALUE, Attribute, Node, ObjectGraph, variable_key
from compat.runtime.module import Module
from compat.runtime.variable import Variable


def children(thing: Any) -> dict[str, Any]:
    """What an object holds, by name; nothing for what checkpoints do not follow."""
    if isinstance(thing, Variable):
        return {}
    own = getattr(thing, "checkpoint_children", None)
    if own is not None:
        return {k: v for k, v in own().items() if is_trackable(v)}
    if isinstance(thing, Module):
        return {k: v for k, v in vars(thing).items() if is_trackable(v)}
    if isinstance(thing, list | tuple):
        named = {str(i): v for i, v in enumerate(thing)}
    elif isinstance(thing, Mapping):
        named = {str(k): v for k, v in thing.items()}
    else:
        return {}
    return {k: v for k, v in named.items() if is_trackable(v)}


def is_trackable(thing: Any) -> bool:
    """Whether checkpoints follow the object."""
    if isinstance(thing, Variable | Module) or hasattr(thing, "checkpoint_children"):
        return not isinstance(thing, type)
    if isinstance(thing, list | tuple):
        return any(is_trackable(v) for v in thing)
    if isinstance(thing, Mapping):
        return any(is_trackable(v) for v in thing.values())
    return False


def graph_of(root: Any) -> tuple[ObjectGraph, dict[str, Variable]]:
    """The graph of all objects from `root` on, and the variables by tensor key."""
    nodes, objects, paths = [Node()], [root], [()]
    places = {id(root): 0}
    variables: dict[str, Variable] = {}
    at = 0
    while at < len(objects):
        thing, node, path = objects[at], nodes[at], paths[at]
        if isinstance(thing, Variable):
            key = variable_key(path)
            full_name = thing.name.split(":")[0]
            node.attributes.append(Attribute(VALUE, full_name, key))
            variables[key] = thing
        for name, child in children(thing).items():
            if id(child) not in places:
                places[id(child)] = len(objects)
                objects.append(child)
                nodes.append(Node())
                paths.append((*path, name))
            node.children[name] = places[id(child)]
        at += 1
    return ObjectGraph(nodes), variables
