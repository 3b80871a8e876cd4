"""Gradient tapes: their block becomes a loss function."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from migrate import results
from migrate.analysis import trees
from migrate.rewrite import build
from migrate.rules import tape_function
from migrate.rules.liveness import bound_in, free_reads, live, outside, read_before
from migrate.rules.tape_function import Block, CannotTurn, Gradient

_WHY = "S2H303"
_OTHER_USES = {
    "jacobian": "write a function of the array, and differentiate it by jax.jacrev",
    "batch_jacobian": "write a function of one example f, and use "
    "jax.vmap(jax.jacrev(f))",
    "stop_recording": "use jax.lax.stop_gradient on what is computed there",
    "reset": "write a loss function for each part",
}


def restructure(rw, body: list[cst.CSTNode], scope) -> list[cst.CSTNode]:
    """Turns the tape blocks of a list of statements, the last first."""
    for index in range(len(body) - 1, -1, -1):
        tapes = _tapes(rw, body[index], scope)
        if tapes is None or not rw.options.enabled(_WHY):
            continue
        try:
            body = _turn(rw, body, index, tapes, scope)
        except CannotTurn as reason:
            rw.pending[id(body[index])] = (
                _WHY,
                "tf.GradientTape",
                f"this tape was not turned: {reason}",
                reason.suggestion,
            )
    return body


def _tapes(rw, node: cst.CSTNode, scope) -> set[str] | None:
    """The tapes' names where a statement is `with tf.GradientTape(…) as tape:`.

    Several tapes of one statement record the same block.
    """
    if not isinstance(node, cst.With):
        return None
    names = set()
    for item in node.items:
        if not isinstance(item.item, cst.Call) or item.asname is None:
            return None
        if rw.kinds.legacy(item.item.func, scope) != "tf.GradientTape":
            return None
        if not isinstance(item.asname.name, cst.Name):
            return None
        names.add(item.asname.name.value)
    return names


def _turn(rw, body, index, tapes, scope):
    statement = body[index]
    if not isinstance(statement.body, cst.IndentedBlock):
        raise CannotTurn("its block stands on one line")
    after = [s for s in body[index + 1 :] if not _is_del(tapes, s)]
    before, inside, watched = _unwatched(rw, statement.body.body, tapes, scope)
    # What follows the gradient inside the block does not need the tape.
    for i, inner in enumerate(inside):
        if _calls(inner, tapes):
            inside, after = inside[:i], inside[i:] + after
            break
    gradients = [
        Gradient.of(call, i, watched)
        for i, following in enumerate(after)
        for call in _calls(following, tapes)
    ]
    if not gradients:
        raise CannotTurn("no gradient is taken beside it")
    if before and not all(g.watched for g in gradients):
        inside, before = before + inside, []
        if set(bound_in(inside)) & {n for g in gradients for n in g.watched}:
            raise CannotTurn("it watches something computed in its block")
    if not inside:
        raise CannotTurn("nothing is computed in it")
    inside, kept, names = _locals(rw, inside)
    after = [*kept, *after]
    gradients = [g.moved(len(kept), names) for g in gradients]
    for inner in inside:
        _check(inner, set(bound_in(inside)))
    bound = bound_in(inside)
    if set(bound) & {n for g in gradients for n in g.watched}:
        raise CannotTurn("what it watches gets another value in its block")
    block = Block(
        inside,
        after,
        gradients,
        bound,
        live(
            bound,
            _reads_after(after, gradients),
            after,
            scope.node,
            list(statement.body.body),
        ),
        [n for n in bound if read_before(inside, n) and outside(scope, n)],
        {
            "leading_lines": statement.leading_lines if not before else (),
            "header": statement.body.header,
            "indent": statement.body.indent,
        },
    )
    if scope.side == "module":
        done = tape_function.in_module(rw, block)
    else:
        done = tape_function.single(rw, block) or tape_function.several(rw, block)
    _same_kinds(rw, done[0], scope, block)
    for item in statement.items:
        rw.note(
            item.item,
            _WHY,
            results.SAFE,
            "tf.GradientTape",
            "the tape's block is a loss function, differentiated by its variables",
        )
    if before:
        before[0] = before[0].with_changes(
            leading_lines=[*statement.leading_lines, *before[0].leading_lines]
        )
    elif index:
        done = build.spaced(done)
    return [*body[:index], *before, *done]


def _reads_after(after: list[cst.CSTNode], gradients: list[Gradient]) -> set[str]:
    """Names that are read after a block, the targets of its gradients aside."""
    after = list(after)
    for g in gradients:
        after[g.statement] = tape_function.replace(
            after[g.statement], g.node, g.sources
        )
    return free_reads(after)


def _same_kinds(rw, function: cst.FunctionDef, scope, block: Block) -> None:
    """What was known of the function's arguments is known inside of it, too."""
    inner = rw.kinds.scope_of(function, scope)
    for name in [*block.watched, *block.carried]:
        kind = scope.lookup(name)
        if kind is not None:
            inner.kinds[name] = kind
    rw.kept.append(function)


# ----------------------------------------------------------------------- uses of a tape
def _calls(node: cst.CSTNode, tapes: set[str]) -> list[cst.Call]:
    """The `tape.gradient(…)` below a node.

    Raises:
      CannotTurn: the tape is used for something else there.
    """
    calls, uses, other = [], 0, None
    for inner in trees.walk(node):
        if isinstance(inner, cst.Name) and inner.value in tapes:
            uses += 1
        attribute = inner.func if isinstance(inner, cst.Call) else inner
        if (
            not isinstance(attribute, cst.Attribute)
            or trees.dotted(attribute.value) not in tapes
        ):
            continue
        if attribute is inner:
            other = (
                attribute.attr.value if attribute.attr.value != "gradient" else other
            )
        elif attribute.attr.value == "gradient":
            calls.append(inner)
    if uses > len(calls):
        if other is not None:
            raise CannotTurn(
                f"tape.{other} is used", _OTHER_USES.get(other, CannotTurn.suggestion)
            )
        raise CannotTurn("it is handed on, or kept")
    return calls


def _unwatched(rw, statements: Sequence[cst.CSTNode], tapes: set[str], scope):
    """(statements before the last `tape.watch(…)`, those after it, watched names).

    Watched variables need no word of it.
    """
    watched: list[str] = []
    out: list[cst.CSTNode] = []
    last = 0
    for statement in statements:
        given = _watch(statement, tapes)
        if given is None:
            out.append(statement)
            continue
        for node in trees.targets(given):
            if rw.kind(node, scope).sort == "variable" or _are_variables(node):
                continue
            if not isinstance(node, cst.Name):
                raise CannotTurn(
                    f"it watches {trees.code(node)}", "give it a name before the tape"
                )
            watched.append(node.value)
            last = len(out)
    return out[:last], out[last:], watched


def _watch(statement: cst.CSTNode, tapes: set[str]) -> cst.BaseExpression | None:
    """`x` where a statement is `tape.watch(x)`."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    call = getattr(statement.body[0], "value", None)
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return None
    if call.func.attr.value != "watch" or trees.dotted(call.func.value) not in tapes:
        return None
    return call.args[0].value if len(call.args) == 1 else None


def _are_variables(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value in (
        "trainable_variables",
        "variables",
    )


def _is_del(tapes: set[str], node: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.SimpleStatementLine)
        and len(node.body) == 1
        and isinstance(node.body[0], cst.Del)
        and trees.dotted(node.body[0].target) in tapes
    )


# ------------------------------------------------------------- what a function may hold
def _locals(rw, inside: list[cst.CSTNode]):
    """`self.loss = …` in a block: a local name there, assigned once it is done.

    Returns:
      The statements, those that assign the attributes and items afterwards, and the
      local names by the code they stand for.
    """
    names: dict[str, str] = {}
    kept = []
    bound = set(bound_in(inside))
    out = []
    for statement in inside:
        place = _place(statement, bound)
        statement = tape_function.replace_code(statement, names)
        if place is not None:
            code = trees.code(place)
            if code not in names:
                names[code] = rw.fresh(_wish(place))
                kept.append(build.assign(place, cst.Name(names[code])))
            assign = statement.body[0]
            target = assign.targets[0].with_changes(target=cst.Name(names[code]))
            assign = assign.with_changes(targets=[target])
            statement = statement.with_changes(body=[assign])
        out.append(statement)
    return out, kept, names


def _place(statement: cst.CSTNode, bound: set[str]) -> cst.BaseExpression | None:
    """`self.loss` or `logs["loss"]` where a statement assigns to just that."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    assign = statement.body[0]
    if not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
        return None
    target = assign.targets[0].target
    if isinstance(target, cst.Attribute) and trees.dotted(target) is not None:
        return target
    if isinstance(target, cst.Subscript) and isinstance(target.value, cst.Name):
        literal = isinstance(
            getattr(target.slice[0].slice, "value", None), cst.SimpleString
        )
        if literal and len(target.slice) == 1 and target.value.value not in bound:
            return target
    return None


def _wish(place: cst.BaseExpression) -> str:
    if isinstance(place, cst.Attribute):
        return place.attr.value.lstrip("_")
    key = place.slice[0].slice.value.raw_value
    return key if key.isidentifier() else "value"


_GROWS = frozenset(
    {"append", "extend", "insert", "update", "update_state", "setdefault"}
)


def _check(statement: cst.CSTNode, bound: set[str]) -> None:
    for node in [statement, *trees.walk_scope(statement)]:
        if isinstance(node, cst.Return | cst.Yield):
            raise CannotTurn("its block returns")
        targets = []
        if isinstance(node, cst.Assign):
            targets = [t.target for t in node.targets]
        elif isinstance(node, cst.AugAssign | cst.AnnAssign):
            targets = [node.target]
        for target in targets:
            for single in trees.targets(target):
                if not isinstance(single, cst.Name) and _root(single) not in bound:
                    raise CannotTurn(
                        f"its block assigns to {trees.code(single)}, which would keep "
                        "a traced value"
                    )
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            grown = node.func.value
            if node.func.attr.value in _GROWS and _root(grown) not in bound:
                raise CannotTurn(
                    f"its block changes {trees.code(grown)}, which would keep a traced "
                    "value"
                )
    if _leaves_loop(statement):
        raise CannotTurn("its block leaves a loop")


def _root(node: cst.BaseExpression) -> str | None:
    while isinstance(node, cst.Attribute | cst.Subscript):
        node = node.value
    return node.value if isinstance(node, cst.Name) else None


def _leaves_loop(node: cst.CSTNode) -> bool:
    """Whether a `break` or `continue` below belongs to a loop outside of it."""
    if isinstance(node, cst.Break | cst.Continue):
        return True
    if isinstance(node, cst.For | cst.While | cst.FunctionDef | cst.ClassDef):
        return False
    return any(map(_leaves_loop, trees.children(node)))
