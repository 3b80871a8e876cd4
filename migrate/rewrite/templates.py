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
from migrate.rewrite.narrowing import NARROWED, narrowed


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
    if arguments.vararg is not None:
        params[arguments.vararg.arg] = None
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
            elif parent_call and parent_call[-1] in ("jnp.stack", "jnp.concatenate"):
                new = _wrap_elements(new)
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
    return settle(put(form.body, None, ""))


def settle(node: cst.BaseExpression) -> cst.BaseExpression:
    """Decides what literals decide, and narrows dtypes to what JAX has by default."""

    def change(child, parent, field):
        if isinstance(child, cst.Attribute):
            module, _, leaf = (trees.dotted(child) or "").rpartition(".")
            if module == "jnp" and leaf in NARROWED:
                return build.name(f"jnp.{narrowed(leaf)}")
            value = change(child.value, child, "value")
            return child if value is child.value else child.with_changes(value=value)
        child = trees.rebuild(child, change)
        if isinstance(child, cst.List | cst.Tuple):
            child = _unpacked(child)
        if isinstance(child, cst.Call):
            child = _unpacked_call(child)
        if isinstance(child, cst.IfExp):
            known = _decided(child.test)
            if known is not None:
                chosen = child.body if known else child.orelse
                return build.fit(chosen, parent, field)
        if isinstance(child, cst.Call) and len(child.args) == 1:
            value = literal(child.args[0].value)
            if trees.dotted(child.func) == "bool" and isinstance(
                value, bool | type(None)
            ):
                return cst.Name(str(bool(value)))
        return child

    return change(node, None, "")


def _unpacked(node: cst.List | cst.Tuple) -> cst.List | cst.Tuple:
    """`(1, *(3, 2), 1)` → `(1, 3, 2, 1)`."""
    elements = []
    for element in node.elements:
        inner = element.value
        if isinstance(element, cst.StarredElement) and isinstance(
            inner, cst.List | cst.Tuple
        ):
            elements += [e.with_changes(comma=element.comma) for e in inner.elements]
        else:
            elements.append(element)
    same = len(elements) == len(node.elements)
    return node if same else node.with_changes(elements=elements)


def _unpacked_call(node: cst.Call) -> cst.Call:
    """`f(x, *(a, b))` → `f(x, a, b)`."""
    args, changed = [], False
    for arg in node.args:
        if arg.star == "*" and isinstance(arg.value, cst.Tuple):
            changed = True
            space = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
            inner = [cst.Arg(e.value, comma=space) for e in arg.value.elements]
            inner[-1] = inner[-1].with_changes(comma=arg.comma)
            args += inner
        else:
            args.append(arg)
    return node.with_changes(args=args) if changed else node


def _decided(test: cst.BaseExpression) -> bool | None:
    """Whether a condition on literals holds; None for any other."""
    value = literal(test)
    if value is not NOT_LITERAL:
        return bool(value)
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        left = literal(test.left)
        operator = test.comparisons[0].operator
        right = literal(test.comparisons[0].comparator)
        if NOT_LITERAL in (left, right):
            display = isinstance(test.left, cst.List | cst.Tuple)
            if right is None and display and isinstance(operator, cst.Is | cst.IsNot):
                return isinstance(operator, cst.IsNot)
            return None
        if isinstance(operator, cst.Is):
            return left is right if None in (left, right) else None
        if isinstance(operator, cst.IsNot):
            return left is not right if None in (left, right) else None
        if isinstance(operator, cst.Equal):
            return left == right
        if isinstance(operator, cst.NotEqual):
            return left != right
    return None


def _wrap_elements(node: cst.BaseExpression) -> cst.BaseExpression:
    """Makes arrays of the displays in a display: JAX joins arrays only."""
    if not isinstance(node, cst.List | cst.Tuple):
        return node
    elements = [
        e.with_changes(value=build.call("jnp.asarray", e.value))
        if isinstance(e.value, cst.List | cst.Tuple | cst.ListComp)
        else e
        for e in node.elements
    ]
    return node.with_changes(elements=elements)


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
    original: cst.Call,
    args: list[cst.Arg],
    values: Mapping[str, Filled],
    form: Template,
) -> list[cst.Arg]:
    """Leaves out arguments that equal what the called function takes by default."""
    defaults = _signature_defaults(_resolve(original.func, form.namespace))
    accepted = _keywords(_resolve(original.func, form.namespace))
    kept = []
    by_keyword: dict[int, cst.Arg] = {}  # positional here, by keyword in the source
    for source, arg in zip(original.args, args, strict=True):
        if arg.keyword is not None and arg.keyword.value in defaults:
            if _is_default(arg.value, defaults[arg.keyword.value], form.namespace):
                continue
        hole = source.value.value if isinstance(source.value, cst.Name) else None
        if hole in values and values[hole].argument is not None:
            # Carries the white space and comments around the user's argument along.
            user = values[hole].argument
            arg = arg.with_changes(
                comma=user.comma,
                whitespace_after_arg=user.whitespace_after_arg,
            )
            if user.keyword is not None and arg.keyword is not None:
                arg = arg.with_changes(equal=user.equal)
            if user.keyword is not None and user.keyword.value in accepted:
                by_keyword[len(kept)] = user
        kept.append(arg)
    for i in range(len(kept) - 1, -1, -1):
        if kept[i].keyword is None:
            if i not in by_keyword:
                break
            user = by_keyword[i]
            kept[i] = kept[i].with_changes(keyword=user.keyword, equal=user.equal)
    kept = _in_order(kept, values)
    if kept and isinstance(kept[-1].comma, cst.Comma):
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    for i, arg in enumerate(kept[:-1]):
        if not isinstance(arg.comma, cst.Comma):
            kept[i] = arg.with_changes(
                comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")),
                whitespace_after_arg=cst.SimpleWhitespace(""),
            )
    return kept


def _in_order(args: list[cst.Arg], values: Mapping[str, Filled]) -> list[cst.Arg]:
    """Keywords in the order the user wrote them, once no position depends on it."""
    if any(a.keyword is None for a in args):
        return args
    order = {
        v.argument.keyword.value: i
        for i, v in enumerate(values.values())
        if v.argument is not None and v.argument.keyword is not None
    }
    if not all(a.keyword.value in order for a in args):
        return args
    return sorted(args, key=lambda a: order[a.keyword.value])


NOT_LITERAL = object()


def literal(node: cst.BaseExpression) -> Any:
    """The value of a literal, `NOT_LITERAL` for anything else."""
    try:
        return ast.literal_eval(trees.code(node))
    except (ValueError, SyntaxError, TypeError, MemoryError):
        return NOT_LITERAL


def _is_default(
    node: cst.BaseExpression, default: Any, namespace: Mapping[str, Any]
) -> bool:
    """Whether an expression is what a parameter has by default."""
    written = literal(node)
    if written is not NOT_LITERAL:
        return type(written) is type(default) and written == default
    found = _resolve(node, namespace)
    return found is not None and found is default


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


@functools.cache
def _keywords(function: Any) -> frozenset[str]:
    """The names by which a function takes its positional arguments."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return frozenset()
    return frozenset(
        p.name for p in parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD
    )


def resolve_function(body: cst.BaseExpression, namespace: Mapping[str, Any]) -> Any:
    """The function or class that a call expression calls, None if not found."""
    return _resolve(body.func, namespace) if isinstance(body, cst.Call) else None
