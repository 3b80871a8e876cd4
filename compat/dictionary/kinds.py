"""What a parameter is (its annotation) and what a value is (its kind).

Annotations say how an op's argument behaves, whatever value arrives. Deciding by the
value instead ("a Python number is static") would recompile at every change of it.
"""

from __future__ import annotations

import dataclasses


class T:
    """A tensor: array, variable, Python number or nested list. Always dynamic."""


class Ts:
    """A list or tuple (or nest) of tensors. The structure is static, leaves dynamic."""


class Static:
    """A concrete, hashable value: axis, keepdims, dtype, a mode string.

    Lists become tuples. A traced value here raises, naming the argument.
    """


class Dtype(Static):
    """A dtype: a DType, its name, numpy's or JAX's. The body gets a numpy dtype.

    A default of None stays None.
    """


class Shape:
    """A shape: ints, possibly mixed with concrete tensors, or a concrete tensor."""


class Fn:
    """A Python callable, called with tensors."""


class Key:
    """A fresh random key: no argument of the legacy call, but supplied to the body.

    By the runtime from its counter, by the rewriter as `hk.next_rng_key()`.
    """


class Ignored:
    """Has no effect on the result (`name=` and its like): dropped."""


class Other:
    """Passed through as it is."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """What is known of a value: its sort and, for tensors, its class of dtype.

    Attributes:
      sort: 'tensor', 'variable', 'module', 'optimizer', 'shape', 'dtype', 'seq',
        'tuple', 'number', 'string', 'function', 'class' or 'unknown'.
      dtype: 'float', 'int', 'bool', 'complex', 'string' or None where not known.
      item: the kind of the elements of a 'seq'.
      items: the kinds of the elements of a 'tuple', one by one.
      detail: for 'module' and 'optimizer', the dotted name of the class; for 'tuple',
        the names of its fields, if any.
    """

    sort: str
    dtype: str | None = None
    item: Kind | None = None
    detail: str | None = None
    items: tuple[Kind, ...] | None = None

    def __str__(self) -> str:
        inside = self.dtype or self.item or self.detail
        if self.items is not None:
            inside = ", ".join(map(str, self.items))
        return f"{self.sort}[{inside}]" if inside else self.sort


TENSOR = Kind("tensor")
FLOAT = Kind("tensor", "float")
INT = Kind("tensor", "int")
BOOL = Kind("tensor", "bool")
VARIABLE = Kind("variable")
MODULE = Kind("module")
OPTIMIZER = Kind("optimizer")
SHAPE = Kind("shape")
DTYPE = Kind("dtype")
NUMBER = Kind("number")
UNKNOWN = Kind("unknown")


def seq(item: Kind = UNKNOWN) -> Kind:
    """The kind of a list or tuple whose elements are all of kind `item`."""
    return Kind("seq", item=item)


def tup(*items: Kind | Like, names: str | None = None) -> Kind:
    """The kind of a tuple of known length: `grads, norm = clip_by_global_norm(…)`.

    Args:
      names: of the fields, where the legacy tuple is a named one: "values indices".
    """
    return Kind("tuple", items=items, detail=names)


@dataclasses.dataclass(frozen=True)
class Like:
    """`returns=Like("x")`: the kind of the argument `x`, as a tensor.

    Several names: the first of them whose dtype is known.
    """

    names: tuple[str, ...]

    def __init__(self, *names: str):
        object.__setattr__(self, "names", names)


@dataclasses.dataclass(frozen=True)
class ByDtype:
    """`returns=ByDtype("dtype", FLOAT)`: a tensor of the dtype that argument names.

    Where the argument is omitted, `default` (a Kind or a Like).
    """

    name: str
    default: Kind | Like = TENSOR
