"""The base classes of modules and optimizers."""

from __future__ import annotations

import abc
import functools
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from compat.dictionary import Kind, structural, value
from compat.runtime import module as runtime_module
from compat.runtime.state import STATE
from compat.runtime.variable import Variable
from compat.sonnet._src import once
from compat.sonnet._src.representation import constructor_call

structural(
    "snt.Module", rule="module_class", returns=Kind("class")
).spelling = "hk.Module"
value("snt.Optimizer", spelling="optax.GradientTransformation", returns=Kind("class"))
structural("snt.no_name_scope", rule="drop_decorator")
structural("snt.allow_empty_variables", rule="drop_decorator")

Thing = TypeVar("Thing")

# Marks on functions, and on modules and their classes.
_SCOPED = "_snt_name_scope"
_MAY_BE_EMPTY = "_snt_may_have_no_variables"


def no_name_scope(method: Thing) -> Thing:
    """Decorates a method that is not to run inside its module's name scope."""
    setattr(method, _SCOPED, False)
    return method


def allow_empty_variables(module_or_cls: Thing) -> Thing:
    """Lets a module, or all modules of a class, be asked for variables it hasn't."""
    setattr(module_or_cls, _MAY_BE_EMPTY, True)
    return module_or_cls


class ModuleMetaclass(abc.ABCMeta):
    """Puts methods and properties into the name scope of their module."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs
    ) -> type:
        wrapped = {key: _member(key, member) for key, member in namespace.items()}
        return super().__new__(mcs, name, bases, wrapped, **kwargs)

    @property
    def __signature__(cls) -> inspect.Signature:
        parameters = list(inspect.signature(cls.__init__).parameters.values())
        return inspect.Signature(parameters[1:])

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        module = cls.__new__(cls, *args, **kwargs)
        try:
            module.__init__(*args, **kwargs)
        finally:
            scope = module.__dict__.pop("_ctor_name_scope", None)
            if scope is not None:
                scope.__exit__(*sys.exc_info())
        if "_scope_name" not in module.__dict__:
            raise ValueError(
                "Constructing a snt.Module without calling the super constructor is "
                f"not supported: let {cls.__name__}.__init__ begin with "
                "super().__init__()."
            )
        module.__dict__["_auto_repr"] = constructor_call(cls, args, kwargs)
        return module


def _member(key: str, member: Any) -> Any:
    """An entry of a class's namespace, inside the name scope where it is to be."""
    if key == "name_scope" or not scopes_enabled():
        return member
    if isinstance(member, property):
        accessors = (member.fget, member.fset, member.fdel)
        scoped = [f and in_name_scope(f) for f in accessors]
        return property(*scoped, doc=member.__doc__)
    if key.startswith("__") and key != "__call__":
        return member
    if hasattr(member, once.WRAPPED):
        return once.rewrapped(member, in_name_scope)
    if hasattr(member, "_decorate"):  # a tf.function
        member._decorate(in_name_scope)
        return member
    return in_name_scope(member) if inspect.isfunction(member) else member


def scopes_enabled() -> bool:
    """Whether the environment leaves name scopes of methods on."""
    return os.environ.get("SNT_MODULE_NAME_SCOPES", "").lower() not in ("0", "false")


def in_name_scope(method: Callable) -> Callable:
    """A method that enters the name scope of its object."""
    if not getattr(method, _SCOPED, True):
        return method
    # Decorators of the user's may return objects that must be bound to be called.
    plain = type(method) is type(in_name_scope)

    @functools.wraps(method)
    def scoped(self: Any, *args: Any, **kwargs: Any) -> Any:
        if type(self).name_scope is not _DEFAULT_SCOPE:
            with self.name_scope:
                return method.__get__(self, type(self))(*args, **kwargs)
        try:
            scope = self.__dict__["_scope_name"]
        except KeyError:
            raise AttributeError(
                "The super constructor must be called before any other methods in "
                "your constructor. Where that can't be, decorate the methods that it "
                "calls with @snt.no_name_scope."
            ) from None
        scopes = STATE.scopes
        scopes.append(scope)
        try:
            if plain:
                return method(self, *args, **kwargs)
            return method.__get__(self, type(self))(*args, **kwargs)
        finally:
            scopes.pop()

    return scoped


class Module(runtime_module.Module, metaclass=ModuleMetaclass):
    """A named container of variables whose methods run inside its name scope.

    Args:
      name: a Python identifier; by default the class's name in snake case.
    """

    def __init__(self, name: str | None = None):
        super().__init__(name=name)
        if getattr(type(self).__init__, _SCOPED, True):
            # Left by the metaclass, at the end of the outermost constructor.
            scope = self.name_scope
            scope.__enter__()
            self.__dict__["_ctor_name_scope"] = scope

    def __repr__(self) -> str:
        return self.__dict__.get("_auto_repr") or object.__repr__(self)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All variables of the module and of those below it.

        Raises:
          ValueError: there is none yet (see `allow_empty_variables`).
        """
        return self._or_raise(super().variables, "variables")

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """Those that are trainable; raises as `variables` does."""
        return self._or_raise(super().trainable_variables, "trainable_variables")

    @no_name_scope
    def _or_raise(self, found: tuple[Variable, ...], what: str):
        if found or getattr(self, _MAY_BE_EMPTY, False):
            return found
        raise ValueError(
            f"{self!r} does not currently contain any {what}. Most modules make their "
            "variables at the first call: call it (or snt.build) with an input of the "
            "right shape first. A module that never has any is told so by "
            "snt.allow_empty_variables(module), which also decorates classes."
        )


_DEFAULT_SCOPE = runtime_module.Module.name_scope


class Optimizer(Module):
    """Changes variables by their gradients."""

    @abc.abstractmethod
    def apply(self, updates: Sequence[Any], parameters: Sequence[Variable]) -> None:
        """Applies one update for each parameter; None leaves it as it is."""
