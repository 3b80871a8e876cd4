"""What is being traced now: frames, scopes and hooks, one set a thread.

A *frame* holds everything that belongs to one run of a transformed function: its
parameters, its state, its random keys. Frames nest (a transform inside a transform,
the body of an ``hk.scan``); ``here.frame`` is the innermost.

A *scope* is one call of a module's method. It knows which names were given out in the
call. Scopes form a chain from the innermost (``frame.scope``) outwards to the frame's
root scope, whose module is ``None``.

Both are plain objects linked by plain attributes, entered and left by assignment in
``try/finally``: every method call and every parameter access comes through here, so
there are no context managers and no copies on this path.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from haiku_core._src.options import options

if TYPE_CHECKING:
    from haiku_core._src.keys import PRNGSequence


class _Here(threading.local):
    """The current thread's innermost frame and its active hooks, outermost first."""

    frame: Frame | None = None
    interceptors: tuple[Callable[..., Any], ...] = ()
    param_creators: tuple[Callable[..., Any], ...] = ()
    param_getters: tuple[Callable[..., Any], ...] = ()
    state_creators: tuple[Callable[..., Any], ...] = ()
    state_getters: tuple[Callable[..., Any], ...] = ()
    state_setters: tuple[Callable[..., Any], ...] = ()
    # Counts calls of next_rng_key, for optimize_rng_use.
    keys_requested: int = 0
    # Modules from frames with a lower id may not be used (0: no such boundary).
    closure_boundary: int = 0


here = _Here()

try:
    # The same as jax.extend.core's; but to import jax.extend takes longer than all of
    # this package does.
    from jax._src.core import get_opaque_trace_state as trace_state
except ImportError:
    from jax.extend.core import get_opaque_trace_state as trace_state

_frame_ids = itertools.count(1)


class Scope:
    """One call of a method: whose, and the names handed out during it."""

    # Defaults on the class, so that entering a scope assigns three attributes only.
    prefix: str | None = None  # of the names of what is created here, once computed
    counts: dict[str, int] | None = None  # base name -> next free number
    names: set[str] | None = None  # full names in use
    foreign: bool = False  # does a module up the chain not own the next by name?

    def __init__(self, module: Any, method: str, outer: Scope | None) -> None:
        self.module = module
        self.method = method
        self.outer = outer

    def fork(self) -> Scope:
        """A copy whose later naming does not show in this one."""
        twin = Scope(self.module, self.method, self.outer)
        twin.prefix = self.prefix
        twin.foreign = self.foreign
        if self.counts is not None:
            twin.counts = dict(self.counts)
        if self.names is not None:
            twin.names = set(self.names)
        return twin


class Frame:
    """One run of a transformed function, or of the body of a lifted JAX transform.

    Attributes:
      params: module name -> parameter name -> value. Read only when ``frozen``.
      initial: the state as it was when first seen, nested like ``params``.
      current: the state as it is now.
      keys: the source of random keys, ``None`` if the caller gave none.
      frozen: true in ``apply``, where parameters can't be created.
      scope: the innermost method call.
      enclosing: the frame around this one.
      run: the frame in which the transformed function was entered; itself, except
        in the body of a lifted JAX transform.
      teardown: called with no arguments when the run ends without an error.
      ident: grows with each frame.
      trace: JAX's trace at the start of the frame; see :func:`check_usage`.
    """

    __slots__ = (
        "params",
        "initial",
        "current",
        "keys",
        "frozen",
        "scope",
        "enclosing",
        "run",
        "teardown",
        "ident",
        "trace",
    )

    def __init__(
        self,
        params: Mapping[str, Mapping[str, Any]],
        initial: dict[str, dict[str, Any]],
        current: dict[str, dict[str, Any]],
        keys: PRNGSequence | None,
        frozen: bool,
        scope: Scope | None = None,
        run: Frame | None = None,
    ) -> None:
        self.params = params
        self.initial = initial
        self.current = current
        self.keys = keys
        self.frozen = frozen
        self.scope = Scope(None, "__call__", None) if scope is None else scope
        self.enclosing = here.frame
        self.run = self if run is None else run
        self.teardown: list[Callable[[], None]] | None = None
        self.ident = next(_frame_ids)
        self.trace = trace_state(convention="haiku")

    def enter(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Calls the function with this frame as the innermost one."""
        outer = here.frame
        here.frame = self
        try:
            out = function(*args, **kwargs)
        finally:
            here.frame = outer
        return out


class JaxUsageError(ValueError):
    """Managed state was touched under a raw JAX transformation."""


JaxUsageError.__module__ = "haiku_core"


def current_frame(public_name: str) -> Frame:
    """The innermost frame; raises if there is none, naming what was called."""
    frame = here.frame
    if frame is None:
        raise ValueError(
            f"`hk.{public_name}` must be used as part of an `hk.transform`: wrap the "
            "function that calls it, `f = hk.transform(f)`, and call `f.init` or "
            "`f.apply`."
        )
    return frame


def inside_transform() -> bool:
    """Whether a transformed function is running in this thread."""
    return here.frame is not None


def check_usage(frame: Frame, public_name: str) -> None:
    """Raises if a raw JAX transform lies between the frame's start and now.

    Callers test ``options.check_jax_usage`` first, to save the call.
    """
    if not options.check_jax_usage:
        return
    if trace_state(convention="haiku") != frame.trace:
        raise JaxUsageError(
            f"`hk.{public_name}` changes state that Haiku manages, but it was called "
            "inside a function given to a plain `jax.*` transform or control flow "
            "operator (`jax.jit`, `jax.vmap`, `jax.lax.cond`, `jax.lax.scan`, ...), "
            "which must be pure.\n\n"
            "Use the operator of the same name in Haiku (`hk.vmap`, `hk.cond`, "
            "`hk.scan`, ...): it threads parameters, state and random keys through. "
            "Or make the function pure with `hk.transform` first, and lift its "
            "parameters with `hk.lift`."
        )


def module_name(module: Any) -> str:
    """The module's full name, if it may own parameters and submodules by now.

    Raises:
      ValueError: before ``super().__init__()`` ran, or when the module was made
        outside of a function that must not close over modules.
    """
    try:
        name = module.module_name
    except AttributeError:
        raise ValueError(
            "The super constructor must be called before you create parameters or "
            f"submodules: start {type(module).__name__}.__init__ with "
            "`super().__init__(name=name)`."
        ) from None
    boundary = here.closure_boundary
    if boundary and module._creation_frame_id < boundary:
        raise ValueError(
            f"You can't functionally close over a module, here {name!r}, in the "
            "function given to hk.transparent_lift: create the module inside of it."
        )
    return name


def owner_name(frame: Frame) -> str:
    """Where parameters and state of the current scope go; ``~`` outside of modules."""
    module = frame.scope.module
    return "~" if module is None else module_name(module)


def current_name() -> str:
    """The name under which parameters and state would be stored right now.

    Returns:
      The full name of the module whose method runs, or of the innermost name scope;
      ``"~"`` inside a transform but outside of any of these.

    Raises:
      ValueError: outside of a transform.
    """
    return owner_name(current_frame("current_name"))
