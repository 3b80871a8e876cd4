"""Working with dictionaries of parameters and state."""

from haiku_core._src.filtering import filter as filter
from haiku_core._src.filtering import is_subset as is_subset
from haiku_core._src.filtering import map as map
from haiku_core._src.filtering import merge as merge
from haiku_core._src.filtering import partition as partition
from haiku_core._src.filtering import partition_n as partition_n
from haiku_core._src.filtering import traverse as traverse
from haiku_core._src.mappings import to_haiku_dict as to_haiku_dict
from haiku_core._src.mappings import to_immutable_dict as to_immutable_dict
from haiku_core._src.mappings import to_mutable_dict as to_mutable_dict
from haiku_core._src.mappings import tree_bytes as tree_bytes
from haiku_core._src.mappings import tree_size as tree_size

__all__ = (
    "filter",
    "is_subset",
    "map",
    "merge",
    "partition",
    "partition_n",
    "to_haiku_dict",
    "to_immutable_dict",
    "to_mutable_dict",
    "traverse",
    "tree_bytes",
    "tree_size",
)
