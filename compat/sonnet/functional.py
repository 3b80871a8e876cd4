"""`snt.functional`: jit, grad and transformed modules."""

from compat.sonnet._src import functional_jax as _jax
from compat.sonnet._src.functional import adam as adam
from compat.sonnet._src.functional import momentum as momentum
from compat.sonnet._src.functional import optimizer as optimizer
from compat.sonnet._src.functional import rmsprop as rmsprop
from compat.sonnet._src.functional import sgd as sgd
from compat.sonnet._src.functional import transform as transform
from compat.sonnet._src.functional import transform_with_state as transform_with_state
from compat.sonnet._src.functional import variables as variables
from compat.sonnet._src.functional import without_state as without_state

device_get = _jax.device_get.fn
device_put = _jax.device_put.fn
grad = _jax.grad.fn
jit = _jax.jit.fn
value_and_grad = _jax.value_and_grad.fn

__all__ = (
    "adam",
    "device_get",
    "device_put",
    "grad",
    "jit",
    "momentum",
    "optimizer",
    "rmsprop",
    "sgd",
    "transform",
    "transform_with_state",
    "value_and_grad",
    "variables",
    "without_state",
)


def __dir__() -> list[str]:
    return sorted([*__all__, "__doc__", "__name__"])
