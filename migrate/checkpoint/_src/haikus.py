"""Telling which Haiku a program uses, and bringing it into a form to trace."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

from migrate.errors import UserError

NAMES = ("haiku_core", "haiku")
# What code calls the switch between training and evaluation.
_TRAINING = ("is_training", "training", "train")


def _package(thing: Any) -> str | None:
    """The Haiku that a class, a module or an object of one comes from."""
    if inspect.ismodule(thing):
        name = thing.__name__.partition(".")[0]
        return name if name in NAMES else None
    kind = thing if isinstance(thing, type) else type(thing)
    for base in kind.__mro__:
        name = base.__module__.partition(".")[0]
        if name in NAMES:
            return name
    return None


def haiku_of(program: Any) -> Any:
    """The Haiku module that `program` uses.

    Looks at its class, then at the names it uses, then at those its module has, then
    at what is imported.

    Raises:
      UserError: It uses both.
    """
    name = _package(program)
    if name is None:
        function = inspect.unwrap(program) if callable(program) else program
        while isinstance(function, functools.partial):
            function = function.func
        names = getattr(function, "__globals__", {})
        code = getattr(function, "__code__", None)
        used = [names[n] for n in getattr(code, "co_names", ()) if n in names]
        for values in (used, list(names.values())):
            found = {_package(value) for value in values} - {None}
            if found:
                break
        if len(found) > 1:
            raise UserError(
                f"{getattr(program, '__name__', program)} uses both haiku and"
                " haiku_core",
                "import one of them as hk",
            )
        name = found.pop() if found else None
    if name is None:
        name = next((n for n in NAMES if n in sys.modules), NAMES[0])
    return importlib.import_module(name)


class Built:
    """A module that is made, with given arguments, each time it is called.

    Args:
      build: Makes the module and calls it.
      kind: Its class.
    """

    def __init__(self, build: Callable, kind: type):
        self.build = build
        self.kind = kind


def is_module(kind: type) -> bool:
    """Whether `kind` is a class of modules of some Haiku."""
    return any(
        base.__name__ == "Module" and base.__module__.partition(".")[0] in NAMES
        for base in kind.__mro__
    )


def is_module_class(program: Any, hk: Any) -> bool:
    """Whether `program` is a class of Haiku modules."""
    return isinstance(program, type) and issubclass(program, hk.Module)


def prepare(program: Any, hk: Any = None) -> tuple[Any, Any]:
    """Returns what to trace, and the Haiku that it uses.

    A module class becomes a function that makes one and calls it. A parameter called
    ``is_training`` becomes true by default.
    """
    if isinstance(program, Built):
        hk = hk or haiku_of(program.kind)
        signature = inspect.signature(program.kind.__call__)
        return _in_training(program.build, signature, 1), hk
    hk = hk or haiku_of(program)
    if hasattr(program, "init") and not isinstance(program, type):
        return program, hk
    if not callable(program):
        raise UserError(
            f"the target is a {type(program).__name__}, which can't be called",
            "give a function, a module class, or a transformed function",
        )
    if is_module_class(program, hk):
        signature = inspect.signature(program.__call__)

        def function(*args: Any, **kwargs: Any) -> Any:
            return program()(*args, **kwargs)

        return _in_training(function, signature, 1), hk
    return _in_training(program, _signature(program), 0), hk


def check_inputs(program: Any, inputs: tuple, named: Mapping[str, Any]) -> None:
    """Refuses inputs that the program can't be called with at all.

    Raises:
      UserError: It takes others.
    """
    function = program.kind.__call__ if isinstance(program, Built) else program
    bound = isinstance(function, type) and is_module(function)
    if bound:
        _check_constructor(function)
    signature = _signature(function.__call__ if bound else function)
    if signature is None or hasattr(program, "init"):
        return
    parameters = list(signature.parameters.values())
    if bound or isinstance(program, Built):
        parameters = parameters[1:]
    switch, position = _switch(parameters)
    given = dict(named)
    if switch is not None and len(inputs) <= position:
        given.setdefault(switch, True)
    try:
        inspect.Signature(parameters).bind(*inputs, **given)
    except TypeError as error:
        shown = ", ".join(map(str, parameters)) or "no inputs"
        raise UserError(
            f"the target takes {shown}: {error}",
            "give one --input SPEC for each, such as --input 'float32[2,10]'; shapes"
            " matter, values don't",
        ) from None


def _check_constructor(kind: type) -> None:
    try:
        inspect.signature(kind).bind()
    except ValueError:
        return
    except TypeError as error:
        raise UserError(
            f"{kind.__name__} can't be made without arguments: {error}",
            f"write them out: --target 'FILE.py:{kind.__name__}(…)'",
        ) from None


def _signature(function: Callable) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _switch(parameters: list[inspect.Parameter]) -> tuple[str | None, int]:
    """The parameter between training and evaluation, if there is one, and its place."""
    places = (
        (p.name, place) for place, p in enumerate(parameters) if p.name in _TRAINING
    )
    return next(places, (None, 0))


def _in_training(
    function: Callable, signature: inspect.Signature | None, skip: int
) -> Callable:
    parameters = list(signature.parameters.values())[skip:] if signature else []
    switch, position = _switch(parameters)
    if switch is None:
        return function

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if len(args) <= position:
            kwargs.setdefault(switch, True)
        return function(*args, **kwargs)

    return wrapped
