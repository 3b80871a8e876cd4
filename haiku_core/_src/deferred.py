"""Modules that are declared now and built when first used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from haiku_core._src.frames import Scope, here

T = TypeVar("T")


class Deferred(Generic[T]):
    """Stands for a module that is built when first called.

    So the constructor's arguments may depend on what other modules have seen by then.
    The module is named as if it had been built where the deferral was written. Once it
    is built, attributes are read from and written to it.

    Args:
      factory: takes no arguments and builds the module.
      call_methods: the methods that build it, and are passed on to it. Others exist
        only after that.
    """

    def __init__(
        self, factory: Callable[[], T], call_methods: Sequence[str] = ("__call__",)
    ) -> None:
        own = self.__dict__
        own["_deferred_factory"] = factory
        own["_deferred_target"] = None
        frame = here.frame
        scope = None if frame is None else frame.scope
        own["_deferred_scope"] = (
            None
            if scope is None or scope.module is None
            else (scope.module, scope.method)
        )
        for name in call_methods:
            if name != "__call__":  # Python looks that up on the class.
                own[name] = self._passing_on(name)

    def _passing_on(self, name: str) -> Callable[..., Any]:
        return lambda *args, **kwargs: getattr(self.target, name)(*args, **kwargs)

    @property
    def target(self) -> T:
        """The module; it is built now if it wasn't before."""
        own = self.__dict__
        if own["_deferred_target"] is None:
            own["_deferred_target"] = _built(
                own["_deferred_factory"], own["_deferred_scope"]
            )
            own["_deferred_factory"] = None
        return own["_deferred_target"]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.target(*args, **kwargs)

    def __str__(self) -> str:
        return f"Deferred({self.target})"

    def __repr__(self) -> str:
        return f"Deferred({self.target!r})"

    def __getattr__(self, name: str) -> Any:
        target = self.__dict__.get("_deferred_target")
        if target is None:
            raise AttributeError(
                f"'{type(self).__name__}' object has no attribute {name!r}; the module "
                "that it stands for isn't built yet, see its attribute `target`."
            )
        return getattr(target, name)

    def __setattr__(self, name: str, value: Any) -> None:
        target = self.__dict__.get("_deferred_target")
        if target is None:
            object.__setattr__(self, name, value)
        else:
            setattr(target, name, value)

    def __delattr__(self, name: str) -> None:
        target = self.__dict__.get("_deferred_target")
        if target is None:
            object.__delattr__(self, name)
        else:
            delattr(target, name)


def _built(factory: Callable[[], T], where: tuple[Any, str] | None) -> T:
    frame = here.frame
    if frame is None or where is None:
        return factory()
    outer = frame.scope
    scope = Scope(*where, outer)
    # Only the prefix of names is that of the declaration; numbers go on from here.
    if outer.counts is None:
        outer.counts, outer.names = {}, set()
    scope.counts, scope.names = outer.counts, outer.names
    frame.scope = scope
    try:
        return factory()
    finally:
        frame.scope = outer
