"""Settings of the library: ``hk.config.set(...)``, ``with hk.config.context(...):``."""

from haiku_core._src.options import context as context
from haiku_core._src.options import set as set

__all__ = ("context", "set")
