"""The JAX side of the tests of ops: many calls run as one compiled program.

Compiling is nearly all that such small calls cost, so the calls of one op, with their
gradients, become one program.
"""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import haiku_core as hk
from compat import dictionary as d
from compat.dictionary import exact
from migrate.rewrite.narrowing import NARROWED, narrowed
from tests.compat.tensorflow import tf_side

TOLERANCE = {"bfloat16": 2e-2, "float16": 2e-3, "float32": 1e-5, "complex64": 1e-5}


@dataclasses.dataclass
class Job:
    """One call and what the original gave.

    Attributes:
      what: for messages.
      call: a function of the arguments by name.
      arguments: with arrays as drawn.
      paths: where the arrays are.
      theirs: the original's result, as a flat list.
      cotangents, gradients: of the original, or None.
      narrowed: whether results are compared through the narrowing table.
      as_vector: whether the result is a shape, to be compared as a vector.
      as_ints: whether it is made of shapes, integers of whatever width.
    """

    what: str
    call: Callable[[dict], Any]
    arguments: dict
    paths: list
    theirs: list
    cotangents: list | None = None
    gradients: list | None = None
    narrowed: bool = False
    as_vector: bool = False
    as_ints: bool = False


def leaves(value):
    return jax.tree.leaves(value, is_leaf=lambda v: v is None)


def check(jobs, eager=False, shapes_only=False):
    """Runs jobs and compares with the original.

    Args:
      eager: outside of jit, for results whose shape depends on values.
      shapes_only: only dtypes and shapes, without running anything: for random draws.
    """
    python: list[list] = [[] for _ in jobs]

    def program(inputs, cotangents):
        return [
            _one(job, record, xs, cs)
            for job, record, xs, cs in zip(
                jobs, python, inputs, cotangents, strict=True
            )
        ]

    inputs = [
        [jnp.asarray(v) for v in tf_side.pick(job.arguments, job.paths)] for job in jobs
    ]
    cotangents = [job.cotangents for job in jobs]
    if shapes_only:
        out = jax.eval_shape(program, inputs, cotangents)
    else:
        out = (program if eager else jax.jit(program))(inputs, cotangents)
    for job, record, (arrays, gradients) in zip(jobs, python, out, strict=True):
        arrays = iter(arrays)
        ours = [next(arrays) if leaf is _ARRAY else leaf for leaf in record]
        if job.as_vector and not (len(ours) == 1 and hasattr(ours[0], "dtype")):
            ours = [np.asarray(ours, "int32")]
        if job.as_ints:
            ours = [v if v is None else np.asarray(v, "int32") for v in ours]
        compare(job, ours, shapes_only)
        for mine, their in zip(gradients, job.gradients or (), strict=True):
            same(mine, their, job.narrowed, f"{job.what}: gradient")


_ARRAY = object()


def _one(job, record, xs, cotangents):
    """(arrays of the result, gradients); Python values go to the record."""
    moving = [i for i, x in enumerate(xs) if tf_side.is_floating(x)]

    def call(*values):
        now = list(xs)
        for i, value in zip(moving, values, strict=True):
            now[i] = value
        try:
            out = leaves(job.call(tf_side.put(job.arguments, job.paths, now)))
        except Exception as error:
            error.add_note(job.what)
            raise
        record[:] = [_ARRAY if isinstance(leaf, jax.Array) else leaf for leaf in out]
        arrays = [leaf for leaf in out if isinstance(leaf, jax.Array)]
        return [a for a in arrays if tf_side.is_floating(a)], arrays

    values = [xs[i] for i in moving]
    if cotangents is None:
        return call(*values)[1], ()
    _, pull, arrays = jax.vjp(call, *values, has_aux=True)
    return arrays, pull([jnp.asarray(c) for c in cotangents])


def compare(job, ours, shapes_only):
    assert len(ours) == len(job.theirs), (
        f"{job.what}: {len(ours)} results, not {len(job.theirs)}"
    )
    for mine, their in zip(ours, job.theirs, strict=True):
        if shapes_only:
            dtype = np.asarray(their).dtype.name
            assert mine.shape == np.shape(their), job.what
            wanted = narrowed(dtype) if job.narrowed else dtype
            assert mine.dtype.name == wanted, job.what
        else:
            same(mine, their, job.narrowed, job.what)


def same(mine, their, through_table, what):
    """Asserts that one leaf of a result is the original's: dtype, shape, values."""
    if isinstance(mine, jax.ShapeDtypeStruct):
        assert (list(mine.shape), mine.dtype.name) == their, what
        return
    if their is None or isinstance(their, str | np.dtype | type | tuple):
        assert mine == their, what
        return
    a, b = np.asarray(mine), np.asarray(their)
    dtype = narrowed(b.dtype.name) if through_table else b.dtype.name
    is_python = isinstance(mine, int | float | bool)
    assert a.dtype.name == dtype or is_python, f"{what}: {a.dtype}, not {dtype}"
    assert a.shape == b.shape, f"{what}: shape {a.shape}, not {b.shape}"
    near(a, b, TOLERANCE.get(dtype, 1e-12), what)


def near(a, b, tolerance, what):
    if a.dtype.kind in "biuSUO":
        np.testing.assert_array_equal(a, b, err_msg=what)
        return
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    a, b = a.astype(wide), b.astype(wide)
    finite = np.abs(b[np.isfinite(b)])
    scale = finite.max() if finite.size else 0.0
    np.testing.assert_allclose(
        a, b, rtol=tolerance, atol=tolerance * min(scale, 1e3), err_msg=what
    )


# ------------------------------------------------------------------ calls


def key_of(entry):
    return None if entry.key is None else jax.random.key(7)


def body_call(entry):
    """The exact body, as a function of the arguments by name."""

    def call(arguments):
        args, kwargs = tf_side.flat_call(entry, arguments)
        return exact.call(entry, *args, key=key_of(entry), **kwargs)

    return call


def spelled_call(entry, spelling):
    """A spelling run as migrated code runs it, as a function of the arguments."""
    takes = inspect.signature(spelling.fn).parameters

    def call(arguments):
        chosen = {
            k: _as_written(entry, k, v) for k, v in arguments.items() if k in takes
        }
        args, kwargs = tf_side.flat_call(entry, chosen)
        if "hk" in spelling.fn.__code__.co_names:
            run = hk.transform(lambda: spelling.fn(*args, **kwargs))
            return run.apply({}, jax.random.key(7))
        return spelling.fn(*args, **kwargs)

    return call


def _as_written(entry, name, value):
    """An argument as it stands in migrated code: no lists where JAX wants arrays."""
    kind = entry.kinds[name]
    several = entry.signature.parameters[name].kind
    if several is inspect.Parameter.VAR_POSITIONAL:
        return value
    if tf_side.is_shape(value):
        return value
    if isinstance(value, list | tuple) and kind is d.Ts:
        wrap = [jnp.asarray(v) if isinstance(v, list) else v for v in value]
        return type(value)(wrap)
    if isinstance(value, list | tuple) and kind is d.T:
        literal = tf_side.is_literal(value)
        return jnp.asarray(value) if literal else jnp.stack(value)
    if isinstance(value, list | np.ndarray) and kind in (d.Static, d.Shape):
        return exact.convert(d.Static, value)
    return value


def narrow(value):
    """A drawn sample as migrated code holds it."""
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value, narrowed(value.dtype.name))
    if isinstance(value, list | tuple):
        return type(value)(narrow(v) for v in value)
    if isinstance(value, dict):
        return {k: narrow(v) for k, v in value.items()}
    if isinstance(value, np.dtype) or (isinstance(value, str) and value in NARROWED):
        return jnp.dtype(narrowed(jnp.dtype(value).name))
    return value
