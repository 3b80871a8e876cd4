"""Kinds beyond the dictionary's own, and what comes of two kinds together."""

from __future__ import annotations

import functools

from compat.dictionary.kinds import FLOAT, UNKNOWN, VARIABLE, Kind

FUNCTION = Kind("function")
STRING = Kind("string")
NONE = Kind("none")
VARIABLES = Kind("seq", item=VARIABLE, detail="variables")
TAPE = Kind("tape")
DISTRIBUTION = Kind("distribution")


def dtype_class(name: str) -> str | None:
    """'float', 'int', 'bool' … of a dtype's name such as "tf.int64" or "float32"."""
    leaf = name.rpartition(".")[2]
    for prefix, found in (
        ("float", "float"),
        ("bfloat", "float"),
        ("half", "float"),
        ("double", "float"),
        ("int", "int"),
        ("uint", "int"),
        ("bool", "bool"),
        ("complex", "complex"),
        ("string", "string"),
    ):
        if leaf.startswith(prefix):
            return found
    return None


def merge(a: Kind, b: Kind) -> Kind:
    """What is known of a value that is one or the other."""
    if a == b or b == NONE:
        return a
    if a == NONE:
        return b
    numeric = ("tensor", "number")
    if a.sort in numeric and b.sort in numeric and "tensor" in (a.sort, b.sort):
        return Kind("tensor", a.dtype if a.dtype == b.dtype else None)
    if a.sort == b.sort and a.sort in ("module", "optimizer"):
        return Kind(a.sort)
    return UNKNOWN


def element_of(kind: Kind) -> Kind:
    """The kind of what iterating over a value of `kind` gives."""
    if kind.sort == "seq":
        return kind.item or UNKNOWN
    if kind.sort == "tensor":
        return kind
    if kind.sort == "tuple" and kind.items:
        return functools.reduce(merge, kind.items)
    return UNKNOWN


def arithmetic(left: Kind, right: Kind, divides: bool = False) -> Kind:
    """The kind of an arithmetic operation."""
    if left.sort == "seq" or right.sort == "seq":
        if left.sort == "seq" and right.sort in ("seq", "tuple"):
            item = merge(element_of(left), element_of(right))
            return Kind("seq", item=item, detail=left.detail or right.detail)
        return left if left.sort == "seq" else right
    left, right = (
        Kind("tensor", k.dtype) if k.sort == "variable" else k for k in (left, right)
    )
    if "tensor" in (left.sort, right.sort):
        dtypes = {left.dtype, right.dtype}
        if "float" in dtypes or divides:
            return FLOAT if "complex" not in dtypes else Kind("tensor", "complex")
        known = left.dtype if left.sort == "tensor" else right.dtype
        return Kind("tensor", known)
    if left.sort == right.sort == "number":
        either = {left.dtype, right.dtype}
        return Kind("number", "float" if "float" in either or divides else "int")
    return UNKNOWN


def field(kind: Kind, name: str) -> int | None:
    """The place of a named field in a tuple."""
    names = kind.detail.split() if kind.sort == "tuple" and kind.detail else []
    return names.index(name) if name in names else None
