"""What the annotations of an op mean, written out plainly: the reference semantics.

The runtime does the same with code generated per op, for speed; the tests of the ops
and small tools call this.
"""

from __future__ import annotations

import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary.kinds import Dtype, Ignored, Shape, Static, T, Ts
from compat.dictionary.registry import Entry

_DEFAULTS = {bool: "bool", int: "int32", float: "float32", complex: "complex128"}


def call(entry: Entry, *args: Any, key: Any = None, **kwargs: Any) -> Any:
    """Calls the body of an op as the legacy call would run.

    Args:
      entry: an entry of outcome 'op'.
      *args: as in the legacy call; tensors are arrays.
      key: the random key, for an entry that wants one.
      **kwargs: as in the legacy call.

    Raises:
      TypeError: the arguments do not fit the signature, a tensor argument cannot be
        given its dtype, or two of one type group differ in dtype.
    """
    bound = bind(entry, args, kwargs)
    if entry.key is not None:
        bound.kwargs[entry.key] = key
        return entry.fn(*bound.args, **{**bound.kwargs, entry.key: key})
    return entry.fn(*bound.args, **bound.kwargs)


def bind(entry: Entry, args: tuple, kwargs: dict) -> inspect.BoundArguments:
    """Binds a legacy call to the signature, defaults applied, values converted."""
    bound = entry.signature.bind(*args, **kwargs)
    bound.apply_defaults()
    hint = _group_dtype(entry, bound.arguments)
    for name, value in bound.arguments.items():
        kind = entry.kinds[name]
        several = entry.signature.parameters[name].kind
        wanted = hint if name in entry.same else None
        if several is inspect.Parameter.VAR_POSITIONAL:
            value = tuple(convert(kind, v, wanted) for v in value)
        elif several is inspect.Parameter.VAR_KEYWORD:
            value = {k: convert(kind, v, wanted) for k, v in value.items()}
        else:
            value = convert(kind, value, wanted)
        bound.arguments[name] = value
    _check_group(entry, bound.arguments)
    return bound


def convert(kind: type, value: Any, hint: Any = None) -> Any:
    """One argument as the body gets it, by its annotation."""
    if value is None or kind is Ignored:
        return value
    if kind is T:
        return tensor(value, hint)
    if kind is Ts:
        return _tensors(value, hint)
    if kind is Dtype:
        return jnp.dtype(getattr(value, "as_numpy_dtype", value))
    if kind is Static:
        return _static(value)
    if kind is Shape:
        return shape(value)
    return value


def tensor(value: Any, hint: Any = None) -> Any:
    """An array of a number, a nested list or an array, with TensorFlow's dtypes.

    Raises:
      TypeError: a float cannot become a tensor of the integers asked for.
    """
    if isinstance(value, np.ndarray | np.generic | jax.Array):
        return jnp.asarray(value)
    if isinstance(value, bool | int | float | complex):
        if hint is None:
            wide = type(value) is int and not -(2**31) <= value < 2**31
            hint = "int64" if wide else _DEFAULTS[type(value)]
        elif type(value) is float and not jnp.issubdtype(hint, jnp.inexact):
            raise TypeError(f"cannot convert {value!r} to a tensor of {hint}")
        return jnp.asarray(np.asarray(value).astype(hint))
    if isinstance(value, list | tuple):
        arrays = [leaf for leaf in jax.tree.leaves(value) if hasattr(leaf, "dtype")]
        if arrays:
            hint = arrays[0].dtype
            return jnp.stack([tensor(v, hint) for v in value])
        array = np.asarray(value)
        if hint is None:
            narrow = {"float64": "float32", "int64": "int32"}
            hint = narrow.get(array.dtype.name, array.dtype)
        elif array.dtype.kind == "f" and not jnp.issubdtype(hint, jnp.inexact):
            raise TypeError(f"cannot convert {value!r} to a tensor of {hint}")
        return jnp.asarray(array.astype(hint))
    raise TypeError(f"cannot convert {value!r} to a tensor")


def shape(value: Any) -> tuple[int, ...]:
    """A shape as a tuple of Python ints."""
    if hasattr(value, "as_list"):
        value = value.as_list()
    return tuple(int(v) for v in np.atleast_1d(np.asarray(value, dtype=object)))


def _tensors(value: Any, hint: Any) -> Any:
    if isinstance(value, list | tuple):
        if hint is None:
            hint = next((v.dtype for v in value if hasattr(v, "dtype")), None)
        return [None if v is None else tensor(v, hint) for v in value]
    return tensor(value, hint)


def _static(value: Any) -> Any:
    if isinstance(value, np.ndarray | jax.Array):
        return _static(np.asarray(value).tolist()) if value.ndim else value[()]
    if isinstance(value, list | tuple):
        return tuple(_static(v) for v in value)
    return value


def _group_dtype(entry: Entry, arguments: dict) -> Any:
    for name in entry.same:
        value = arguments[name]
        if value is None:
            continue
        if entry.kinds[name] is Dtype:
            return convert(Dtype, value)
        for leaf in jax.tree.leaves(value):
            if hasattr(leaf, "dtype"):
                return leaf.dtype
    values = [arguments[name] for name in entry.same if name in arguments]
    first = next((v for v in jax.tree.leaves(values) if type(v) in _DEFAULTS), None)
    return None if first is None else np.dtype(_DEFAULTS[type(first)])


def _check_group(entry: Entry, arguments: dict) -> None:
    found = {}
    for name in entry.same:
        if entry.kinds[name] is Dtype:
            continue
        for leaf in jax.tree.leaves(arguments[name]):
            found.setdefault(leaf.dtype, name)
    if len(found) > 1:
        listed = ", ".join(f"{name} is {dtype}" for dtype, name in found.items())
        raise TypeError(f"{entry.name}: dtypes differ: {listed}")
