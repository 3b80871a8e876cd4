"""`snt.pad`: padding as functions of the kernel's size."""

from compat.sonnet._src.pad import causal as causal
from compat.sonnet._src.pad import create as create
from compat.sonnet._src.pad import full as full
from compat.sonnet._src.pad import reverse_causal as reverse_causal
from compat.sonnet._src.pad import same as same
from compat.sonnet._src.pad import valid as valid

__all__ = (
    "causal",
    "create",
    "full",
    "reverse_causal",
    "same",
    "valid",
)
