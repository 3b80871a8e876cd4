"""Reading ``--target FILE_OR_MODULE:OBJECT`` and ``--input 'float32[2,10]'``."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from migrate.checkpoint._src import blame, haikus, owners
from migrate.errors import UserError

_FORM = "give FILE.py:NAME or package.module:NAME"


def _import(place: str) -> Any:
    """Imports a file or a module; what it imports beside itself is found too."""
    is_file = place.endswith(".py") or os.path.sep in place
    try:
        if not is_file:
            if "" not in sys.path:
                sys.path.insert(0, "")
            return importlib.import_module(place)
        path = os.path.abspath(place)
        if not os.path.isfile(path):
            raise UserError(f"there is no file {place}", _FORM)
        folder, name = os.path.split(path)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        name = name.removesuffix(".py")
        loaded = sys.modules.get(name)
        if loaded is not None and getattr(loaded, "__file__", None) == path:
            return loaded
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        if loaded is None:
            sys.modules[name] = module
        spec.loader.exec_module(module)
        return module
    except UserError:
        raise
    except ModuleNotFoundError as error:
        if error.name == place.partition(".")[0] and not is_file:
            raise UserError(f"there is no module {place}", _FORM) from None
        raise UserError(_failure(place, error)) from error
    except Exception as error:
        raise UserError(_failure(place, error)) from error


def _failure(place: str, error: Exception) -> str:
    return f"{place} can't be imported: {blame.describe(error)}"


def load(text: str) -> Any:
    """The object that ``PLACE:EXPRESSION`` names.

    The expression is evaluated with the names of the module: a function, a class, or a
    call of a class (``Net(hidden=64)``), which then happens inside the transform.

    Raises:
      UserError: It can't be imported, or has no such name.
    """
    place, colon, expression = text.partition(":")
    if os.name == "nt" and re.match(r"^[A-Za-z]:", text):
        place, colon, expression = text[:2] + text[2:].partition(":")[0], ":", ""
        expression = text[len(place) + 1 :]
    if not colon or not place or not expression:
        raise UserError(f"the target {text!r} names no object", _FORM)
    module = _import(place)
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except SyntaxError:
        raise UserError(f"{expression!r} is no Python expression", _FORM) from None
    scope = vars(module)
    head = tree.func if isinstance(tree, ast.Call) else tree
    found = _evaluate(head, scope, text)
    if isinstance(tree, ast.Call):
        code = compile(ast.Expression(tree), text, "eval")
        if isinstance(found, type) and haikus.is_module(found):

            def build(*args: Any, **kwargs: Any) -> Any:
                return eval(code, scope)(*args, **kwargs)

            return haikus.Built(build, found)
        found = _evaluate(tree, scope, text)
    return found


def _evaluate(tree: ast.expr, scope: dict[str, Any], text: str) -> Any:
    try:
        return eval(compile(ast.Expression(tree), text, "eval"), scope)
    except (NameError, AttributeError) as error:
        public = [n for n, v in scope.items() if callable(v) and n[0] != "_"]
        own = [n for n in public if scope[n].__module__ == scope["__name__"]]
        near = difflib.get_close_matches(str(error.name), public, 3)
        names = ", ".join((near or own)[:8])
        hint = f"is it {names}?" if near else f"it defines {names or 'nothing'}"
        raise UserError(f"{text}: {error}", hint) from None
    except Exception as error:
        raise UserError(f"{text} fails: {blame.describe(error)}") from error


def owner_of(found: Any, inputs: Sequence[str]) -> Any:
    """The object that owns networks, where the target makes one without inputs."""
    makes = inspect.isfunction(found) or isinstance(found, type)
    if inputs or not makes or (isinstance(found, type) and haikus.is_module(found)):
        return found
    try:
        made = found()
    except Exception:
        return found  # a program to be transformed; its own errors show then
    return made if owners.is_owner(made) else found


def parse_input(text: str) -> tuple[str | None, Any]:
    """Reads one input: ``float32[2,10]``, a Python literal, or containers of both.

    ``name=value`` is an input by name. A shape in brackets after an element type is an
    abstract array; ``int32[]`` is a scalar.

    Returns:
      (name or None, value).

    Raises:
      UserError: It can't be read.
    """
    match = re.match(r"^\s*([A-Za-z_]\w*)\s*=(?!=)(.*)$", text, re.S)
    name, body = (match.group(1), match.group(2)) if match else (None, text)
    try:
        tree = ast.parse(body.strip().replace("[]", "[()]"), mode="eval").body
        return name, _value(tree)
    except (SyntaxError, ValueError, TypeError, AttributeError) as error:
        why = error.msg if isinstance(error, SyntaxError) else error
        raise UserError(
            f"the input {text!r} can't be read ({why})",
            "write it as float32[2,10], a Python literal, or a container of these",
        ) from None


def _value(tree: ast.expr) -> Any:
    if isinstance(tree, ast.Subscript):
        if not isinstance(tree.value, ast.Name):
            raise ValueError("only an element type takes a shape")
        kind = jnp.dtype(tree.value.id)
        shape = ast.literal_eval(tree.slice)
        shape = shape if isinstance(shape, tuple) else (shape,)
        if not all(isinstance(n, int) and n >= 0 for n in shape):
            raise ValueError("a shape is a list of sizes")
        return jax.ShapeDtypeStruct(shape, np.dtype(kind))
    if isinstance(tree, ast.Tuple):
        return tuple(map(_value, tree.elts))
    if isinstance(tree, ast.List):
        return [] if _is_empty(tree) else list(map(_value, tree.elts))
    if isinstance(tree, ast.Dict):
        keys = map(ast.literal_eval, tree.keys)
        return dict(zip(keys, map(_value, tree.values), strict=True))
    return ast.literal_eval(tree)


def _is_empty(tree: ast.List) -> bool:
    """An empty list was turned into ``[()]`` to make ``int32[]`` readable."""
    return (
        len(tree.elts) == 1
        and isinstance(tree.elts[0], ast.Tuple)
        and not (tree.elts[0].elts)
    )
