"""The base class of all modules, and what happens when a method of one is called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Protocol

import jax

from haiku_core._src import auto_repr, jax_names, naming
from haiku_core._src.frames import Frame, Scope, current_frame, here
from haiku_core._src.hooks import Installed
from haiku_core._src.options import options
from haiku_core._src.text import camel_to_snake
from haiku_core._src.variables import bundles_of

# ---------------------------------------------------------------- interceptors


class MethodContext(NamedTuple):
    """What an interceptor is told about the call that it intercepts.

    Attributes:
      module: the module whose method is called.
      method_name: the method's name.
      orig_method: the method itself, bound, past all interceptors.
      orig_class: the class whose body defines the method; ``type(module)`` or one of
        its bases.
    """

    module: Any
    method_name: str
    orig_method: Callable[..., Any]
    orig_class: type


MethodGetter = Callable[
    [Callable[..., Any], tuple[Any, ...], dict[str, Any], MethodContext], Any
]


def intercept_methods(interceptor: MethodGetter) -> Installed:
    """Puts a function around each method call of each module.

    Args:
      interceptor: ``f(next_f, args, kwargs, context)`` returns the call's result, as a
        rule ``next_f(*args, **kwargs)`` with arguments or result changed; see
        :class:`MethodContext`. Constructors and properties are intercepted too,
        special methods other than ``__call__`` are not.

    Returns:
      A context manager under which the interceptor is active. Interceptors nest: the
      outermost is called first.
    """
    return Installed(interceptor, ["interceptors"])


def _intercepted(
    method: Callable[..., Any],
    method_name: str,
    owner: type,
    module: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    bound = functools.partial(method, module)
    context = MethodContext(module, method_name, bound, owner)
    active = here.interceptors

    def step(position: int) -> Callable[..., Any]:
        if position == len(active):
            return bound

        def call_next(*args: Any, **kwargs: Any) -> Any:
            return active[position](step(position + 1), args, kwargs, context)

        return call_next

    return step(0)(*args, **kwargs)


# ---------------------------------------------------------------- method calls


def _outside(*_: Any) -> ValueError:
    return ValueError(
        "All `hk.Module`s must be initialized inside an `hk.transform`: put the code "
        "that builds and calls the module into a function `f`, then use "
        "`hk.transform(f).init` and `.apply`."
    )


def _announce(scope: Scope, name: str) -> None:
    """Tells the modules up the chain of a submodule that their names don't show."""
    above = scope.outer
    while above is not None and above.module is not None:
        if above.module is not scope.module:
            known = above.module.__dict__.get("_submodules")
            if known is None:
                known = set()
                object.__setattr__(above.module, "_submodules", known)
            known.add(name)
        above = above.outer


def link(scope: Scope, name: str) -> None:
    """Notes whether a scope's module belongs, by name, to those of the scopes above.

    As long as each module's name starts with that of the one which calls it, names
    alone tell a module's submodules. Where one doesn't (a module passed as an argument,
    a forced name), the modules above are told.
    """
    outer = scope.outer
    if outer.foreign or not (
        scope.module is outer.module or name.startswith(f"{outer.module.module_name}/")
    ):
        scope.foreign = True
        _announce(scope, name)


def wrapped(method: Callable[..., Any], method_name: str, owner: type) -> Any:
    """Makes a method open a scope, in Haiku and in JAX, and run interceptors.

    Args:
      method: the plain function of a class body.
      method_name: the attribute it is bound to.
      owner: the class.

    Returns:
      A function to put in its place; the method itself if it is transparent.
    """
    if getattr(method, naming.TRANSPARENT, False):
        return method
    created_as = getattr(method, naming.NAMED_LIKE, method_name)
    jax_context, entered = jax_names.context, jax_names.entered
    if jax_context is None:
        return _wrapped_portably(method, method_name, created_as, owner)

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        frame = here.frame
        if frame is None:
            raise _outside()
        outer = frame.scope
        frame.scope = scope = Scope(self, created_as, outer)
        saved = jax_context.context
        try:
            try:
                name = self.module_name
            except AttributeError:
                pass  # Called by a constructor before `super().__init__()`.
            else:
                if outer.module is not None:
                    link(scope, name)
                jax_context.context = entered(saved, name, method_name)
            if here.interceptors:
                return _intercepted(method, method_name, owner, self, args, kwargs)
            return method(self, *args, **kwargs)
        finally:
            frame.scope = outer
            jax_context.context = saved

    return call


def _wrapped_portably(
    method: Callable[..., Any], method_name: str, created_as: str, owner: type
) -> Any:
    """The same by JAX's public means."""

    def run(self: Any, args: Any, kwargs: Any) -> Any:
        if here.interceptors:
            return _intercepted(method, method_name, owner, self, args, kwargs)
        return method(self, *args, **kwargs)

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        frame = here.frame
        if frame is None:
            raise _outside()
        outer = frame.scope
        frame.scope = scope = Scope(self, created_as, outer)
        try:
            name = getattr(self, "module_name", None)
            if name is None:
                return run(self, args, kwargs)
            if outer.module is not None:
                link(scope, name)
            label = jax_names.local_name(name)
            if method_name != "__call__":
                label = f"{method_name}/{label}"
            with jax.named_scope(label):
                return run(self, args, kwargs)
        finally:
            frame.scope = outer

    return call


# ---------------------------------------------------------------- the classes


class _Constructed(tuple):
    """A module's (class, args, kwargs): all that its repr needs, if it is asked for.

    Copies of a module share it, and a pickle keeps only the text: arguments such as
    generators could be neither copied nor pickled.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return auto_repr.constructor_call(*self)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Constructed:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _Text, (repr(self),)


class _Text(str):
    """Text that prints without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _repr(module: Any) -> str:
    call = module.__dict__.get("_constructed")
    return object.__repr__(module) if call is None else repr(call)


# Derived from Protocol's metaclass, so that a module class may inherit from protocols.
class ModuleMetaclass(type(Protocol)):
    """Wraps the methods of module classes; constructs modules in their own scope."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], **options: Any
    ) -> Any:
        body.setdefault("__repr__", _repr)
        # A protocol among the bases would take part in isinstance checks otherwise.
        body.setdefault("_is_protocol", False)
        cls = super().__new__(mcs, name, bases, body, **options)
        for key, value in body.items():
            if key == "module_name" or (key.startswith("__") and key != "__call__"):
                continue
            if isinstance(value, property):
                parts = (value.fget, value.fset, value.fdel)
                parts = (part and wrapped(part, key, cls) for part in parts)
                setattr(cls, key, property(*parts, doc=value.__doc__))
            elif inspect.isfunction(value):
                # Read from the class, since decorators such as wrapt's tell a bound
                # method from a plain function by how they are looked up.
                setattr(cls, key, wrapped(getattr(cls, key), key, cls))
        return cls

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        new = cls.__new__
        if new is object.__new__:
            module = new(cls)
        else:
            module = new(cls, *args, **kwargs)
        call = None
        if options.module_auto_repr and getattr(module, "AUTO_REPR", True):
            call = _Constructed((cls, args, kwargs))
        # Not by `module._constructed = `: a class's own `__setattr__` may need its
        # constructor to have run.
        object.__setattr__(module, "_constructed", call)
        frame = here.frame
        if frame is None:
            raise _outside()
        outer = frame.scope
        frame.scope = scope = Scope(module, "__init__", outer)
        init = cls.__init__
        try:
            if getattr(init, "__dict__", None):
                _marked_init(init, frame, scope)
            if here.interceptors:
                _intercepted(init, "__init__", cls, module, args, kwargs)
            else:
                init(module, *args, **kwargs)
        finally:
            frame.scope = outer
        try:
            name = module.module_name
        except AttributeError:
            raise ValueError(
                "Constructing an hk.Module without calling the super constructor is "
                "not supported. Add `super().__init__(name=name)` as the first line of "
                f"`{cls.__name__}.__init__`."
            ) from None
        if outer.module is not None:
            link(scope, name)
        return module

    @property
    def __signature__(cls) -> inspect.Signature:
        signature = inspect.signature(cls.__init__)
        return signature.replace(parameters=list(signature.parameters.values())[1:])


def _marked_init(init: Any, frame: Frame, scope: Scope) -> None:
    """Heeds ``name_like`` and ``transparent`` on a constructor."""
    scope.method = getattr(init, naming.NAMED_LIKE, "__init__")
    if getattr(init, naming.TRANSPARENT, False):
        frame.scope = scope.outer


class Module(metaclass=ModuleMetaclass):
    """Base class of modules: objects that own parameters and state by name.

    Modules are built and called inside of a function given to :func:`transform`.
    Inside of a method, ``hk.get_parameter`` and ``hk.get_state`` refer to the module's
    own values, and other modules created there are named after this one.

    Attributes:
      module_name: the full name, such as ``mlp/~/linear_0``: the key of the module's
        values in the dictionaries.
      name: its last component.
    """

    def __init__(self, name: str | None = None) -> None:
        """Names the module; to be called before anything is created.

        Args:
          name: a Python identifier. By default a field ``name`` of the class (as
            dataclasses have), else the name of the class in snake case. It is
            numbered if another module created in the same method call has it.

        Raises:
          ValueError: outside of a transform; for an invalid name; for a number in
            use.
        """
        if name is None:
            name = getattr(self, "name", None)
            if name is None:
                name = camel_to_snake(type(self).__name__)
        frame = here.frame
        if frame is None:
            raise _outside()
        self.module_name = name = naming.full_name(frame, name)
        self.name = jax_names.local_name(name)
        self._creation_frame_id = frame.ident

    # The constructor that `@dataclass` writes calls this.
    __post_init__ = __init__

    def params_dict(self) -> Mapping[str, jax.Array]:
        """Returns the parameters of this module and its submodules, by full name.

        Submodules are the ones it created and the ones that its methods called so
        far. In ``init`` only parameters that exist by now are there.

        Raises:
          ValueError: outside of a transform.
        """
        frame = current_frame("Module.params_dict")
        submodules = self.__dict__.get("_submodules", ())
        return bundles_of(frame.params, self.module_name, submodules)

    def state_dict(self) -> Mapping[str, jax.Array]:
        """Returns the current state of this module and its submodules, by full name.

        Raises:
          ValueError: outside of a transform.
        """
        frame = current_frame("Module.state_dict")
        submodules = self.__dict__.get("_submodules", ())
        return bundles_of(frame.current, self.module_name, submodules)


# ---------------------------------------------------------------- name scopes


class NameScopeModule(Module):
    """Stands for a name scope in the chain of scopes."""


class _NameScope:
    """Context manager: as if inside a method of a module of the given name."""

    def __init__(self, frame: Frame, name: str, method_name: str) -> None:
        outer = frame.scope
        parts = [name] if name.startswith(naming.FORCED) else name.split("/")
        try:
            for part in parts:
                self._module = NameScopeModule(name=part)
                frame.scope = Scope(self._module, method_name, frame.scope)
        finally:
            frame.scope = outer
        self._method = method_name
        self._entered: tuple[Frame, Scope] | None = None
        self._used = False

    def __enter__(self) -> None:
        if self._entered is not None:
            raise ValueError("name_scope is not reentrant: make another one.")
        if self._used:
            raise ValueError("name_scope is not reusable: make another one.")
        self._used = True
        frame = current_frame("name_scope")
        outer = frame.scope
        self._entered = frame, outer
        frame.scope = scope = Scope(self._module, self._method, outer)
        if outer.module is not None:
            link(scope, self._module.module_name)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        frame, frame.scope = self._entered  # type: ignore[misc]
        self._entered = None


def name_scope(name: str, *, method_name: str = "__call__") -> _NameScope:
    """Puts a prefix before the names of all modules, parameters and state.

    Args:
      name: the prefix: one identifier, or several joined by slashes. Like a module's
        name it is numbered if it is in use.
      method_name: the method to pretend to be in; see :class:`Module` on how method
        names show in names.

    Returns:
      A context manager that can be entered once.

    Raises:
      ValueError: outside of a transform; for an invalid name.
    """
    frame = current_frame("name_scope")
    if not name or name.startswith("/"):
        raise ValueError("Name scopes must not start with /, nor be empty.")
    return _NameScope(frame, name, method_name)
