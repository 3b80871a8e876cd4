"""Compiled programs compared by what they do: figures without noise."""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Sequence

import jax


@dataclasses.dataclass(frozen=True)
class Program:
    """What XLA made of a function.

    Attributes:
      flops: floating point operations, as XLA counts them.
      bytes: bytes read and written by all operations, as XLA counts them.
      kinds: how often each kind of instruction stands in the optimised program, those
        in fused ones included.
    """

    flops: float
    bytes: float
    kinds: Counter

    def no_more_than(self, other: "Program") -> bool:
        """Whether neither flops nor bytes are more than those of `other`."""
        return self.flops <= other.flops and self.bytes <= other.bytes


def program(function: Callable, arguments: Sequence[jax.Array]) -> Program:
    """Compiles a function for these arguments, and reads the result."""
    compiled = jax.jit(function).lower(*arguments).compile()
    costs = compiled.cost_analysis() or {}
    kinds = re.findall(r" = \S+ ([a-z][a-z0-9-]*)\(", compiled.as_text())
    return Program(
        costs.get("flops", 0.0), costs.get("bytes accessed", 0.0), Counter(kinds)
    )
