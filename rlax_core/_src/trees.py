"""Functions over nested structures of arrays (pytrees)."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from rlax_core._src.arrays import replace_masked

Array = jax.Array


def tree_select(pred: Array, on_true: Any, on_false: Any) -> Any:
    """One of two trees, chosen by a condition that may be traced.

    Args:
      pred: boolean scalar.
      on_true: tree of arrays.
      on_false: tree of the same structure, shapes and dtypes.

    Returns:
      The chosen tree.

    Raises:
      ValueError: if the structures differ.
    """
    if jax.tree.structure(on_true) != jax.tree.structure(on_false):
        raise ValueError(
            "tree_select: both trees must have one structure; got "
            f"{jax.tree.structure(on_true)} and {jax.tree.structure(on_false)}."
        )
    return jax.tree.map(functools.partial(lax.select, pred), on_true, on_false)


def tree_map_zipped(fn: Callable[..., Any], nests: Sequence[Any]) -> Any:
    """Applies ``fn`` to the leaves that stand in the same place of several trees.

    Args:
      fn: takes as many arguments as there are trees.
      nests: trees of one structure.

    Returns:
      A tree of results; ``nests`` itself if it is empty.

    Raises:
      ValueError: if the structures differ.
    """
    if not nests:
        return nests
    first, *others = (jax.tree.structure(nest) for nest in nests)
    if any(other != first for other in others):
        raise ValueError(
            "tree_map_zipped: all nests must share the same tree structure, which for "
            f"the first is {first}."
        )
    columns = zip(*map(jax.tree.leaves, nests), strict=True)
    return jax.tree.unflatten(first, [fn(*column) for column in columns])


def tree_split_key(rng_key: Array, tree_like: Any) -> tuple[Array, Any]:
    """A random key for each leaf of a tree.

    Args:
      rng_key: JAX random key.
      tree_like: any tree.

    Returns:
      A new key, and a tree of keys of the same structure.
    """
    structure = jax.tree.structure(tree_like)
    onward, *keys = jax.random.split(rng_key, structure.num_leaves + 1)
    return onward, jax.tree.unflatten(structure, keys)


def tree_split_leaves(tree_like: Any, axis: int = 0, keepdim: bool = False) -> Any:
    """Splits a tree of arrays along an axis into a tuple of trees.

    NumPy arrays are not copied: the parts are views.

    Args:
      tree_like: tree of arrays of one length along the axis.
      axis: where to split.
      keepdim: whether the parts keep the axis, with length 1.

    Returns:
      A tuple of as many trees as the axis is long; an empty tree is returned as it is.
    """
    if not len(tree_like):
        return tree_like
    leaves, structure = jax.tree.flatten(tree_like)
    length = leaves[0].shape[axis]

    def part(leaf: Any, index: int) -> Any:
        place = [slice(None)] * leaf.ndim
        place[axis] = slice(index, index + 1) if keepdim else index
        return leaf[tuple(place)]

    return tuple(
        jax.tree.unflatten(structure, [part(leaf, index) for leaf in leaves])
        for index in range(length)
    )


def tree_replace_masked(tree_data: Any, tree_replacement: Any, mask: Array) -> Any:
    """Replaces, in every leaf, the slices where the mask is set.

    Args:
      tree_data: tree of arrays ``[*S, ...]``.
      tree_replacement: tree of the same structure and shapes; None stands for zeros.
      mask: ``[*S]`` of booleans, or of 0 and 1.

    Returns:
      A tree as ``tree_data``.
    """
    if tree_replacement is None:
        return jax.tree.map(lambda data: replace_masked(data, None, mask), tree_data)
    return jax.tree.map(
        lambda data, new: replace_masked(data, new, mask), tree_data, tree_replacement
    )


def tree_fn(fn: Callable[..., Any], **unmapped_kwargs: Any) -> Callable[..., Any]:
    """Makes a function of arrays one of trees of arrays.

    Args:
      fn: the function.
      **unmapped_kwargs: arguments it gets as they are, the same for every leaf.

    Returns:
      A function of trees of one structure, as many as ``fn`` has arguments left.
    """
    on_leaves = functools.partial(fn, **unmapped_kwargs)
    return functools.partial(jax.tree.map, on_leaves)


def transpose_last_axis_to_first(tree: Any) -> Any:
    """Every leaf ``[A, …, Y, Z]`` becomes ``[Z, A, …, Y]``."""
    return jax.tree.map(lambda leaf: jnp.moveaxis(leaf, -1, 0), tree)


def transpose_first_axis_to_last(tree: Any) -> Any:
    """Every leaf ``[A, B, …, Z]`` becomes ``[B, …, Z, A]``."""
    return jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, -1), tree)
