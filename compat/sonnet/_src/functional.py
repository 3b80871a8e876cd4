"""Sonnet's experiment in functional style: jit, grad and transformed modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from compat.dictionary import Kind, manual, op

_FUNCTION = Kind("function")


@op("snt.functional.jit", returns=_FUNCTION, helper=False)
def jit(f: Callable, device: Any = None):
    """`tf.function` on a device."""


@jit.when("device is None")
def _(f, device=None):
    return jax.jit(f)


@op("snt.functional.grad", returns=_FUNCTION, helper=False)
def grad(f: Callable, argnums: Any = 0, has_aux: bool = False):
    """The gradient of a function by some of its arguments."""


@grad.when()
def _(f, argnums=0, has_aux=False):
    return jax.grad(f, argnums=argnums, has_aux=has_aux)


@op("snt.functional.value_and_grad", returns=_FUNCTION, helper=False)
def value_and_grad(f: Callable, argnums: Any = 0, has_aux: bool = False):
    """A function's value and its gradient by some of its arguments."""


@value_and_grad.when()
def _(f, argnums=0, has_aux=False):
    return jax.value_and_grad(f, argnums=argnums, has_aux=has_aux)


@op("snt.functional.device_put", helper=False)
def device_put(t: Any, device: Any = None):
    """A nest of tensors on a device."""


@device_put.when("device is None")
def _(t, device=None):
    return jax.device_put(t)


@op("snt.functional.device_get", helper=False)
def device_get(t: Any):
    """A nest of tensors as numpy arrays."""


@device_get.when()
def _(t):
    return jax.device_get(t)


_INSIDE = "build the modules inside the function and use hk.transform"
manual(
    "snt.functional.transform",
    because="the function closes over modules built outside it; Haiku builds them "
    "inside",
    instead=_INSIDE,
)
manual(
    "snt.functional.transform_with_state",
    because="the function closes over modules built outside it; Haiku builds them "
    "inside",
    instead=f"{_INSIDE}_with_state",
)
manual(
    "snt.functional.without_state",
    because="it takes what snt.functional.transform_with_state returned",
    instead="hk.without_state on a function transformed by Haiku",
)
manual(
    "snt.functional.variables",
    because="variables are values already in Haiku",
    instead="take the `with` away",
)
for _name, _optax in (
    ("sgd", "optax.sgd"),
    ("adam", "optax.adam"),
    ("rmsprop", "optax.rmsprop"),
    ("momentum", "optax.sgd(…, momentum=…)"),
):
    manual(
        f"snt.functional.{_name}",
        because="its apply(opt_state, updates, params) returns new parameters; "
        "optax's update(grads, opt_state, params) returns what to add to them",
        instead=f"{_optax}, update and optax.apply_updates",
    )
manual(
    "snt.functional.optimizer",
    because="it wraps an optimizer class that changes variables in place",
    instead="an optax.GradientTransformation",
)
