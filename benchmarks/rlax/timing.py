"""Interleaved pairs of processor times, and what may be concluded from them."""

import dataclasses
import gc
import time
from collections.abc import Callable

import numpy as np

Run = Callable[[], object]


@dataclasses.dataclass(frozen=True)
class Ratio:
    """How long ours takes over theirs: the median of the pairs, and its quartiles.

    Attributes:
      noise: the half-width of the middle 90 % of pairs of ours against ours.
      microseconds: the median time of one call of ours.
    """

    median: float
    low: float
    high: float
    noise: float
    microseconds: float

    @property
    def slower(self) -> bool:
        """Whether ours is slower by more than the noise."""
        return self.median > 1.0 + self.noise


def _once(run: Run, calls: int) -> float:
    start = time.process_time_ns()
    for _ in range(calls):
        run()
    return (time.process_time_ns() - start) / calls / 1e3


def calls_for(run: Run, at_least: float) -> int:
    """How many calls take at least so many microseconds."""
    calls = 1
    while (took := _once(run, calls) * calls) < at_least:
        calls = max(2 * calls, int(calls * at_least / max(took, 1.0)))
    return calls


def compare(
    ours: Run, ours_again: Run, theirs: Run, pairs: int, least: float = 3e3
) -> Ratio:
    """Times ours against theirs and, beside it, ours against itself.

    Args:
      ours: one call.
      ours_again: the same, made a second time.
      theirs: one call of the other.
      pairs: how many pairs, of each kind.
      least: microseconds that each timing takes at least.
    """
    calls = max(calls_for(ours, least), 1)
    for run in (ours, ours_again, theirs):
        run()
    times = {ours: [], ours_again: [], theirs: []}
    order = [ours, theirs, ours_again]
    gc.collect()
    gc.disable()
    try:
        for _ in range(pairs):
            for run in order:
                times[run].append(_once(run, calls))
            order.append(order.pop(0))
    finally:
        gc.enable()
    own, again, other = (np.array(times[r]) for r in (ours, ours_again, theirs))
    low, median, high = np.quantile(own / other, [0.25, 0.5, 0.75])
    same = np.quantile(own / again, [0.05, 0.95])
    return Ratio(
        float(median),
        float(low),
        float(high),
        float(same[1] - same[0]) / 2,
        float(np.median(own)),
    )
