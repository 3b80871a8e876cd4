"""What a function asks of its arrays, said in a few characters per argument.

``Signature("q_learning", q_tm1="float[A]", a_tm1="int[]")`` makes a checker that is
called with the values in the same order. The notation:

* ``float``, ``int``, ``bool`` or ``any``: the family of the dtype;
* ``[]`` a scalar, ``[T A]`` two axes. A letter stands for one length throughout a
  call, and ``T-1`` or ``T+1`` for a length relative to it; ``_`` is any length;
* ``[]|[L]`` either of the shapes; without brackets any shape will do.

Shapes and dtypes are known while JAX traces, so the checks cost nothing in compiled
code. They raise ``AssertionError``, the type users of RLax already catch.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

_FAMILY: dict[Any, str] = {}  # dtype -> family, filled as dtypes turn up


def family(dtype: Any) -> str:
    """``"float"``, ``"int"``, ``"bool"`` or ``"other"`` for a dtype (bfloat16 too)."""
    try:
        return _FAMILY[dtype]
    except KeyError:
        pass
    if jnp.issubdtype(dtype, np.floating):
        name = "float"
    elif jnp.issubdtype(dtype, np.integer):
        name = "int"
    elif dtype == np.bool_:
        name = "bool"
    else:
        name = "other"
    _FAMILY[dtype] = name
    return name


def family_of(value: Any) -> str:
    """The dtype family of an array or of a Python number."""
    dtype = getattr(value, "dtype", None)
    if dtype is not None:
        return family(dtype)
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    return "other"


def show(value: Any) -> str:
    """A short text for an array argument, such as ``float32[3,4]``."""
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        return f"{type(value).__name__} {value!r}"
    return f"{dtype}[{','.join(map(str, value.shape))}]"


def _parse_axis(token: str) -> tuple[str, int]:
    for sign in "+-":
        letter, found, amount = token.partition(sign)
        if found:
            return letter, int(sign + amount)
    return token, 0


def _parse(text: str) -> tuple[str, tuple[tuple[tuple[str, int], ...], ...] | None]:
    kind, bracket, rest = text.partition("[")
    if not bracket:
        return kind, None
    shapes = (bracket + rest).split("|")
    return kind, tuple(
        tuple(_parse_axis(t) for t in s.strip("[]").split()) for s in shapes
    )


class Signature:
    """The dtype family and shape that each array argument of a function must have."""

    __slots__ = ("_function", "_rules")

    def __init__(self, function: str, **expected: str):
        self._function = function
        self._rules = tuple(
            (name, text, *_parse(text)) for name, text in expected.items()
        )

    def __call__(self, *values: Any) -> None:
        """Raises ``AssertionError`` naming the first argument that does not fit."""
        lengths: dict[str, tuple[int, str]] = {}
        for (name, text, kind, shapes), value in zip(self._rules, values, strict=True):
            if kind != "any" and family_of(value) != kind:
                self._refuse(name, text, value, "")
            if shapes is None:
                continue
            shape = getattr(value, "shape", ())
            for axes in shapes:
                if len(axes) == len(shape):
                    break
            else:
                self._refuse(name, text, value, "")
            for (letter, offset), size in zip(axes, shape, strict=True):
                if letter == "_":
                    continue
                length = size - offset
                known, by = lengths.setdefault(letter, (length, name))
                if known != length:
                    why = f", and {letter} is {known} by {by}"
                    self._refuse(name, text, value, why)

    def _refuse(self, name: str, text: str, value: Any, why: str) -> None:
        raise AssertionError(
            f"{self._function}: {name} must be {text}{why}; got {show(value)}."
        )


def require_same_shape(function: str, **arrays: Any) -> None:
    """Raises ``AssertionError`` unless all the named arrays have one shape."""
    shapes = [np.shape(a) for a in arrays.values()]
    if any(s != shapes[0] for s in shapes):
        listed = ", ".join(f"{n} {s}" for n, s in zip(arrays, shapes, strict=True))
        raise AssertionError(f"{function}: shapes must be equal, got {listed}.")


def require_family(function: str, kind: str, **arrays: Any) -> None:
    """Raises ``AssertionError`` unless all the named arrays are of dtype family."""
    for name, value in arrays.items():
        if family_of(value) != kind:
            raise AssertionError(
                f"{function}: {name} must be {kind}; got {show(value)}."
            )


def normalize_axis(function: str, axis: int, rank: int) -> int:
    """The non-negative form of an axis; ``ValueError`` where there is no such axis."""
    if not -rank <= axis < rank:
        raise ValueError(f"{function}: there is no axis {axis} in an array of {rank}.")
    return axis % rank


def ranks(values: Sequence[Any]) -> list[int]:
    """The number of axes of each value."""
    return [np.ndim(v) for v in values]
