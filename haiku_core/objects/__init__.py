"""Networks, variables and optimizers as objects, for code that owns networks.

Haiku's modules live inside `hk.transform`. A learner, an agent or a script holds its
networks, counters and optimizers as attributes instead and changes them as it goes.
The objects here let such code stay as it is, and let JAX see pure functions:

* `Box` is a mutable cell that holds an array (a variable, a counter);
* `network(factory)` is a Haiku module built outside a transform;
* `Optimizer(transformation)` is an optax transformation with its state;
* `value_and_grad`, `vjp`, `cond` and `jit` run Python code that reads and changes
  boxes, and hand JAX a pure function of the boxes' values.

Nothing lists the boxes: each read and write is noticed while the code is traced, once
for each compiled program, so a call later walks no objects.

    net = network(lambda: hk.nets.MLP([64, 10]))
    optimizer = Optimizer(optax.adam(1e-3))

    @jit
    def step(images, labels):
        def loss_fn():
            return cross_entropy(net(images), labels)

        loss, gradients = value_and_grad(loss_fn, net.trainable_variables)
        optimizer.apply(gradients, net.trainable_variables)
        return loss
"""

from .boxes import Box as Box
from .control import cond as cond
from .gradients import value_and_grad as value_and_grad
from .gradients import vjp as vjp
from .networks import Network as Network
from .networks import build as build
from .networks import inside as inside
from .networks import network as network
from .optimizer import Optimizer as Optimizer
from .programs import jit as jit
from .randomness import next_rng_key as next_rng_key
from .randomness import set_seed as set_seed
from .variables import Variables as Variables
