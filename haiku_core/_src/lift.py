"""Lifting: parameters of an inner transform, kept by the outer one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from haiku_core._src.frames import current_frame, here, owner_name
from haiku_core._src.module import Module
from haiku_core._src.transform import NonEmptyStateError
from haiku_core._src.typing import Params, State
from haiku_core._src.variables import store_state

InitWithState = Callable[..., tuple[Params, State]]


def _put(
    values: Mapping[str, Mapping[str, Any]],
    into: Any,
    prefix: str,
    *,
    allow_reuse: bool,
) -> None:
    """Adds an inner dictionary's entries to an outer one, under a prefix."""
    for owner, bundle in values.items():
        owner = f"{prefix}/{owner}" if prefix else owner
        if owner in into and not allow_reuse:
            raise ValueError(
                f"Key '{owner}' already exists in the destination params. To prevent "
                "accidental sharing, what is lifted may not meet parameters of the "
                "outer scope; give the lift another name, or pass `allow_reuse=True`."
            )
        into.setdefault(owner, {}).update(bundle)


def _got(
    values: Mapping[str, Mapping[str, Any]], prefix: str
) -> dict[str, dict[str, Any]]:
    """The entries under a prefix, with the prefix cut off."""
    start = f"{prefix}/" if prefix else ""
    return {
        owner[len(start) :]: dict(bundle)
        for owner, bundle in values.items()
        if owner.startswith(start)
    }


class LiftingModule(Module):
    """Runs the inner ``init`` in the outer one, and looks the values up afterwards."""

    def __init__(
        self, init_fn: InitWithState, transparent: bool, allow_reuse: bool, name: str
    ) -> None:
        super().__init__(name=name)
        self._init_fn = init_fn
        self._allow_reuse = allow_reuse
        # Read by hooks.lifted_prefix too.
        self._lifted_prefix = (
            self.module_name.rpartition("/")[0] if transparent else self.module_name
        )

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        frame, prefix = here.frame, self._lifted_prefix
        if frame.frozen:
            return _got(frame.params, prefix), _got(frame.current, prefix)
        params, state = self._init_fn(*args, **kwargs)
        _put(params, frame.params, prefix, allow_reuse=self._allow_reuse)
        _put(state, frame.current, prefix, allow_reuse=self._allow_reuse)
        _put(state, frame.initial, prefix, allow_reuse=True)
        return params, state


class LiftWithStateUpdater:
    """Hands the state that an inner ``apply`` returned back to the outer transform.

    Exactly one of its methods must be called, in the run of ``init`` or ``apply`` that
    made the updater: state would be lost without a word otherwise.
    """

    __slots__ = ("_name", "_run", "_used")

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._used = False
        self._run = run = current_frame("lift_with_state").run
        if run.teardown is None:
            run.teardown = []
        run.teardown.append(self.assert_used)

    def assert_used(self) -> None:
        """Raises ValueError unless one of the other methods was called."""
        if not self._used:
            raise ValueError(
                "LiftWithStateUpdater (from `lift_with_state`) must be used: call "
                "`.update(state)` with the inner `apply`'s state, or "
                "`.ignore_update()`, in the same run."
            )

    def _use(self) -> Any:
        frame = here.frame
        if self._used:
            raise ValueError("State updater must only be used once.")
        if frame is None:
            raise ValueError(
                "State updater must be used inside hk.transform_with_state."
            )
        if frame.run is not self._run:
            raise ValueError(
                "State updater must be used within the same call to init/apply."
            )
        self._used = True
        return frame

    def ignore_update(self) -> None:
        """Leaves the outer transform's state as it is."""
        self._use()

    def update(self, state: State) -> None:
        """Makes this the state of the outer transform.

        Args:
          state: what the inner ``apply`` returned.
        """
        frame = self._use()
        prefix = "" if self._name is None else f"{self._name}/"
        for owner, bundle in state.items():
            for name, value in bundle.items():
                store_state(frame, prefix + owner, name, value)


def _without_state(init_fn: Callable[..., Params]) -> InitWithState:
    def init(*args: Any, **kwargs: Any) -> tuple[Params, State]:
        params = init_fn(*args, **kwargs)
        if not isinstance(params, Mapping):
            raise NonEmptyStateError(
                "The lifted `init` returned something else than parameters. If it "
                "comes from `hk.transform_with_state`, use `hk.lift_with_state`."
            )
        return params, {}

    return init


def lift(
    init_fn: Callable[..., Params], *, allow_reuse: bool = False, name: str = "lifted"
) -> Callable[..., Params]:
    """Registers the parameters of an inner transform with the outer one.

    It makes JAX's transformations usable on parts of a model: transform the part with
    ``hk.transform``, map or differentiate its pure ``init`` and ``apply`` at will, and
    lift the ``init``, so that the outer model owns the parameters.

    Args:
      init_fn: the ``init`` of a transformed function, perhaps under ``jax.vmap``.
      allow_reuse: whether the parameters may exist in the outer transform already, as
        when the same code runs twice, say under ``hk.scan``.
      name: the prefix of the parameters' module names.

    Returns:
      A function of ``init_fn``'s arguments that returns parameters for the inner
      ``apply``: in the outer ``init`` those that ``init_fn`` makes, in the outer
      ``apply`` those that were passed in.

    Raises:
      ValueError: outside of a transform; on reuse that isn't allowed; if ``init_fn``
        returns state too.
    """
    current_frame("lift")
    lifted = LiftingModule(_without_state(init_fn), False, allow_reuse, name)
    return lambda *args, **kwargs: lifted(*args, **kwargs)[0]


def transparent_lift(
    init_fn: Callable[..., Params], *, allow_reuse: bool = False
) -> Callable[..., Params]:
    """Like :func:`lift`, without a prefix of its own.

    The inner function can't close over modules made outside of it.

    Args:
      init_fn: the ``init`` of a transformed function.
      allow_reuse: see :func:`lift`.

    Returns:
      As for :func:`lift`.
    """
    current_frame("transparent_lift")
    lifted = LiftingModule(_without_state(init_fn), True, allow_reuse, "lifted")

    def params_of(*args: Any, **kwargs: Any) -> Params:
        saved = here.closure_boundary
        here.closure_boundary = here.frame.ident + 1
        try:
            return lifted(*args, **kwargs)[0]
        finally:
            here.closure_boundary = saved

    return params_of


def lift_with_state(
    init_fn: InitWithState, *, allow_reuse: bool = False, name: str = "lifted"
) -> tuple[InitWithState, LiftWithStateUpdater]:
    """Registers parameters and state of an inner transform with the outer one.

    Args:
      init_fn: the ``init`` of a function transformed with state.
      allow_reuse: see :func:`lift`.
      name: the prefix of the module names.

    Returns:
      A function as :func:`lift` returns it, but for ``(params, state)``, and an
      updater. After the inner ``apply``, call ``updater.update(new_state)``, or
      ``updater.ignore_update()``.

    Raises:
      ValueError: as for :func:`lift`; at the end of the run, if the updater wasn't
        used.
    """
    frame = current_frame("lift_with_state")
    lifted = LiftingModule(init_fn, False, allow_reuse, name)
    if frame.scope.module is not None:
        name = f"{owner_name(frame)}/{name}"
    # A plain function: the module's other methods are no part of the interface.
    return lambda *a, **k: lifted(*a, **k), LiftWithStateUpdater(name)


def transparent_lift_with_state(
    init_fn: InitWithState, *, allow_reuse: bool = False
) -> tuple[InitWithState, LiftWithStateUpdater]:
    """Like :func:`lift_with_state`, without a prefix of its own.

    Args:
      init_fn: the ``init`` of a function transformed with state.
      allow_reuse: see :func:`lift`.

    Returns:
      As for :func:`lift_with_state`.
    """
    frame = current_frame("transparent_lift_with_state")
    lifted = LiftingModule(init_fn, True, allow_reuse, "lifted")
    name = None if frame.scope.module is None else owner_name(frame)
    return lambda *a, **k: lifted(*a, **k), LiftWithStateUpdater(name)
