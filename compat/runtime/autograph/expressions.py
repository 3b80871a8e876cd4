"""Expressions of converted code: `and_`, `or_`, `not_`, `if_exp`, `call`, `range`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from compat.runtime import autograph
from compat.runtime.control_flow import is_traced
from compat.runtime.errors import OperatorNotAllowedInGraphError
from compat.runtime.operators import tf_op
from compat.runtime.state import STATE
from compat.runtime.tensor import is_tensor

# Expressions.


def steered(value: Any) -> bool:
    """Whether a condition is known only when the trace runs."""
    return is_tensor(value) and is_traced(value)


def and_(*terms: Callable[[], Any]) -> Any:
    """`a and b`; on traced tensors `tf.logical_and`, evaluating all."""
    value = terms[0]()
    for term in terms[1:]:
        if steered(value):
            value = tf_op("tf.logical_and")(value, _truth(term()))
        elif not value:
            return value
        else:
            value = term()
    return value


def or_(*terms: Callable[[], Any]) -> Any:
    """`a or b`; on traced tensors `tf.logical_or`, evaluating all."""
    value = terms[0]()
    for term in terms[1:]:
        if steered(value):
            value = tf_op("tf.logical_or")(value, _truth(term()))
        elif value:
            return value
        else:
            value = term()
    return value


def _truth(value: Any) -> Any:
    return value if is_tensor(value) else bool(value)


def not_(value: Any) -> Any:
    """`not a`; on a traced tensor `tf.logical_not`."""
    return tf_op("tf.logical_not")(value) if steered(value) else not value


def if_exp(test: Any, body: Callable[[], Any], orelse: Callable[[], Any]) -> Any:
    """`a if test else b`."""
    if not steered(test):
        return body() if test else orelse()
    return tf_op("tf.cond")(test, body, orelse)


def assert_stmt(test: Any, message: Callable[[], Any]) -> None:
    """`assert test, message`; without effect on traced tensors."""
    if not steered(test) and not test:
        raise AssertionError(*[m for m in [message()] if m is not None])


def call(function: Any) -> Any:
    """The function that a call inside converted code calls."""
    if function is range:
        return _range
    if "tf.range" in getattr(getattr(function, "entry", None), "names", ()):
        return functools.partial(_tf_range, function)
    if STATE.frame is None and not isinstance(function, type(call)):
        return function
    if isinstance(function, type):
        return function
    return autograph.convert(function)


class TracedRange:
    """`range` of traced bounds."""

    def __init__(self, start: Any, stop: Any, step: Any) -> None:
        self.start, self.stop, self.step = start, stop, step

    def __iter__(self) -> Any:
        raise OperatorNotAllowedInGraphError(
            "iterating over a range with traced bounds needs a `for` statement in a "
            "function that tf.function converts"
        )


def _range(*args: Any) -> Any:
    if any(steered(a) for a in args):
        start, stop, step = [0, args[0], 1] if len(args) == 1 else [*args, 1][:3]
        return TracedRange(start, stop, step)
    return range(*[int(a) if is_tensor(a) else a for a in args])


def _tf_range(function: Any, *args: Any, **kwargs: Any) -> Any:
    return _range(*args) if any(map(steered, args)) else function(*args, **kwargs)
