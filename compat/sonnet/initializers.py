"""`snt.initializers`: initial values of variables."""

from compat.sonnet._src.initializers import Constant as Constant
from compat.sonnet._src.initializers import Identity as Identity
from compat.sonnet._src.initializers import Initializer as Initializer
from compat.sonnet._src.initializers import Ones as Ones
from compat.sonnet._src.initializers import Orthogonal as Orthogonal
from compat.sonnet._src.initializers import RandomNormal as RandomNormal
from compat.sonnet._src.initializers import RandomUniform as RandomUniform
from compat.sonnet._src.initializers import TruncatedNormal as TruncatedNormal
from compat.sonnet._src.initializers import VarianceScaling as VarianceScaling
from compat.sonnet._src.initializers import Zeros as Zeros

__all__ = (
    "Constant",
    "Identity",
    "Initializer",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
)
