"""Several functions over one set of parameters: one ``init``, a tree of ``apply``s."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import jax

from haiku_core._src import signatures
from haiku_core._src.transform import (
    NonEmptyStateError,
    Transformed,
    TransformedWithState,
    run_apply,
    run_init,
    taken_name,
)
from haiku_core._src.typing import MutableParams, MutableState


class MultiTransformed(NamedTuple):
    """Functions without state as pure functions.

    Attributes:
      init: ``params = init(rng, *args, **kwargs)``
      apply: a pytree of functions ``out = apply(params, rng, *args, **kwargs)``
    """

    init: Callable[..., MutableParams]
    apply: Any


class MultiTransformedWithState(NamedTuple):
    """Functions with state as pure functions.

    Attributes:
      init: ``params, state = init(rng, *args, **kwargs)``
      apply: a pytree of functions
        ``out, state = apply(params, state, rng, *args, **kwargs)``
    """

    init: Callable[..., tuple[MutableParams, MutableState]]
    apply: Any


def multi_transform_with_state(
    f: Callable[[], tuple[Callable[..., Any], Any]],
) -> MultiTransformedWithState:
    """Turns several functions over the same modules, with state, into pure functions.

    Args:
      f: takes no arguments, builds modules and returns ``(template, functions)``:
        a function that uses all of the modules, for ``init``, and a pytree of
        functions that each use some of them.

    Returns:
      One ``init``, and one ``apply`` for each function, in a pytree like ``functions``.
    """

    def init_fn(rng: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Runs the template; returns the parameters and state that it made."""
        template = functools.partial(_call, lambda: f()[0])
        return run_init(template, rng, args, kwargs)[1:]

    def applied(position: int) -> Callable[..., Any]:
        chosen = functools.partial(_call, lambda: jax.tree.leaves(f()[1])[position])

        def apply_fn(
            params: Any, state: Any, rng: Any, *args: Any, **kwargs: Any
        ) -> tuple[Any, Any]:
            """Runs one of the functions; returns its result and the new state."""
            return run_apply(chosen, params, state, rng, args, kwargs)

        return apply_fn

    treedef = _structure(lambda: f()[1])
    functions = [applied(position) for position in range(treedef.num_leaves)]
    return MultiTransformedWithState(init_fn, jax.tree.unflatten(treedef, functions))


def _call(make: Callable[[], Any], *args: Any, **kwargs: Any) -> Any:
    return make()(*args, **kwargs)


def _structure(function: Callable[[], Any]) -> Any:
    """The pytree structure of a function's result, in ``apply``; nothing is computed.

    It has to run in both, since constructors of modules may create parameters.
    """
    found = []

    def trace() -> None:
        key = jax.random.PRNGKey(0)
        _, params, state = run_init(function, key, (), {})
        out, _ = run_apply(function, params, state, key, (), {})
        found.append(jax.tree.structure(out))

    jax.eval_shape(trace)
    return found[0]


def multi_transform(
    f: Callable[[], tuple[Callable[..., Any], Any]],
) -> MultiTransformed:
    """Turns several functions over the same modules into pure functions.

    Args:
      f: see :func:`multi_transform_with_state`.

    Returns:
      One ``init``, and one ``apply`` for each function, in a pytree like theirs. They
      raise NonEmptyStateError, a ValueError, if state is used.
    """
    pair = multi_transform_with_state(f)

    def init_fn(rng: Any, *args: Any, **kwargs: Any) -> Any:
        """Runs the template; returns the parameters that it made."""
        params, state = pair.init(rng, *args, **kwargs)
        return _checked(params, state)

    def stateless(function: Callable[..., Any]) -> Callable[..., Any]:
        def apply_fn(params: Any, rng: Any, *args: Any, **kwargs: Any) -> Any:
            """Runs one of the functions; returns its result."""
            return _checked(*function(params, None, rng, *args, **kwargs))

        return apply_fn

    return MultiTransformed(init_fn, jax.tree.map(stateless, pair.apply))


def _checked(out: Any, state: Any) -> Any:
    if state:
        raise NonEmptyStateError(
            "If your transformed function uses `hk.{get,set}_state` then use "
            "`hk.multi_transform_with_state`."
        )
    return out


AnyTransformed = TypeVar(
    "AnyTransformed",
    Transformed,
    TransformedWithState,
    MultiTransformed,
    MultiTransformedWithState,
)


def without_apply_rng(f: AnyTransformed) -> AnyTransformed:
    """Drops the ``rng`` argument of ``apply``, for functions that draw no keys there.

    Args:
      f: what one of the four transforms returned.

    Returns:
      The same with ``apply(params, ...)`` or ``apply(params, state, ...)``; it is an
      error there if the function does draw keys.

    Raises:
      ValueError: for anything else.
    """
    if isinstance(f, (TransformedWithState, MultiTransformedWithState)):
        leading = 2
    elif isinstance(f, (Transformed, MultiTransformed)):
        leading = 1
    else:
        raise ValueError(
            "Must be called with the result of `hk.transform`, `hk.multi_transform`, "
            "`hk.transform_with_state` or `hk.multi_transform_with_state`, but was "
            f"called with {type(f)}"
        )

    def keyless(function: Callable[..., Any]) -> Callable[..., Any]:
        def apply_fn(*args: Any, **kwargs: Any) -> Any:
            if "rng" in kwargs:
                raise taken_name("rng")
            given = args[:leading]
            if len(given) == leading:
                return function(*given, None, *args[leading:], **kwargs)
            return function(*given, rng=None, **kwargs)

        signatures.drop_key(function, apply_fn, leading)
        return apply_fn

    if isinstance(f, (Transformed, TransformedWithState)):
        return type(f)(f.init, keyless(f.apply))
    return type(f)(f.init, jax.tree.map(keyless, f.apply))
