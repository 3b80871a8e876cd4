"""`tf.custom_gradient`: a function with a gradient of the program's own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from compat.runtime import nest
from compat.runtime.export import export
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert, is_tensor
from compat.runtime.variable import Variable


@export("tf.custom_gradient")
def custom_gradient(f: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Decorates a function that returns (value, gradient function).

    The gradient function takes a cotangent for each output and returns a gradient for
    each argument; if it has a parameter `variables`, it is given those that were read
    and returns (gradients, gradients by the variables).
    """
    if f is None:
        return custom_gradient

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        return _custom(f, args, kwargs)

    return decorated


class _Reads:
    """Stands on the tape stack to learn which variables are read."""

    def __init__(self) -> None:
        self.variables: dict[int, tuple[Variable, Tensor]] = {}

    def watches(self, tensor: Tensor) -> bool:
        return False

    def record(self, *unused: Any) -> None:
        pass

    def accessed(self, variable: Variable, value: Tensor) -> None:
        if variable.trainable:
            self.variables.setdefault(id(variable), (variable, value))


def _custom(f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    arguments = nest.map_structure(
        lambda v: convert(v) if _makes_tensor(v) else v, list(args)
    )
    outer = STATE.tapes
    reads = _Reads()
    STATE.tapes = [reads]
    try:
        result, rule = f(*arguments, **kwargs)
    finally:
        STATE.tapes = outer
    flat = [
        Tensor(convert(r)._array) if _makes_tensor(r) else r
        for r in nest.flatten(result)
    ]
    outputs = [r for r in flat if isinstance(r, Tensor)]
    inputs = [a for a in nest.flatten(arguments) if isinstance(a, Tensor)]
    variables = [v for v, _ in reads.variables.values()]
    values = [t for _, t in reads.variables.values()]
    for variable, value in reads.variables.values():
        for tape in outer:
            tape.accessed(variable, value)

    def pulled(*cotangents: Tensor) -> list[Any]:
        if variables:
            if not _takes_variables(rule):
                raise TypeError(
                    "If using @custom_gradient with a function that uses variables, "
                    "then grad_fn must accept a 'variables' keyword argument."
                )
            by_inputs, by_variables = rule(*cotangents, variables=variables)
        else:
            by_inputs, by_variables = rule(*cotangents), []
        gradients = nest.flatten(by_inputs) + nest.flatten(by_variables)
        if len(gradients) != len(inputs) + len(values):
            raise ValueError(
                f"custom_gradient function expected to return {len(inputs)} gradients "
                f"and {len(values)} by variables, but returned {len(gradients)}."
            )
        return [None if g is None else convert(g) for g in gradients]

    for tape in outer:
        tape.record(None, [*inputs, *values], outputs, pulled)
    return nest.pack_sequence_as(result, flat)


def _makes_tensor(value: Any) -> bool:
    return is_tensor(value) or isinstance(value, int | float | np.ndarray | np.generic)


def _takes_variables(rule: Callable[..., Any]) -> bool:
    parameters = inspect.signature(rule).parameters
    return "variables" in parameters or any(
        p.kind is p.VAR_KEYWORD for p in parameters.values()
    )


@export("tf.gradients")
def gradients(*args: Any, **kwargs: Any) -> Any:
    """Raises RuntimeError: it works on graphs. Use tf.GradientTape."""
    raise RuntimeError("tf.gradients is not supported, use tf.GradientTape instead.")


@export("tf.grad_pass_through")
def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` with the identity's gradient; its arguments have the shape of its result."""

    @custom_gradient
    def passing(*args: Any, **kwargs: Any) -> Any:
        def grad(*cotangents: Any, variables: Any = ()) -> Any:
            return (cotangents, [None] * len(variables)) if variables else cotangents

        return f(*args, **kwargs), grad

    return functools.wraps(f)(passing)
