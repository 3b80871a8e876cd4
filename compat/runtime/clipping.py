"""Ops that change the values of `tf.IndexedSlices` and leave them what they are.

Of tensors they are the dictionary's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compat.runtime.export import export
from compat.runtime.indexed_slices import IndexedSlices
from compat.runtime.operators import tf_op_of_dictionary


def _on_values(name: str, x: Any, *args: Any) -> Any:
    op = tf_op_of_dictionary(name)
    if isinstance(x, IndexedSlices):
        return x.with_values(op(x.values, *args))
    return op(x, *args)


@export("tf.clip_by_value")
def clip_by_value(
    t: Any, clip_value_min: Any, clip_value_max: Any, name: Any = None
) -> Any:
    """The tensor, or the rows, held between bounds."""
    return _on_values("tf.clip_by_value", t, clip_value_min, clip_value_max)


@export("tf.clip_by_norm")
def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: Any = None) -> Any:
    """The tensor, or the rows, scaled down to a norm where it is longer."""
    return _on_values("tf.clip_by_norm", t, clip_norm, axes)


@export("tf.math.scalar_mul", "tf.scalar_mul")
def scalar_mul(scalar: Any, x: Any, name: Any = None) -> Any:
    """A number times a tensor or rows."""
    op = tf_op_of_dictionary("tf.math.scalar_mul")
    if isinstance(x, IndexedSlices):
        return x.with_values(op(scalar, x.values))
    return op(scalar, x)


@export("tf.cast", "tf.dtypes.cast")
def cast(x: Any, dtype: Any, name: Any = None) -> Any:
    """The tensor, or the rows, in another dtype."""
    return _on_values("tf.cast", x, dtype)


def _values(tensors: Sequence[Any]) -> list[Any]:
    return [t.values if isinstance(t, IndexedSlices) else t for t in tensors]


@export("tf.linalg.global_norm")
def global_norm(t_list: Sequence[Any], name: Any = None) -> Any:
    """The norm of all together; of a row named twice, both parts count apart."""
    return tf_op_of_dictionary("tf.linalg.global_norm")(_values(t_list))


@export("tf.clip_by_global_norm")
def clip_by_global_norm(
    t_list: Sequence[Any], clip_norm: Any, use_norm: Any = None, name: Any = None
) -> tuple[list[Any], Any]:
    """(all scaled down together to a common norm, the norm they had)."""
    op = tf_op_of_dictionary("tf.clip_by_global_norm")
    clipped, norm = op(_values(t_list), clip_norm, use_norm)
    pairs = zip(t_list, clipped, strict=True)
    return [
        old.with_values(new) if isinstance(old, IndexedSlices) else new
        for old, new in pairs
    ], norm
