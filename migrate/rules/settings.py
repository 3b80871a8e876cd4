"""Settings of optimizers, read or set by attribute."""

from __future__ import annotations


def settings(rw, node, scope):
    """`optimizer.learning_rate`: optax's transformations have no such attributes."""
    if node.attr.value not in (
        "learning_rate",
        "momentum",
        "beta1",
        "beta2",
        "epsilon",
    ):
        return None
    if rw.kind(node.value, scope).sort != "optimizer":
        return None
    return rw.leave(
        node,
        "S2H305",
        f"Optimizer.{node.attr.value}",
        "an optax transformation keeps its settings to itself",
        "hold it in a tf.Variable that the optimizer is made with, and assign to that",
    )
