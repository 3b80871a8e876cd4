"""`tf.debugging`: checks of values, shapes and types.

A check of concrete values raises at once. Inside a trace, values are not known; there
only what is static (shapes, ranks, types) is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from compat.runtime import dtypes, nest
from compat.runtime.control_flow import is_traced
from compat.runtime.errors import InvalidArgumentError
from compat.runtime.export import export
from compat.runtime.shapes import TensorShape
from compat.runtime.tensor import convert, is_tensor


def _values(*things: Any) -> list[np.ndarray] | None:
    tensors = [convert(t) for t in things]
    if any(is_traced(t) for t in tensors):
        return None
    return [np.asarray(t._array) for t in tensors]


def _fail(message: Any, default: str) -> None:
    raise InvalidArgumentError(f"{message}\n{default}" if message else default)


def _comparison(
    name: str, holds: Callable[[Any, Any], Any], sign: str, *spaces: str
) -> Callable[..., None]:
    @export(*[f"{space}.{name}" for space in spaces])
    def check(
        x: Any, y: Any, message: Any = None, summarize: Any = None, name: Any = None
    ) -> None:
        x = convert(x, None, y.dtype.numpy if is_tensor(y) else None)
        y = convert(y, None, x.dtype.numpy)
        if x.dtype is not y.dtype:
            raise InvalidArgumentError(
                f"{check.__name__}: y was expected to be a {x.dtype.name} tensor but "
                f"is a {y.dtype.name} tensor"
            )
        values = _values(x, y)
        if values is None:
            return
        try:
            true = np.all(holds(*values))
        except ValueError:
            true = False
        if not true:
            _fail(
                message,
                f"Condition x {sign} y did not hold.\nx = {values[0]}\ny = {values[1]}",
            )

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"Raises InvalidArgumentError unless `x {sign} y` everywhere."

    @export(f"tf.compat.v1.{name}")
    def older(
        x: Any, y: Any, data=None, summarize=None, message: Any = None, name: Any = None
    ) -> None:
        check(x, y, message)

    older.__name__ = older.__qualname__ = name
    older.__doc__ = check.__doc__
    return check


_BOTH = ("tf.debugging", "tf")
assert_equal = _comparison("assert_equal", np.equal, "==", *_BOTH)
assert_less = _comparison("assert_less", np.less, "<", *_BOTH)
assert_less_equal = _comparison("assert_less_equal", np.less_equal, "<=", _BOTH[0])
assert_greater = _comparison("assert_greater", np.greater, ">", *_BOTH)
assert_greater_equal = _comparison(
    "assert_greater_equal", np.greater_equal, ">=", _BOTH[0]
)
_unequal = _comparison("assert_none_equal", np.not_equal, "!=")


@export("tf.debugging.assert_none_equal")
def assert_none_equal(
    x: Any, y: Any, summarize: Any = None, message: Any = None, name: Any = None
) -> None:
    """Raises InvalidArgumentError unless `x != y` everywhere."""
    _unequal(x, y, message)


def _of_sign(name: str, holds: Callable[[Any], Any], what: str) -> Callable[..., None]:
    @export(f"tf.debugging.{name}")
    def check(
        x: Any, message: Any = None, summarize: Any = None, name: Any = None
    ) -> None:
        values = _values(x)
        if values is not None and not np.all(holds(values[0])):
            _fail(message, f"Condition {what} did not hold. x = {values[0]}")

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"Raises InvalidArgumentError unless {what} everywhere."
    return check


assert_positive = _of_sign("assert_positive", lambda x: x > 0, "x > 0")
assert_negative = _of_sign("assert_negative", lambda x: x < 0, "x < 0")
assert_non_negative = _of_sign("assert_non_negative", lambda x: x >= 0, "x >= 0")
assert_non_positive = _of_sign("assert_non_positive", lambda x: x <= 0, "x <= 0")


@export("tf.debugging.assert_near")
def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    message: Any = None,
    summarize: Any = None,
    name: Any = None,
) -> None:
    """Raises InvalidArgumentError unless |x - y| <= atol + rtol·|y| everywhere."""
    x = convert(x)
    y = convert(y, None, x.dtype.numpy)
    values = _values(x, y)
    if values is None:
        return
    own = 10 * np.finfo(values[0].dtype).eps if x.dtype.is_floating else 0
    rtol = own if rtol is None else float(rtol)
    atol = own if atol is None else float(atol)
    if np.any(np.abs(values[0] - values[1]) > atol + rtol * np.abs(values[1])):
        _fail(message, f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}")


@export("tf.debugging.Assert", "tf.Assert")
def Assert(condition: Any, data: Any, summarize: Any = None, name: Any = None) -> None:
    """Raises InvalidArgumentError unless the condition holds."""
    values = _values(condition)
    if values is not None and not np.all(values[0]):
        shown = [t.numpy() if is_tensor(t) else t for t in nest.flatten(data)]
        _fail(None, f"Expected {condition!r} to be true. Summarized data: {shown}")


@export("tf.debugging.check_numerics")
def check_numerics(tensor: Any, message: Any, name: Any = None) -> Any:
    """`tensor`; raises InvalidArgumentError if an element is infinite or NaN."""
    tensor = convert(tensor)
    values = _values(tensor)
    if values is not None and not np.all(np.isfinite(values[0].astype(np.float64))):
        bad = "NaN" if np.any(np.isnan(values[0])) else "Inf"
        raise InvalidArgumentError(f"{message} : Tensor had {bad} values")
    return tensor


@export("tf.debugging.assert_all_finite")
def assert_all_finite(x: Any, message: Any, name: Any = None) -> Any:
    """`x`; raises InvalidArgumentError if an element is infinite or NaN."""
    return check_numerics(x, message)


@export("tf.debugging.enable_check_numerics", "tf.debugging.disable_check_numerics")
def enable_check_numerics(*args: Any, **kwargs: Any) -> None:
    """Has no effect; see jax.config's `jax_debug_nans`."""


def _rank(x: Any) -> int:
    return len(convert(x).shape)


@export("tf.debugging.assert_rank", "tf.assert_rank")
def assert_rank(x: Any, rank: Any, message: Any = None, name: Any = None) -> None:
    """Raises ValueError unless `x` has that rank."""
    if _rank(x) != int(rank):
        raise ValueError(
            f"{message or ''} Tensor must have rank {rank}, got {_rank(x)}"
        )


@export("tf.debugging.assert_rank_at_least")
def assert_rank_at_least(x: Any, rank: Any, message: Any = None, name=None) -> None:
    """Raises ValueError if `x` has a lower rank."""
    if _rank(x) < int(rank):
        raise ValueError(
            f"{message or ''} Tensor must have rank at least {rank}, got {_rank(x)}"
        )


@export("tf.debugging.assert_rank_in")
def assert_rank_in(x: Any, ranks: Any, message: Any = None, name: Any = None) -> None:
    """Raises ValueError unless `x` has one of the ranks."""
    if _rank(x) not in [int(r) for r in ranks]:
        raise ValueError(
            f"{message or ''} Tensor must have a rank in {list(ranks)}, got {_rank(x)}"
        )


@export("tf.debugging.assert_scalar")
def assert_scalar(tensor: Any, message: Any = None, name: Any = None) -> None:
    """Raises ValueError unless `tensor` is a scalar."""
    assert_rank(tensor, 0, message)


@export("tf.debugging.assert_type")
def assert_type(
    tensor: Any, tf_type: Any, message: Any = None, name: Any = None
) -> None:
    """Raises TypeError unless the tensor has the dtype."""
    have = convert(tensor).dtype
    if have != dtypes.as_dtype(tf_type):
        raise TypeError(f"{message or ''} tensor must be of type {tf_type}, is {have}")


@export("tf.debugging.assert_integer")
def assert_integer(x: Any, message: Any = None, name: Any = None) -> None:
    """Raises TypeError unless `x` is of integers."""
    have = convert(x).dtype
    if not have.is_integer:
        raise TypeError(f"{message or ''} tensor must be of integers, is {have}")


@export("tf.debugging.assert_proper_iterable")
def assert_proper_iterable(values: Any) -> None:
    """Raises TypeError for tensors, arrays, texts and what cannot be iterated over."""
    improper = is_tensor(values) or isinstance(values, np.ndarray | str | bytes)
    if improper or not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable: {type(values)}')


@export("tf.debugging.assert_same_float_dtype")
def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> dtypes.DType:
    """The one floating dtype of all; raises ValueError if there is none."""
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    for t in tensors or ():
        have = convert(t).dtype
        if wanted is not None and have is not wanted:
            raise ValueError(f"expected {wanted}, got {have}")
        wanted = have
    wanted = wanted or dtypes.float32
    if not wanted.is_floating:
        raise ValueError(f"Expected floating point type, got {wanted}")
    return wanted


@export("tf.debugging.is_numeric_tensor")
def is_numeric_tensor(tensor: Any) -> bool:
    """Whether it is a tensor of numbers."""
    return is_tensor(tensor) and not (
        tensor.dtype.is_bool or tensor.dtype.name == "string"
    )


@export("tf.debugging.assert_shapes")
def assert_shapes(
    shapes: Any, data: Any = None, summarize=None, message: Any = None, name=None
) -> None:
    """Raises ValueError unless tensors have shapes in which names stand for sizes.

    Args:
      shapes: pairs (tensor, shape), or a dict; a shape is a list of ints, names and
        None, with "*" (any dimensions) or "..." at the start or end.
      message: put before the error.
    """
    sizes: dict[str, int] = {}
    for tensor, wanted in shapes.items() if isinstance(shapes, dict) else shapes:
        have = tuple(convert(tensor).shape)
        wanted = tuple(wanted)
        stars = ("*", "...", Ellipsis)
        if wanted and wanted[0] in stars:
            wanted = wanted[1:]
            have = have[len(have) - len(wanted) :]
        elif wanted and wanted[-1] in stars:
            wanted = wanted[:-1]
            have = have[: len(wanted)]
        if len(have) != len(wanted):
            raise ValueError(f"{message or ''} shape {have} does not fit {wanted}")
        for size, name_ in zip(have, wanted, strict=True):
            if isinstance(name_, str) and name_.isdigit():
                name_ = int(name_)
            if isinstance(name_, str):
                name_ = sizes.setdefault(name_, size)
            if name_ is not None and size != name_:
                raise ValueError(
                    f"{message or ''} shape {TensorShape(have)} does not fit {wanted}"
                )
