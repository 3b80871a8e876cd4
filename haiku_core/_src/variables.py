"""Parameters and state: created on first use in ``init``, looked up after that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import jax
import jax.numpy as jnp

from haiku_core._src import hooks
from haiku_core._src.frames import (
    Frame,
    check_usage,
    current_frame,
    here,
    module_name,
    owner_name,
)
from haiku_core._src.keys import MissingRNGError
from haiku_core._src.mappings import to_haiku_dict
from haiku_core._src.options import options
from haiku_core._src.typing import Initializer, Params, State

_float32 = jnp.float32


class DoNotStore:
    """The type of ``hk.DO_NOT_STORE``: "don't put this into the dictionaries".

    An initializer or creator returns it for a value that comes from elsewhere, say
    from pre-trained weights; a custom getter then has to provide the value. A setter
    returns it to drop a state update.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "DO_NOT_STORE"

    @property
    def shape(self) -> NoReturn:
        """Raises: there is no value, so a getter has to give one."""
        raise ValueError("DO_NOT_STORE does not have a shape: no getter replaced it.")

    @property
    def dtype(self) -> NoReturn:
        """Raises: there is no value, so a getter has to give one."""
        raise ValueError("DO_NOT_STORE does not have a dtype: no getter replaced it.")


DO_NOT_STORE = DoNotStore()


def get_parameter(
    name: str,
    shape: Sequence[int],
    dtype: Any = None,
    init: Initializer | None = None,
) -> jax.Array:
    """Creates a parameter, or returns the one of that name in the current module.

    Args:
      name: its name in the module.
      shape: its shape; checked on every call.
      dtype: its dtype when created, float32 by default. It isn't checked later, so
        parameters cast to another dtype can be given to ``apply``.
      init: called as ``init(shape, dtype)`` to create the initial value.

    Returns:
      The value: a concrete array or a tracer of the given shape.

    Raises:
      ValueError: outside of a transform; in ``apply`` when there is no such parameter;
        when the shape differs; when there is nothing to create it with.
    """
    frame = here.frame
    if frame is None:
        current_frame("get_parameter")
    if options.check_jax_usage:
        check_usage(frame, "get_parameter")
    module = frame.scope.module
    owner = "~" if module is None else module_name(module)
    bundle = frame.params.get(owner)
    param = None if bundle is None else bundle.get(name)
    if param is None or here.param_getters:
        if dtype is None:
            dtype = _float32
        context = None
        if here.param_creators or here.param_getters:
            context = hooks.GetterContext(
                full_name=f"{owner}/{name}",
                module=module,
                original_dtype=dtype,
                original_shape=shape,
                original_init=init or _no_initializer,
                lifted_prefix_name=hooks.lifted_prefix(frame),
            )
        if param is None:
            param = _create(frame, owner, name, shape, dtype, init, context)
        if here.param_getters:
            param = hooks.passed_through(here.param_getters, context, param)
            if param is None:
                raise ValueError(f"Parameters cannot be `None`: a getter of {name!r}.")
    if param.shape != tuple(shape):
        raise ValueError(
            f"'{owner}/{name}' with retrieved shape {param.shape!r} does not match "
            f"shape={shape!r} dtype={dtype!r}"
        )
    return param


def _no_initializer(shape: Sequence[int], dtype: Any) -> NoReturn:
    raise ValueError("Initializer must be specified.")


def _create(
    frame: Frame,
    owner: str,
    name: str,
    shape: Sequence[int],
    dtype: Any,
    init: Initializer | None,
    context: hooks.GetterContext | None,
) -> Any:
    """A new parameter: from the creators, or from its initializer."""
    init = init or _no_initializer
    try:
        if here.param_creators:
            param = hooks.created(here.param_creators, context, shape, dtype, init)
        else:
            param = init(shape, dtype)
    except MissingRNGError as error:
        if frame.frozen:
            raise _missing(frame, owner, name) from error
        raise
    if param is DO_NOT_STORE:
        return param
    if frame.frozen:
        raise _missing(frame, owner, name)
    if param is None:
        raise ValueError(f"Parameters cannot be `None`: the initializer of {name!r}.")
    frame.params.setdefault(owner, {})[name] = param
    return param


def _missing(frame: Frame, owner: str, name: str) -> ValueError:
    there = frame.params.get(owner)
    known = (
        f"the module has {sorted(there)}"
        if there
        else f"there are modules {sorted(frame.params)[:20]}"
    )
    return ValueError(
        f"Unable to retrieve parameter {name!r} for module {owner!r} All parameters "
        f"must be created as part of `init`. In the given parameters {known}."
    )


def get_state(
    name: str,
    shape: Sequence[int] | None = None,
    dtype: Any = _float32,
    init: Initializer | None = None,
) -> jax.Array:
    """Returns the current value of some state, after creating it if need be.

    Args:
      name: its name in the current module.
      shape: its shape when created.
      dtype: its dtype when created.
      init: called as ``init(shape, dtype)`` to create it.

    Returns:
      The value last set in this run, else the one passed in, else the initial one.

    Raises:
      ValueError: outside of a transform; or when there is no value, and ``init`` or
        ``shape`` weren't given to create one.
    """
    frame = here.frame
    if frame is None:
        current_frame("get_state")
    if options.check_jax_usage:
        check_usage(frame, "get_state")
    module = frame.scope.module
    owner = "~" if module is None else module_name(module)
    bundle = frame.current.get(owner)
    value = None if bundle is None else bundle.get(name)
    if value is None or here.state_getters:
        context = None
        if here.state_creators or here.state_getters:
            context = hooks.GetterContext(
                full_name=f"{owner}/{name}",
                module=module,
                original_dtype=dtype,
                original_shape=shape,
                original_init=init,
                lifted_prefix_name=hooks.lifted_prefix(frame),
            )
        if value is None:
            if init is None:
                raise ValueError(
                    f"No value for {name!r} in {owner!r}, perhaps set an init "
                    "function? `hk.get_state(name, shape, dtype, init=jnp.zeros)`"
                )
            if shape is None or dtype is None:
                raise ValueError(
                    f"Must provide shape and dtype to initialize {name!r} in {owner!r}."
                )
            if here.state_creators:
                value = hooks.created(here.state_creators, context, shape, dtype, init)
            else:
                value = init(shape, dtype)
            if value is not DO_NOT_STORE:
                store_state(frame, owner, name, value)
        if here.state_getters:
            value = hooks.passed_through(here.state_getters, context, value)
    return value


def set_state(name: str, value: Any) -> None:
    """Sets the value of some state for the rest of the run, and for its result.

    Args:
      name: its name in the current module.
      value: an array or any pytree. The first value that some state has in ``init``
        is what ``init`` returns.

    Raises:
      ValueError: outside of a transform.
    """
    frame = here.frame
    if frame is None:
        current_frame("set_state")
    if options.check_jax_usage:
        check_usage(frame, "set_state")
    owner = owner_name(frame)
    if here.state_setters:
        context = hooks.SetterContext(
            full_name=f"{owner}/{name}",
            module=frame.scope.module,
            original_dtype=jax.tree.map(lambda x: getattr(x, "dtype", None), value),
            original_shape=jax.tree.map(lambda x: getattr(x, "shape", None), value),
            lifted_prefix_name=hooks.lifted_prefix(frame),
        )
        value = hooks.passed_through(here.state_setters, context, value)
        if value is DO_NOT_STORE:
            return
    store_state(frame, owner, name, value)


def store_state(frame: Frame, owner: str, name: str, value: Any) -> None:
    """Records a value; one that is seen for the first time is the initial value too."""
    bundle = frame.current.get(owner)
    if bundle is None:
        bundle = frame.current[owner] = {}
    if name not in bundle:
        if frame.frozen:
            # What `apply` was given is shared with the caller: no update in place.
            first = {**frame.initial.get(owner, {}), name: value}
            frame.initial = {**frame.initial, owner: first}
        else:
            frame.initial.setdefault(owner, {})[name] = value
    bundle[name] = value


def get_params() -> Params:
    """Returns a copy of the parameters of this run.

    In ``init`` these are the ones created so far, in ``apply`` all that were passed
    in. Custom getters and initializers are not run.

    Raises:
      ValueError: outside of a transform.
    """
    return to_haiku_dict(current_frame("get_params").params)


def get_initial_state() -> State:
    """Returns a copy of the state with which this run started.

    In ``apply`` that is the state passed in, in ``init`` the first value of each state
    created so far. Custom getters and initializers are not run.

    Raises:
      ValueError: outside of a transform.
    """
    return to_haiku_dict(current_frame("get_initial_state").initial)


def get_current_state() -> State:
    """Returns a copy of the state as it is now, after the ``set_state`` calls so far.

    Custom getters and initializers are not run.

    Raises:
      ValueError: outside of a transform.
    """
    return to_haiku_dict(current_frame("get_current_state").current)


def bundles_of(
    collection: Mapping[str, Mapping[str, Any]], owner: str, submodules: set[str]
) -> dict[str, Any]:
    """Values of a module and its submodules, by full name."""
    inside = owner + "/"
    return {
        f"{bundle_name}/{name}": value
        for bundle_name, bundle in collection.items()
        if bundle_name == owner
        or bundle_name.startswith(inside)
        or bundle_name in submodules
        for name, value in bundle.items()
    }
