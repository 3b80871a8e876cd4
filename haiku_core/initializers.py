"""Initializers of parameters and state."""

from haiku_core._src.initializers import Constant as Constant
from haiku_core._src.initializers import Identity as Identity
from haiku_core._src.initializers import Orthogonal as Orthogonal
from haiku_core._src.initializers import RandomNormal as RandomNormal
from haiku_core._src.initializers import RandomUniform as RandomUniform
from haiku_core._src.initializers import TruncatedNormal as TruncatedNormal
from haiku_core._src.initializers import UniformScaling as UniformScaling
from haiku_core._src.initializers import VarianceScaling as VarianceScaling
from haiku_core._src.typing import Initializer as Initializer

__all__ = (
    "Constant",
    "Identity",
    "Initializer",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "UniformScaling",
    "VarianceScaling",
)
