"""`tensor[...]`: numpy's basic indexing, with tensors as indices and bounds.

Positions are inputs of the compiled form, sizes are part of it: a loop over `x[i]` or
`x[i : i + 32]` compiles once.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compat.runtime.errors import InvalidArgumentError, ValueNeeded
from compat.runtime.plans import Plan, run
from compat.runtime.shapes import TensorShape
from compat.runtime.tensor import Tensor, Tracer, convert, is_tensor, lift


def getitem(tensor: Any, key: Any) -> Tensor:
    """`tensor[key]`.

    Args:
      tensor: a tensor or variable.
      key: ints, scalar integer tensors, slices, `...`, None; or a mask of bools.

    Raises:
      InvalidArgumentError: an index out of bounds.
      TypeError, IndexError: what cannot index.
    """
    x = convert(tensor)
    if _is_mask(key):
        from compat.runtime.operators import tf_op

        return tf_op("tf.boolean_mask")(x, key)
    spec, inputs = [], []
    axis = 0
    for part in _expanded(key if isinstance(key, tuple) else (key,), x.ndim):
        if part is None:
            spec.append("new")
            continue
        size = x._array.shape[axis]
        if isinstance(part, slice):
            spec.append(_slice(part, size, inputs))
        else:
            spec.append(_index(part, size, axis, inputs))
        axis += 1
    while spec and spec[-1] == "all":
        spec.pop()
    if not spec:
        return run(_plan(("all",)), [x])
    return run(_plan(tuple(spec)), [x, *inputs])


def _is_mask(key: Any) -> bool:
    if isinstance(key, tuple | slice) or key is None or key is Ellipsis:
        return False
    kind = getattr(key, "dtype", None)
    return kind is not None and getattr(kind, "name", "") == "bool"


def _expanded(parts: tuple[Any, ...], rank: int) -> list[Any]:
    """The key with its ellipsis written out."""
    used = sum(1 for p in parts if p is not None and p is not Ellipsis)
    if used > rank:
        raise IndexError(f"too many indices: {used} for a tensor of rank {rank}")
    out: list[Any] = []
    for part in parts:
        if part is Ellipsis:
            out += [slice(None)] * (rank - used)
        else:
            out.append(part)
    return out


def _value(part: Any) -> Any:
    """A Python int, None, or a traced tensor."""
    if part is None or type(part) is int:
        return part
    if is_tensor(part):
        part = convert(part)
        if isinstance(part._array, Tracer):
            return part
    if isinstance(part, float | str | bool | np.bool_ | TensorShape | list):
        raise TypeError(
            "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and "
            f"scalar integer tensors are valid indices, got {part!r}"
        )
    return part.__index__()


def _position(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor(_small(value))


@functools.lru_cache(4096)
def _small(value: int) -> Any:
    return lift(np.int32(value))


def _index(part: Any, size: int, axis: int, inputs: list[Tensor]) -> Any:
    value = _value(part)
    if not isinstance(value, Tensor):
        if not -size <= value < size:
            raise InvalidArgumentError(
                f"slice index {value} of dimension {axis} out of bounds."
            )
        value %= size
    inputs.append(_position(value))
    return "at"


def _slice(part: slice, size: int, inputs: list[Tensor]) -> Any:
    start, stop, step = _value(part.start), _value(part.stop), _value(part.step)
    if isinstance(start, Tensor) and stop is None and part.start is not None:
        raise ValueNeeded(
            "a slice from a traced position to the end has no static size; give it "
            "a size with tf.slice(x, begin, size)"
        )
    if isinstance(start, Tensor) or isinstance(stop, Tensor):
        raise ValueNeeded(
            "a slice with traced bounds has no static size; give it a size with "
            "tf.slice(x, begin, size)"
        )
    if isinstance(step, Tensor):
        raise InvalidArgumentError("the step of a slice must not be traced")
    first, last, by = slice(start, stop, step).indices(size)
    count = len(range(first, last, by))
    if by != 1:
        return (first, last if by > 0 or last >= 0 else None, by)
    if count == size:
        return "all"
    inputs.append(_position(first if count else 0))
    return count


@functools.lru_cache(4096)
def _plan(spec: tuple[Any, ...]) -> Plan:
    def getitem(x: Any, *positions: Any) -> Any:
        at = iter(positions)
        steps: list[Any] = []
        starts = [0] * x.ndim
        sizes = list(x.shape)
        shape: list[int] = []
        axis = 0
        for part in spec:
            if part == "new":
                shape.append(1)
                continue
            if part == "at":
                starts[axis], sizes[axis] = _wrapped(next(at), x.shape[axis]), 1
                steps.append(slice(None))
            elif part == "all":
                steps.append(slice(None))
                shape.append(x.shape[axis])
            elif isinstance(part, tuple):
                steps.append(slice(*part))
                shape.append(len(range(*slice(*part).indices(x.shape[axis]))))
            else:
                starts[axis], sizes[axis] = next(at), part
                steps.append(slice(None))
                shape.append(part)
            axis += 1
        shape += x.shape[axis:]
        if tuple(sizes) != x.shape:
            x = _cut(x, starts, sizes)
        if any(s != slice(None) for s in steps):
            x = x[tuple(steps)]
        return jnp.reshape(x, shape)

    return Plan(getitem, "tensor[...]")


def _wrapped(position: Any, size: int) -> Any:
    if not isinstance(position, Tracer):
        return int(position) % size if size else 0
    return jnp.where(position < 0, position + size, position)


def _cut(x: Any, starts: list[Any], sizes: list[int]) -> Any:
    fixed = [s if isinstance(s, int) else _known(s) for s in starts]
    if all(f is not None for f in fixed):
        ends = [s + n for s, n in zip(fixed, sizes, strict=True)]
        return jax.lax.slice(x, fixed, ends)
    starts = [jnp.asarray(s, "int32") for s in starts]
    return jax.lax.dynamic_slice(x, starts, sizes)


def _known(position: Any) -> int | None:
    return None if isinstance(position, Tracer) else int(position)
