"""Branches and loops: ``jax.lax``'s, with parameters, state and keys carried along."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from haiku_core._src.carried import (
    Carried,
    changed,
    fill_keys,
    first_leaf_length,
    inner,
    merge,
    needed_frame,
    same_result,
    taken,
    taken_for_loop,
)
from haiku_core._src.frames import current_frame, here

# ---------------------------------------------------------------- branches

_BRANCHES_DIFFER = """
{error}

Hint: in `init`, `hk.cond` and `hk.switch` need branches that create the same parameters
and state. Run all modules unconditionally there, and branch in `apply` only:

    if hk.running_init():
        for branch in branches:
            out = branch(x)
    else:
        out = hk.switch(index, branches, x)  # or: hk.cond(pred, *branches, x)
""".strip()


def _branch(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def pure(values: Carried, operands: Any) -> Any:
        frame = inner(here.frame, values)
        out = frame.enter(function, operands, {})
        fill_keys(frame.keys)
        return out, taken(frame, fixed=True)

    return pure


def _branched(run: Callable[..., Any], branches: Sequence[Any], operands: Any) -> Any:
    """Calls a function of ``jax.lax`` with pure branches; merges what they changed."""
    frame = here.frame
    fill_keys(frame.keys)
    pure = same_result(_branch)
    try:
        out, values = run(
            [pure(branch) for branch in branches], taken(frame, fixed=True), operands
        )
    except TypeError as error:
        if not frame.frozen and "must have the same" in str(error):
            raise TypeError(_BRANCHES_DIFFER.format(error=error)) from error
        raise
    merge(frame, values)
    return out


_LEGACY = ("pred", "true_operand", "true_fun", "false_operand", "false_fun")
_NOTHING = object()


def _cond_arguments(args: Any, kwargs: Any) -> tuple[Any, Any, Any, Any]:
    """(pred, true_fun, false_fun, operands), from either of the two call forms."""
    named = {**dict(zip(_LEGACY, args, strict=False)), **kwargs}
    if len(args) + len(kwargs) == 5 and named.keys() == set(_LEGACY):
        pred, true_operand, true_fun, false_operand, false_fun = (
            named[name] for name in _LEGACY
        )
        if callable(true_fun) and callable(false_fun):
            return (
                pred,
                lambda ops: true_fun(ops[0]),
                lambda ops: false_fun(ops[1]),
                ((true_operand, false_operand),),
            )
    return _modern_cond_arguments(*args, **kwargs)


def _modern_cond_arguments(
    pred: Any,
    true_fun: Callable[..., Any],
    false_fun: Callable[..., Any],
    *operands: Any,
    operand: Any = _NOTHING,
) -> tuple[Any, Any, Any, Any]:
    if operand is not _NOTHING:
        if operands:
            raise ValueError(
                "hk.cond was given the keyword argument `operand`, so you cannot pass "
                f"operands positionally too: operand={operand}, *operands={operands}"
            )
        operands = (operand,)
    return pred, true_fun, false_fun, operands


@functools.wraps(jax.lax.cond)
def cond(*args: Any, **kwargs: Any) -> Any:
    """``jax.lax.cond`` for functions that use parameters, state and random keys.

    Called as ``cond(pred, true_fun, false_fun, *operands)``. The old form with an
    operand for each branch, ``cond(pred, true_operand, true_fun, false_operand,
    false_fun)``, is understood too.

    Args:
      pred: a boolean scalar.
      true_fun: called as ``true_fun(*operands)`` where ``pred`` holds.
      false_fun: called likewise where it doesn't; its result has the same structure,
        shapes and dtypes.
      *operands: pytrees of arrays.

    Returns:
      The result of the branch taken. State set by it is kept. Each branch uses up one
      block of reserved keys.

    Raises:
      TypeError: if the branches' results differ in structure, or, in ``init``, the
        parameters and state that they create; run them unconditionally there.
      ValueError: outside of a transform.
    """
    needed_frame("cond", "jax.lax.cond")
    pred, true_fun, false_fun, operands = _cond_arguments(args, kwargs)

    def run(branches: Any, values: Carried, operands: Any) -> Any:
        return jax.lax.cond(pred, *branches, values, operands)

    return _branched(run, (true_fun, false_fun), operands)


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """``jax.lax.switch`` for functions that use parameters, state and random keys.

    Args:
      index: an integer scalar; clamped to the valid range.
      branches: functions whose results have the same structure, shapes and dtypes.
      *operands: pytrees of arrays, the arguments of whichever branch is taken.

    Returns:
      The result of the branch taken.

    Raises:
      TypeError: as for :func:`cond`.
      ValueError: outside of a transform.
    """
    needed_frame("switch", "jax.lax.switch")

    def run(pure: Any, values: Carried, operands: Any) -> Any:
        return jax.lax.switch(index, pure, values, operands)

    return _branched(run, branches, operands)


# ---------------------------------------------------------------- loops


def _no_new_parameters(before: Any, after: Any) -> None:
    new = {
        f"{owner}/{name}"
        for owner, bundle in after.items()
        for name in bundle
        if name not in before.get(owner, ())
    }
    if new:
        raise AssertionError(
            f"New parameters were created: {sorted(new)}. Build the modules before the "
            "loop, so that each step uses the same parameters; for parameters of its "
            "own in each step see hk.layer_stack."
        )


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any,
    length: int | None = None,
    reverse: bool = False,
    unroll: int = 1,
) -> tuple[Any, Any]:
    """``jax.lax.scan`` for a function that uses parameters, state and random keys.

    In ``init`` the first step runs outside of the loop, to create what the others
    then find.

    Args:
      f: ``carry, y = f(carry, x)``. State and the key sequence go from step to step.
      init: the first carry.
      xs: a pytree of arrays ``[length, ...]`` to go over, or ``None``.
      length: the number of steps, if ``xs`` doesn't tell.
      reverse: whether to go from the last to the first.
      unroll: how many steps one iteration of the compiled loop holds.

    Returns:
      The last carry, and the ``y`` of all steps stacked, ``[length, ...]``.

    Raises:
      AssertionError: if a step creates parameters that the first one didn't.
      ValueError: outside of a transform.
    """
    frame = needed_frame("scan", "jax.lax.scan")
    if length is None:
        length = first_leaf_length(xs)
    first_y = None
    if not frame.frozen:
        if not length:
            x = jax.tree.map(lambda x: jnp.zeros(x.shape[1:], x.dtype), xs)
            y = f(init, x)[1]
            return init, jax.tree.map(lambda y: jnp.zeros((0, *y.shape), y.dtype), y)
        head, rest = (-1, slice(-1)) if reverse else (0, slice(1, None))
        init, y = f(init, jax.tree.map(lambda x: x[head], xs))
        first_y = jax.tree.map(lambda y: jnp.expand_dims(y, 0), y)
        xs = jax.tree.map(lambda x: x[rest], xs)
        length -= 1
        if not length:
            return init, first_y

    @functools.wraps(f)
    def step(carry: Any, x: Any) -> Any:
        carry, values = carry
        body = inner(frame, values)
        carry, y = body.enter(f, (carry, x), {})
        if not frame.frozen:
            _no_new_parameters(frame.params, body.params)
        fill_keys(body.keys)
        return (carry, taken_for_loop(body)), y

    fill_keys(frame.keys)
    (carry, values), ys = jax.lax.scan(
        step, (init, taken_for_loop(frame)), xs, length, reverse, unroll=unroll
    )
    merge(frame, values)
    if first_y is not None:
        parts = (ys, first_y) if reverse else (first_y, ys)
        ys = jax.tree.map(lambda *y: jnp.concatenate(y), *parts)
    return carry, ys


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """``jax.lax.map`` for a function that uses parameters, state and random keys.

    Args:
      f: called on each slice along the leading axis, one after the other.
      xs: a pytree of arrays ``[n, ...]``.

    Returns:
      The results, stacked.
    """
    return scan(lambda _, x: ((), f(x)), (), xs)[1]


def fori_loop(
    lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any
) -> Any:
    """``jax.lax.fori_loop`` for a body that uses parameters, state and random keys.

    In ``init`` the first step runs outside of the loop, and it runs even if there are
    no steps to do.

    Args:
      lower: the first index.
      upper: the index to stop before.
      body_fun: ``value = body_fun(i, value)``, of unchanging structure.
      init_val: the first value.

    Returns:
      The last value.

    Raises:
      ValueError: outside of a transform.
    """
    frame = needed_frame("fori_loop", "jax.lax.fori_loop")
    if not frame.frozen:
        init_val = body_fun(lower, init_val)
        lower += 1
        try:
            if upper == lower:
                return init_val
        except jax.errors.ConcretizationTypeError:
            pass  # A tracer; the loop below can cope.

    @functools.wraps(body_fun)
    def body(i: Any, carry: Any) -> Any:
        value, values = carry
        step = inner(frame, values)
        value = step.enter(body_fun, (i, value), {})
        if not frame.frozen:
            _no_new_parameters(frame.params, step.params)
        fill_keys(step.keys)
        return value, taken_for_loop(step)

    fill_keys(frame.keys)
    carry = init_val, taken_for_loop(frame)
    value, values = jax.lax.fori_loop(lower, upper, body, carry)
    merge(frame, values)
    return value


def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any:
    """``jax.lax.while_loop`` for a body that uses parameters, state and random keys.

    Args:
      cond_fun: tells of a value whether to go on. It may read parameters and state,
        but not set state or draw keys.
      body_fun: ``value = body_fun(value)``, of unchanging structure.
      init_val: the first value.

    Returns:
      The first value for which ``cond_fun`` is false.

    Raises:
      ValueError: in ``init``; where ``cond_fun`` changes anything; outside of a
        transform.
    """
    frame = current_frame("while_loop")
    if not frame.frozen:
        raise ValueError(
            "hk.while_loop does not support initialization: it can't tell whether the "
            "loop runs at all, and so whether its parameters get created. Run the body "
            "once there:\n\n"
            "    if hk.running_init():\n"
            "        value = body(value)\n"
            "    else:\n"
            "        value = hk.while_loop(go_on, body, value)\n"
        )

    @functools.wraps(cond_fun)
    def go_on(carry: Any) -> Any:
        value, values = carry
        step = inner(frame, values)
        out = step.enter(cond_fun, (value,), {})
        found = changed(values, step)
        if found.current or found.rng is not None:
            raise ValueError(
                "`hk.while_loop` does not support `hk.set_state`, `hk.next_rng_key` "
                "(et al) in `cond_fun`. Do it in the body, and carry what `cond_fun` "
                "needs in the loop's value."
            )
        return out

    @functools.wraps(body_fun)
    def body(carry: Any) -> Any:
        value, values = carry
        step = inner(frame, values)
        value = step.enter(body_fun, (value,), {})
        fill_keys(step.keys)
        return value, taken_for_loop(step)

    fill_keys(frame.keys)
    carry = init_val, taken_for_loop(frame)
    value, values = jax.lax.while_loop(go_on, body, carry)
    merge(frame, values)
    return value
