"""A small checkpoint of a Sonnet MLP and batch norm, made without TensorFlow."""

from __future__ import annotations

import numpy as np

from compat import bundle
from compat.bundle import VALUE, Attribute, Node, ObjectGraph, variable_key

PROGRAM = """
import haiku_core as hk


class Net(hk.Module):
    def __init__(self, sizes=(5, 2), name="net"):
        super().__init__(name=name)
        self._mlp = hk.nets.MLP(sizes)
        self._norm = hk.BatchNorm(True, True, 0.9)

    def __call__(self, x, is_training):
        return self._norm(self._mlp(x), is_training)


def forward(x, is_training=True):
    return Net()(x, is_training)


transformed = hk.transform_with_state(forward)
"""


def arrays() -> dict[tuple[str, ...], np.ndarray]:
    """The variables by path."""
    rng = np.random.default_rng(0)

    def random(*shape):
        return rng.normal(size=shape).astype(np.float32)

    found = {
        ("net", "_mlp", "_layers", "0", "w"): random(3, 5),
        ("net", "_mlp", "_layers", "0", "b"): random(5),
        ("net", "_mlp", "_layers", "1", "w"): random(5, 2),
        ("net", "_mlp", "_layers", "1", "b"): random(2),
        ("net", "_norm", "scale"): random(2),
        ("net", "_norm", "offset"): random(2),
        ("save_counter",): np.asarray(1, np.int64),
    }
    for moment in ("moving_mean", "moving_variance"):
        for name in ("_hidden", "average"):
            found["net", "_norm", moment, name] = np.abs(random(1, 2))
        found["net", "_norm", moment, "_counter"] = np.asarray(4, np.int64)
    return found


def write(prefix, values: dict[tuple[str, ...], np.ndarray] | None = None) -> str:
    """Writes the checkpoint; returns its prefix."""
    values = arrays() if values is None else values
    nodes = [Node()]
    with bundle.writing_bundle(prefix, state=True) as writer:
        for path, array in values.items():
            at = 0
            for part in path:
                children = nodes[at].children
                if part not in children:
                    children[part] = len(nodes)
                    nodes.append(Node())
                at = children[part]
            nodes[at].attributes.append(Attribute(VALUE, "", variable_key(path)))
            writer.add(variable_key(path), array)
        writer.add_graph(ObjectGraph(nodes))
    return str(prefix)
