"""The variables of networks, as a list that is looked up when it is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .boxes import Box


class NotMadeError(ValueError):
    """Variables are listed before the call that makes them."""


class Variables(Sequence):
    """The boxes of one or several networks, looked up when they are used.

    So `variables = net.trainable_variables` may stand before the first call of `net`,
    which makes them. `+` joins with others and with lists of boxes. Going through them
    before that call raises, as in Sonnet: what depends on an empty list would be wrong.
    """

    def __init__(self, parts: list[Any]):
        self._parts = parts

    def _resolve(self) -> list[Box]:
        boxes: dict[Box, None] = {}
        for part in self._parts:
            found = list(part[0]._boxes(part[1])) if isinstance(part, tuple) else [part]
            if not found and not part[0]._created:
                raise NotMadeError(
                    "this network has no variables yet: they are made by its first "
                    "call, or by objects.build(network, example_inputs)"
                )
            boxes.update(dict.fromkeys(found))
        return list(boxes)

    @property
    def _pending(self) -> bool:
        return any(isinstance(p, tuple) and not p[0]._created for p in self._parts)

    def __len__(self) -> int:
        return len(self._resolve())

    def __getitem__(self, index: Any) -> Any:
        return self._resolve()[index]

    def __iter__(self) -> Iterator[Box]:
        return iter(self._resolve())

    def __add__(self, other: Iterable[Box]) -> Variables:
        return Variables(self._parts + parts_of(other))

    def __radd__(self, other: Iterable[Box]) -> Variables:
        return Variables(parts_of(other) + self._parts)

    def __repr__(self) -> str:
        return f"Variables({self._resolve()!r})"


def parts_of(variables: Iterable[Box]) -> list[Any]:
    return variables._parts if isinstance(variables, Variables) else list(variables)
