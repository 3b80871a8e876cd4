"""Local variables and attributes that have no value (yet)."""

from __future__ import annotations

from typing import Any

from compat.runtime import places


class Undefined:
    """Stands for a local variable that has no value; using it raises.

    Args:
      why: the error's text.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def _raise(self, *args: Any, **kwargs: Any) -> Any:
        place = places.here()
        raise UnboundLocalError(f"{place}: {self._why}" if place else self._why)

    __call__ = __bool__ = __iter__ = __len__ = __getitem__ = __add__ = __radd__ = _raise
    __mul__ = __rmul__ = __sub__ = __rsub__ = __truediv__ = __float__ = __int__ = _raise
    __array__ = __lt__ = __gt__ = __le__ = __ge__ = __neg__ = _raise

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._raise()

    def __repr__(self) -> str:
        return "<no value>"


UNDEFINED = Undefined(
    "a local variable is used that has no value on this path: inside tf.function, give "
    "it one before the `if` or loop that sets it"
)


def attribute(base: Any, name: str) -> Any:
    """`base.name`, or UNDEFINED."""
    return getattr(base, name, UNDEFINED)


def set_attribute(base: Any, name: str, value: Any) -> None:
    """`base.name = value`, unless it is undefined or the same."""
    if value is not UNDEFINED and getattr(base, name, UNDEFINED) is not value:
        setattr(base, name, value)


def item(base: Any, key: Any) -> Any:
    """`base[key]` of a dict or list, or UNDEFINED."""
    if not isinstance(base, dict | list):
        return UNDEFINED
    try:
        return base[key]
    except LookupError:
        return UNDEFINED


def set_item(base: Any, key: Any, value: Any) -> None:
    """`base[key] = value` of a dict or list; takes what is undefined out of a dict."""
    if not isinstance(base, dict | list) or item(base, key) is value:
        return
    if value is not UNDEFINED:
        base[key] = value
    elif isinstance(base, dict):
        del base[key]


def result(value: Any) -> Any:
    """What a function returns."""
    if isinstance(value, Undefined) and value is not UNDEFINED:
        value._raise()
    return None if value is UNDEFINED else value
