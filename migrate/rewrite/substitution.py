"""Putting a call's arguments into the expression that a spelling returns."""

from __future__ import annotations

import libcst as cst

from compat import dictionary
from migrate.analysis import trees
from migrate.rewrite import build, templates
from migrate.rewrite.binding import is_star
from migrate.rewrite.conditions import is_display


def is_simple(node: cst.BaseExpression) -> bool:
    """Whether evaluating an expression twice costs and changes nothing."""
    if isinstance(node, cst.Name | cst.Integer | cst.Float | cst.SimpleString):
        return True
    if isinstance(node, cst.Attribute):
        return is_simple(node.value)
    if isinstance(node, cst.UnaryOperation):
        return is_simple(node.expression)
    return is_display(node)


def is_impure(node: cst.BaseExpression) -> bool:
    """Whether the moment of an expression's evaluation may matter: it calls."""
    return any(isinstance(n, cst.Call | cst.NamedExpr) for n in trees.walk(node))


def substitute(rewriter, entry, form, bound, scope, transform):
    """The expression with the arguments put in; None where it can't take them.

    It can't where an argument would be evaluated twice, or two calls among the
    arguments in another order.
    """
    for name, count in form.uses.items():
        argument = bound.given.get(name)
        if argument is not None and count > 1 and not is_simple(argument.value):
            return None
    impure = [n for n in bound.order if is_impure(bound.given[n].value)]
    if len(impure) > 1:
        there = [n for n in form.uses if n in impure]
        if there != [n for n in impure if n in there]:
            return None
    values: dict[str, templates.Filled] = {}
    written = [n for n in bound.order if n in form.params]
    for name in [*written, *(n for n in form.params if n not in bound.given)]:
        default = form.params[name]
        argument = bound.given.get(name)
        if argument is not None:
            if form.uses.get(name):
                node = prepared(rewriter, entry, name, argument.value, scope, transform)
                values[name] = templates.Filled(node, True, argument)
        elif name == entry.key:
            values[name] = templates.Filled(rewriter.random_key(scope), False)
        elif default is not None:
            values[name] = templates.Filled(default, False)
        else:
            default = entry.signature.parameters[name].default
            values[name] = templates.Filled(build.expression(repr(default)), False)

    def wrap(name):
        return entry.kinds.get(name) is dictionary.T and not is_star(entry, name)

    return templates.fill(form, values, wrap)


def prepared(rewriter, entry, name, node, scope, transform):
    """An argument transformed, and folded as its parameter asks."""
    kind = entry.kinds.get(name)
    new = transform(node)
    if kind is not None and issubclass(kind, dictionary.Static | dictionary.Shape):
        return fold(new)
    several = kind is dictionary.Ts or is_star(entry, name)
    if several and _lists_boxes(rewriter, node, scope):
        return build.expression("[v.value for v in _]").with_changes(
            for_in=cst.CompFor(cst.Name("v"), build.fit(new, _IN_LOOP, "iter"))
        )
    if kind is dictionary.T and not several:
        return rewriter.value_of(node, new, scope)
    if several and isinstance(node, cst.List | cst.Tuple):
        elements = [
            e.with_changes(value=rewriter.value_of(old.value, e.value, scope))
            for e, old in zip(new.elements, node.elements, strict=True)
        ]
        return new.with_changes(elements=elements)
    return new


_IN_LOOP = cst.CompFor(cst.Name("v"), cst.Name("_"))


def _lists_boxes(rewriter, node: cst.BaseExpression, scope) -> bool:
    """Whether an expression lists variables that are held in boxes."""
    if scope.side == "module" or rewriter.in_factory:
        return False
    kind = rewriter.kinds.of(node, scope)
    return kind.sort == "seq" and kind.detail == "variables"


def fold(node: cst.BaseExpression) -> cst.BaseExpression:
    """A list display as a tuple: what JAX takes for shapes and axes."""
    if not isinstance(node, cst.List):
        return node
    elements = [e.with_changes(value=fold(e.value)) for e in node.elements]
    if len(elements) == 1 and isinstance(elements[0], cst.Element):
        elements = [elements[0].with_changes(comma=cst.Comma())]
    left = cst.LeftParen(whitespace_after=node.lbracket.whitespace_after)
    right = cst.RightParen(whitespace_before=node.rbracket.whitespace_before)
    return cst.Tuple(elements, lpar=[left], rpar=[right])
