"""The base classes of modules and optimizers."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from compat.dictionary import Kind, structural, value

structural(
    "snt.Module", rule="module_class", returns=Kind("class")
).spelling = "hk.Module"
value(
    "snt.Optimizer",
    spelling="optax.GradientTransformation",
    returns=Kind("class"),
)
structural("snt.no_name_scope", rule="drop_decorator")
structural("snt.allow_empty_variables", rule="drop_decorator")
structural("snt.once", rule="once")

float32 = jnp.float32
relu = jax.nn.relu
tanh = jnp.tanh


class Module:
    """Stands in until the runtime has its own."""

    def __init__(self, name=None):
        self.name = name


class Optimizer(Module):
    """Changes variables by their gradients."""
