"""Optimizers: optax's arithmetic on variables."""

from __future__ import annotations

from typing import Any

import optax

from compat.dictionary import Ignored, Kind, module
from compat.sonnet._src.base import Optimizer


def _kind(name: str) -> Kind:
    return Kind("optimizer", detail=f"snt.optimizers.{name}")


@module("snt.optimizers.SGD", returns=_kind("SGD"))
class SGD(Optimizer):
    """Gradient descent: each parameter minus `learning_rate` times its gradient."""

    def __init__(self, learning_rate: Any, name: Ignored = None):
        super().__init__(name)
        self.learning_rate = learning_rate


@SGD.entry.when("not learning_rate is variable")
def _(learning_rate):
    return optax.sgd(learning_rate)


@module("snt.optimizers.Momentum", returns=_kind("Momentum"))
class Momentum(Optimizer):
    """Descent along a decaying sum of gradients (Polyak 1964, Nesterov 1983)."""

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_nesterov: bool = False,
        name: Ignored = None,
    ):
        super().__init__(name)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.use_nesterov = use_nesterov


@Momentum.entry.when("not learning_rate is variable and not momentum is variable")
def _(learning_rate, momentum, use_nesterov=False):
    return optax.sgd(learning_rate, momentum=momentum, nesterov=use_nesterov)


@module("snt.optimizers.Adam", returns=_kind("Adam"))
class Adam(Optimizer):
    """Adam (Kingma and Ba 2014, 1412.6980), epsilon outside the root."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        name: Ignored = None,
    ):
        super().__init__(name)
        self.learning_rate = learning_rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon


@Adam.entry.when(
    "not learning_rate is variable and not beta1 is variable and "
    "not beta2 is variable and not epsilon is variable"
)
def _(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    return optax.adam(learning_rate, b1=beta1, b2=beta2, eps=epsilon)


@module("snt.optimizers.RMSProp", returns=_kind("RMSProp"))
class RMSProp(Optimizer):
    """Gradients over the root of their mean square, epsilon inside the root.

    Hinton's lecture 6; `centered` takes the mean away from the mean square.
    """

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        centered: bool = False,
        name: Ignored = None,
    ):
        super().__init__(name)
        self.learning_rate = learning_rate
        self.decay = decay
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered


@RMSProp.entry.when(
    "momentum in (0, 0.0) and not learning_rate is variable and "
    "not decay is variable and not epsilon is variable"
)
def _(learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, centered=False):
    return optax.rmsprop(learning_rate, decay=decay, eps=epsilon, centered=centered)


@RMSProp.entry.when(
    "not learning_rate is variable and not decay is variable and "
    "not momentum is variable and not epsilon is variable"
)
def _(learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, centered=False):
    return optax.rmsprop(
        learning_rate, decay=decay, momentum=momentum, eps=epsilon, centered=centered
    )
