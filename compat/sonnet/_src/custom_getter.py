"""Standing between the attributes of modules and those who read them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from compat.dictionary import manual
from compat.runtime import nest
from compat.runtime.variable import Variable
from compat.sonnet._src.base import Module

manual(
    "snt.custom_variable_getter",
    because="Sonnet's getter sees each variable when an attribute is read; Haiku's "
    "stands between get_parameter and its caller",
    instead="with hk.custom_getter(lambda next, value, context: …) around the call",
)


@contextlib.contextmanager
def custom_variable_getter(
    getter: Callable[[Variable], Any],
    classes: Iterable[type] | None = None,
    instances: Iterable[Any] | None = None,
) -> Iterator[None]:
    """Inside, reading an attribute gives `getter(variable)` in each variable's place.

    Args:
      getter: takes a variable, returns what is to be used instead.
      classes: whose attributes; all modules' by default, or the instances' classes.
      instances: only the attributes of these objects, if given.
    """
    chosen = None if instances is None else {id(i): i for i in instances}
    if classes is None:
        classes = {Module} if chosen is None else {type(i) for i in chosen.values()}
    with contextlib.ExitStack() as stack:
        for cls in classes:
            stack.enter_context(_reading(cls, getter, chosen))
        yield


@contextlib.contextmanager
def _reading(
    cls: type, getter: Callable[[Variable], Any], instances: dict[int, Any] | None
) -> Iterator[None]:
    """Replaces a class's attribute access."""
    own = cls.__dict__.get("__getattribute__")
    plain = cls.__getattribute__

    def read(obj: Any, name: str) -> Any:
        value = plain(obj, name)
        # Special attributes are the machinery's: `__dict__` itself has to stay.
        if name.startswith("__") or (
            instances is not None and id(obj) not in instances
        ):
            return value
        return _replaced(value, getter)

    cls.__getattribute__ = read
    try:
        yield
    finally:
        if own is None:
            del cls.__getattribute__
        else:
            cls.__getattribute__ = own


def _replaced(value: Any, getter: Callable[[Variable], Any]) -> Any:
    """A nest with its variables replaced; the very same object if it holds none."""
    if isinstance(value, Variable):
        return getter(value)
    if not nest.is_nested(value):
        return value
    try:
        leaves = nest.flatten(value)
    except TypeError:  # a dict of keys that have no order is no nest
        return value
    if not any(isinstance(leaf, Variable) for leaf in leaves):
        return value
    return nest.map_structure(
        lambda leaf: getter(leaf) if isinstance(leaf, Variable) else leaf, value
    )
