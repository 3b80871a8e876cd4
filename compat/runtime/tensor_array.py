"""`tf.TensorArray`: tensors written one by one, then stacked."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from compat.runtime import dtypes
from compat.runtime.errors import InvalidArgumentError
from compat.runtime.export import export
from compat.runtime.plans import STACK, Plan, run
from compat.runtime.shapes import TensorShape, static_shape
from compat.runtime.tensor import Tensor, Tracer, convert, lift


@export("tf.TensorArray")
class TensorArray:
    """A list of tensors of one dtype.

    Elements are kept apart as long as the positions are concrete; a traced position
    (in a compiled loop) needs one array of all, so the size and the shape of an element
    must be known there.

    Args:
      dtype: of the elements.
      size: how many there are.
      dynamic_size: whether writes may go past the size.
      element_shape: the shape of one element, where known.
      clear_after_read, tensor_array_name, handle, flow, infer_shape,
        colocate_with_first_write_call, name: no effect.
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: Any = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: Any = None,
    ) -> None:
        self._dtype = dtypes.as_dtype(dtype)
        self._dynamic = bool(dynamic_size)
        self._element_shape = TensorShape(element_shape)
        self._items: list[Tensor | None] = [None] * (0 if size is None else int(size))
        self._whole: Tensor | None = None

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the elements."""
        return self._dtype

    @property
    def dynamic_size(self) -> bool:
        """Whether it grows."""
        return self._dynamic

    @property
    def element_shape(self) -> TensorShape:
        """The shape of an element, as far as known."""
        for item in self._items:
            if item is not None:
                return item.shape
        if self._whole is not None:
            return self._whole.shape[1:]
        return self._element_shape

    @property
    def flow(self) -> Tensor:
        """A stand-in for TensorFlow's flow."""
        return convert(0.0)

    def _copy(self) -> TensorArray:
        made = TensorArray(self._dtype, 0, self._dynamic)
        made._element_shape = self._element_shape
        made._items = list(self._items)
        made._whole = self._whole
        return made

    def size(self, name: Any = None) -> Tensor:
        """The number of elements."""
        count = len(self._items) if self._whole is None else len(self._whole)
        return convert(count)

    def identity(self) -> TensorArray:
        """A copy."""
        return self._copy()

    def grad(self, *args: Any, **kwargs: Any) -> Any:
        """Tapes do this: raises NotImplementedError."""
        raise NotImplementedError("TensorArray.grad: use tf.GradientTape")

    def write(self, index: Any, value: Any, name: Any = None) -> TensorArray:
        """A TensorArray with the element at `index` set.

        Raises:
          InvalidArgumentError: another dtype or shape; past the end.
        """
        value = convert(value, None, self._dtype.numpy)
        if value.dtype is not self._dtype:
            raise InvalidArgumentError(
                f"TensorArray dtype is {self._dtype.name} but Op is trying to write "
                f"dtype {value.dtype.name}"
            )
        if not self._element_shape.is_compatible_with(value.shape):
            raise ValueError(
                f"Inconsistent shapes: saw {value.shape} but expected "
                f"{self._element_shape}"
            )
        made = self._copy()
        position = convert(index)
        if isinstance(position._array, Tracer) or made._whole is not None:
            whole = made._dense(value.shape)
            made._whole = run(_SET, [whole, position, value])
            made._items = []
            return made
        at = int(position)
        if at >= len(made._items):
            if not self._dynamic:
                raise InvalidArgumentError(
                    f"Tried to write to index {at} but array is not resizeable and "
                    f"size is: {len(made._items)}"
                )
            made._items += [None] * (at + 1 - len(made._items))
        made._items[at] = value
        return made

    def read(self, index: Any, name: Any = None) -> Tensor:
        """The element at `index`.

        Raises:
          InvalidArgumentError: nothing was written there.
        """
        position = convert(index)
        if isinstance(position._array, Tracer) or self._whole is not None:
            return run(_GET, [self._dense(self.element_shape), position])
        at = int(position)
        if not 0 <= at < len(self._items):
            raise InvalidArgumentError(
                f"Tried to read from index {at} but array size is: {len(self._items)}"
            )
        return self._filled(self._items[at])

    def _filled(self, item: Tensor | None) -> Tensor:
        if item is not None:
            return item
        shape = self.element_shape
        if not shape.is_fully_defined():
            raise InvalidArgumentError(
                "Could not read from TensorArray: an element was never written, and "
                "its shape is not known"
            )
        return Tensor(lift(np.zeros(tuple(shape), self._dtype.numpy)))

    def _dense(self, shape: Any) -> Tensor:
        if self._whole is not None:
            return self._whole
        shape = TensorShape(shape)
        if not shape.is_fully_defined():
            raise InvalidArgumentError(
                "a TensorArray in a compiled loop needs element_shape=… (all of it "
                "known), or an element written before the loop"
            )
        if not self._items:
            zeros = np.zeros((0, *shape), self._dtype.numpy)
            return Tensor(lift(zeros))
        blank = Tensor(lift(np.zeros(tuple(shape), self._dtype.numpy)))
        return run(STACK, [blank if i is None else i for i in self._items])

    def stack(self, name: Any = None) -> Tensor:
        """All elements as one tensor."""
        if self._whole is not None:
            return self._whole
        if not self._items:
            dims = [d or 0 for d in self.element_shape]
            return Tensor(lift(np.zeros((0, *dims), self._dtype.numpy)))
        return run(STACK, [self._filled(i) for i in self._items])

    def concat(self, name: Any = None) -> Tensor:
        """All elements joined along their first axis."""
        if self._whole is not None:
            return run(_MERGE, [self._whole])
        return run(_CONCAT, [self._filled(i) for i in self._items])

    def gather(self, indices: Any, name: Any = None) -> Tensor:
        """The elements at `indices`, stacked."""
        return run(_TAKE, [self._dense(self.element_shape), convert(indices)])

    def unstack(self, value: Any, name: Any = None) -> TensorArray:
        """A TensorArray of the rows of `value`."""
        value = convert(value, None, self._dtype.numpy)
        made = self._copy()
        made._items, made._whole = [], value
        return made

    def scatter(self, indices: Any, value: Any, name: Any = None) -> TensorArray:
        """A TensorArray with the rows of `value` at `indices`."""
        made = self
        for at, row in zip(static_shape(indices), convert(value), strict=True):
            made = made.write(at, row)
        return made

    def split(self, value: Any, lengths: Any, name: Any = None) -> TensorArray:
        """A TensorArray of pieces of `value` with these lengths."""
        made, start = self._copy(), 0
        value = convert(value)
        pieces = []
        for length in static_shape(lengths):
            pieces.append(value[start : start + length])
            start += length
        made._items, made._whole = pieces, None
        return made

    def close(self, name: Any = None) -> None:
        """Has no effect."""

    def tensor_parts(self) -> list[Tensor]:
        """The one tensor of all elements."""
        return [self._dense(self.element_shape)]

    def from_tensor_parts(self, parts: Any) -> TensorArray:
        """The like of it with other elements."""
        made = self._copy()
        made._items, made._whole = [], parts[0]
        return made


_SET = Plan(lambda whole, i, row: whole.at[i].set(row), "TensorArray.write")
_GET = Plan(lambda whole, i: whole[i], "TensorArray.read")
_TAKE = Plan(lambda whole, i: jnp.take(whole, i, axis=0), "TensorArray.gather")
_CONCAT = Plan(lambda *items: jnp.concatenate(items), "TensorArray.concat")
_MERGE = Plan(
    lambda whole: whole.reshape(whole.shape[0] * whole.shape[1], *whole.shape[2:]),
    "TensorArray.concat",
)
