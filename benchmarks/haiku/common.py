"""What all models share: sizes, inputs, and the interface that measurements use."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

MODELS = ("mlp", "mlp100", "resnet50", "transformer", "lstm", "layer_stack")
D, HEADS, KEY, LAYERS, SEQ = 256, 8, 32, 12, 32


def stop(message: str) -> NoReturn:
    """Ends the program: nothing was measured."""
    print(message, file=sys.stderr)
    sys.exit(2)


def inputs() -> dict[str, Any]:
    """Each model's input, float32."""
    import numpy as np

    rng = np.random.RandomState(0)

    def normal(*shape: int) -> Any:
        return rng.randn(*shape).astype("float32")

    return {
        "mlp": normal(8, 128),
        "mlp100": normal(4, 16),
        "resnet50": normal(4, 32, 32, 3),
        "transformer": normal(2, SEQ, D),
        "lstm": normal(100, 8, 64),
        "layer_stack": normal(2, SEQ, D),
    }


class Case:
    """A model of one library.

    Attributes:
      init: ``(params, state) = init(key, x)``
      apply: ``(out, state) = apply(params, state, x)``
      jit: makes the library's usual compiled forward pass, ready to call.
      make: concrete ``(params, state)`` where ``init`` doesn't give them.
      step: makes the library's usual compiled training step from (optimizer, x).
    """

    def __init__(
        self,
        init: Callable[..., Any],
        apply: Callable[..., Any],
        jit: Callable[..., Any] | None = None,
        make: Callable[..., Any] | None = None,
        step: Callable[..., Any] | None = None,
    ) -> None:
        self.init = init
        self.apply = apply
        self.jit = jit
        self.make = make
        self.step = step
