"""Functions that run inside TensorFlow's input pipelines: they stay TensorFlow's."""

from __future__ import annotations

import libcst as cst

from migrate.analysis import trees

_METHODS = frozenset(
    {"map", "filter", "flat_map", "interleave", "from_generator", "apply", "map_fn"}
)


def functions_in(rw) -> set[int]:
    """The functions and lambdas that a file hands to a data set's methods.

    A data set is what `tf.data` or TensorFlow Datasets made: the file has to name one
    of them for any function to count.
    """
    names = rw.imports.names.values()
    from_datasets = any(n.partition(".")[0] == "tensorflow_datasets" for n in names)
    defined: dict[str, list[cst.FunctionDef]] = {}
    calls: list[cst.Call] = []
    uses_data = from_datasets
    for node in trees.walk(rw.module):
        if isinstance(node, cst.FunctionDef):
            defined.setdefault(node.name.value, []).append(node)
        elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            if node.func.attr.value in _METHODS:
                calls.append(node)
        if isinstance(node, cst.Attribute) and not uses_data:
            uses_data = (rw.imports.resolve(node) or "").startswith("tf.data.")
    if not uses_data:
        return set()
    found: set[int] = set()
    for call in calls:
        for argument in call.args[:1]:
            value = argument.value
            if isinstance(value, cst.Lambda):
                found.add(id(value))
            elif isinstance(value, cst.Name):
                found |= {id(f) for f in defined.get(value.value, ())}
            elif isinstance(value, cst.Attribute):
                found |= {id(f) for f in defined.get(value.attr.value, ())}
    return found
