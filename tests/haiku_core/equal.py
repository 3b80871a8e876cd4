"""Equality of parameters, state, outputs and graphs, to the last bit."""

from __future__ import annotations

import collections
from typing import Any

import jax
import numpy as np


def assert_same_trees(ours: Any, theirs: Any) -> None:
    """Same structure, dtypes, shapes and values, bit for bit."""
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    paths = jax.tree_util.tree_leaves_with_path(ours)
    for (path, a), b in zip(paths, jax.tree.leaves(theirs), strict=True):
        name = jax.tree_util.keystr(path)
        a, b = np.asarray(a), np.asarray(b)
        assert (a.dtype, a.shape) == (b.dtype, b.shape), name
        np.testing.assert_array_equal(a, b, err_msg=name)


def assert_same_order(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Dictionaries whose keys come in the same order, too."""
    assert list(ours) == list(theirs)
    for key, value in ours.items():
        if isinstance(value, dict):
            assert_same_order(value, theirs[key])


def operations(function: Any, *args: Any) -> list[tuple[str, str]]:
    """(primitive, name scopes) of all equations of a function, in program order."""
    found = []

    def visit(jaxpr: Any) -> None:
        for equation in jaxpr.eqns:
            name = equation.primitive.name
            found.append((name, str(equation.source_info.name_stack)))
            for inside in jax.tree.leaves(list(equation.params.values())):
                inside = getattr(inside, "jaxpr", inside)
                if hasattr(inside, "eqns"):
                    visit(inside)

    visit(jax.make_jaxpr(function)(*args).jaxpr)
    return found


def primitives(function: Any, *args: Any) -> collections.Counter[str]:
    """How often each primitive occurs in a function."""
    return collections.Counter(name for name, _ in operations(function, *args))
