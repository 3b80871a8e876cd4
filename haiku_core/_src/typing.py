"""Types that stand in signatures, and protocols that modules satisfy."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol, runtime_checkable

import jax

Initializer = Callable[[Sequence[int], Any], jax.Array]
Params = Mapping[str, Mapping[str, jax.Array]]
MutableParams = MutableMapping[str, MutableMapping[str, jax.Array]]
State = Mapping[str, Mapping[str, jax.Array]]
MutableState = MutableMapping[str, MutableMapping[str, jax.Array]]


class _StructuralOnly(Protocol):
    """A protocol that may not be inherited from by accident."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if Protocol in cls.__bases__:
            return
        bases = ", ".join(base.__name__ for base in cls.__bases__)
        raise TypeError(
            f"{cls.__name__} is a Protocol's child without being one itself. Protocols "
            "should not be subclassed to satisfy them, having the methods is enough. "
            "To extend one, name Protocol too: "
            f"`class {cls.__name__}({bases}, Protocol)`."
        )


@runtime_checkable
class ModuleProtocol(_StructuralOnly, Protocol):
    """What every module has."""

    name: str
    module_name: str

    @abc.abstractmethod
    def params_dict(self) -> Mapping[str, jax.Array]:
        """Parameters of the module and its submodules, by full name."""
        raise NotImplementedError

    @abc.abstractmethod
    def state_dict(self) -> Mapping[str, jax.Array]:
        """State of the module and its submodules, by full name."""
        raise NotImplementedError


@runtime_checkable
class SupportsCall(ModuleProtocol, Protocol):
    """A module that can be called.

    ``isinstance(m, hk.SupportsCall)`` asks for the methods, not for a base class.
    """

    @abc.abstractmethod
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError
