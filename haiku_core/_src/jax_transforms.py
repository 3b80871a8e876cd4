"""``jax.grad``, ``jit``, ``vmap`` and their like for functions that use modules."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from haiku_core._src.carried import (
    Carried,
    changed,
    inner,
    merge,
    needed_frame,
    taken,
)
from haiku_core._src.frames import current_frame, here
from haiku_core._src.hooks import Installed
from haiku_core._src.keys import PRNGSequence, next_rng_keys

# The keyword under which a pure function gets the frame's values: static_argnums and
# their like keep counting the user's own arguments.
_VALUES = "hk_state"


def value_and_grad(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """``jax.value_and_grad`` for a function that uses state or creates parameters.

    It is for gradients taken inside of a transformed function. To differentiate with
    respect to parameters, use ``jax.grad`` on the ``apply`` function.

    Args:
      fun: returns a scalar, or with ``has_aux`` a pair of a scalar and any pytree.
      argnums: which positional arguments to differentiate with respect to.
      has_aux: see ``fun``.
      holomorphic: whether ``fun`` is promised to be holomorphic.

    Returns:
      A function of the same arguments that returns ``fun``'s result and the gradient.

    Raises:
      ValueError: outside of a transform.
    """
    needed_frame("grad")

    @functools.wraps(fun)
    def pure(*args: Any, **kwargs: Any) -> Any:
        values = kwargs.pop(_VALUES)
        frame = inner(here.frame, values)
        out = frame.enter(fun, args, kwargs)
        out, aux = out if has_aux else (out, None)
        return out, (aux, changed(values, frame))

    differentiated = jax.value_and_grad(
        pure, argnums=argnums, has_aux=True, holomorphic=holomorphic
    )

    @functools.wraps(fun)
    def value_and_grad_of(*args: Any, **kwargs: Any) -> Any:
        frame = needed_frame("grad")
        kwargs[_VALUES] = taken(frame)
        (value, (aux, values)), grads = differentiated(*args, **kwargs)
        merge(frame, values)
        return ((value, aux) if has_aux else value), grads

    return value_and_grad_of


def grad(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """``jax.grad`` for a function that uses state; see :func:`value_and_grad`.

    Returns:
      A function of the same arguments that returns the gradient, or with ``has_aux``
      the gradient and the auxiliary result.
    """
    both = value_and_grad(fun, argnums, has_aux, holomorphic)

    @functools.wraps(fun)
    def gradient_of(*args: Any, **kwargs: Any) -> Any:
        value, grads = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return gradient_of


def _pure(fun: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes the frame's values in, and gives the changed ones out."""

    @functools.wraps(fun)
    def pure(*args: Any, **kwargs: Any) -> Any:
        values = kwargs.pop(_VALUES)
        frame = inner(here.frame, values, share_names=True)
        out = frame.enter(fun, args, kwargs)
        return out, changed(values, frame)

    return pure


def jit(fun: Callable[..., Any], *jit_args: Any, **jit_kwargs: Any) -> Any:
    """``jax.jit`` for a function that uses parameters, state and random keys.

    As a rule, compile ``init`` and ``apply`` instead; this is for parts of a function
    that runs uncompiled.

    Args:
      fun: the function to compile.
      *jit_args: further arguments of ``jax.jit``.
      **jit_kwargs: likewise.

    Returns:
      The compiled function, for use inside of this run of ``init`` or ``apply``.

    Raises:
      ValueError: outside of a transform.
    """
    needed_frame("jit")
    compiled = jax.jit(_pure(fun), *jit_args, **jit_kwargs)

    @functools.wraps(fun)
    def call(*args: Any, **kwargs: Any) -> Any:
        frame = needed_frame("jit")
        kwargs[_VALUES] = taken(frame)
        out, values = compiled(*args, **kwargs)
        merge(frame, values)
        return out

    return call


def remat(
    fun: Callable[..., Any],
    *,
    prevent_cse: bool = True,
    policy: Callable[..., bool] | None = None,
    static_argnums: int | tuple[int, ...] = (),
) -> Callable[..., Any]:
    """``jax.checkpoint`` for a function that uses parameters, state and random keys.

    Args:
      fun: the function whose intermediate values are computed again for gradients
        rather than stored.
      prevent_cse: as for ``jax.checkpoint``.
      policy: likewise.
      static_argnums: likewise.

    Returns:
      A function with the same results.

    Raises:
      ValueError: outside of a transform.
    """
    needed_frame("remat")

    @functools.wraps(fun)
    def call(*args: Any, **kwargs: Any) -> Any:
        frame = needed_frame("remat")
        kwargs[_VALUES] = taken(frame)
        # JAX keeps traces by function; a new function each time, since names given out
        # and parameters created make each trace another one.
        saving = jax.checkpoint(
            _pure(fun),
            prevent_cse=prevent_cse,
            policy=policy,
            static_argnums=static_argnums,
        )
        out, values = saving(*args, **kwargs)
        merge(frame, values)
        return out

    return call


def eval_shape(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``jax.eval_shape`` for a function that uses parameters, state and random keys.

    Args:
      fun: the function; nothing that it changes is kept.
      *args: arrays, or anything with a shape and a dtype.
      **kwargs: likewise.

    Returns:
      The result's structure with ``jax.ShapeDtypeStruct`` as leaves.

    Raises:
      ValueError: outside of a transform.
    """
    frame = needed_frame("eval_shape")

    @functools.wraps(fun)
    def pure(values: Carried, *args: Any, **kwargs: Any) -> Any:
        return inner(frame, values).enter(fun, args, kwargs)

    return jax.eval_shape(pure, taken(frame), *args, **kwargs)


def fast_eval_shape(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Shapes of a function's result, without tracing its initializers.

    Inside of a transform it is :func:`eval_shape`, outside ``jax.eval_shape``, of the
    ``init`` or ``apply`` of a transformed function. Parameters are created as zeros,
    whatever their initializers: for big models these take most of the time.

    Args:
      fun: the function.
      *args: arrays, or anything with a shape and a dtype.
      **kwargs: likewise.

    Returns:
      The result's structure with ``jax.ShapeDtypeStruct`` as leaves.
    """
    with Installed(_as_zeros, ["param_creators"]):
        evaluate = jax.eval_shape if here.frame is None else eval_shape
        # A new function each time, so that JAX reuses no trace made without this.
        return evaluate(lambda *a, **k: fun(*a, **k), *args, **kwargs)


def _as_zeros(next_creator: Any, shape: Any, dtype: Any, init: Any, _: Any) -> Any:
    return next_creator(shape, dtype, jnp.zeros)


# ---------------------------------------------------------------- vmap


def _mapped_size(args: Any, in_axes: Any, axis_size: int | None) -> int:
    """How long the mapped axis is; the first of the sizes, where they disagree."""
    if axis_size is not None:
        return axis_size

    def size(axis: int | None, subtree: Any) -> int | None:
        if axis is None:
            return None
        sizes = {leaf.shape[axis] for leaf in jax.tree.leaves(subtree)}
        if len(sizes) > 1:
            raise ValueError(
                "Arrays must have the same mapped axis size, found sizes "
                f"{sorted(sizes)} for axis {axis}."
            )
        return sizes.pop() if sizes else None

    sizes = jax.tree.leaves(
        jax.tree.map(size, in_axes, args, is_leaf=lambda axis: axis is None)
    )
    if not sizes:
        raise ValueError(
            "hk.vmap with split_rng=True found no mapped argument to tell the size of "
            "the mapped axis: pass `axis_size`."
        )
    return sizes[0]


def _mapped(
    fun: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    *,
    split_rng: bool,
    spmd_axis_name: Any = None,
) -> Callable[..., Any]:
    """``jax.vmap`` for a function that uses parameters, state and random keys.

    Parameters and state are shared by all elements. For parameters per element see
    :func:`lift` together with ``jax.vmap``.

    Args:
      fun: the function to map; called with positional arguments.
      in_axes: as for ``jax.vmap``; at least one axis.
      out_axes: as for ``jax.vmap``.
      axis_name: as for ``jax.vmap``.
      axis_size: as for ``jax.vmap``.
      split_rng: whether each element draws keys of its own. In ``init`` that is an
        error where parameters are created; ``split_rng=(not hk.running_init())`` is
        what most models want.
      spmd_axis_name: as for ``jax.vmap``.

    Returns:
      The mapped function.

    Raises:
      TypeError: without ``split_rng``, unless ``hk.vmap.require_split_rng`` is false.
      ValueError: if nothing is mapped; or when state differs between elements.
    """
    if not jax.tree.leaves(in_axes):
        raise ValueError(
            f"{getattr(fun, '__name__', fun)} must have at least one non-None value in "
            "in_axes to use with `hk.vmap`."
        )
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)

    @functools.wraps(fun)
    def pure(args: Any, values: Carried, key: Any) -> Any:
        if split_rng:
            values = values._replace(rng=PRNGSequence(key).internal_state)
        frame = inner(here.frame, values)
        out = frame.enter(fun, args, {})
        found = changed(values, frame)
        # Keys split for the elements are the elements' own, and end here.
        return out, found._replace(rng=None) if split_rng else found

    @functools.wraps(fun)
    def call(*args: Any) -> Any:
        frame = current_frame("vmap")
        keys = None
        if split_rng:
            keys = next_rng_keys(_mapped_size(args, in_axes, axis_size))
        try:
            out, values = jax.vmap(
                pure,
                in_axes=(in_axes, None, 0),
                out_axes=(out_axes, None),
                axis_name=axis_name,
                axis_size=axis_size,
                spmd_axis_name=spmd_axis_name,
            )(args, taken(frame), keys)
        except ValueError as error:
            if split_rng and not frame.frozen and "out_axes" in str(error):
                raise ValueError(
                    "hk.vmap does not support setting split_rng to True during "
                    "initialization: parameters are shared by all elements of the "
                    "mapped axis, so one key has to make them. Write "
                    "`split_rng=(not hk.running_init())`."
                ) from error
            raise
        merge(frame, values)
        return out

    return call


@functools.wraps(_mapped)
def vmap(*args: Any, **kwargs: Any) -> Callable[..., Any]:
    if "split_rng" not in kwargs:
        if vmap.require_split_rng:
            raise TypeError(
                "hk.vmap needs the argument split_rng: whether each element of the "
                "mapped axis gets random keys of its own. Old code that can't be "
                "changed can set `hk.vmap.require_split_rng = False`."
            )
        kwargs["split_rng"] = False
    return _mapped(*args, **kwargs)


vmap.__name__ = vmap.__qualname__ = "vmap"
vmap.require_split_rng = True
