"""Runs one program through two libraries of Haiku's API, compared in everything."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import haiku
import jax
import jax.numpy as jnp
import numpy as np

import haiku_core

KEY = jax.random.PRNGKey(7)


def normal(
    *shape: int, scale: float = 1.0, dtype: Any = np.float32, seed: int = 0
) -> jax.Array:
    """Normal values, the same in each run."""
    values = scale * np.random.RandomState(seed).randn(*shape)
    return jnp.asarray(values, dtype)


def both_runs(
    library: Any, make: Any, inputs: Any, with_grads: bool = True
) -> dict[str, Any]:
    """Initial parameters and state, outputs and state of two calls, gradients."""
    hk = getattr(library, "hk", library)
    f = hk.transform_with_state(lambda *args: make(library)(*args))
    params, state = f.init(KEY, *inputs)
    first, after = f.apply(params, state, KEY, *inputs)

    def loss(params, inputs):
        outputs, final = f.apply(params, after, KEY, *inputs)
        leaves = [x for x in jax.tree.leaves(outputs) if is_float(x)]
        # Not a plain sum: that of a normalised array is constant.
        return sum(jnp.sum(jnp.sin(x + 0.3)) for x in leaves), (outputs, final)

    grads = ()
    if params and with_grads:
        grads, (second, final) = jax.grad(loss, has_aux=True)(params, inputs)
    else:
        _, (second, final) = loss(params, inputs)
    return dict(
        params=params,
        state=state,
        first=first,
        after=after,
        second=second,
        final=final,
        grads=grads,
    )


def compiled(function: Callable[..., Any], *args: Any) -> Any:
    """The function compiled for these arguments, in half of the usual time.

    Most of a test's time goes into making fast code that then runs once.
    """
    return jax.jit(function).lower(*args).compile({"xla_backend_optimization_level": 0})


def is_float(x: Any) -> bool:
    return jnp.issubdtype(x.dtype, jnp.floating)


def assert_same(
    make: Callable[[Any], Any],
    *inputs: Any,
    tolerance: float = 2e-6,
    grads: bool = True,
    libraries: Sequence[Any] = (haiku_core, haiku),
) -> None:
    """Fails unless both libraries agree, in initial values to the bit.

    Args:
      make: a library -> a function of the inputs, run inside a transform.
      *inputs: arrays, or trees of them.
      tolerance: of floats, relative to the largest element; of gradients ten times.
      grads: whether to compare gradients too.
      libraries: what `make` is called with. They are Haiku, or have it as `.hk`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        ours, theirs = compiled(
            lambda inputs: [both_runs(lib, make, inputs, grads) for lib in libraries],
            inputs,
        )(inputs)
    for what in ours:
        a, b = (jax.tree_util.tree_leaves_with_path(x[what]) for x in (ours, theirs))
        assert [k for k, _ in a] == [k for k, _ in b], what
        exact = what in ("params", "state")
        for (path, x), (_, y) in zip(a, b, strict=True):
            assert (x.shape, x.dtype) == (y.shape, y.dtype), (what, path)
            x, y = np.asarray(x), np.asarray(y)
            if exact or not is_float(x):
                np.testing.assert_array_equal(x, y, f"{what} {path}")
                continue
            x, y = x.astype(np.float64), y.astype(np.float64)
            scale = np.max(np.abs(y), initial=0) or 1.0
            bound = tolerance * scale * (10 if what == "grads" else 1)
            np.testing.assert_allclose(x, y, 0, bound, err_msg=f"{what} {path}")
