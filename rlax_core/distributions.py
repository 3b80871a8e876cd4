"""The distribution classes behind ``softmax``, ``gaussian_diagonal`` and the like."""

from rlax_core._src.categorical import Categorical as Categorical
from rlax_core._src.gaussian import DiagonalNormal as DiagonalNormal
from rlax_core._src.gaussian import SquashedNormal as SquashedNormal

__all__ = ("Categorical", "DiagonalNormal", "SquashedNormal")
