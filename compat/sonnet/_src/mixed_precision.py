"""Computing in half precision."""

from __future__ import annotations

import contextlib
import functools
import inspect
import types
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from compat.dictionary import manual
from compat.runtime import dtypes, nest
from compat.runtime.operators import tf_op
from compat.runtime.tensor import is_tensor
from compat.sonnet._src.custom_getter import custom_variable_getter

for _name in ("enable", "disable", "scope", "modes"):
    manual(
        f"snt.mixed_precision.{_name}",
        because="Sonnet casts what the decorated methods take, globally by mode; "
        "Haiku has a policy for each class of modules",
        instead="hk.mixed_precision.set_policy or push_policy with a jmp.Policy",
    )

# Where an object remembers which of its methods have made their variables.
_BUILT = "_mp_seen"


class _Mode:
    dtype: Any = None


def enable(dtype: Any) -> None:
    """Lets methods decorated with `modes` compute in `dtype` from now on."""
    _Mode.dtype = None if dtype is None else dtypes.as_dtype(dtype)


def disable() -> None:
    """Lets them compute in the dtypes that they are given."""
    enable(None)


@contextlib.contextmanager
def scope(dtype: Any) -> Iterator[None]:
    """`enable` inside a `with` block.

    >>> with snt.mixed_precision.scope(tf.float16):
    ...   y = snt.Linear(3)(tf.ones([2, 4]))
    >>> y.dtype
    tf.float32
    """
    before = _Mode.dtype
    enable(dtype)
    try:
        yield
    finally:
        _Mode.dtype = before


def modes(valid_types: Sequence[Any]) -> Callable[[Callable], Callable]:
    """Decorates a method that may compute in these dtypes.

    While one of them is enabled, floating tensors that the method takes, and the
    variables that it reads, are cast to it, and its results to float32. The first call
    is left alone, so that variables are made in full precision.
    """
    valid = [dtypes.as_dtype(t) for t in valid_types]

    def decorate(f: Callable) -> Callable:
        mark = str(uuid.uuid4())
        own = types.SimpleNamespace()
        method = (
            inspect.isfunction(f)
            and next(iter(inspect.signature(f).parameters), None) == "self"
        )
        bound = None if inspect.isfunction(f) else getattr(f, "__self__", f)

        @functools.wraps(f if inspect.isroutine(f) else type(f).__call__)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            dtype = _Mode.dtype
            if dtype is None or dtype not in valid:
                return f(*args, **kwargs)
            owner, given = (args[0], args[1:]) if method else (bound or own, args)
            run = functools.partial(f, owner) if method else f
            built = getattr(owner, _BUILT, None)
            if built is None:
                built = set()
                setattr(owner, _BUILT, built)
            if mark not in built:
                result = run(*given, **kwargs)
                built.add(mark)
                return result
            given, kwargs = cast((given, kwargs), dtype)
            with custom_variable_getter(lambda v: cast(v, dtype)):
                result = run(*given, **kwargs)
            return cast(result, dtypes.DType("float32"))

        return wrapper

    return decorate


def cast(structure: Any, dtype: Any) -> Any:
    """A nest with its floating tensors in another dtype."""
    return nest.map_structure(
        lambda x: (
            tf_op("tf.cast")(x, dtype) if is_tensor(x) and x.dtype.is_floating else x
        ),
        structure,
    )
