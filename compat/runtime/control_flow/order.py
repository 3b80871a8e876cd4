"""What only orders a graph's ops: without effect, programs run in their own order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compat.runtime.export import export


@export("tf.group")
def group(*inputs: Any, **kwargs: Any) -> None:
    """Nothing is left to do: its arguments have run."""


@export("tf.no_op")
def no_op(name: Any = None) -> None:
    """Does nothing."""


@export("tf.control_dependencies")
class control_dependencies:
    """Has no effect: everything runs in the program's order."""

    def __init__(self, control_inputs: Any = None) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        pass


@export("tf.recompute_grad")
def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` itself: what is kept for the gradient is decided by the compiler."""
    return f
