"""`tf.IndexedSlices`: some rows of a tensor."""

from __future__ import annotations

import functools
from typing import Any

import jax.numpy as jnp
import numpy as np

from compat.runtime import dtypes
from compat.runtime.export import export
from compat.runtime.plans import Plan, run
from compat.runtime.shapes import TensorShape, static_shape
from compat.runtime.tensor import Tensor, convert, register


@export("tf.IndexedSlices")
class IndexedSlices:
    """Rows `values` at `indices` of a tensor that is zero elsewhere.

    A tape gives these for a tensor that rows were taken of (`tf.gather`, `snt.Embed`);
    optimizers then leave the other rows and their slots as they are.

    Args:
      values: [n, …].
      indices: [n], integers; rows named twice add up.
      dense_shape: the shape of the whole tensor, or None if not known.
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self._values = convert(values)
        self._indices = convert(indices)
        self._dense_shape = None if dense_shape is None else convert(dense_shape)

    @property
    def values(self) -> Tensor:
        """The rows."""
        return self._values

    @property
    def indices(self) -> Tensor:
        """Where they stand."""
        return self._indices

    @property
    def dense_shape(self) -> Tensor | None:
        """The shape of the whole tensor, if known."""
        return self._dense_shape

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the values."""
        return self._values.dtype

    @property
    def device(self) -> str:
        """The device of the values."""
        return self._values.device

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole tensor."""
        if self._dense_shape is None:
            return TensorShape(None)
        return TensorShape(self._dense_shape)

    def tensor_parts(self) -> list[Tensor]:
        """The tensors it consists of."""
        parts = [self._values, self._indices]
        return parts if self._dense_shape is None else [*parts, self._dense_shape]

    def from_tensor_parts(self, parts: Any) -> IndexedSlices:
        """The like of it from other tensors."""
        return IndexedSlices(*parts)

    def with_values(self, values: Any) -> IndexedSlices:
        """Other values for the same rows."""
        return IndexedSlices(values, self._indices, self._dense_shape)

    def dense(self) -> Tensor:
        """The whole tensor.

        Raises:
          ValueError: `dense_shape` is not known.
        """
        if self._dense_shape is None:
            raise ValueError(
                "Tensor conversion requested for IndexedSlices without dense_shape"
            )
        plan = _scatter(static_shape(self._dense_shape))
        return run(plan, [self._values, self._indices])

    def __neg__(self) -> IndexedSlices:
        return self.with_values(-self._values)

    def __repr__(self) -> str:
        return (
            f"IndexedSlices(indices={self._indices!r}, values={self._values!r}, "
            f"dense_shape={self._dense_shape!r})"
        )


@functools.cache
def _scatter(shape: tuple[int, ...]) -> Plan:
    def scatter(values: Any, indices: Any) -> Any:
        return jnp.zeros(shape, values.dtype).at[indices].add(values)

    return Plan(scatter, "tf.IndexedSlices")


@functools.cache
def _reshape(shape: tuple[int, ...]) -> Plan:
    return Plan(lambda x: jnp.reshape(x, shape), "reshape")


_JOIN = Plan(lambda x, y: jnp.concatenate([x, y]), "concat")


def of_rows(whole: Tensor, indices: Tensor, gradient: Tensor) -> IndexedSlices:
    """The gradient by `whole`, given that by its rows at `indices`."""
    shape = whole._array.shape
    return IndexedSlices(
        run(_reshape((-1, *shape[1:])), [gradient]),
        run(_reshape((-1,)), [indices]),
        np.asarray(shape, np.int32),
    )


def joined(x: IndexedSlices, y: IndexedSlices) -> IndexedSlices:
    """The sum of two gradients by one tensor."""
    return IndexedSlices(
        run(_JOIN, [x.values, y.values]),
        run(_JOIN, [x.indices, y.indices]),
        x.dense_shape,
    )


def _converted(value: IndexedSlices, dtype: Any, hint: Any) -> Tensor:
    return convert(value.dense(), dtype)


register(IndexedSlices, _converted, 100)
