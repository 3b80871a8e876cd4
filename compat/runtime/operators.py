"""Operators and methods of tensors and variables, from the dictionary.

The entries `Tensor.__add__`, `Variable.scatter_add`, … are looked up when first used:
importing the runtime does not import the ops.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from compat import dictionary
from compat.runtime.dispatch import dispatch
from compat.runtime.errors import MissingNameError
from compat.runtime.export import EXPORTS
from compat.runtime.tensor import Tensor

OPERATORS = (
    "add sub mul truediv floordiv mod pow matmul and or xor radd rsub rmul rtruediv "
    "rfloordiv rmod rpow rmatmul rand ror rxor neg pos abs invert lt le gt ge eq ne"
).split()

# The op behind an operator that has no entry of its own, and whether its operands
# are swapped.
_BY_OP = {
    "add": "tf.add",
    "sub": "tf.subtract",
    "mul": "tf.multiply",
    "truediv": "tf.truediv",
    "floordiv": "tf.math.floordiv",
    "mod": "tf.math.floormod",
    "pow": "tf.pow",
    "matmul": "tf.matmul",
    "and": "tf.logical_and",
    "or": "tf.logical_or",
    "xor": "tf.math.logical_xor",
    "neg": "tf.negative",
    "abs": "tf.abs",
    "invert": "tf.logical_not",
    "lt": "tf.less",
    "le": "tf.less_equal",
    "gt": "tf.greater",
    "ge": "tf.greater_equal",
    "eq": "tf.equal",
    "ne": "tf.not_equal",
}


@functools.cache
def load_ops() -> None:
    """Imports all files of the dictionary's TensorFlow half."""
    _src = importlib.import_module("compat.tensorflow._src")
    for found in pkgutil.iter_modules(_src.__path__, f"{_src.__name__}."):
        importlib.import_module(found.name)


@functools.cache
def tf_op(name: str) -> Callable[..., Any]:
    """The callable behind a dotted name such as "tf.reduce_mean".

    Raises:
      MissingNameError: there is none.
    """
    if name in EXPORTS:
        return EXPORTS[name]
    return tf_op_of_dictionary(name)


@functools.cache
def tf_op_of_dictionary(name: str) -> Callable[..., Any]:
    """The callable of a dictionary op, whatever the runtime exports."""
    load_ops()
    entry = dictionary.find(name)
    if entry is None or entry.fn is None:
        raise MissingNameError(name, "the dictionary has no such op")
    return dispatch(entry)


def _find(cls: str, name: str) -> Callable[..., Any] | None:
    """What stands behind a method: the class's own entry, the tensor's, an op."""
    load_ops()
    for owner in (cls, "Tensor"):
        entry = dictionary.find(f"{owner}.{name}")
        if entry is not None and entry.fn is not None and name in vars_of(entry):
            return dispatch(entry)
    stem = name.strip("_")
    if stem in _BY_OP:
        return tf_op(_BY_OP[stem])
    if stem[:1] == "r" and stem[1:] in _BY_OP:
        forward = tf_op(_BY_OP[stem[1:]])
        return lambda self, other: forward(other, self)
    return None


def vars_of(entry: dictionary.Entry) -> set[str]:
    """The last parts of an entry's names."""
    return {n.rpartition(".")[2] for n in entry.names}


def _operator(cls: type, name: str) -> Callable[..., Any]:
    owner = "Tensor" if cls is Tensor else "Variable"

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = _find(owner, name)
        if found is None:
            raise TypeError(f"{owner} has no operator {name}")
        setattr(cls, name, _accepting(found, name))
        return getattr(self, name)(*args, **kwargs)

    method.__name__ = name
    method.__qualname__ = f"{owner}.{name}"
    return method


_COMPARED = ("__eq__", "__ne__")


def _accepting(found: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A method that leaves unknown operands to the other side, as Python asks."""
    if name in _COMPARED:
        answer = name == "__ne__"

        def compare(self: Any, other: Any) -> Any:
            if other is None or isinstance(other, str):
                return answer
            try:
                return found(self, other)
            except (TypeError, ValueError):
                if getattr(other, "shape", None) is None:
                    return answer
                raise

        return compare

    # A plain function, so that it binds as a method.
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return found(self, *args, **kwargs)

    return method


def attach(cls: type) -> None:
    """Gives a class its operators."""
    for stem in OPERATORS:
        name = f"__{stem}__"
        setattr(cls, name, _operator(cls, name))
    cls.__hash__ = _unhashable


def _unhashable(self: Any) -> int:
    kind = "Variable" if type(self) is not Tensor else "Tensor"
    raise TypeError(
        f"{kind} is unhashable. Instead, use {kind.lower()}.ref() as the key."
    )


def method_of(cls: str, name: str) -> Callable[..., Any] | None:
    """A named method from the dictionary, for attributes that a class lacks."""
    load_ops()
    entry = dictionary.find(f"{cls}.{name}")
    if entry is None or entry.fn is None or name not in vars_of(entry):
        return None
    return dispatch(entry)


attach(Tensor)
