"""Names and kinds of the arrays that a conversion makes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

PARAMS, STATE, OPTIMIZER = "params", "state", "optimizer"


class Key(NamedTuple):
    """The name of one array of the target.

    Attributes:
      collection: ``params`` or ``state``; for a network that an object owns, led by
        the path of that network: ``_network/params``.
      module: Haiku's name of the module, ``""`` where there is none.
      name: The name of the array in it.
    """

    collection: str
    module: str
    name: str

    def __str__(self) -> str:
        inside = f":{self.module}:{self.name}"
        return self.collection + (inside if self.module or self.name else "")

    @classmethod
    def parse(cls, text: str) -> Key:
        """The key that `str` made the text of."""
        collection, _, rest = text.partition(":")
        module, _, name = rest.partition(":")
        return cls(collection, module, name)


class Leaf(NamedTuple):
    """Shape and element type of one array of the target."""

    shape: tuple[int, ...]
    dtype: np.dtype
