"""Which names statements read before they bind them."""

from __future__ import annotations

import libcst as cst

from migrate.analysis import trees


def read_before(statements, name) -> bool:
    """Whether a list of statements may read a name before it assigns it."""
    return name in free_reads(statements)


def free_reads(statements) -> set[str]:
    """Names that a list of statements may read before it assigns them."""
    found: set[str] = set()
    known: set[str] = set()
    for statement in statements:
        found |= reads(statement) - known
        if not isinstance(statement, cst.If | cst.For | cst.While | cst.Try):
            known |= set(trees.names_bound(statement))
    return found


def reads(statement: cst.CSTNode) -> set[str]:
    """Names a statement reads, those it has bound itself before aside."""
    found: set[str] = set()

    def visit(node):
        if isinstance(node, cst.Assign):
            visit(node.value)
            for target in node.targets:
                for single in trees.targets(target.target):
                    if not isinstance(single, cst.Name):
                        visit(single)
        elif isinstance(node, cst.AnnAssign):
            if node.value is not None:
                visit(node.value)
        elif isinstance(node, cst.Name):
            found.add(node.value)
        elif isinstance(node, cst.Attribute | cst.Arg):
            visit(node.value)
        elif isinstance(node, cst.IndentedBlock):
            found.update(free_reads(node.body))
        elif isinstance(node, cst.For):
            visit(node.iter)
            bound = {
                t.value for t in trees.targets(node.target) if isinstance(t, cst.Name)
            }
            body = list(getattr(node.body, "body", ()))
            found.update(free_reads(body) - bound)
            if node.orelse is not None:
                visit(node.orelse)
        elif isinstance(node, cst.FunctionDef):
            inner = free_reads(node.body.body)
            found.update(inner - {p.name.value for p in node.params.params})
            for child in (node.params, *node.decorators):
                visit(child)
        elif isinstance(node, cst.Param):
            for child in (node.default, node.annotation):
                if child is not None:
                    visit(child)
        else:
            for child in trees.children(node):
                visit(child)

    visit(statement)
    return found
