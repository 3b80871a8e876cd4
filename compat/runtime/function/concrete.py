"""What `get_concrete_function` returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compat.runtime import dtypes, nest
from compat.runtime.shapes import TensorShape
from compat.runtime.specs import TensorSpec
from compat.runtime.staging import Staged
from compat.runtime.tensor import Tensor

if TYPE_CHECKING:
    from compat.runtime.function.function import Function


class ConcreteFunction:
    """A function traced for given arguments.

    Attributes:
      output_shapes, output_dtypes: nests like the result.
      inputs_signature: the arguments it was traced for.
    """

    def __init__(
        self, function: Function, args: Any, kwargs: Any, shapes: Any, kinds: Any
    ) -> None:
        self._function = function
        self.structured_input_signature = (args, kwargs)
        self.output_shapes = shapes
        self.output_dtypes = kinds
        self.structured_outputs = nest.map_structure(
            lambda s, d: TensorSpec(s, d) if isinstance(d, dtypes.DType) else None,
            shapes,
            kinds,
        )

    @property
    def outputs(self) -> list[TensorSpec]:
        """The specs of the tensors that it returns."""
        return [s for s in nest.flatten(self.structured_outputs) if s is not None]

    @property
    def name(self) -> str:
        """The Python function's name."""
        return self._function.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs it; arguments that were no tensors when traced may be left out."""
        first, named = self.structured_input_signature
        if len(args) < len(first):
            given = iter(args)
            filled = [next(given, old) if _has_tensors(old) else old for old in first]
            args = tuple(filled) if next(given, None) is None else args
        return self._function(*args, **{**_without_tensors(named), **kwargs})


def _has_tensors(value: Any) -> bool:
    return any(
        isinstance(leaf, TensorSpec | Tensor | np.ndarray)
        for leaf in nest.flatten(value)
    )


def _without_tensors(named: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in named.items() if not _has_tensors(v)}


def merged(staged: Sequence[Staged]) -> tuple[Any, Any]:
    """Shapes (with unknown dimensions where the traces differ) and dtypes."""
    shapes, kinds = [], []
    for arrays in zip(*[s.outputs.arrays for s in staged], strict=True):
        first, last = arrays[0].shape, arrays[-1].shape
        shapes.append(
            TensorShape(first).most_specific_compatible_shape(last)
            if len(arrays) > 1
            else TensorShape(first)
        )
        kinds.append(dtypes.of_numpy(arrays[0].dtype))
    rebuild = staged[0].outputs.rebuild
    return rebuild(shapes), rebuild(kinds)
