"""Runs one program on haiku_core and on dm-haiku, and compares all that comes out."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

import haiku_core as hk
from tests.haiku_core.equal import assert_same_order, assert_same_trees, primitives
from tests.haiku_core.upstream import haiku

Program = Callable[[Any], Callable[..., Any]]


# Most of the time is XLA's; nothing here needs fast programs.
_jit = functools.partial(
    jax.jit,
    compiler_options={
        "xla_backend_optimization_level": 0,
        "xla_llvm_disable_expensive_passes": True,
    },
)


def x(*shape: int) -> np.ndarray:
    """Some numbers."""
    return np.random.RandomState(0).randn(*shape).astype(np.float32)


def assert_same(program: Program, *args: Any, key: Any = 0, applies: int = 2) -> Any:
    """Asserts that ``init``, and ``apply`` some times in turn, agree to the last bit.

    The compiled programs have to hold no primitive more often than dm-haiku's.

    Args:
      program: called with either library, returns a function to transform.
      *args: the function's arguments.
      key: the seed of the keys for both, or ``None`` to pass no keys.
      applies: how often to apply, each time to the state that the time before left.

    Returns:
      The parameters, the last result and the last state.
    """
    # The cheapest keys to compile; test_keys.py has the default ones.
    with jax.default_prng_impl("unsafe_rbg"):
        return _assert_same(program, args, key, applies)


def _assert_same(program: Program, args: Any, key: Any, applies: int) -> Any:
    ours, theirs = (lib.transform_with_state(program(lib)) for lib in (hk, haiku))
    init_key = apply_key = None
    if key is not None:
        init_key, apply_key = jax.random.split(jax.random.PRNGKey(key))
    params, state = _jit(ours.init)(init_key, *args)
    their_params, their_state = _jit(theirs.init)(init_key, *args)
    assert_same_trees(params, their_params)
    assert_same_trees(state, their_state)
    made, their_made = (
        jax.eval_shape(lib.init, init_key, *args) for lib in (ours, theirs)
    )
    assert_same_order(made[0], their_made[0])
    apply, their_apply = _jit(ours.apply), _jit(theirs.apply)
    out = None
    for _ in range(applies):
        out, state = apply(params, state, apply_key, *args)
        their_out, their_state = their_apply(params, their_state, apply_key, *args)
        assert_same_trees(out, their_out)
        assert_same_trees(state, their_state)
    if applies:
        count = primitives(ours.apply, params, state, apply_key, *args)
        their_count = primitives(theirs.apply, params, state, apply_key, *args)
        assert not count - their_count
    return params, out, state


def assert_same_error(program: Program, *args: Any, key: Any = 0) -> str:
    """Asserts that both raise errors of one kind in ``init``; returns our message."""
    init_key = None if key is None else jax.random.PRNGKey(key)
    errors = []
    for lib in (hk, haiku):
        try:
            lib.transform_with_state(program(lib)).init(init_key, *args)
        except Exception as error:
            errors.append(error)
        else:
            raise AssertionError(f"{lib.__name__} raises nothing")
    ours, theirs = errors
    kinds = {kind.__name__ for kind in type(ours).__mro__[:-1]}
    assert type(theirs).__name__ in kinds, (ours, theirs)
    return str(ours)
