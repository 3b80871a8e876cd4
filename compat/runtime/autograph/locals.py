"""What a statement assigns to, as tensors: after an `if`, and through a loop."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from compat.runtime import nest
from compat.runtime.autograph.lowering import RESULT
from compat.runtime.autograph.undefined import UNDEFINED, Undefined
from compat.runtime.control_flow import finished, unfinished
from compat.runtime.staging import stage
from compat.runtime.tensor import Tensor, convert, is_tensor

Get = Callable[[], list[Any]]
Put = Callable[[list[Any]], None]


# State: what a statement assigns to.


def is_value(thing: Any) -> bool:
    """Whether something can be a tensor in compiled control flow."""
    return (is_tensor(thing) and not hasattr(thing, "_peek")) or isinstance(
        thing, int | float | complex | np.ndarray | np.generic
    )


class Shape:
    """How one variable of the state is made of tensors and of constants."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.leaves = [value] if isinstance(value, Undefined) else _leaves(value)
        self.places = [i for i, leaf in enumerate(self.leaves) if _parts(leaf)]

    def tensors(self) -> list[Tensor]:
        """The tensors in it."""
        return [t for leaf in self.leaves for t in _parts(leaf)]

    def rebuilt(self, tensors: list[Tensor]) -> Any:
        """The variable's value with other tensors; takes them off the list."""
        leaves = list(self.leaves)
        for place in self.places:
            leaf = leaves[place]
            if hasattr(leaf, "tensor_parts"):
                count = len(_parts(leaf))
                parts = [tensors.pop(0) for _ in range(count)]
                leaves[place] = leaf.from_tensor_parts(parts)
            else:
                leaves[place] = tensors.pop(0)
        if isinstance(self.value, Undefined) or not nest.is_nested(self.value):
            return leaves[0]
        return nest.pack_sequence_as(self.value, leaves)


def _leaves(value: Any) -> list[Any]:
    return nest.flatten(value)


def _parts(leaf: Any) -> list[Tensor]:
    if isinstance(leaf, Undefined):
        return []
    if hasattr(leaf, "tensor_parts"):
        return leaf.tensor_parts()
    return [convert(leaf)] if is_value(leaf) else []


def _same(a: Any, b: Any) -> bool:
    """Whether two values are one constant."""
    if a is b:
        return True
    if is_value(a) and is_value(b):
        python = isinstance(a, bool | int | float) and type(a) is type(b)
        return python and a == b
    if type(a) is not type(b):
        return False
    if nest.is_nested(a):
        x, y = _leaves(a), _leaves(b)
        return len(x) == len(y) and all(map(_same, x, y))
    try:
        return bool(a == b)
    except Exception:
        return False


class Merged:
    """The state after an `if`, from what it was at the end of both branches."""

    def __init__(self, names: Sequence[str], where: str) -> None:
        self._names, self._where = names, where

    def align(self, after: Sequence[list[Any]]) -> list[list[Any]]:
        """For each branch, where each joint tensor comes from.

        An int is a place among the branch's own tensors; an array stands for itself.
        """
        sources: list[list[Any]] = [[], []]
        self._build: list[Callable[[list[Tensor]], Any]] = []
        at = [0, 0]
        for name, first, second in zip(self._names, *after, strict=True):
            first, second = finished(first, second), finished(second, first)
            shapes = [Shape(first), Shape(second)]
            own = [s.tensors() for s in shapes]
            places = [list(range(at[i], at[i] + len(own[i]))) for i in (0, 1)]
            at = [at[i] + len(own[i]) for i in (0, 1)]
            if _same(first, second):
                self._build.append(functools.partial(_constant, first))
                continue
            missing = [
                isinstance(v, Undefined) or (v is None and name == RESULT)
                for v in (first, second)
            ]
            if any(missing) and name != RESULT:
                self._build.append(functools.partial(_constant, UNDEFINED))
                continue
            if any(missing):
                have = 0 if missing[1] else 1
                zeros = [np.zeros(t._array.shape, t._array.dtype) for t in own[have]]
                sources[have] += places[have]
                sources[1 - have] += zeros
                self._build.append(shapes[have].rebuilt)
                continue
            problem = self._problem(name, shapes, own)
            if problem is not None:  # it may never be used
                self._build.append(functools.partial(_constant, Undefined(problem)))
                continue
            sources[0] += places[0]
            sources[1] += places[1]
            self._build.append(shapes[1].rebuilt)
        return sources

    def _problem(
        self, name: str, shapes: list[Shape], own: list[list[Tensor]]
    ) -> str | None:
        """Why a variable can have no joint value; None if it can."""
        first, second = shapes
        where = f"{self._where}: '{name}' "
        if len(own[0]) != len(own[1]) or first.places != second.places:
            return (
                f"{where}is {second.value!r} in one branch of an `if` on a tensor and "
                f"{first.value!r} in the other: both must be tensors, or the same"
            )
        for a, b in zip(own[0], own[1], strict=True):
            x, y = a._array, b._array
            if x.shape != y.shape or x.dtype != y.dtype:
                return (
                    f"{where}must have the same shape and dtype in both branches of "
                    f"an `if` on a tensor, but is {b.dtype.name}{list(b.shape)} and "
                    f"{a.dtype.name}{list(a.shape)}"
                )
        return None

    def rebuilt(self, tensors: list[Tensor]) -> list[Any]:
        """The joint state."""
        left = list(tensors)
        return [build(left) for build in self._build]


def _constant(value: Any, tensors: list[Tensor]) -> Any:
    return value


class LoopState:
    """The state of a loop as tensors, and back."""

    def __init__(self, get: Get, put: Put, names: Sequence[str], where: str) -> None:
        self._get, self._put = get, put
        self._names, self._where = names, where
        self.before = get()
        self._shapes = [Shape(v) for v in self.before]

    def tensors(self) -> list[Tensor]:
        """Those of the state before the loop."""
        return [t for s in self._shapes for t in s.tensors()]

    def enter(self, tensors: Sequence[Tensor]) -> None:
        """Sets the variables."""
        left = list(tensors)
        self._put([s.rebuilt(left) for s in self._shapes])

    def learn(self, run_once: Callable[[], None]) -> None:
        """Finds by a trace that is thrown away what the state lacks before the loop.

        That is what a `return` in the body returns, and the shapes of the elements of
        TensorArrays.
        """
        lacking = [
            at
            for at, (name, value) in enumerate(
                zip(self._names, self.before, strict=True)
            )
            if (name == RESULT and (value is None or value is UNDEFINED))
            or unfinished(value)
        ]
        if not lacking:
            return
        found: list[list[Any]] = []

        def probe(*tensors: Tensor) -> None:
            self.enter(tensors)
            run_once()
            after = self._get()
            found.append([self._learnt(at, after[at]) for at in lacking])

        stage(probe, [t._array for t in self.tensors()], name=self._where)
        for at, value in zip(lacking, found[-1], strict=True):
            self.before[at] = value
            self._shapes[at] = Shape(value)

    def _learnt(self, at: int, after: Any) -> Any:
        """A variable's value before the loop, given that after one step."""
        if unfinished(self.before[at]):
            return finished(self.before[at], after)
        shape = Shape(after)
        zeros = [np.zeros(t._array.shape, t._array.dtype) for t in shape.tensors()]
        if not zeros:
            return self.before[at]
        return shape.rebuilt([Tensor(jnp.asarray(z)) for z in zeros])

    def leave(self) -> list[Tensor]:
        """The tensors at the end of a step.

        Raises:
          TypeError: something that is no tensor was changed, or a tensor's kind.
        """
        out: list[Tensor] = []
        for name, shape, value in zip(
            self._names, self._shapes, self._get(), strict=True
        ):
            if isinstance(shape.value, Undefined):
                continue
            now = Shape(value)
            where = f"{self._where}: '{name}' "
            own, new = shape.tensors(), now.tensors()
            if not own and not new:
                if not _same(shape.value, value):
                    raise TypeError(
                        f"{where}changes from {shape.value!r} to {value!r} in a loop "
                        "that is compiled: it must be a tensor"
                    )
                continue
            if len(own) != len(new) or shape.places != now.places:
                raise TypeError(
                    f"{where}is {shape.value!r} before and {value!r} in a loop that "
                    "is compiled: it must be made of as many tensors"
                )
            for a, b in zip(own, new, strict=True):
                x, y = a._array, b._array
                if x.shape != y.shape or x.dtype != y.dtype:
                    raise TypeError(
                        f"{where}must keep its shape and dtype in a loop that is "
                        f"compiled, but goes from {a.dtype.name}{list(a.shape)} to "
                        f"{b.dtype.name}{list(b.shape)}"
                    )
            out += new
        return out

    def done(self, tensors: Sequence[Tensor]) -> None:
        """Sets the variables after the loop."""
        self.enter(tensors)

    def restore(self) -> None:
        """Sets them as before."""
        self._put(self.before)
