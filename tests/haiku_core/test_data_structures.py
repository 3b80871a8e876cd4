"""Dictionaries of parameters, against dm-haiku."""

import copy
import pickle

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import haiku_core as hk
from tests.haiku_core.equal import assert_same_order
from tests.haiku_core.upstream import haiku

_names = st.text("abc/~_01", min_size=1, max_size=4)
_structures = st.dictionaries(
    _names, st.dictionaries(_names, st.integers(-9, 9), max_size=3), max_size=4
)


@given(_structures, _structures)
@settings(max_examples=60, deadline=None)
def test_same_as_upstream(one, two):
    ours, theirs = hk.data_structures, haiku.data_structures
    even = lambda module, name, value: value % 2 == 0  # noqa: E731
    for call in (
        lambda ds: ds.partition(even, one),
        lambda ds: ds.partition_n(lambda m, n, v: v % 3, one, 3),
        lambda ds: ds.filter(even, one),
        lambda ds: ds.map(lambda m, n, v: f"{m}{n}{v}", one),
        lambda ds: ds.merge(one, two),
        lambda ds: ds.to_haiku_dict(one),
        lambda ds: ds.to_mutable_dict(ds.to_immutable_dict(one)),
    ):
        a, b = call(ours), call(theirs)
        assert a == b
        for mine, other in zip(
            a if isinstance(a, tuple) else (a,),
            b if isinstance(b, tuple) else (b,),
            strict=True,
        ):
            assert_same_order(mine, other)
    assert list(ours.traverse(one)) == list(theirs.traverse(one))
    assert ours.is_subset(subset=one, superset=two) == theirs.is_subset(
        subset=one, superset=two
    )


def test_sizes():
    tree = {"a": {"w": np.zeros((3, 4), np.float32), "b": np.zeros(5, np.int8)}}
    assert hk.data_structures.tree_size(tree) == 17
    assert hk.data_structures.tree_bytes(tree) == 53


def test_errors():
    arrays = [{"a": {"b": np.zeros(2, dtype)}} for dtype in ("float32", "int8")]
    with pytest.raises(ValueError, match=r"a\.b: f32\[2\] vs s8\[2\]"):
        hk.data_structures.merge(*arrays, check_duplicates=True)
    with pytest.raises(ValueError, match=r"fn returned 2 for a/b.*0, \.\.\., 1"):
        hk.data_structures.partition_n(lambda *_: 2, arrays[0], 2)


def test_immutable_mappings():
    plain = {"a": {"w": 1, "b": 2}, "c": {"w": 3}}
    frozen = hk.data_structures.to_immutable_dict(plain)
    assert frozen == plain
    assert hk.data_structures.to_immutable_dict(frozen) is frozen
    assert hash(frozen) == hash(hk.data_structures.to_immutable_dict(plain))
    with pytest.raises(TypeError):
        frozen["a"] = 1
    with pytest.raises(TypeError):
        frozen["a"]["w"] = 1
    with pytest.raises(AttributeError, match=r"x\['w'\]"):
        frozen.w  # noqa: B018
    assert "1" not in repr(frozen.keys())
    theirs = haiku.data_structures.to_immutable_dict(plain)
    assert repr(frozen) == repr(theirs)
    long = {"a": {f"name_{i}": i for i in range(20)}}
    assert repr(hk.data_structures.to_immutable_dict(long)) == repr(
        haiku.data_structures.to_immutable_dict(long)
    )


def test_immutable_mappings_as_trees():
    plain = {"a": {"w": 1, "b": 2}, "c": {"w": 3}}
    frozen = hk.data_structures.to_immutable_dict(plain)
    assert jax.tree.leaves(frozen) == jax.tree.leaves(plain)
    doubled = jax.tree.map(lambda v: 2 * v, frozen)
    assert type(doubled) is type(frozen)
    assert doubled["a"]["w"] == 2
    nested = jax.tree.map(lambda v: [v, {"x": v}], frozen)
    assert nested["c"]["w"] == [3, {"x": 3}]
    assert len(jax.tree.leaves(nested)) == 6
    assert jax.jit(lambda t: t)(frozen) == plain


def test_copies_and_pickles_are_plain():
    frozen = hk.data_structures.to_immutable_dict({"a": {"w": 1}})
    for twin in (copy.copy(frozen), copy.deepcopy(frozen)):
        assert type(twin) is dict
    assert type(pickle.loads(pickle.dumps(frozen))) is dict
    with hk.config.context(restore_flatmap=True):
        assert pickle.loads(pickle.dumps(frozen)) == frozen
        assert type(pickle.loads(pickle.dumps(frozen))) is type(frozen)
