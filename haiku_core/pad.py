"""Padding rules for convolutions."""

from haiku_core._src.pad import PadFn as PadFn
from haiku_core._src.pad import causal as causal
from haiku_core._src.pad import create_from_padfn as create
from haiku_core._src.pad import create_from_padfn as create_from_padfn
from haiku_core._src.pad import create_from_tuple as create_from_tuple
from haiku_core._src.pad import full as full
from haiku_core._src.pad import is_padfn as is_padfn
from haiku_core._src.pad import reverse_causal as reverse_causal
from haiku_core._src.pad import same as same
from haiku_core._src.pad import valid as valid

__all__ = (
    "PadFn",
    "causal",
    "create",
    "create_from_padfn",
    "create_from_tuple",
    "full",
    "is_padfn",
    "reverse_causal",
    "same",
    "valid",
)
