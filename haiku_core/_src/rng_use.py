"""Splitting a run's random key once instead of once a draw."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from haiku_core._src.frames import current_frame, here
from haiku_core._src.jax_transforms import eval_shape


def optimize_rng_use(fun: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a function take all of its random keys from one split.

    The function is first run abstractly, to count its calls of :func:`next_rng_key`;
    that many keys are then reserved, see :func:`reserve_rng_keys`. Fewer splits compile
    faster, and the keys are others than without this.

    Args:
      fun: a function to run inside of a transform.

    Returns:
      A function with the same arguments and result.
    """

    @functools.wraps(fun)
    def run(*args: Any, **kwargs: Any) -> Any:
        frame = current_frame("optimize_rng_use")
        before = here.keys_requested
        eval_shape(fun, *args, **kwargs)
        count = here.keys_requested - before
        if count:
            frame.keys.reserve(count)
        return fun(*args, **kwargs)

    return run
