"""Spellings as templates: one returned expression, with holes for the parameters."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import libcst as cst

from compat.dictionary import expressions
from migrate.analysis import trees
from migrate.rewrite import build


@dataclasses.dataclass(frozen=True, eq=False)
class Template:
    """What a spelling returns.

    Attributes:
      body: the expression.
      params: parameter name → its default as an expression, None if it has none.
      uses: how often each parameter occurs, in the order of first occurrence.
      namespace: what the free names stand for.
    """

    body: cst.BaseExpression
    params: Mapping[str, cst.BaseExpression | None]
    uses: Mapping[str, int]
    namespace: Mapping[str, Any]


@functools.cache
def template(fn: Callable) -> Template | None:
    """The template of a function; None where its body is no single expression."""
    expression = expressions.returned(fn)
    if expression is None:
        return None
    tree = ast.parse(textwrap.dedent(inspect.getsource(fn))).body[0]
    arguments = tree.args
    positional = [*arguments.posonlyargs, *arguments.args]
    params: dict[str, cst.BaseExpression | None] = {p.arg: None for p in positional}
    for p, default in zip(
        positional[len(positional) - len(arguments.defaults) :],
        arguments.defaults,
        strict=True,
    ):
        params[p.arg] = cst.parse_expression(ast.unparse(default))
    for p, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        params[p.arg] = cst.parse_expression(ast.unparse(default)) if default else None
    body = cst.parse_expression(ast.unparse(expression))
    uses: dict[str, int] = {}
    for name in _names(body):
        if name in params:
            uses[name] = uses.get(name, 0) + 1
    return Template(body, params, uses, fn.__globals__)


def _names(node: cst.CSTNode):
    if isinstance(node, cst.Name):
        yield node.value
    elif isinstance(node, cst.Attribute | cst.Arg):
        yield from _names(node.value)
    else:
        for child in trees.children(node):
            yield from _names(child)


def free_aliases(body: cst.CSTNode, known: frozenset[str]) -> set[str]:
    """The module aliases an expression uses."""
    return {n for n in _names(body) if n in known}


@dataclasses.dataclass
class Filled:
    """A parameter's value, ready to be put in.

    Attributes:
      node: the expression.
      given: whether the user wrote it.
      argument: the user's argument as it stood, for its white space.
    """

    node: cst.BaseExpression
    given: bool
    argument: cst.Arg | None = None


def fill(
    form: Template, values: Mapping[str, Filled], wrap: Callable[[str], bool]
) -> cst.BaseExpression:
    """The template with values in its holes, arguments at their defaults dropped.

    Args:
      form: the template.
      values: by parameter name.
      wrap: whether a parameter's list display is to become an array.
    """

    def put(node: cst.CSTNode, parent: cst.CSTNode, field: str) -> cst.CSTNode:
        if isinstance(node, cst.Name):
            if node.value not in form.params:
                return node
            value = values[node.value]
            new = value.node
            if (
                wrap(node.value)
                and isinstance(new, cst.List | cst.Tuple | cst.ListComp)
                and not _takes_lists(parent_call[-1] if parent_call else None)
            ):
                new = build.call("jnp.asarray", new)
            return build.fit(new, parent, field)
        if isinstance(node, cst.Attribute):
            value = put(node.value, node, "value")
            return node if value is node.value else node.with_changes(value=value)
        if isinstance(node, cst.Arg):
            value = put(node.value, node, "value")
            return node if value is node.value else node.with_changes(value=value)
        if isinstance(node, cst.Call):
            func = put(node.func, node, "func")
            parent_call.append(trees.dotted(node.func))
            args = [put(a, node, "args") for a in node.args]
            parent_call.pop()
            args = _drop_defaults(node, args, values, form)
            return node.with_changes(func=func, args=args)
        return trees.rebuild(node, put)

    parent_call: list[str | None] = []
    return put(form.body, None, "")


def _takes_lists(function: str | None) -> bool:
    return function in (
        "jnp.asarray",
        "jnp.array",
        "np.asarray",
        "np.array",
        "jnp.stack",
        "jnp.concatenate",
        "list",
        "tuple",
    )


def _drop_defaults(
    original: cst.Call, args: list[cst.Arg], values: Mapping[str, Filled], form: Template
) -> list[cst.Arg]:
    """Leaves out arguments that equal what the called function takes by default."""
    defaults = _signature_defaults(_resolve(original.func, form.namespace))
    kept = []
    for source, arg in zip(original.args, args, strict=True):
        if arg.keyword is not None and arg.keyword.value in defaults:
            written = literal(arg.value)
            if written is not NOT_LITERAL and _same(
                written, defaults[arg.keyword.value]
            ):
                continue
        hole = source.value.value if isinstance(source.value, cst.Name) else None
        if hole in values and values[hole].argument is not None:
            # Carries the white space and comments around the user's argument along.
            user = values[hole].argument
            arg = arg.with_changes(
                comma=user.comma,
                whitespace_after_arg=user.whitespace_after_arg,
            )
            if arg.keyword is not None and user.keyword is not None:
                arg = arg.with_changes(equal=user.equal)
        kept.append(arg)
    if kept and isinstance(kept[-1].comma, cst.Comma):
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    for i, arg in enumerate(kept[:-1]):
        if not isinstance(arg.comma, cst.Comma):
            kept[i] = arg.with_changes(
                comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")),
                whitespace_after_arg=cst.SimpleWhitespace(""),
            )
    return kept


NOT_LITERAL = object()


def literal(node: cst.BaseExpression) -> Any:
    """The value of a literal, `NOT_LITERAL` for anything else."""
    try:
        return ast.literal_eval(trees.code(node))
    except (ValueError, SyntaxError, TypeError, MemoryError):
        return NOT_LITERAL


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and a == b


def _resolve(node: cst.CSTNode, namespace: Mapping[str, Any]) -> Any:
    name = trees.dotted(node)
    if name is None:
        return None
    first, *rest = name.split(".")
    value = namespace.get(first)
    for part in rest:
        value = getattr(value, part, None)
    return value


@functools.cache
def _signature_defaults(function: Any) -> Mapping[str, Any]:
    if function is None:
        return {}
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    return {
        p.name: p.default
        for p in parameters.values()
        if p.default is not inspect.Parameter.empty
    }


def resolve_function(body: cst.BaseExpression, namespace: Mapping[str, Any]) -> Any:
    """The function or class that a call expression calls, None if not found."""
    return _resolve(body.func, namespace) if isinstance(body, cst.Call) else None
