"""Functions of arrays that also take compat's tensors.

Most of TRFL's functions are dictionary ops, and the runtime makes them functions of
tensors. Some take what no op can: nests of tensors, distributions, variables. They are
composed instead, of ops and of functions lifted here, and so run on either.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from compat.dictionary import Entry
from compat.runtime import Plan, Tensor, Variable, convert_to_tensor, dispatch, run

COMPOSED: set[str] = set()


def composed(entry: Entry) -> Entry:
    """Marks an op whose body takes tensors as they are: it needs no dispatch."""
    COMPOSED.update(entry.names)
    return entry


def is_runtime(value: Any) -> bool:
    """Whether a value is one of compat's own tensors or variables."""
    return isinstance(value, Tensor | Variable)


def lifted(pure: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a function of arrays one of arrays or tensors, by what it is given.

    With a tensor among its arguments it runs as one compiled and recorded step.
    """
    plan = None

    @functools.wraps(pure)
    def either(*values: Any) -> Any:
        nonlocal plan
        if not any(is_runtime(v) for v in values):
            return pure(*values)
        if plan is None:
            plan = Plan(pure)
        return run(plan, [convert_to_tensor(v) for v in values])

    return either


def ops(entry: Entry) -> Callable[..., Any]:
    """An op as a function of arrays or tensors, by what it is given."""
    dispatched = None

    @functools.wraps(entry.fn)
    def either(*args: Any, **kwargs: Any) -> Any:
        nonlocal dispatched
        if not any(is_runtime(v) for v in (*args, *kwargs.values())):
            return entry.fn(*args, **kwargs)
        if dispatched is None:
            dispatched = dispatch(entry)
        return dispatched(*args, **kwargs)

    return either
