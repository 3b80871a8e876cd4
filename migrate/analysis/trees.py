"""Walking libcst trees by what they mean: white space and punctuation left aside.

libcst's own visitors pass every node, white space included, and cost several times as
much as the parse. These few functions see expressions and statements only.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Iterator

import libcst as cst

_PUNCTUATION = frozenset(
    {
        "lpar",
        "rpar",
        "comma",
        "semicolon",
        "colon",
        "equal",
        "dot",
        "indent",
        "header",
        "footer",
        "leading_lines",
        "lines_after_decorators",
        "trailing_whitespace",
        "newline",
        "lbracket",
        "rbracket",
        "lbrace",
        "rbrace",
        "asynchronous",
        "first_line",
        "empty_lines",
        "posonly_ind",
        "encoding",
        "default_indent",
        "default_newline",
        "has_trailing_newline",
    }
)


@functools.cache
def fields(cls: type[cst.CSTNode]) -> tuple[str, ...]:
    """The names of the fields that hold meaning, in the order of the source."""
    names = [
        f.name
        for f in dataclasses.fields(cls)
        if f.name not in _PUNCTUATION and not f.name.startswith("whitespace")
    ]
    if cls in (cst.FunctionDef, cst.ClassDef):
        names.remove("decorators")
        names.insert(0, "decorators")
    if cls is cst.IfExp:
        names = ["body", "test", "orelse"]
    return tuple(names)


@functools.cache
def _is_node(cls: type) -> bool:
    # `isinstance` is slow here: libcst's classes are abstract base classes.
    return issubclass(cls, cst.CSTNode)


@functools.cache
def is_expression(cls: type) -> bool:
    """Whether a class of nodes is one of expressions."""
    return issubclass(cls, cst.BaseExpression)


# What `children` found, with the node to keep its identity from being given away.
_below: dict[int, tuple[cst.CSTNode, tuple[cst.CSTNode, ...]]] = {}


def forget() -> None:
    """Drops what is remembered of trees; call it when done with a file."""
    _below.clear()


def children(node: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
    """The nodes directly below, in the order of the source."""
    found = _below.get(id(node))
    if found is None:
        below = []
        for name in fields(type(node)):
            value = getattr(node, name)
            cls = type(value)
            if cls is list or cls is tuple:
                below.extend(v for v in value if _is_node(type(v)))
            elif _is_node(cls):
                below.append(value)
        found = (node, tuple(below))
        _below[id(node)] = found  # nodes never change, so neither does this
    return found[1]


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and all below it, parents before children."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children(node)[::-1])


SCOPES = frozenset({cst.FunctionDef, cst.Lambda, cst.ClassDef})


def walk_scope(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Like `walk`, but yields nested functions and classes without their insides."""
    stack = list(children(node))[::-1]
    while stack:
        node = stack.pop()
        yield node
        if type(node) not in SCOPES:
            stack.extend(children(node)[::-1])


def rebuild(
    node: cst.CSTNode, change: Callable[[cst.CSTNode, cst.CSTNode, str], cst.CSTNode]
) -> cst.CSTNode:
    """The node with `change(child, node, field)` in place of each child.

    The same node object where no child changed.
    """
    changes = {}
    for name in fields(type(node)):
        value = getattr(node, name)
        cls = type(value)
        if cls is list or cls is tuple:
            items = [change(v, node, name) if _is_node(type(v)) else v for v in value]
            if any(map(operator.is_not, items, value)):
                changes[name] = items
        elif _is_node(cls):
            new = change(value, node, name)
            if new is not value:
                changes[name] = new
    return node.with_changes(**changes) if changes else node


def dotted(node: cst.CSTNode) -> str | None:
    """`a.b.c` as text, None for anything but names and attributes."""
    if type(node) is cst.Name:
        return node.value
    parts = []
    while type(node) is cst.Attribute:
        parts.append(node.attr.value)
        node = node.value
    if type(node) is not cst.Name:
        return None
    parts.append(node.value)
    return ".".join(reversed(parts))


_EMPTY = cst.Module([])


def code(node: cst.CSTNode) -> str:
    """The source text of a node."""
    return _EMPTY.code_for_node(node)


def names_read(node: cst.CSTNode) -> set[str]:
    """All names that occur in an expression or statement, attribute names aside."""
    found = set()
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.Name):
            found.add(node.value)
        elif isinstance(node, cst.Attribute):
            stack.append(node.value)
        elif isinstance(node, cst.Arg):
            stack.append(node.value)
        else:
            stack.extend(children(node))
    return found


def targets(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The single targets of an assignment's left side, unpacking flattened."""
    if isinstance(node, cst.Tuple | cst.List):
        for element in node.elements:
            yield from targets(element.value)
    elif isinstance(node, cst.StarredElement):
        yield from targets(node.value)
    else:
        yield node


_BINDERS = frozenset(
    {
        cst.Assign,
        cst.AugAssign,
        cst.AnnAssign,
        cst.NamedExpr,
        cst.For,
        cst.WithItem,
        cst.FunctionDef,
        cst.ClassDef,
        cst.ExceptHandler,
        cst.Import,
        cst.ImportFrom,
    }
)


def names_bound(node: cst.CSTNode) -> list[str]:
    """Names that statements assign in their own scope, in order, each once."""
    found: dict[str, None] = {}

    def bind(target):
        for single in targets(target):
            if isinstance(single, cst.Name):
                found.setdefault(single.value)

    for inner in [node, *walk_scope(node)]:
        cls = type(inner)
        if cls not in _BINDERS:
            continue
        if cls is cst.Assign:
            for target in inner.targets:
                bind(target.target)
        elif cls is cst.WithItem:
            if inner.asname is not None:
                bind(inner.asname.name)
        elif cls is cst.FunctionDef or cls is cst.ClassDef:
            found.setdefault(inner.name.value)
        elif cls is cst.ExceptHandler:
            if inner.name is not None:
                bind(inner.name.name)
        elif cls is cst.Import or cls is cst.ImportFrom:
            for name in imported_names(inner):
                found.setdefault(name)
        else:
            bind(inner.target)
    return list(found)


def imported_names(node: cst.Import | cst.ImportFrom) -> list[str]:
    """The local names an import statement binds."""
    if isinstance(node.names, cst.ImportStar):
        return []
    out = []
    for alias in node.names:
        if alias.asname is not None:
            out.append(alias.asname.name.value)
        elif isinstance(node, cst.Import):
            out.append(dotted(alias.name).partition(".")[0])
        else:
            out.append(alias.name.value)
    return out
