"""``hk.transform``: functions that use modules become pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax

from haiku_core._src import signatures
from haiku_core._src.frames import Frame, current_frame
from haiku_core._src.keys import PRNGSequence
from haiku_core._src.mappings import released
from haiku_core._src.typing import MutableParams, MutableState, Params, State


class Transformed(NamedTuple):
    """A function without state as two pure functions.

    Attributes:
      init: ``params = init(rng, *args, **kwargs)``
      apply: ``out = apply(params, rng, *args, **kwargs)``
    """

    init: Callable[..., MutableParams]
    apply: Callable[..., Any]


class TransformedWithState(NamedTuple):
    """A function with state as two pure functions.

    Attributes:
      init: ``params, state = init(rng, *args, **kwargs)``
      apply: ``out, state = apply(params, state, rng, *args, **kwargs)``
    """

    init: Callable[..., tuple[MutableParams, MutableState]]
    apply: Callable[..., tuple[Any, MutableState]]


class NonEmptyStateError(ValueError):
    """State was used by a function that was transformed without state."""


# ---------------------------------------------------------------- running


_LEAKED = (
    "An UnexpectedTracerError was raised while inside a Haiku transformed function "
    "(see error above).\n"
    "Hint: are you using a JAX transform or JAX control-flow function "
    "(jax.vmap/jax.lax.scan/...) inside a Haiku transform? State set or parameters "
    "created inside of it then leak. You might want to use the Haiku version of it "
    "(hk.vmap/hk.scan/...); `hk.experimental.check_jax_usage(True)` finds the place."
)


def _run(frame: Frame, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    try:
        out = frame.enter(function, args, kwargs)
    except jax.errors.UnexpectedTracerError as error:
        raise jax.errors.UnexpectedTracerError(_LEAKED) from error
    if frame.teardown is not None:
        for callback in frame.teardown:
            callback()
    return out


def run_init(
    function: Callable[..., Any], rng: Any, args: Any, kwargs: Any
) -> tuple[Any, MutableParams, MutableState]:
    """Runs a function that may create parameters: (its result, params, state)."""
    keys = None if rng is None else _keys(rng, "init(rng, *a, **k)", "first")
    frame = Frame({}, {}, {}, keys, frozen=False)
    out = _run(frame, function, args, kwargs)
    return out, released(frame.params), released(frame.initial)


def run_apply(
    function: Callable[..., Any],
    params: Params | None,
    state: State | None,
    rng: Any,
    args: Any,
    kwargs: Any,
) -> tuple[Any, MutableState]:
    """Runs a function on given parameters and state: (its result, new state)."""
    if rng is None:
        keys = None
    elif state is None:
        keys = _keys(rng, "apply(params, rng, *a, **k)", "second")
    else:
        keys = _keys(rng, "apply(params, state, rng, *a, **k)", "third")
    if type(params) is not dict:
        params = _mapping("params", params)
    if type(state) is not dict:
        state = _mapping("state", state)
    current = {owner: dict(bundle) for owner, bundle in state.items()}
    frame = Frame(params, state, current, keys, frozen=True)
    out = _run(frame, function, args, kwargs)
    return out, released(frame.current)


def _keys(rng: Any, signature: str, position: str) -> PRNGSequence:
    try:
        return PRNGSequence(rng)
    except Exception as error:
        raise ValueError(
            f"{signature.partition('(')[0].title()} must be called with an RNG as the "
            f"{position} argument, the required signature is: `{signature}`. The "
            f"object was of type {type(rng)}: {rng}"
        ) from error


def _mapping(name: str, given: Any) -> Mapping[str, Any]:
    if given is None:
        return {}
    # What TensorFlow makes of a dict that is assigned to a tf.Module acts like a
    # mapping but isn't one.
    if isinstance(given, Mapping) or type(given).__name__ == "_DictWrapper":
        return given
    raise TypeError(
        f"{name} argument does not appear valid. It should be a mapping but is of "
        f"type {type(given)}. The arguments are `apply(params, rng, ...)` after "
        "`hk.transform`, and `apply(params, state, rng, ...)` after "
        f"`hk.transform_with_state`.\nThe argument was: {given!r}."
    )


# ---------------------------------------------------------------- transforms


def transform_with_state(f: Callable[..., Any]) -> TransformedWithState:
    """Turns a function that uses modules, and state, into pure functions.

    Args:
      f: any function; it may build and call modules and use ``hk.get_parameter``,
        ``hk.get_state``, ``hk.set_state``, ``hk.next_rng_key``.

    Returns:
      A pair of pure functions. ``init`` runs ``f`` and returns the parameters that it
      created and the first values of its state. ``apply`` runs ``f`` with given
      parameters and state, and returns its result and the state it left. ``rng`` is a
      JAX random key, an integer seed, or ``None`` if ``f`` draws no random numbers.

    Raises:
      ValueError: if ``f`` went through ``jax.jit`` or ``jax.pmap``.
    """
    _refuse_compiled(f)

    def init_fn(rng: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Runs the function; returns the parameters and state that it made."""
        return run_init(f, rng, args, kwargs)[1:]

    def apply_fn(
        params: Any, state: Any, rng: Any, *args: Any, **kwargs: Any
    ) -> tuple[Any, Any]:
        """Runs the function on parameters and state; returns its result and state."""
        return run_apply(f, params, state, rng, args, kwargs)

    signatures.describe(f, init_fn, apply_fn, with_state=True)
    return TransformedWithState(init_fn, apply_fn)


def transform(f: Callable[..., Any], *, apply_rng: bool = True) -> Transformed:
    """Turns a function that uses modules into a pair of pure functions.

    Args:
      f: any function; it may build and call modules and use ``hk.get_parameter`` and
        ``hk.next_rng_key``. If it uses state, see :func:`transform_with_state`.
      apply_rng: only ``True`` is supported; see :func:`without_apply_rng`.

    Returns:
      ``init(rng, *args, **kwargs)`` runs ``f`` and returns the parameters that it
      created: module name -> parameter name -> array. ``apply(params, rng, *args,
      **kwargs)`` runs ``f`` with given parameters and returns its result. ``rng`` is a
      JAX random key, an integer seed, or ``None`` if ``f`` draws no random numbers.

    Raises:
      ValueError: if ``f`` went through ``jax.jit`` or ``jax.pmap``, or for
        ``apply_rng=False``.
    """
    if not apply_rng:
        raise ValueError(
            "The apply_rng argument has been removed, `apply` always takes an rng. "
            "For one that doesn't, write `hk.without_apply_rng(hk.transform(f))`."
        )
    _refuse_compiled(f)

    def init_fn(rng: Any, *args: Any, **kwargs: Any) -> Any:
        """Runs the function; returns the parameters that it made."""
        _, params, state = run_init(f, rng, args, kwargs)
        if state:
            raise _state_used()
        return params

    def apply_fn(params: Any, rng: Any, *args: Any, **kwargs: Any) -> Any:
        """Runs the function on given parameters; returns its result."""
        if "state" in kwargs:
            raise taken_name("state")
        out, state = run_apply(f, params, None, rng, args, kwargs)
        if state:
            raise _state_used()
        return out

    signatures.describe(f, init_fn, apply_fn, with_state=False)
    return Transformed(init_fn, apply_fn)


def _state_used() -> NonEmptyStateError:
    return NonEmptyStateError(
        "If your transformed function uses `hk.{get,set}_state` then use "
        "`hk.transform_with_state`: its `apply` takes and returns the state."
    )


def taken_name(name: str) -> TypeError:
    """The error for a user's keyword argument called like one of ``apply``'s own."""
    return TypeError(
        "Haiku transform adds three arguments (params, state, rng) to apply. If your "
        "function has arguments of these names, you must pass them positionally: "
        f"`f.apply(.., my_{name})`, not `f.apply(.., {name}=my_{name})`."
    )


def _refuse_compiled(f: Callable[..., Any]) -> None:
    kind = type(f).__name__
    if "PjitFunction" in kind or "PmapFunction" in kind:
        raise ValueError(
            "hk.transform was given a function that went through jax.jit or jax.pmap "
            "already. These need a pure function, which yours is only after "
            "hk.transform. Compile instead what comes out of it, "
            "`jax.jit(hk.transform(f).apply)`, and the same for `init`."
        )


def without_state(f: TransformedWithState) -> Transformed:
    """Drops the state from a transformed function that has none.

    Args:
      f: a pair as :func:`transform_with_state` makes it.

    Returns:
      The pair that :func:`transform` would have made. Its functions raise
      NonEmptyStateError (a ValueError) if there is state after all.
    """

    def init_fn(*args: Any, **kwargs: Any) -> Any:
        params, state = f.init(*args, **kwargs)
        if state:
            raise _state_used()
        return params

    def apply_fn(params: Any, *args: Any, **kwargs: Any) -> Any:
        if "state" in kwargs:
            raise taken_name("state")
        out, state = f.apply(params, None, *args, **kwargs)
        if state:
            raise _state_used()
        return out

    signatures.drop_state(f, init_fn, apply_fn)
    return Transformed(init_fn, apply_fn)


def with_empty_state(f: Transformed) -> TransformedWithState:
    """Gives a transformed function without state the interface of one with state.

    Args:
      f: a pair as :func:`transform` makes it.

    Returns:
      A pair whose functions return ``{}`` as state and ignore the state passed in.
    """

    def init_fn(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        return f.init(*args, **kwargs), {}

    def apply_fn(params: Any, state: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        return f.apply(params, *args, **kwargs), {}

    signatures.add_state(f, init_fn, apply_fn)
    return TransformedWithState(init_fn, apply_fn)


def original_function(f: Any) -> Callable[..., Any]:
    """The function that was transformed, given the pair or its ``init``."""
    init = f.init if isinstance(f, (Transformed, TransformedWithState)) else f
    return init._original_fn


def running_init() -> bool:
    """Whether ``init`` is running (true) or ``apply`` (false).

    Where control flow decides which modules run, ``init`` has to run all of them, so
    that their parameters exist; this is to tell which of the two is going on.

    Raises:
      ValueError: outside of a transform.
    """
    return not current_frame("running_init").frozen
