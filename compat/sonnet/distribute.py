"""`snt.distribute`: replicating a model over devices."""

from compat.sonnet._src.distribute import CrossReplicaBatchNorm as CrossReplicaBatchNorm
from compat.sonnet._src.distribute import Replicator as Replicator
from compat.sonnet._src.distribute import TpuReplicator as TpuReplicator
from compat.sonnet._src.distribute import (
    create_variables_eagerly as create_variables_eagerly,
)

__all__ = (
    "create_variables_eagerly",
    "CrossReplicaBatchNorm",
    "Replicator",
    "TpuReplicator",
)
