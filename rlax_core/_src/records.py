"""A decorator for the small records that functions take and return.

A record is a dataclass made by keyword that is also a mapping and a pytree. Leaves
come in the order of the sorted field names, so they line up with those of RLax.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar, dataclass_transform

import jax

C = TypeVar("C", bound=type)


class _Record(Mapping):
    """What every record can do besides holding its fields."""

    def __getitem__(self, name: str) -> Any:
        if name not in self.__dataclass_fields__:
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self):
        return iter(self.__dataclass_fields__)

    def __len__(self) -> int:
        return len(self.__dataclass_fields__)

    def to_tuple(self) -> tuple:
        """The field values in the order of the fields."""
        return tuple(self.values())

    @classmethod
    def from_tuple(cls, values):
        """A record of field values given in the order of the fields."""
        return cls(**dict(zip(cls.__dataclass_fields__, values, strict=True)))

    def replace(self, **changes):
        """A copy with the named fields changed."""
        return dataclasses.replace(self, **changes)


@dataclass_transform(kw_only_default=True)
def record(cls: C | None = None, *, frozen: bool = False) -> Any:
    """Makes a class of annotated fields a record; see the head of this module."""

    def make(plain: type) -> type:
        namespace = {k: v for k, v in vars(plain).items() if k != "__dict__"}
        namespace.pop("__weakref__", None)
        made = type(plain.__name__, (_Record,), namespace)
        made = dataclasses.dataclass(frozen=frozen, kw_only=True, eq=False)(made)
        names = sorted(made.__dataclass_fields__)
        jax.tree_util.register_dataclass(made, data_fields=names, meta_fields=[])
        return made

    return make if cls is None else make(cls)
