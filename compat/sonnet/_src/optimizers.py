"""Optimizers: optax's arithmetic on variables.

A step is one dispatch, whatever the number of parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optax

from compat.dictionary import Ignored, Kind, module
from compat.runtime.dtypes import DType
from compat.runtime.variable import Variable
from compat.sonnet._src import updates as engine
from compat.sonnet._src.base import Optimizer
from compat.sonnet._src.once import once


def _kind(name: str) -> Kind:
    return Kind("optimizer", detail=f"snt.optimizers.{name}")


@module("snt.optimizers.SGD", returns=_kind("SGD"))
class SGD(Optimizer):
    """Gradient descent: each parameter minus `learning_rate` times its gradient."""

    def __init__(self, learning_rate: Any, name: Ignored = None):
        super().__init__(name)
        self.learning_rate = learning_rate

    def apply(self, updates: Sequence[Any], parameters: Sequence[Variable]) -> None:
        """Moves each parameter against its update."""
        engine.check(updates, parameters)
        engine.step(_sgd, updates, parameters, (), (self.learning_rate,))


def _sgd(grads, slots, learning_rate):
    (), transform = slots, optax.sgd(learning_rate)
    steps, _ = transform.update(grads, transform.init(grads))
    return steps, ()


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
        self.accumulated_momentum = []

    @once
    def _initialize(self, parameters: Sequence[Variable]) -> None:
        self.accumulated_momentum.extend(
            engine.slots("accumulated_momentum", parameters)
        )

    def apply(self, updates: Sequence[Any], parameters: Sequence[Variable]) -> None:
        """Adds the updates to the momenta and moves each parameter against its own."""
        engine.check(updates, parameters)
        self._initialize(parameters)
        engine.step(
            _nesterov if self.use_nesterov else _momentum,
            updates,
            parameters,
            (self.accumulated_momentum,),
            (self.learning_rate, self.momentum),
        )


def _momentum(grads, slots, learning_rate, momentum, nesterov=False):
    trace = optax.trace(momentum, nesterov=nesterov)
    steps, state = trace.update(grads, optax.TraceState(slots[0]))
    return engine.scaled(steps, -learning_rate), (state.trace,)


def _nesterov(grads, slots, learning_rate, momentum):
    return _momentum(grads, slots, learning_rate, momentum, nesterov=True)


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
        # Named "t" for the sake of checkpoints' names.
        self.step = Variable(0, trainable=False, name="t", dtype=DType("int64"))
        self.m = []
        self.v = []

    @once
    def _initialize(self, parameters: Sequence[Variable]) -> None:
        self.m.extend(engine.slots("m", parameters))
        self.v.extend(engine.slots("v", parameters))

    def apply(self, updates: Sequence[Any], parameters: Sequence[Variable]) -> None:
        """Moves each parameter by its first moment over the root of its second."""
        engine.check(updates, parameters)
        self._initialize(parameters)
        engine.step(
            _adam,
            updates,
            parameters,
            (self.m, self.v),
            (self.learning_rate, self.beta1, self.beta2, self.epsilon),
            self.step,
        )


def _adam(grads, slots, learning_rate, beta1, beta2, epsilon, count):
    transform = optax.scale_by_adam(beta1, beta2, epsilon)
    state = optax.ScaleByAdamState(count, *slots)
    steps, state = transform.update(grads, state)
    return engine.scaled(steps, -learning_rate), (state.mu, state.nu)


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
        self.centered = centered
        self.learning_rate, self.epsilon = learning_rate, epsilon
        self.decay, self.momentum = decay, momentum
        self.mom = []
        self.ms = []
        self.mg = []

    @once
    def _initialize(self, parameters: Sequence[Variable]) -> None:
        self.mom.extend(engine.slots("momentum", parameters))
        self.ms.extend(engine.slots("rms", parameters))
        if self.centered:
            self.mg.extend(engine.slots("mg", parameters))

    def apply(self, updates: Sequence[Any], parameters: Sequence[Variable]) -> None:
        """Moves each parameter by its update over the root of its mean square."""
        engine.check(updates, parameters)
        self._initialize(parameters)
        slots = (self.mom, self.ms)
        engine.step(
            _centered_rms if self.centered else _rms,
            updates,
            parameters,
            (*slots, self.mg) if self.centered else slots,
            (self.learning_rate, self.decay, self.momentum, self.epsilon),
        )


def _rms(grads, slots, learning_rate, decay, momentum, epsilon):
    scale = optax.scale_by_rms(decay, epsilon)
    steps, state = scale.update(grads, optax.ScaleByRmsState(slots[1]))
    steps, sums = _accumulated(steps, slots[0], learning_rate, momentum)
    return steps, (sums, state.nu)


def _centered_rms(grads, slots, learning_rate, decay, momentum, epsilon):
    scale = optax.scale_by_stddev(decay, epsilon)
    state = optax.ScaleByRStdDevState(mu=slots[2], nu=slots[1])
    steps, state = scale.update(grads, state)
    steps, sums = _accumulated(steps, slots[0], learning_rate, momentum)
    return steps, (sums, state.nu, state.mu)


def _accumulated(steps, sums, learning_rate, momentum):
    """Momentum after the learning rate: (steps, the sums that are kept)."""
    steps = engine.scaled(steps, learning_rate)
    steps, state = optax.trace(momentum).update(steps, optax.TraceState(sums))
    return engine.scaled(steps, -1), state.trace


@RMSProp.entry.when(
    "momentum is omitted and not learning_rate is variable and "
    "not decay is variable and not epsilon is variable"
)
def _(learning_rate, decay=0.9, epsilon=1e-10, centered=False):
    return optax.rmsprop(learning_rate, decay=decay, eps=epsilon, centered=centered)


@RMSProp.entry.when(
    "not learning_rate is variable and not decay is variable and "
    "not momentum is variable and not epsilon is variable"
)
def _(learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, centered=False):
    return optax.rmsprop(
        learning_rate, decay=decay, momentum=momentum, eps=epsilon, centered=centered
    )
