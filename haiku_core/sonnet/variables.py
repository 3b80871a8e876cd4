"""Parameters and state given by an initial value rather than by a shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

import haiku_core as hk


def _shape_of(value: Callable[[], Any]) -> Any:
    # Runs at each application too, where no random key need be there.
    with hk.with_rng(np.zeros(2, np.uint32)):
        return hk.eval_shape(lambda: jnp.asarray(value()))


def parameter(name: str, value: Callable[[], Any]) -> Any:
    """The parameter `name` of the current module, at first `value()`.

    Shape and dtype are those of the value, which is computed only when the parameter
    is made; it may use `hk.next_rng_key()`.
    """
    like = _shape_of(value)
    return hk.get_parameter(
        name, like.shape, like.dtype, init=lambda *_: jnp.array(value(), like.dtype)
    )


def state(name: str, value: Callable[[], Any]) -> Any:
    """The state `name` of the current module, at first `value()`."""
    like = _shape_of(value)
    return hk.get_state(
        name, like.shape, like.dtype, init=lambda *_: jnp.array(value(), like.dtype)
    )


def assign(name: str, value: Any) -> Any:
    """Sets the state `name` of the current module, and returns the new value."""
    hk.set_state(name, value)
    return value


def parameter_of(module: hk.Module, name: str) -> Any:
    """The parameter of a module by its own name, as in `linear.w` of Sonnet's.

    Raises:
      AttributeError: it has none of that name, or was not called yet.
    """
    full = f"{module.module_name}/{name}"
    found = module.params_dict()
    if full not in found:
        raise AttributeError(
            f"{module.module_name} has no parameter {name!r}; parameters are made by "
            "the first call"
        )
    return found[full]
