"""Nests of tensors: `tf.nest`."""

import jax

from compat.dictionary import (
    UNKNOWN,
    Call,
    Fn,
    Ignored,
    Other,
    op,
    seq,
)

NESTED = {"b": [1.0, 2.0], "a": (3.0,)}
NONE = "JAX passes None by, where TensorFlow takes it for a leaf"


@op(
    "tf.nest.flatten", returns=seq(UNKNOWN), because=NONE, check=[Call(NESTED), Call(1)]
)
def flatten(structure: Other, expand_composites: Ignored = False):
    """The leaves of a nest as a list, those of a dict in the order of its keys."""
    return jax.tree.leaves(structure, is_leaf=lambda leaf: leaf is None)


@flatten.when(because=NONE)
def _(structure):
    return jax.tree.leaves(structure)


@op(
    "tf.nest.map_structure",
    returns=UNKNOWN,
    because=NONE,
    check=[
        Call(lambda a: a + 1, NESTED),
        Call(lambda a, b: a + b, [1.0, (2.0,)], [3.0, (4.0,)]),
    ],
)
def map_structure(func: Fn, *structure: Other, **kwargs: Ignored):
    """A nest of what a function gives for the leaves at each place of nests."""
    return jax.tree.map(func, *structure, is_leaf=lambda leaf: leaf is None)


@map_structure.when(because=NONE)
def _(func, *structure):
    return jax.tree.map(func, *structure)


@op(
    "tf.nest.pack_sequence_as",
    returns=UNKNOWN,
    because=NONE,
    check=[Call(NESTED, [7, 8, 9])],
)
def pack_sequence_as(
    structure: Other, flat_sequence: Other, expand_composites: Ignored = False
):
    """A nest like another one, with other leaves."""
    return jax.tree.unflatten(jax.tree.structure(structure), flat_sequence)


@op("tf.nest.is_nested", returns=UNKNOWN, check=[Call(NESTED), Call(3.0), Call([1])])
def is_nested(seq: Other):
    """Whether a value is a list, tuple or dict."""
    return not jax.tree_util.all_leaves([seq])
