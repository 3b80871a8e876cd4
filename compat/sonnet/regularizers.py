"""`snt.regularizers`: penalties on the size of tensors."""

from compat.sonnet._src.regularizers import L1 as L1
from compat.sonnet._src.regularizers import L2 as L2
from compat.sonnet._src.regularizers import (
    OffDiagonalOrthogonal as OffDiagonalOrthogonal,
)
from compat.sonnet._src.regularizers import Regularizer as Regularizer

__all__ = (
    "L1",
    "L2",
    "OffDiagonalOrthogonal",
    "Regularizer",
)
