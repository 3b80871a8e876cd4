"""Inputs for the generated tests: one sample is one call of an op."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


class Call:
    """One call: `Call(Floats(2, 3), axis=[0, 1])`.

    `grad=False` leaves the gradient out (no derivative is defined or wanted);
    `raises=ValueError` says that the original raises for this call (as any of its own
    error classes) and so must ours; `only_=True` that the call is made only so, and
    not with its required arguments alone too.
    """

    def __init__(
        self,
        *args: Any,
        grad_: bool = True,
        raises_: type[BaseException] | None = None,
        only_: bool = False,
        **kwargs: Any,
    ):
        self.args = args
        self.kwargs = kwargs
        self.grad = grad_
        self.raises = raises_
        self.only = only_

    def __repr__(self) -> str:
        parts = [repr(a) for a in self.args]
        parts += [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"Call({', '.join(parts)})"


class Sample:
    """An array to be drawn, the same on each run for the same seed."""

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        raise NotImplementedError


@dataclasses.dataclass(frozen=True, init=False)
class Floats(Sample):
    """Floating-point values in [low, high), away from ties and zeros by chance."""

    shape: tuple[int, ...]
    low: float
    high: float
    dtype: str

    def __init__(self, *shape: int, low=-2.0, high=2.0, dtype="float32"):
        for name, value in zip(
            ("shape", "low", "high", "dtype"), (shape, low, high, dtype), strict=True
        ):
            object.__setattr__(self, name, value)

    def draw(self, rng):
        return np.asarray(rng.uniform(self.low, self.high, self.shape), self.dtype)


@dataclasses.dataclass(frozen=True, init=False)
class Ints(Sample):
    """Integers in [low, high)."""

    shape: tuple[int, ...]
    low: int
    high: int
    dtype: str

    def __init__(self, *shape: int, low=-4, high=5, dtype="int32"):
        for name, value in zip(
            ("shape", "low", "high", "dtype"), (shape, low, high, dtype), strict=True
        ):
            object.__setattr__(self, name, value)

    def draw(self, rng):
        return np.asarray(rng.integers(self.low, self.high, self.shape), self.dtype)


@dataclasses.dataclass(frozen=True, init=False)
class Bools(Sample):
    """Truth values, half of them true."""

    shape: tuple[int, ...]

    def __init__(self, *shape: int):
        object.__setattr__(self, "shape", shape)

    def draw(self, rng):
        return np.asarray(rng.integers(0, 2, self.shape), bool)


@dataclasses.dataclass(frozen=True, init=False)
class Exactly(Sample):
    """These values: for edges (ties, infinities, negative zero) that chance misses."""

    value: Any
    dtype: str | None

    def __init__(self, value: Any, dtype: str | None = None):
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "dtype", dtype)

    def __hash__(self) -> int:
        return hash((repr(self.value), self.dtype))

    def draw(self, rng):
        del rng
        return np.asarray(self.value, self.dtype)


def draw(value: Any, rng: np.random.Generator) -> Any:
    """Replaces every `Sample` in a nest of lists, tuples and dicts by its array."""
    if isinstance(value, Sample):
        return value.draw(rng)
    if isinstance(value, list | tuple):
        return type(value)(draw(v, rng) for v in value)
    if isinstance(value, dict):
        return {k: draw(v, rng) for k, v in value.items()}
    return value
