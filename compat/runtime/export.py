"""Which of the runtime's objects stand under which public names.

`@export("tf.GradientTape")` files an object; the namespaces of `compat.tensorflow` find
it there. A name filed here goes before the dictionary's op of the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Thing = TypeVar("Thing")
EXPORTS: dict[str, Any] = {}


def export(*names: str) -> Callable[[Thing], Thing]:
    """Files the decorated object under dotted names such as "tf.nest.flatten"."""

    def file(thing: Thing) -> Thing:
        for name in names:
            if name in EXPORTS and EXPORTS[name] is not thing:
                raise ValueError(f"{name} is exported twice")
            EXPORTS[name] = thing
        return thing

    return file
