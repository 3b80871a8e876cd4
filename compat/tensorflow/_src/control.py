"""Control flow on tensors, and maps over them."""

import jax
import jax.numpy as jnp

from compat.dictionary import (
    TENSOR,
    UNKNOWN,
    Call,
    Exactly,
    Floats,
    Fn,
    Ignored,
    Ints,
    Other,
    Static,
    T,
    op,
)


def _double(x):
    return x * 2


def _add(a, b):
    return a + b


@op(
    "tf.cond",
    returns=UNKNOWN,
    check=[
        Call(Exactly(True), lambda: 1.0, lambda: 2.0),
        Call(Exactly(False), true_fn=lambda: [1.0, 2], false_fn=lambda: [3.0, 4]),
    ],
)
def cond(pred: T, true_fn: Fn = None, false_fn: Fn = None, name: Ignored = None):
    """The result of one function or the other, by a truth value."""
    return jax.lax.cond(pred, true_fn, false_fn)


@op(
    "tf.while_loop",
    returns=UNKNOWN,
    check=[
        Call(lambda i: i < 5, lambda i: [i + 2], [Exactly(0, "int32")]),
        Call(
            lambda i, x: i < 3,
            lambda i, x: [i + 1, x * 2],
            [Exactly(0, "int32"), Floats(2)],
        ),
    ],
)
def while_loop(
    cond: Fn,
    body: Fn,
    loop_vars: Other,
    shape_invariants: Ignored = None,
    parallel_iterations: Ignored = 10,
    back_prop: Ignored = True,
    swap_memory: Ignored = False,
    maximum_iterations: Static = None,
    name: Ignored = None,
):
    """The loop variables after running the body while the condition holds."""
    count = -1 if maximum_iterations is None else maximum_iterations

    def goes_on(state):
        return cond(*state[1]) & (state[0] != count)

    def step(state):
        new = body(*state[1])
        new = new if isinstance(new, list | tuple) else [new]
        return state[0] + 1, type(loop_vars)(new)

    start = jax.tree.map(jnp.asarray, loop_vars)
    return jax.lax.while_loop(goes_on, step, (0, start))[1]


@while_loop.when("maximum_iterations is None")
def _(cond, body, loop_vars):
    return jax.lax.while_loop(
        lambda args: cond(*args), lambda args: tuple(body(*args)), tuple(loop_vars)
    )


@op(
    "tf.switch_case",
    returns=UNKNOWN,
    check=[
        Call(Exactly(1, "int32"), [lambda: 1.0, lambda: 2.0]),
        Call(Exactly(7, "int32"), [lambda: 1.0, lambda: 2.0], lambda: 3.0),
    ],
)
def switch_case(
    branch_index: T,
    branch_fns: Other,
    default: Fn = None,
    name: Ignored = "switch_case",
):
    """The result of the function of that number, of the last or a default if none."""
    branches = list(branch_fns) + ([] if default is None else [default])
    last = len(branches) - 1
    known = (branch_index >= 0) & (branch_index <= last)
    return jax.lax.switch(jnp.where(known, branch_index, last), branches)


@op(
    "tf.map_fn",
    returns=TENSOR,
    check=[Call(_double, Floats(3, 2)), Call(lambda x: x + 1, Ints(4))],
)
def map_fn(
    fn: Fn,
    elems: T,
    dtype: Ignored = None,
    parallel_iterations: Ignored = None,
    back_prop: Ignored = True,
    swap_memory: Ignored = False,
    infer_shape: Ignored = True,
    name: Ignored = None,
    fn_output_signature: Ignored = None,
):
    """A function of each part along the first axis, one after the other."""
    return jax.lax.map(fn, elems)


@op(
    "tf.vectorized_map",
    returns=TENSOR,
    check=[Call(_double, Floats(3, 2)), Call(lambda x: x + 1, Ints(4))],
)
def vectorized_map(
    fn: Fn,
    elems: T,
    fallback_to_while_loop: Ignored = True,
    warn: Ignored = True,
):
    """A function of each part along the first axis, all at once."""
    return jax.vmap(fn)(elems)


@op(
    "tf.scan",
    returns=UNKNOWN,
    check=[
        Call(_add, Floats(4), Floats()),
        Call(_add, Floats(4, 2)),
        Call(_add, Floats(4), Exactly(0.0, "f4"), reverse=True),
    ],
)
def scan(
    fn: Fn,
    elems: T,
    initializer: T = None,
    parallel_iterations: Ignored = 10,
    back_prop: Ignored = True,
    swap_memory: Ignored = False,
    infer_shape: Ignored = True,
    reverse: Static = False,
    name: Ignored = None,
):
    """All states of a function of (state, part) run along the first axis."""

    def step(state, part):
        new = fn(state, part)
        return new, new

    if initializer is not None:
        return jax.lax.scan(step, initializer, elems, reverse=reverse)[1]
    first, rest = (elems[-1], elems[:-1]) if reverse else (elems[0], elems[1:])
    states = jax.lax.scan(step, first, rest, reverse=reverse)[1]
    pieces = [states, first[None]] if reverse else [first[None], states]
    return jnp.concatenate(pieces)


@op(
    "tf.foldl",
    returns=UNKNOWN,
    check=[Call(_add, Floats(4, 2)), Call(_add, Floats(4), Floats())],
)
def foldl(
    fn: Fn,
    elems: T,
    initializer: T = None,
    parallel_iterations: Ignored = 10,
    back_prop: Ignored = True,
    swap_memory: Ignored = False,
    name: Ignored = None,
):
    """The last state of a function of (state, part) run along the first axis."""
    start, rest = (elems[0], elems[1:]) if initializer is None else (initializer, elems)
    return jax.lax.scan(lambda state, part: (fn(state, part), None), start, rest)[0]


@op(
    "tf.foldr",
    returns=UNKNOWN,
    check=[Call(_add, Floats(4, 2)), Call(_add, Floats(4), Floats())],
)
def foldr(
    fn: Fn,
    elems: T,
    initializer: T = None,
    parallel_iterations: Ignored = 10,
    back_prop: Ignored = True,
    swap_memory: Ignored = False,
    name: Ignored = None,
):
    """As `foldl`, from the last part to the first."""
    start, rest = (
        (elems[-1], elems[:-1]) if initializer is None else (initializer, elems)
    )
    end = jax.lax.scan(
        lambda state, part: (fn(state, part), None), start, rest, reverse=True
    )
    return end[0]
