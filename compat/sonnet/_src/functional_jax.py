"""`snt.functional`'s jit, gradients and transfers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax

from compat.dictionary import Kind, op
from compat.runtime import nest
from compat.runtime.function import Function
from compat.runtime.tape import GradientTape
from compat.runtime.tensor import convert

_FUNCTION = Kind("function")


@op("snt.functional.jit", returns=_FUNCTION, helper=False)
def jit(f: Callable, device: Any = None):
    """`tf.function(f)`; the device has no effect."""
    del device
    return Function(f)


@jit.when("device is omitted")
def _(f):
    return jax.jit(f)


@op("snt.functional.grad", returns=_FUNCTION, helper=False)
def grad(f: Callable, argnums: Any = 0, has_aux: bool = False):
    """The gradient of a function by some of its arguments, as of `jax.grad`."""
    both = value_and_grad.fn(f, argnums, has_aux)

    @functools.wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, grads = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return gradient


@grad.when()
def _(f, argnums=0, has_aux=False):
    return jax.grad(f, argnums=argnums, has_aux=has_aux)


@op("snt.functional.value_and_grad", returns=_FUNCTION, helper=False)
def value_and_grad(f: Callable, argnums: Any = 0, has_aux: bool = False):
    """A function's value and its gradient by some of its arguments.

    As of `jax.value_and_grad`: with `has_aux` the function returns (value, more), and
    so does the result.
    """

    @functools.wraps(f)
    def both(*args: Any, **kwargs: Any) -> Any:
        args = list(args)
        for i in nest.flatten(argnums):
            args[i] = nest.map_structure(convert, args[i])
        chosen = nest.map_structure(args.__getitem__, argnums)
        with GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(chosen)
            result = f(*args, **kwargs)
        value = result[0] if has_aux else result
        return result, tape.gradient(value, chosen)

    return both


@value_and_grad.when()
def _(f, argnums=0, has_aux=False):
    return jax.value_and_grad(f, argnums=argnums, has_aux=has_aux)


@op("snt.functional.device_put", helper=False)
def device_put(t: Any, device: Any = None):
    """A nest of tensors; the device has no effect."""
    del device
    return nest.map_structure(convert, t)


@device_put.when("device is omitted")
def _(t):
    return jax.device_put(t)


@op("snt.functional.device_get", helper=False)
def device_get(t: Any):
    """A nest of tensors as numpy arrays."""
    return nest.map_structure(lambda x: convert(x).numpy(), t)


@device_get.when()
def _(t):
    return jax.device_get(t)
