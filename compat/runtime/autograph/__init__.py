"""Control flow on tensors inside `tf.function`: a light autograph.

`convert(function)` gives a function of the same behaviour whose `if`, `while`, `for`,
`and`, `or`, `not`, `assert` and conditional expressions also work on traced tensors,
and whose calls of other Python functions convert those likewise. Accepted are `break`,
`continue` and `return` anywhere in them. Generators, coroutines and functions whose
source is not at hand are left as they are.
"""

from __future__ import annotations

import ast
import functools
import inspect
import os
import sysconfig
import textwrap
import types
from collections.abc import Callable
from typing import Any

from compat.runtime.autograph.lowering import lower
from compat.runtime.autograph.transform import Statements

# Packages whose functions have no control flow on tensors, or are made for traces.
_LEFT_ALONE = {
    "compat",
    "haiku_core",
    "rlax_core",
    "jax",
    "jaxlib",
    "numpy",
    "ml_dtypes",
    "optax",
    "haiku",
    "tree",
    "wrapt",
    "absl",
    "six",
    "pytest",
    "_pytest",
}
_GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class RunsOnHost(Exception):
    """The code iterates over a dataset: it runs in Python, its loop bodies compiled."""


def convert(function: Any) -> Any:
    """The function with control flow that works on traced tensors.

    Args:
      function: any callable; what cannot be converted is returned as it is.
    """
    if isinstance(function, functools.partial):
        inner = convert(function.func)
        if inner is function.func:
            return function
        return functools.partial(inner, *function.args, **function.keywords)
    if isinstance(function, types.MethodType):
        inner = convert(function.__func__)
        if inner is function.__func__:
            return function
        return types.MethodType(inner, function.__self__)
    if not isinstance(function, types.FunctionType):
        return _convert_object(function)
    if function.__dict__.get("autograph_leaves_alone") or not _wanted(function):
        return function
    factory = _factory(function.__code__, _class_around(function))
    if factory is None:
        return function
    return _instance(factory, function)


def _convert_object(thing: Any) -> Any:
    """A callable object's call, converted."""
    method = type(thing).__call__ if callable(thing) else None
    if not isinstance(method, types.FunctionType) or isinstance(thing, type):
        return thing
    inner = convert(method)
    return thing if inner is method else types.MethodType(inner, thing)


def _class_around(function: types.FunctionType) -> str:
    parts = function.__qualname__.split(".")
    return parts[-2] if len(parts) > 1 and parts[-2] != "<locals>" else ""


@functools.cache
def _standard_library() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({os.path.realpath(paths[k]) + os.sep for k in ("stdlib",)})


@functools.cache
def _package_wanted(name: str) -> bool:
    return name.partition(".")[0] not in _LEFT_ALONE


def _wanted(function: types.FunctionType) -> bool:
    module = function.__module__ or ""
    if not _package_wanted(module) or function.__name__ == "<lambda>":
        return False
    file = function.__code__.co_filename
    if "site-packages" in file:
        return True
    return not file.startswith(_standard_library())


@functools.lru_cache(4096)
def _factory(code: types.CodeType, class_name: str) -> Callable[..., Any] | None:
    """A function that makes the converted function, given its free variables."""
    if code.co_flags & _GENERATORS:
        return None
    try:
        lines, first = inspect.getsourcelines(code)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return None
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef):
        return None
    function = tree.body[0]
    if not any(isinstance(n, _CHANGED) for n in ast.walk(function)):
        return None
    function.decorator_list = []
    function.returns = None
    for argument in ast.walk(function.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    _placeholder_defaults(function.args)
    function.first_line = first - 1
    lower(function)
    Statements(function, code.co_filename, class_name).apply()
    text = f"def ag_outer(ag__, {', '.join(code.co_freevars)}):\n    pass"
    outer = ast.parse(text)
    outer.body[0].body = [
        function,
        ast.Return(ast.Name(function.name, ast.Load())),
    ]
    ast.fix_missing_locations(outer)
    ast.increment_lineno(outer, first - 1)
    try:
        compiled = compile(outer, code.co_filename, "exec")
    except SyntaxError:
        return None
    space: dict[str, Any] = {}
    exec(compiled, space)
    return space["ag_outer"]


_CHANGED = (
    ast.If,
    ast.While,
    ast.For,
    ast.IfExp,
    ast.BoolOp,
    ast.Not,
    ast.Assert,
    ast.Call,
)


def _placeholder_defaults(arguments: ast.arguments) -> None:
    """Defaults are taken from the original function: they must not run again."""
    arguments.defaults = [ast.Constant(None) for _ in arguments.defaults]
    arguments.kw_defaults = [
        None if d is None else ast.Constant(None) for d in arguments.kw_defaults
    ]


def _instance(factory: Callable[..., Any], function: types.FunctionType) -> Any:
    """The converted function with the original's globals, cells and defaults."""
    from compat.runtime.autograph import called

    free = function.__code__.co_freevars
    made = factory(called, *[None] * len(free))
    given = dict(zip(free, function.__closure__ or (), strict=True))
    own = dict(zip(made.__code__.co_freevars, made.__closure__ or (), strict=True))
    cells = tuple(given.get(n, own[n]) for n in made.__code__.co_freevars)
    converted = types.FunctionType(
        made.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        cells,
    )
    converted.__kwdefaults__ = function.__kwdefaults__
    converted.__qualname__ = function.__qualname__
    converted.__module__ = function.__module__
    converted.__dict__.update(function.__dict__)
    converted.__dict__["autograph_leaves_alone"] = True
    return converted


def in_trace(function: Any) -> Any:
    """The function converted if a trace is under way, else itself."""
    from compat.runtime.state import STATE

    return function if STATE.frame is None else convert(function)


__all__ = ["RunsOnHost", "convert", "in_trace"]
