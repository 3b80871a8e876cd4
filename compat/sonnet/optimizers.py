"""`snt.optimizers`."""

from compat.sonnet._src.optimizers import SGD as SGD
from compat.sonnet._src.optimizers import Adam as Adam
from compat.sonnet._src.optimizers import Momentum as Momentum
from compat.sonnet._src.optimizers import RMSProp as RMSProp

__all__ = (
    "Adam",
    "Momentum",
    "RMSProp",
    "SGD",
)
