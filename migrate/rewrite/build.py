"""Making libcst nodes: parentheses where needed, arguments, small statements."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import libcst as cst

_ATOMS = (
    cst.Name,
    cst.Attribute,
    cst.Call,
    cst.Subscript,
    cst.Integer,
    cst.SimpleString,
    cst.FormattedString,
    cst.List,
    cst.Dict,
    cst.Set,
    cst.ListComp,
    cst.SetComp,
    cst.DictComp,
    cst.Ellipsis,
)

# Places that hold any expression without parentheses.
_OPEN = {
    (cst.Arg, "value"),
    (cst.Assign, "value"),
    (cst.AnnAssign, "value"),
    (cst.AugAssign, "value"),
    (cst.Return, "value"),
    (cst.Expr, "value"),
    (cst.Index, "value"),
    (cst.If, "test"),
    (cst.While, "test"),
    (cst.For, "iter"),
    (cst.Assert, "test"),
    (cst.Param, "default"),
    (cst.Annotation, "annotation"),
    (cst.WithItem, "item"),
    (cst.Lambda, "body"),
}
# Places that hold all but lambdas, conditional expressions and tuples.
_HALF_OPEN = {
    (cst.Element, "value"),
    (cst.DictElement, "value"),
    (cst.DictElement, "key"),
    (cst.ListComp, "elt"),
    (cst.GeneratorExp, "elt"),
    (cst.CompFor, "iter"),
    (cst.CompIf, "test"),
    (cst.Slice, "lower"),
    (cst.Slice, "upper"),
    (cst.Slice, "step"),
}
_LOOSE = (cst.Lambda, cst.IfExp, cst.Tuple, cst.GeneratorExp, cst.NamedExpr)


@functools.cache
def expression(text: str) -> cst.BaseExpression:
    """A text as a node, parsed once."""
    return cst.parse_expression(text)


def is_atom(node: cst.BaseExpression) -> bool:
    """Whether an expression needs no parentheses anywhere."""
    return bool(getattr(node, "lpar", ())) or isinstance(node, _ATOMS)


def parenthesize(node: cst.BaseExpression) -> cst.BaseExpression:
    """The node inside parentheses."""
    return node.with_changes(
        lpar=[cst.LeftParen(), *node.lpar], rpar=[*node.rpar, cst.RightParen()]
    )


def fit(
    node: cst.BaseExpression, parent: cst.CSTNode | None, field: str
) -> cst.BaseExpression:
    """The node with parentheses if its place asks for them."""
    if is_atom(node) or parent is None:
        return node
    place = (type(parent), field)
    if place in _OPEN and not isinstance(node, cst.NamedExpr):
        if not (isinstance(node, cst.GeneratorExp) and isinstance(parent, cst.Arg)):
            return node
    if place in _HALF_OPEN and not isinstance(node, _LOOSE):
        return node
    if isinstance(node, cst.Float) and not isinstance(parent, cst.Attribute):
        return node
    return parenthesize(node)


def in_place_of(
    new: cst.BaseExpression,
    old: cst.BaseExpression,
    parent: cst.CSTNode | None,
    field: str,
) -> cst.BaseExpression:
    """`new` where `old` stood, with the parentheses that are still needed."""
    if type(new) is type(old):
        return new  # the same expression with other parts: its place suits it
    if old.lpar and not new.lpar:
        spans = "\n" in cst.Module([]).code_for_node(old)
        if spans or not is_atom(new):
            new = new.with_changes(lpar=old.lpar, rpar=old.rpar)
    return fit(new, parent, field)


def name(dotted: str) -> cst.BaseExpression:
    """`a.b.c` as a node."""
    first, *rest = dotted.split(".")
    node: cst.BaseExpression = cst.Name(first)
    for part in rest:
        node = cst.Attribute(node, cst.Name(part))
    return node


def call(function: str | cst.BaseExpression, *args: cst.BaseExpression, **kwargs):
    """`function(*args, **kwargs)` as a node."""
    function = name(function) if isinstance(function, str) else function
    given = [cst.Arg(a) for a in args]
    given += [keyword(k, v) for k, v in kwargs.items()]
    return cst.Call(
        fit(function, cst.Attribute(cst.Name("x"), cst.Name("y")), "value"), given
    )


def keyword(key: str, value: cst.BaseExpression) -> cst.Arg:
    """`key=value` as an argument."""
    return cst.Arg(
        value,
        keyword=cst.Name(key),
        equal=cst.AssignEqual(
            cst.SimpleWhitespace(""),
            cst.SimpleWhitespace(""),
        ),
    )


def _parameters(names: Sequence[str], bound: Sequence[str]) -> list[cst.Param]:
    """`names, b=b`: those bound get their value at once, as loops go on."""
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return [cst.Param(cst.Name(n)) for n in names] + [
        cst.Param(cst.Name(b), default=cst.Name(b), equal=equal) for b in bound
    ]


def lam(
    body: cst.BaseExpression, bound: Sequence[str] = (), parameters: Sequence[str] = ()
) -> cst.Lambda:
    """`lambda p, x=x: body`."""
    params = _parameters(parameters, bound)
    if not params:
        return cst.Lambda(cst.Parameters(), body)
    return cst.Lambda(
        cst.Parameters(params),
        body,
        whitespace_after_lambda=cst.SimpleWhitespace(" "),
    )


def tuple_of(names: Sequence[str], parens: bool = True) -> cst.BaseExpression:
    """`(a, b)`; a single name alone."""
    if len(names) == 1:
        return cst.Name(names[0])
    elements = [cst.Element(cst.Name(n)) for n in names]
    if parens:
        return cst.Tuple(elements)
    return cst.Tuple(elements, lpar=[], rpar=[])


def assign(target: cst.BaseExpression, value: cst.BaseExpression):
    """`target = value` as a statement line."""
    return cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(target)], value)])


def returns(value: cst.BaseExpression) -> cst.SimpleStatementLine:
    """`return value`."""
    return cst.SimpleStatementLine([cst.Return(value)])


def spaced(statements: Sequence[cst.BaseStatement]) -> list[cst.BaseStatement]:
    """A blank line after the function that stands before these statements."""
    first = statements[0]
    if not any(line.comment is None for line in first.leading_lines):
        blank = cst.EmptyLine(indent=False)
        first = first.with_changes(leading_lines=[blank, *first.leading_lines])
    return [first, *statements[1:]]


def function(
    title: str,
    body: Sequence[cst.BaseStatement],
    bound: Sequence[str] = (),
    leading_lines: Sequence[cst.EmptyLine] = (),
    header: cst.TrailingWhitespace | None = None,
    indent: str | None = None,
    parameters: Sequence[str] = (),
) -> cst.FunctionDef:
    """`def title(parameter, x=x): body`."""
    params = _parameters(parameters, bound)
    block = cst.IndentedBlock(list(body), indent=indent)
    if header is not None:
        block = block.with_changes(header=header)
    return cst.FunctionDef(
        cst.Name(title), cst.Parameters(params), block, leading_lines=leading_lines
    )


def broken_if_long(call: cst.Call, limit: int = 72) -> cst.Call:
    """The call with each argument on a line of its own, where it would be long."""
    if len(cst.Module([]).code_for_node(call)) <= limit:
        return call

    def line(indented: bool) -> cst.ParenthesizedWhitespace:
        step = cst.SimpleWhitespace("    " if indented else "")
        return cst.ParenthesizedWhitespace(indent=True, last_line=step)

    args = [
        a.with_changes(comma=cst.Comma(whitespace_after=line(i < len(call.args) - 1)))
        for i, a in enumerate(call.args)
    ]
    return call.with_changes(args=args, whitespace_before_args=line(True))
