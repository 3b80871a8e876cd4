"""What the optimizers share: checks, slots, and the step as one pure function."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from compat.runtime.distribution import OneDeviceStrategy, get_strategy, has_strategy
from compat.runtime.indexed_slices import IndexedSlices
from compat.runtime.names import name_scope
from compat.runtime.plans import Plan, run
from compat.runtime.tensor import convert
from compat.runtime.variable import Variable
from compat.sonnet._src.distribute import Replicator, TpuReplicator
from compat.sonnet._src.metrics import statistic

_STRATEGIES = (OneDeviceStrategy, Replicator, TpuReplicator)

# How an update came: as a tensor, or as some rows of one.
_DENSE, _ROWS = range(2)


def check(updates: Sequence[Any], parameters: Sequence[Variable]) -> None:
    """Raises ValueError unless there is one update for each parameter, and some.

    Also under a distribution strategy that isn't Sonnet's: its variables are others.
    """
    if has_strategy() and not isinstance(get_strategy(), _STRATEGIES):
        names = "`, `".join(s.__name__ for s in _STRATEGIES)
        raise ValueError(
            "Sonnet optimizers are not compatible with "
            f"`{type(get_strategy()).__name__}`. Please use one of `{names}` instead."
        )
    if len(updates) != len(parameters):
        raise ValueError("`updates` and `parameters` must be the same length.")
    if not parameters:
        raise ValueError("`parameters` cannot be empty.")
    if all(update is None for update in updates):
        raise ValueError("No updates provided for any parameter.")


def slots(scope: str, parameters: Sequence[Variable]) -> list[Variable]:
    """A variable of zeros for each parameter, of its name in a scope."""
    with name_scope(scope):
        return [statistic(p, p.name.split(":")[0]) for p in parameters]


def scaled(steps: list[Any], factor: Any) -> list[Any]:
    """The steps times a number."""
    return [step * factor for step in steps]


def step(
    rule: Callable[..., Any],
    updates: Sequence[Any],
    parameters: Sequence[Variable],
    slots: Sequence[Sequence[Variable]],
    hyper: Sequence[Any],
    count: Variable | None = None,
) -> None:
    """Applies a rule to all parameters that have an update.

    Args:
      rule: (updates, slots, *hyper[, count]) to (what to add to the parameters, new
        slots), lists of arrays of one dtype; pure, and known by its identity.
      updates: tensors, slices of rows, or None.
      parameters: the variables to change.
      slots: for each kind of slot, one variable for each parameter.
      hyper: learning rate and such: numbers, tensors or variables.
      count: a variable that counts the steps; the rule gets it before it is raised.

    Raises:
      ValueError: an update has another dtype than its parameter.
    """
    forms, inputs, changed = [], [], []
    for i, (update, parameter) in enumerate(zip(updates, parameters, strict=True)):
        if update is None:
            continue
        rows = isinstance(update, IndexedSlices)
        if not rows:
            update = convert(update)
        if update.dtype != parameter.dtype:
            raise ValueError(
                f"DType of update {update!r} is not equal to that of parameter "
                f"{parameter!r}"
            )
        forms.append((_ROWS if rows else _DENSE, parameter.dtype.numpy))
        inputs += [update.values, update.indices] if rows else [update]
        variables = [parameter, *(kind[i] for kind in slots)]
        inputs += map(convert, variables)
        changed += variables
    if count is not None:
        inputs.append(convert(count))
        changed.append(count)
    # Numbers go in as tensors: a learning rate that changes compiles nothing anew.
    inputs += map(convert, hyper)
    plan = _plan(rule, tuple(forms), len(slots), len(hyper), count is not None)
    for variable, value in zip(changed, run(plan, inputs), strict=True):
        variable.assign(value)


@functools.lru_cache(maxsize=256)
def _plan(
    rule: Callable[..., Any],
    forms: tuple[tuple[int, np.dtype], ...],
    kinds: int,
    hyper: int,
    counted: bool,
) -> Plan:
    """The plan of a step for parameters of these forms."""

    def pure(*arrays: Any) -> list[Any]:
        rest = iter(arrays)
        grads, masks, olds = [], [], []
        for form, _ in forms:
            grad = next(rest)
            indices = next(rest) if form == _ROWS else None
            old = [next(rest) for _ in range(1 + kinds)]
            mask = None
            if indices is not None:
                whole = jnp.zeros(old[0].shape, grad.dtype)
                grad = whole.at[indices].add(grad)
                named = jnp.zeros(old[0].shape[:1], bool).at[indices].set(True)
                mask = named.reshape(named.shape + (1,) * (grad.ndim - 1))
            grads.append(grad)
            masks.append(mask)
            olds.append(old)
        count = next(rest) if counted else None
        numbers = list(rest)
        news: list[Any] = [None] * len(forms)
        for dtype in dict.fromkeys(d for _, d in forms):
            chosen = [i for i, (_, d) in enumerate(forms) if d == dtype]
            given = [n.astype(dtype) for n in numbers]
            if counted:
                given.append(count.astype("int32"))
            steps, states = rule(
                [grads[i] for i in chosen],
                [[olds[i][1 + k] for i in chosen] for k in range(kinds)],
                *given,
            )
            for at, i in enumerate(chosen):
                after = [olds[i][0] + steps[at], *(state[at] for state in states)]
                news[i] = [
                    new if masks[i] is None else jnp.where(masks[i], new, old)
                    for new, old in zip(after, olds[i], strict=True)
                ]
        out = [value for new in news for value in new]
        if counted:
            out.append(count + 1)
        return out

    return Plan(pure, f"snt.optimizers{rule.__name__}")
