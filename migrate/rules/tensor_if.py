"""`if` on tensors in compiled functions: a choice that JAX can trace."""

from __future__ import annotations

import libcst as cst

from migrate import results
from migrate.analysis import trees
from migrate.rewrite import build
from migrate.rules.liveness import bound_in, free_reads, live, outside, read_before


def restructure(rw, body: list[cst.CSTNode], scope) -> list[cst.CSTNode]:
    """Turns the `if`s on tensors in a list of statements of a compiled function."""
    if not rw.options.enabled("S2H306") or not _compiled(rw, scope):
        return body
    out: list[cst.CSTNode] = []
    for index, statement in enumerate(body):
        if isinstance(statement, cst.If) and _on_tensor(rw, statement, scope):
            new = _turn(rw, statement, body[index + 1 :], scope)
            if new is not None and index > 0:
                new = build.spaced(new) if isinstance(new[0], cst.FunctionDef) else new
            if new is not None:
                out.extend(new)
                continue
            rw.pending[id(statement)] = (
                "S2H306",
                "if",
                "this choice depends on a tensor in a compiled function",
                "write objects.cond, or jnp.where",
            )
        out.append(statement)
    return out


def _compiled(rw, scope) -> bool:
    while scope is not None:
        if id(scope.node) in rw.traced:
            return True
        scope = scope.outer
    return False


def _on_tensor(rw, node: cst.If, scope) -> bool:
    return rw.kind(node.test, scope).sort in ("tensor", "variable")


def _turn(rw, node: cst.If, after, scope):
    blocks = [node.body]
    if node.orelse is not None:
        if not isinstance(node.orelse, cst.Else):
            return None
        blocks.append(node.orelse.body)
    if any(not isinstance(b, cst.IndentedBlock) for b in blocks):
        return None
    for block in blocks:
        for inner in [block, *trees.walk_scope(block)]:
            if isinstance(inner, cst.Return | cst.Yield | cst.Break | cst.Continue):
                return None
            if isinstance(inner, cst.Assign) and any(
                isinstance(single, cst.Attribute)
                for t in inner.targets
                for single in trees.targets(t.target)
            ):
                return None
    bodies = [list(b.body) for b in blocks]
    bound = list(dict.fromkeys(n for b in bodies for n in bound_in(b)))
    inside = [s for b in bodies for s in b]
    later = live(bound, free_reads(after), after, scope.node, inside)
    for name in later:
        everywhere = len(bodies) == 2 and all(name in bound_in(b) for b in bodies)
        if not everywhere and not outside(scope, name):
            return None
    made, functions = [], []
    titles = ("true_fn", "false_fn")
    if later and len(bodies) == 1:
        bodies.append([])
    for wish, statements, block in zip(titles, bodies, [*blocks, None], strict=False):
        short = _expression(statements) if not later and len(blocks) == 1 else None
        if short is not None:
            functions.append(build.lam(short))
            continue
        title = rw.fresh(wish)
        carried = [
            n
            for n in dict.fromkeys([*bound_in(statements), *later])
            if n in bound_in(statements)
            and (
                read_before(statements, n)
                or (n in later and n in _conditional(statements))
            )
            and outside(scope, n)
        ]
        end = [build.returns(build.tuple_of(later, parens=False))] if later else []
        header = block.header if block is not None else None
        made.append(build.function(title, [*statements, *end], carried, header=header))
        functions.append(cst.Name(title))
    call = cst.Call(
        rw.objects("cond"),
        [cst.Arg(node.test), *(cst.Arg(f) for f in functions)],
    )
    rw.note(
        node.test,
        "S2H306",
        results.SAFE,
        "if",
        "a choice on a tensor in a compiled function is objects.cond",
    )
    call = build.broken_if_long(call)
    if later:
        end = build.assign(build.tuple_of(later, parens=False), call)
    else:
        end = cst.SimpleStatementLine([cst.Expr(call)])
    out = made + (build.spaced([end]) if made else [end])
    out[0] = out[0].with_changes(leading_lines=node.leading_lines)
    return out


def _expression(statements) -> cst.BaseExpression | None:
    """The one expression that a block evaluates, None where it does more."""
    if len(statements) != 1 or not isinstance(statements[0], cst.SimpleStatementLine):
        return None
    (line,) = statements
    comments = [e.comment for e in line.leading_lines] + [
        line.trailing_whitespace.comment
    ]
    if len(line.body) != 1 or any(comments):
        return None
    (small,) = line.body
    return small.value if isinstance(small, cst.Expr) else None


def _conditional(statements) -> set[str]:
    """Names that some path through the statements leaves as they were."""
    found: set[str] = set()
    for statement in statements:
        if isinstance(statement, cst.If | cst.For | cst.While | cst.Try):
            found |= set(trees.names_bound(statement))
    return found
