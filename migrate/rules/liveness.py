"""Which names statements read, bind, and leave for later."""

from __future__ import annotations

from collections.abc import Sequence

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
        elif isinstance(node, cst.With):
            for item in node.items:
                visit(item.item)
            bound = {
                item.asname.name.value
                for item in node.items
                if item.asname is not None and isinstance(item.asname.name, cst.Name)
            }
            found.update(free_reads(node.body.body) - bound)
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


def bound_in(statements: Sequence[cst.CSTNode]) -> list[str]:
    """Names that a list of statements binds, in order, each once."""
    names: dict[str, None] = {}
    for statement in statements:
        names.update(dict.fromkeys(trees.names_bound(statement)))
    return list(names)


def outside(scope, name: str) -> bool:
    """Whether a name of the function is bound elsewhere too: as a parameter or so."""
    function = scope.node
    if not isinstance(function, cst.FunctionDef):
        return False
    parameters = {p.name.value for p in function.params.params}
    parameters |= {p.name.value for p in function.params.kwonly_params}
    return name in parameters or name in scope.bound


def live(bound, read, after, container, inside) -> list[str]:
    """Names bound in a block that are read later.

    Args:
      bound: the names.
      read: what the statements that follow in the same list read.
      after: those statements.
      container: the function around, or the module.
      inside: the statements of the block.
    """
    read = set(read)
    body = container.body
    if isinstance(container, cst.FunctionDef):
        body = body.body
    if isinstance(container, cst.FunctionDef | cst.Module):
        read |= _reads_elsewhere(body, {id(s) for s in inside}, after)
    return [n for n in bound if n in read]


def _reads_elsewhere(body, mine, after) -> set[str]:
    """Reads in statements around a block's own list of statements.

    Those that follow it, and in loops those that come before, of the next turn.
    """
    found: set[str] = set()
    own = {id(s) for s in after}

    def visit(body) -> bool:
        seen = False
        for statement in body:
            if seen and id(statement) not in own:
                found.update(reads(statement))
            if id(statement) in mine:
                return True
            for child in _blocks(statement):
                if visit(child):
                    seen = True
                    if isinstance(statement, cst.For | cst.While):
                        found.update(free_reads(child))
        return seen

    visit(body)
    return found


def _blocks(statement):
    for child in trees.children(statement):
        if isinstance(child, cst.IndentedBlock):
            yield child.body
        elif isinstance(child, cst.Else | cst.Finally | cst.ExceptHandler | cst.If):
            yield from _blocks(child)
