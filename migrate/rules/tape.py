"""Gradient tapes: their block becomes a loss function."""

from __future__ import annotations

import dataclasses

import libcst as cst

from migrate import results
from migrate.analysis import trees
from migrate.rewrite import build
from migrate.rules.reads import free_reads, read_before, reads

_WHY = "S2H303"


@dataclasses.dataclass
class _Gradient:
    """One `tape.gradient(target, sources)`."""

    node: cst.Call
    target: cst.BaseExpression
    sources: cst.BaseExpression
    statement: int  # its index after the block; negative inside of it


def is_tape(rw, node: cst.CSTNode, scope) -> str | None:
    """The tape's name where a statement is `with tf.GradientTape(…) as tape:`."""
    if not isinstance(node, cst.With) or len(node.items) != 1:
        return None
    item = node.items[0]
    if not isinstance(item.item, cst.Call) or item.asname is None:
        return None
    if rw.kinds.legacy(item.item.func, scope) != "tf.GradientTape":
        return None
    name = item.asname.name
    return name.value if isinstance(name, cst.Name) else None


def restructure(rw, body: list[cst.CSTNode], scope) -> list[cst.CSTNode]:
    """Turns the tape blocks of a list of statements, the last first."""
    for index in range(len(body) - 1, -1, -1):
        tape = is_tape(rw, body[index], scope)
        if tape is None or not rw.options.enabled(_WHY):
            continue
        if scope.side == "module":
            _leave(rw, body[index], "a tape inside a module's own method", scope)
            continue
        try:
            body = _turn(rw, body, index, tape, scope)
        except _CannotTurn as reason:
            _leave(rw, body[index], str(reason), scope)
    return body


class _CannotTurn(Exception):
    """Why a tape block is left."""


def _leave(rw, node, reason, scope):
    rw.pending[id(node)] = (
        "S2H303",
        "tf.GradientTape",
        f"this tape was not turned: {reason}",
        "write a loss function for objects.value_and_grad or objects.vjp",
    )


def _calls_of(tape: str, node: cst.CSTNode):
    """All uses of the tape's name below a node: (gradient calls, other uses)."""
    calls, others = [], 0
    for inner in trees.walk(node):
        if isinstance(inner, cst.Name) and inner.value == tape:
            others += 1
        if (
            isinstance(inner, cst.Call)
            and isinstance(inner.func, cst.Attribute)
            and isinstance(inner.func.value, cst.Name)
            and inner.func.value.value == tape
            and inner.func.attr.value == "gradient"
        ):
            calls.append(inner)
            others -= 1
    return calls, others


def _is_del(tape: str, node: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.SimpleStatementLine)
        and len(node.body) == 1
        and isinstance(node.body[0], cst.Del)
        and trees.code(node.body[0].target) == tape
    )


def _parts(call: cst.Call) -> tuple[cst.BaseExpression, cst.BaseExpression]:
    named = {a.keyword.value: a.value for a in call.args if a.keyword}
    plain = [a.value for a in call.args if not a.keyword]
    target = named.get("target", plain[0] if plain else None)
    sources = named.get("sources", plain[1] if len(plain) > 1 else None)
    extra = set(named) - {"target", "sources"}
    if target is None or sources is None or extra or len(plain) > 2:
        raise _CannotTurn("tape.gradient with further arguments")
    return target, sources


def _turn(rw, body, index, tape, scope):
    block = body[index]
    if not isinstance(block.body, cst.IndentedBlock):
        raise _CannotTurn("its block stands on one line")
    inside = list(block.body.body)
    after = [s for s in body[index + 1 :] if not _is_del(tape, s)]
    # What follows the gradient inside the block does not need the tape.
    for i, statement in enumerate(inside):
        calls, others = _calls_of(tape, statement)
        if others:
            raise _CannotTurn(f"{tape!r} is used for more than gradients")
        if calls:
            after = inside[i:] + after
            inside = inside[:i]
            break
    gradients = []
    for i, statement in enumerate(after):
        calls, others = _calls_of(tape, statement)
        if others:
            raise _CannotTurn(f"{tape!r} is used for more than gradients")
        for call in calls:
            gradients.append(_Gradient(call, *_parts(call), i))
    if not gradients:
        raise _CannotTurn("no gradient is taken beside it")
    if not inside:
        raise _CannotTurn("nothing is computed in it")
    for statement in inside:
        _check(statement, scope)
    function = scope.node
    bound = _bound(inside)
    carried = [n for n in bound if read_before(inside, n) and _outside(scope, n)]
    live = _live(bound, after, function, inside)
    header = {
        "leading_lines": block.leading_lines,
        "header": block.body.header,
        "indent": block.body.indent,
    }
    if len(gradients) == 1:
        done = _single(rw, inside, after, gradients[0], bound, live, carried, header)
    else:
        done = None
    if done is None:
        done = _several(rw, inside, after, gradients, bound, live, carried, header)
    rw.note(
        block.items[0].item,
        _WHY,
        results.SAFE,
        "tf.GradientTape",
        "the tape's block is a loss function, differentiated by its variables",
    )
    return body[:index] + (_spaced(done) if index else done)


def _check(statement, scope):
    for node in [statement, *trees.walk_scope(statement)]:
        if isinstance(node, cst.Return | cst.Yield):
            raise _CannotTurn("its block returns")
        if isinstance(node, cst.Assign):
            for target in node.targets:
                for single in trees.targets(target.target):
                    if isinstance(single, cst.Attribute):
                        raise _CannotTurn(
                            f"its block assigns to {trees.code(single)}, which would "
                            "keep a traced value"
                        )
    if _leaves_loop(statement):
        raise _CannotTurn("its block leaves a loop")


def _leaves_loop(node: cst.CSTNode) -> bool:
    """Whether a `break` or `continue` below belongs to a loop outside of it."""
    if isinstance(node, cst.Break | cst.Continue):
        return True
    if isinstance(node, cst.For | cst.While | cst.FunctionDef | cst.ClassDef):
        return False
    return any(map(_leaves_loop, trees.children(node)))


def _bound(statements) -> list[str]:
    names: dict[str, None] = {}
    for statement in statements:
        names.update(dict.fromkeys(trees.names_bound(statement)))
    return list(names)


def _outside(scope, name) -> bool:
    """Whether a name of the function is bound elsewhere too: as a parameter or so."""
    function = scope.node
    if not isinstance(function, cst.FunctionDef):
        return False
    parameters = {p.name.value for p in function.params.params}
    parameters |= {p.name.value for p in function.params.kwonly_params}
    return name in parameters or name in scope.bound


def _live(bound, after, function, inside) -> list[str]:
    """Names bound in the block that are read later."""
    read = free_reads(after)
    mine = {id(s) for s in inside}
    if isinstance(function, cst.FunctionDef):
        read |= _reads_elsewhere(function.body, mine, after)
    return [n for n in bound if n in read]


def _reads_elsewhere(node, mine, after) -> set[str]:
    """Reads in statements that follow the block in an outer list of statements."""
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
                seen = visit(child) or seen
        return seen

    visit(node.body)
    return found


def _blocks(statement):
    for child in trees.children(statement):
        if isinstance(child, cst.IndentedBlock):
            yield child.body
        elif isinstance(child, cst.Else | cst.Finally | cst.ExceptHandler | cst.If):
            yield from _blocks(child)


def _replace(statement, old: cst.CSTNode, new: cst.BaseExpression):
    def change(child, parent, field):
        if child is old:
            return new
        return trees.rebuild(child, change)

    return change(statement, None, "")


def _title(rw, target: cst.BaseExpression) -> str:
    if isinstance(target, cst.Name):
        return rw.fresh(f"{target.value}_fn")
    return rw.fresh("loss_fn")


def _single(rw, inside, after, gradient, bound, live, carried, header):
    """One gradient: `loss, gradients = objects.value_and_grad(loss_fn, variables)`."""
    target, sources = gradient.target, gradient.sources
    between = after[: gradient.statement]
    holder = after[gradient.statement]
    if not trees.names_read(target) & set(bound):
        raise _CannotTurn("what is differentiated is not computed in its block")
    bound_between = set(_bound(between))
    reads_between = set().union(*map(reads, between)) if between else set()
    late = not (reads_between & set(bound)) and not (
        bound_between & set().union(*map(reads, inside))
    )
    if trees.names_read(sources) & set(bound):
        return None
    early = not (trees.names_read(sources) & bound_between)
    if not (late or early):
        return None
    named = isinstance(target, cst.Name)
    loss = target.value if named else rw.fresh("loss")
    outs = [n for n in live if n != loss]
    value = cst.Name(loss) if named else target
    if outs:
        value = cst.Tuple(
            [cst.Element(value), cst.Element(build.tuple_of(outs))], lpar=[], rpar=[]
        )
    title = _title(rw, target)
    function = build.function(title, [*inside, build.returns(value)], carried, **header)
    wanted = loss if (named and loss in live) else "_"
    simple = _assigned_to(holder, gradient.node)
    name = simple or rw.fresh("gradients")
    first: cst.BaseExpression = cst.Name(wanted)
    if outs:
        first = cst.Tuple([cst.Element(first), cst.Element(build.tuple_of(outs))])
    left = cst.Tuple(
        [cst.Element(first), cst.Element(cst.Name(name))], lpar=[], rpar=[]
    )
    keywords = {"has_aux": cst.Name("True")} if outs else {}
    call = cst.Call(
        rw.objects("value_and_grad"),
        [
            cst.Arg(cst.Name(title)),
            cst.Arg(sources),
            *(build.keyword(k, v) for k, v in keywords.items()),
        ],
    )
    differentiate = build.assign(left, build.broken_if_long(call, 60))
    rest = after[gradient.statement + 1 :]
    if simple:
        kept = []
        differentiate = differentiate.with_changes(leading_lines=holder.leading_lines)
    else:
        kept = [_replace(holder, gradient.node, cst.Name(name))]
    if late:
        return [function, *_spaced([*between, differentiate, *kept, *rest])]
    if simple and any(line.comment for line in holder.leading_lines):
        differentiate = differentiate.with_changes(leading_lines=[])
    return [function, *_spaced([differentiate, *between, *kept, *rest])]


def _assigned_to(statement, call) -> str | None:
    """`name` where a statement is just `name = <call>`."""
    if (
        isinstance(statement, cst.SimpleStatementLine)
        and len(statement.body) == 1
        and isinstance(statement.body[0], cst.Assign)
        and statement.body[0].value is call
        and len(statement.body[0].targets) == 1
        and isinstance(statement.body[0].targets[0].target, cst.Name)
    ):
        return statement.body[0].targets[0].target.value
    return None


def _several(rw, inside, after, gradients, bound, live, carried, header):
    """Several gradients of one computation: `outputs, gradient = objects.vjp(fn)`."""
    targets = []
    for g in gradients:
        if not isinstance(g.target, cst.Name) or g.target.value not in bound:
            raise _CannotTurn(
                f"{trees.code(g.target)} is differentiated, which its block does not "
                "name"
            )
        if g.target.value not in targets:
            targets.append(g.target.value)
        if trees.names_read(g.sources) & set(bound):
            raise _CannotTurn("a gradient by something computed in its block")
    outs = targets + [n for n in live if n not in targets]
    title = rw.fresh("losses_fn" if len(targets) > 1 else f"{targets[0]}_fn")
    gradient = rw.fresh("gradient")
    function = build.function(
        title,
        [*inside, build.returns(build.tuple_of(outs, parens=False))],
        carried,
        **header,
    )
    left = cst.Tuple(
        [cst.Element(build.tuple_of(outs)), cst.Element(cst.Name(gradient))],
        lpar=[],
        rpar=[],
    )
    call = cst.Call(rw.objects("vjp"), [cst.Arg(cst.Name(title))])
    rest = list(after)
    for g in gradients:
        new = cst.Call(cst.Name(gradient), [cst.Arg(g.target), cst.Arg(g.sources)])
        rest[g.statement] = _replace(rest[g.statement], g.node, new)
    return [function, *_spaced([build.assign(left, call), *rest])]


def _spaced(statements):
    """A blank line after the function that stands before these statements."""
    first = statements[0]
    if not any(line.comment is None for line in first.leading_lines):
        blank = cst.EmptyLine(indent=False)
        first = first.with_changes(leading_lines=[blank, *first.leading_lines])
    return [first, *statements[1:]]
