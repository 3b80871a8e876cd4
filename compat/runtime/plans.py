"""Plans: pure functions of arrays that are compiled once, run often and recorded.

Everything the runtime computes goes through `run`: a dictionary op with its static
arguments, the pull-back of one, a layer, an optimizer step, a whole `tf.function`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compat.runtime.errors import InvalidArgumentError, OpError, ValueNeeded
from compat.runtime.quick import enter_wide, leave_wide
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, lift
from compat.runtime.tracing import Tracer, clean

# What JAX raises where a function needs the values of its arguments.
NEEDS_VALUES = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.TracerBoolConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)


class Plan:
    """A pure function of arrays.

    Args:
      pure: takes arrays, returns an array or a nest of arrays.
      name: for error messages.

    Attributes:
      jitted: `pure` compiled; `pure` itself where it needs its arguments' values.
      rows: whether it takes rows of its first argument at its second: the gradient by
        the first is some rows, then.
      constant: whether it passes no gradient on.
    """

    __slots__ = ("pure", "name", "jitted", "rows", "constant", "_pullbacks")

    def __init__(self, pure: Callable[..., Any], name: str = "") -> None:
        self.pure = pure
        self.name = name or getattr(pure, "__name__", "function")
        self.jitted = jax.jit(pure)
        self.rows = self.constant = False
        self._pullbacks: dict[Any, Plan] = {}

    def pullback(self, wrt: tuple[int, ...], given: tuple[bool, ...]) -> Plan:
        """The plan of this one's vector-Jacobian product.

        Args:
          wrt: the positions of the inputs to differentiate by.
          given: for each output in order, whether a cotangent is passed.

        Returns:
          A plan of (inputs…, cotangents…) → a tuple of one gradient for each of `wrt`.
        """
        found = self._pullbacks.get((wrt, given))
        if found is None:
            pure = _pullback_of(self.pure, wrt, given)
            found = self._pullbacks[wrt, given] = Plan(pure, f"{self.name}/gradient")
        return found


def _pullback_of(
    pure: Callable[..., Any], wrt: tuple[int, ...], given: tuple[bool, ...]
) -> Callable[..., Any]:
    def pulled(*arrays: Any) -> tuple[Any, ...]:
        split = len(arrays) - sum(given)
        inputs, cotangents = list(arrays[:split]), iter(arrays[split:])

        def of_wrt(*values: Any) -> Any:
            for i, value in zip(wrt, values, strict=True):
                inputs[i] = value
            return jax.tree_util.tree_leaves(pure(*inputs))

        outs, pull = jax.vjp(of_wrt, *[inputs[i] for i in wrt])
        seeds = []
        for out, has in zip(outs, given, strict=True):
            if has:
                seeds.append(next(cotangents).astype(out.dtype))
            elif jnp.issubdtype(out.dtype, jnp.inexact):
                seeds.append(jnp.zeros(out.shape, out.dtype))
            else:
                seeds.append(np.zeros(out.shape, jax.dtypes.float0))
        return tuple(pull(seeds))

    return pulled


# The classes of arrays met that have values: looking there is quicker than asking.
_CONCRETE: set[type] = set()


def _is_concrete(array: Any) -> bool:
    """Whether compiled code takes it: no tracer, nor strings, which stay numpy's."""
    found = isinstance(array, jax.Array) and not isinstance(array, Tracer)
    if found:
        _CONCRETE.add(type(array))
    return found


def run(plan: Plan, inputs: Sequence[Tensor]) -> Any:
    """Runs a plan on tensors, records it on the tapes; returns a nest of tensors.

    All inputs concrete: the compiled form, even inside a trace, so that shapes and
    initial values stay concrete there. Any input traced: the function itself.

    Raises:
      InvalidArgumentError: what the function raised as TypeError or ValueError.
    """
    frame = STATE.frame
    if frame is not None and frame.tapes:
        inputs = [frame.captured(t) for t in inputs]
    arrays = [t._array for t in inputs]
    concrete = True
    for array in arrays:
        if type(array) not in _CONCRETE and not _is_concrete(array):
            concrete = False
            break
    try:
        if not concrete:
            out = plan.pure(*arrays)
        elif clean():
            before = enter_wide()
            try:
                out = plan.jitted(*arrays)
            finally:
                leave_wide(before)
        else:
            with jax.ensure_compile_time_eval(), jax.enable_x64(True):
                out = plan.jitted(*arrays)
    except (TypeError, ValueError, IndexError, NotImplementedError) as error:
        out = _again(plan, arrays, not concrete, error)
    if type(out) in _CONCRETE or isinstance(out, jax.Array):
        result = Tensor(out)
        for tape in STATE.tapes:
            tape.record(plan, inputs, (result,))
        return result
    outputs: list[Tensor] = []
    result = _wrapped(out, outputs)
    if outputs:
        for tape in STATE.tapes:
            tape.record(plan, inputs, outputs)
    return result


def _again(plan: Plan, arrays: list[Any], last: bool, error: Exception) -> Any:
    """Runs a function that cannot be compiled as it is; else raises its error."""
    if isinstance(error, NEEDS_VALUES) and not last and plan.jitted is not plan.pure:
        with jax.ensure_compile_time_eval(), jax.enable_x64(True):
            out = plan.pure(*arrays)
        plan.jitted = plan.pure
        return out
    if isinstance(error, OpError):
        raise error
    if isinstance(error, NEEDS_VALUES):
        raise ValueNeeded(f"{plan.name} needs the values of its arguments") from error
    shapes = ", ".join(f"{a.dtype.name}{list(a.shape)}" for a in arrays)
    raise InvalidArgumentError(f"{plan.name}({shapes}): {error}") from error


def _wrapped(out: Any, outputs: list[Tensor]) -> Any:
    if isinstance(out, jax.Array):
        tensor = Tensor(out)
        outputs.append(tensor)
        return tensor
    if isinstance(out, tuple) and hasattr(out, "_fields"):
        return type(out)(*[_wrapped(o, outputs) for o in out])
    if isinstance(out, list | tuple):
        return type(out)([_wrapped(o, outputs) for o in out])
    if isinstance(out, dict):
        return type(out)((k, _wrapped(out[k], outputs)) for k in sorted(out))
    if isinstance(out, np.ndarray | np.generic | int | float | complex):
        tensor = Tensor(lift(out))
        outputs.append(tensor)
        return tensor
    return out


STACK = Plan(lambda *rows: jnp.stack(rows), "stack")
