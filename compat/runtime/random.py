"""Random numbers: a count on the host makes the keys.

The numbers are reproducible here (same seeds, same program, same numbers) and are not
those that TensorFlow would draw.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, Tracer, lift

_MASK = 2**64 - 1


class Source:
    """The host's source of keys."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.generation = 0
        self._free = np.random.default_rng()
        self.reset(None)

    def reset(self, seed: int | None) -> None:
        """Starts afresh; None draws from the system's entropy."""
        self.seed = seed
        self.generation = self.generation + 1
        self._count = 0
        self._by_op: dict[int, int] = {}

    def key(self, seed: int | None) -> np.ndarray:
        """The next key, two uint32; `seed` is that of the op, if it has one."""
        with self._lock:
            if self.seed is None and seed is None:
                return self._free.integers(0, 2**32, 2, np.uint32)
            if seed is None:
                self._count += 1
                return mixed(self.seed, 1, self._count)
            count = self._by_op[seed] = self._by_op.get(seed, 0) + 1
            return self.seeded_key(seed, count)

    def seeded_key(self, seed: int, count: int = 1) -> np.ndarray:
        """The key of the first (or a later) draw with an op's own seed."""
        return mixed(0x5EED if self.seed is None else self.seed, 2, seed, count)


SOURCE = Source()


def mixed(*numbers: int) -> np.ndarray:
    """A key that depends on all the numbers (splitmix64's finalizer, chained)."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state ^ (int(number) & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return np.array([state >> 32, state & 0xFFFFFFFF], np.uint32)


class HostValue:
    """Something that compiled code takes from the host anew at each run.

    Attributes:
      shape, dtype: of the value.
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    def fresh(self) -> Tensor:
        """The next value."""
        raise NotImplementedError

    def _read(self) -> Tensor:
        frame = STATE.frame
        if frame is None or frame.key is None:
            return self.fresh()
        return frame.capture(self, self)  # of code within code: passed on


class SeededKey(HostValue):
    """The keys of one op with a seed inside a compiled function.

    The op has a count of its own there, as in TensorFlow: what it draws first is what
    it would draw first outside.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0
        self._generation = SOURCE.generation

    shape = (2,)
    dtype = np.dtype(np.uint32)

    def fresh(self) -> Tensor:
        """The next key."""
        if self._generation != SOURCE.generation:
            self._generation, self._count = SOURCE.generation, 0
        self._count += 1
        return Tensor(lift(SOURCE.seeded_key(self._seed, self._count)))


def next_key(seed: Any = None) -> Tensor:
    """A fresh key as a tensor of two uint32, inside a trace one of the trace's.

    Args:
      seed: the op's own seed, an int or None.
    """
    seed = None if seed is None else int(seed)
    frame = STATE.frame
    if frame is None:
        return Tensor(lift(SOURCE.key(seed)))
    key = frame.next_key(seed)
    return Tensor(key if isinstance(key, Tracer) else lift(key))
