"""`tf.TensorArray`: tensors written one by one, then stacked."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from compat.runtime import dtypes
from compat.runtime.errors import InvalidArgumentError, OutOfRangeError, ValueNeeded
from compat.runtime.export import export
from compat.runtime.plans import STACK, Plan, run
from compat.runtime.shapes import TensorShape, static_shape
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, Tracer, convert, lift
from compat.runtime.tracing import clean


@export("tf.TensorArray")
class TensorArray:
    """A list of tensors of one dtype.

    Elements are kept apart as long as the positions are concrete; a traced position
    (in a compiled loop) needs one array of all. Eagerly, `write` and its like change
    this object and return it, as in TensorFlow; inside a trace they return another.

    Args:
      dtype: of the elements.
      size: how many there are.
      dynamic_size: whether writes may go past the size.
      clear_after_read: whether an element can be read once only, eagerly; True by
        default.
      infer_shape: whether the first element's shape must be that of all.
      element_shape: the shape of one element, where known.
      tensor_array_name, handle, flow, colocate_with_first_write_call, name: no effect.

    Raises:
      ValueError: no size is given.
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
        if size is None:
            raise ValueError("Size must be declared for TensorArrays")
        self._dtype = dtypes.as_dtype(dtype)
        self._dynamic = bool(dynamic_size)
        self._clears = clear_after_read is None or bool(clear_after_read)
        self._infers = infer_shape
        self._element_shape = TensorShape(element_shape)
        self._items: list[Tensor | None] = [None] * static_shape([size])[0]
        self._whole: Tensor | None = None  # all elements, in place of `_items`
        self._cleared: set[int] = set()

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
        return self._element_shape

    @property
    def flow(self) -> Tensor:
        """A stand-in for TensorFlow's flow."""
        return convert(0.0)

    def _edited(self) -> TensorArray:
        """What a method changes: eagerly this object, in a trace a copy."""
        return self if _eager() else self.identity()

    def _count(self) -> int:
        return len(self._items) if self._whole is None else len(self._whole)

    def size(self, name: Any = None) -> Tensor:
        """The number of elements."""
        return convert(self._count())

    def identity(self) -> TensorArray:
        """A copy."""
        made = TensorArray(
            self._dtype, 0, self._dynamic, self._clears, infer_shape=self._infers
        )
        made._element_shape = self._element_shape
        made._items = list(self._items)
        made._whole = self._whole
        made._cleared = set(self._cleared)
        return made

    def grad(self, *args: Any, **kwargs: Any) -> Any:
        """Tapes do this: raises NotImplementedError."""
        raise NotImplementedError("TensorArray.grad: use tf.GradientTape")

    def write(self, index: Any, value: Any, name: Any = None) -> TensorArray:
        """The TensorArray with the element at `index` set.

        In a compiled loop a write past the end is lost.

        Raises:
          InvalidArgumentError: another dtype.
          OutOfRangeError: past the end.
          ValueError: another shape.
          ValueNeeded: at a traced position of an array that grows.
        """
        value = self._element(value)
        position = convert(index)
        made = self._edited()
        if isinstance(position._array, Tracer):
            if self._dynamic:
                raise ValueNeeded(
                    "a TensorArray cannot grow in a compiled loop: give it the size "
                    "that it will have, without dynamic_size"
                )
            made._element_shape = made._element_shape.merge_with(value.shape)
            made._whole, made._items = run(_SET, [made._dense(), position, value]), []
            return made
        at = self._place(int(position), "write to", grows=self._dynamic)
        if self._infers:
            made._element_shape = made._element_shape.merge_with(value.shape)
        made._separate()
        made._items += [None] * (at + 1 - len(made._items))
        made._items[at] = value
        return made

    def _element(self, value: Any) -> Tensor:
        value = convert(value, None, self._dtype.numpy)
        if value.dtype is not self._dtype:
            raise InvalidArgumentError(
                f"TensorArray dtype is {self._dtype.name} but Op is trying to write "
                f"dtype {value.dtype.name}"
            )
        if not self._element_shape.is_compatible_with(value.shape):
            raise ValueError(
                f"Incompatible shape for value ({value.shape}), expected "
                f"({self._element_shape})"
            )
        return value

    def _place(self, at: int, what: str, grows: bool = False) -> int:
        if at < 0 or (at >= self._count() and not grows):
            raise OutOfRangeError(
                f"Tried to {what} index {at} but the array has {self._count()} elements"
            )
        return at

    def _separate(self) -> None:
        """Keeps the elements apart from now on."""
        if self._whole is not None:
            self._items, self._whole = list(self._whole), None

    def read(self, index: Any, name: Any = None) -> Tensor:
        """The element at `index`.

        Raises:
          OutOfRangeError: past the end.
          InvalidArgumentError: read before, eagerly, and `clear_after_read`.
        """
        position = convert(index)
        if isinstance(position._array, Tracer):
            return run(_GET, [self._dense(), position])
        at = self._place(int(position), "read from")
        if at in self._cleared and (self._whole is not None or not self._items[at]):
            raise InvalidArgumentError(
                f"Could not read index {at} twice because it was cleared after a "
                "previous read (perhaps try setting clear_after_read = False?)"
            )
        item = self._filled(at) if self._whole is None else self._whole[at]
        if self._clears and _eager():
            self._cleared.add(at)
            if self._whole is None:
                self._items[at] = None
        return item

    def _filled(self, at: int) -> Tensor:
        item = self._items[at]
        return self._blank() if item is None else item

    def _blank(self) -> Tensor:
        """What stands where nothing was written."""
        if not self._element_shape.is_fully_defined():
            raise ValueError(
                "an element of the TensorArray was never written, and its shape is not "
                "known: give element_shape=…"
            )
        return Tensor(lift(np.zeros(tuple(self._element_shape), self._dtype.numpy)))

    def _dense(self) -> Tensor:
        """One array of all elements."""
        if self._whole is not None:
            return self._whole
        if not self._items:
            known = not self._element_shape.unknown
            dims = [d or 0 for d in self._element_shape] if known else []
            return Tensor(lift(np.zeros((0, *dims), self._dtype.numpy)))
        return run(STACK, [self._filled(at) for at in range(len(self._items))])

    def stack(self, name: Any = None) -> Tensor:
        """All elements as one tensor."""
        return self._dense()

    def concat(self, name: Any = None) -> Tensor:
        """All elements joined along their first axis."""
        if self._whole is not None:
            return run(_MERGE, [self._whole])
        return run(_CONCAT, [self._filled(at) for at in range(len(self._items))])

    def gather(self, indices: Any, name: Any = None) -> Tensor:
        """The elements at `indices`, stacked."""
        return run(_TAKE, [self._dense(), convert(indices)])

    def unstack(self, value: Any, name: Any = None) -> TensorArray:
        """The TensorArray of the rows of `value`.

        Raises:
          ValueError: there are more than the array has elements.
        """
        value = convert(value, None, self._dtype.numpy)
        self._check_fits(len(value), "unstack")
        made = self._edited()
        made._element_shape = made._element_shape.merge_with(value.shape[1:])
        made._items, made._whole, made._cleared = [], value, set()
        return made

    def _check_fits(self, rows: int, what: str) -> None:
        if rows > self._count() and not self._dynamic:
            raise ValueError(
                f"Cannot {what} {rows} tensors into a TensorArray of static size "
                f"{self._count()}"
            )

    def scatter(self, indices: Any, value: Any, name: Any = None) -> TensorArray:
        """The TensorArray with the rows of `value` at `indices`."""
        made = self
        for at, row in zip(
            static_shape(indices), convert(value, None, self._dtype.numpy), strict=True
        ):
            made = made.write(at, row)
        return made

    def split(self, value: Any, lengths: Any, name: Any = None) -> TensorArray:
        """The TensorArray of pieces of `value` with these lengths."""
        value = convert(value, None, self._dtype.numpy)
        pieces, start = [], 0
        for length in static_shape(lengths):
            pieces.append(self._element(value[start : start + length]))
            start += length
        self._check_fits(len(pieces), "split")
        made = self._edited()
        made._items, made._whole, made._cleared = pieces, None, set()
        return made

    def close(self, name: Any = None) -> None:
        """Has no effect."""

    # What compiled loops ask: it is carried through them as one array.

    @property
    def unfinished(self) -> bool:
        """Whether there can be no array yet: the shape of an element is not known."""
        return self._whole is None and not self._element_shape.is_fully_defined()

    def finished_like(self, other: Any) -> TensorArray:
        """This one with the element shape of another."""
        made = self.identity()
        made._element_shape = other._element_shape
        return made

    def tensor_parts(self) -> list[Tensor]:
        """The one tensor of all elements."""
        return [] if self.unfinished else [self._dense()]

    def from_tensor_parts(self, parts: Any) -> TensorArray:
        """The like of it with other elements."""
        made = self.identity()
        if parts:
            made._items, made._whole = [], parts[0]
        return made


def _eager() -> bool:
    return STATE.frame is None and clean()


_SET = Plan(lambda whole, i, row: whole.at[i].set(row), "TensorArray.write")
_GET = Plan(lambda whole, i: whole[i], "TensorArray.read")
_TAKE = Plan(lambda whole, i: jnp.take(whole, i, axis=0), "TensorArray.gather")
_CONCAT = Plan(lambda *items: jnp.concatenate(items), "TensorArray.concat")
_MERGE = Plan(
    lambda whole: whole.reshape(whole.shape[0] * whole.shape[1], *whole.shape[2:]),
    "TensorArray.concat",
)
