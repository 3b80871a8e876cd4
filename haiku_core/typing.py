"""Types of parameters and state."""

from haiku_core._src.typing import MutableParams as MutableParams
from haiku_core._src.typing import MutableState as MutableState
from haiku_core._src.typing import Params as Params
from haiku_core._src.typing import State as State

__all__ = ("MutableParams", "MutableState", "Params", "State")
