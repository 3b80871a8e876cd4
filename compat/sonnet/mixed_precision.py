"""`snt.mixed_precision`: computing in half precision."""

from compat.sonnet._src.mixed_precision import disable as disable
from compat.sonnet._src.mixed_precision import enable as enable
from compat.sonnet._src.mixed_precision import modes as modes
from compat.sonnet._src.mixed_precision import scope as scope

__all__ = (
    "disable",
    "enable",
    "modes",
    "scope",
)
