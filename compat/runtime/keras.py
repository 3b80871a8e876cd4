"""The little of Keras that Sonnet programs name without using it."""

from __future__ import annotations

from typing import Any

from compat.runtime.errors import MissingNameError
from compat.runtime.export import export


@export("tf.optimizers.Optimizer", "tf.keras.optimizers.Optimizer")
class Optimizer:
    """For annotations and `isinstance`: Keras's optimizers themselves are not here.

    Raises:
      MissingNameError: one is made.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise MissingNameError(
            f"compat has no {type(self).__name__} of Keras's: use snt.optimizers, or "
            "optax in migrated code"
        )
