"""The signatures that ``init`` and ``apply`` show, made from the function's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature
from typing import Any

import jax

from haiku_core._src.typing import Params, State

_KEY = jax.Array | int | None
_ANYTHING = (
    Parameter("args", Parameter.VAR_POSITIONAL),
    Parameter("kwargs", Parameter.VAR_KEYWORD),
)


def of(function: Callable[..., Any]) -> Signature:
    """A function's signature; any arguments at all where it has none."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # Some built-in functions.
        return Signature(_ANYTHING)


def _with(front: dict[str, Any], rest: Sequence[Parameter], returns: Any) -> Signature:
    leading = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
        for name, annotation in front.items()
    ]
    # Unvalidated: the function may have a parameter of the same name.
    return Signature(
        [*leading, *rest], return_annotation=returns, __validate_parameters__=False
    )


def _after(signature: Signature, count: int) -> list[Parameter]:
    """The parameters without the first so many, as far as they are positional."""
    rest = list(signature.parameters.values())
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    while count and rest and rest[0].kind in positional:
        del rest[0]
        count -= 1
    return rest


def _set(original: Any, init: Any, apply: Any, signatures: Sequence[Signature]) -> None:
    init.__signature__, apply.__signature__ = signatures
    init._original_fn = apply._original_fn = original


def describe(f: Any, init: Any, apply: Any, *, with_state: bool) -> None:
    """Signatures for a freshly transformed function."""
    signature = of(f)
    own = list(signature.parameters.values())
    returns = signature.return_annotation
    if with_state:
        returns = tuple[Any if returns is Parameter.empty else returns, State]
        ins = {"params": Params | None, "state": State | None, "rng": _KEY}
        made = tuple[Params, State]
    else:
        if returns is Parameter.empty:
            returns = Any
        ins = {"params": Params | None, "rng": _KEY}
        made = Params
    _set(f, init, apply, (_with({"rng": _KEY}, own, made), _with(ins, own, returns)))


def drop_state(pair: Any, init: Any, apply: Any) -> None:
    """Signatures of a pair whose state is left out."""
    before, running = of(pair.init), of(pair.apply)
    _set(
        getattr(pair.init, "_original_fn", None),
        init,
        apply,
        (
            before.replace(return_annotation=_first(before.return_annotation)),
            _with(
                {"params": Params | None},
                _after(running, 2),
                _first(running.return_annotation),
            ),
        ),
    )


def add_state(pair: Any, init: Any, apply: Any) -> None:
    """Signatures of a pair to which empty state is added."""
    before, running = of(pair.init), of(pair.apply)
    _set(
        getattr(pair.init, "_original_fn", None),
        init,
        apply,
        (
            before.replace(return_annotation=_paired(before.return_annotation)),
            _with(
                {"params": Params | None, "state": State | None},
                _after(running, 1),
                _paired(running.return_annotation),
            ),
        ),
    )


def _first(annotation: Any) -> Any:
    arguments = getattr(annotation, "__args__", ())
    if getattr(annotation, "__origin__", None) is tuple and len(arguments) == 2:
        return arguments[0]
    return Any


def _paired(annotation: Any) -> Any:
    return tuple[Any if annotation is Parameter.empty else annotation, State]


def drop_key(function: Any, keyless: Any, leading: int) -> None:
    """The signature of an ``apply`` whose ``rng`` is left out."""
    signature = of(function)
    rest = _after(signature, leading + 1)
    front = {"params": Params | None, "state": State | None}
    front = dict(list(front.items())[:leading])
    keyless.__signature__ = _with(front, rest, signature.return_annotation)
    keyless._original_fn = getattr(function, "_original_fn", None)
