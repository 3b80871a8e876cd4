"""A tape's block as a function, and the call that differentiates it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import libcst as cst

from migrate.analysis import trees
from migrate.rewrite import build
from migrate.rules.liveness import bound_in, reads


class CannotTurn(Exception):
    """Why a tape block is left, and what a person can do."""

    suggestion = "write a loss function for objects.value_and_grad or objects.vjp"

    def __init__(self, reason: str, suggestion: str = suggestion):
        super().__init__(reason)
        self.suggestion = suggestion


@dataclasses.dataclass
class Gradient:
    """One `tape.gradient(target, sources)`.

    Attributes:
      statement: the index of its statement after the block.
      watched: the names of arrays that it differentiates by; none for variables.
      weights: the argument `output_gradients`.
    """

    node: cst.Call
    target: cst.BaseExpression
    sources: cst.BaseExpression
    statement: int
    watched: list[str]
    weights: cst.BaseExpression | None = None

    @classmethod
    def of(cls, call: cst.Call, statement: int, watched: Sequence[str]) -> Gradient:
        order = ("target", "sources", "output_gradients", "unconnected_gradients")
        given = {}
        for name, argument in zip(order, call.args, strict=False):
            key = argument.keyword.value if argument.keyword else name
            given[key] = argument.value
        if any(a.star for a in call.args) or set(given) - set(order):
            raise CannotTurn("tape.gradient with further arguments")
        if "target" not in given or "sources" not in given:
            raise CannotTurn("tape.gradient without a target or sources")
        sources = given["sources"]
        names = [
            node.value if isinstance(node, cst.Name) else ""
            for node in trees.targets(sources)
        ]
        by = [n for n in names if n in watched]
        if by and by != names:
            raise CannotTurn("a gradient by arrays and by variables at once")
        weights = given.get("output_gradients")
        return cls(call, given["target"], sources, statement, by, weights)

    @property
    def one(self) -> bool:
        """Whether it is of one array, not of a list of them."""
        return isinstance(self.sources, cst.Name)

    def moved(self, by: int, names: Mapping[str, str]) -> Gradient:
        """The same, more statements before it, with names for attributes."""
        target = replace_code(self.target, names)
        return dataclasses.replace(self, target=target, statement=self.statement + by)


@dataclasses.dataclass
class Block:
    """What is known of a tape's block.

    Attributes:
      inside: its statements; `after`: those that follow.
      bound: names it binds; `live`: those read later; `carried`: those it reads first.
      header: how the function's head looks.
    """

    inside: list[cst.CSTNode]
    after: list[cst.CSTNode]
    gradients: list[Gradient]
    bound: list[str]
    live: list[str]
    carried: list[str]
    header: Mapping[str, Any]

    @property
    def watched(self) -> list[str]:
        """The arrays that the function takes."""
        return list(dict.fromkeys(n for g in self.gradients for n in g.watched))

    def function(self, title: str, value: cst.BaseExpression) -> cst.FunctionDef:
        return build.function(
            title,
            [*self.inside, build.returns(value)],
            self.carried,
            parameters=self.watched,
            **self.header,
        )


def replace(statement, old: cst.CSTNode, new: cst.BaseExpression):
    """The statement with `new` in the place of a node."""

    def change(child, parent, field):
        if child is old:
            return new
        return trees.rebuild(child, change)

    return change(statement, None, "")


def replace_code(statement, names: Mapping[str, str]):
    """The statement with names in the place of expressions of some code."""
    if not names:
        return statement

    def change(child, parent, field):
        if isinstance(child, cst.Attribute | cst.Subscript):
            name = names.get(trees.code(child))
            if name is not None:
                return cst.Name(name)
        return trees.rebuild(child, change)

    return change(statement, None, "")


_AGAIN = (
    cst.For,
    cst.While,
    cst.FunctionDef,
    cst.Lambda,
    cst.ListComp,
    cst.SetComp,
    cst.DictComp,
    cst.GeneratorExp,
)


def _repeated(statement: cst.CSTNode, call: cst.Call) -> bool:
    """Whether a call in a statement is evaluated any number of times."""
    return any(
        isinstance(node, _AGAIN) and any(inner is call for inner in trees.walk(node))
        for node in trees.walk(statement)
    )


def _pair(first: cst.BaseExpression, second: cst.BaseExpression) -> cst.Tuple:
    return cst.Tuple([cst.Element(first), cst.Element(second)], lpar=[], rpar=[])


def _one_of(name: str) -> cst.Tuple:
    """`(name,)`."""
    return cst.Tuple([cst.Element(cst.Name(name), comma=cst.Comma())])


def _list_of(names: Sequence[str]) -> cst.List:
    return cst.List([cst.Element(cst.Name(n)) for n in names])


def _title(rw, target: cst.BaseExpression) -> str:
    if isinstance(target, cst.Name):
        return rw.fresh(f"{target.value}_fn")
    return rw.fresh("loss_fn")


def _computed(block: Block, gradient: Gradient) -> None:
    if not trees.names_read(gradient.target) & set(block.bound):
        raise CannotTurn("what is differentiated is not computed in its block")
    if isinstance(gradient.target, cst.List | cst.Tuple | cst.Dict):
        raise CannotTurn("several targets are differentiated at once")


def single(rw, block: Block):
    """One gradient: `loss, gradients = objects.value_and_grad(loss_fn, variables)`.

    None where it takes more than that.
    """
    if len(block.gradients) > 1 or block.gradients[0].weights is not None:
        return None
    (gradient,) = block.gradients
    holder = block.after[gradient.statement]
    if _repeated(holder, gradient.node):
        return None
    _computed(block, gradient)
    late = _order(block, gradient)
    if late is None:
        return None
    named = isinstance(gradient.target, cst.Name)
    loss = gradient.target.value if named else rw.fresh("loss")
    outs = [n for n in block.live if n != loss]
    value = cst.Name(loss) if named else gradient.target
    if outs:
        value = _pair(value, build.tuple_of(outs))
    title = _title(rw, gradient.target)
    function = block.function(title, value)
    first: cst.BaseExpression = cst.Name(loss if named and loss in block.live else "_")
    if outs:
        first = cst.Tuple([cst.Element(first), cst.Element(build.tuple_of(outs))])
    simple = _assigned_to(holder, gradient.node)
    name = simple or rw.fresh("gradients")
    by = gradient.watched
    second = _one_of(name) if by and gradient.one else cst.Name(name)
    args = [cst.Arg(cst.Name(title))]
    if by:
        args.append(build.keyword("at", _list_of(by)))
    else:
        args.append(cst.Arg(_sources(gradient.sources)))
    if outs:
        args.append(build.keyword("has_aux", cst.Name("True")))
    call = build.broken_if_long(cst.Call(rw.objects("value_and_grad"), args), 60)
    differentiate = build.assign(_pair(first, second), call)
    return _placed(block, gradient, function, differentiate, late, name)


def _sources(node: cst.BaseExpression) -> cst.BaseExpression:
    """The variables; as a function of nothing where they must exist to be listed."""
    for inner in trees.walk(node):
        lists = isinstance(
            inner, cst.Call | cst.StarredElement | cst.ListComp | cst.GeneratorExp
        )
        if lists and ".trainable_variables" in trees.code(inner):
            return build.lam(node)
    return node


def _order(block: Block, gradient: Gradient) -> bool | None:
    """Whether the gradient is taken where it was (True), or at once (False).

    None where neither is the same as before.
    """
    between = block.after[: gradient.statement]
    bound_between = set(bound_in(between))
    read_between = set().union(*map(reads, between)) if between else set()
    read_inside = set().union(*map(reads, block.inside))
    late = not (read_between & set(block.bound)) and not (bound_between & read_inside)
    sources = trees.names_read(gradient.sources)
    if not gradient.watched and sources & set(block.bound):
        return None
    early = not (sources & bound_between)
    return late if late or early else None


def _placed(block, gradient, function, differentiate, late, name):
    """The function, and what followed the block with the gradient taken in it."""
    holder = block.after[gradient.statement]
    between = block.after[: gradient.statement]
    rest = block.after[gradient.statement + 1 :]
    simple = _assigned_to(holder, gradient.node)
    if not simple:
        kept = [replace(holder, gradient.node, cst.Name(name))]
    else:
        kept = []
        if late or not any(line.comment for line in holder.leading_lines):
            differentiate = differentiate.with_changes(
                leading_lines=holder.leading_lines
            )
    if late:
        return [function, *build.spaced([*between, differentiate, *kept, *rest])]
    return [function, *build.spaced([differentiate, *between, *kept, *rest])]


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


def several(rw, block: Block):
    """Several gradients of one computation: `outputs, gradient = objects.vjp(fn)`.

    What is differentiated may be any array among the outputs, an item of a list or dict
    too: `vjp` refuses any other.
    """
    targets: list[str] = []
    for g in block.gradients:
        for node in trees.targets(g.target):
            computed = [n for n in block.bound if n in trees.names_read(node)]
            if not isinstance(node, cst.Name | cst.Attribute | cst.Subscript) or not (
                computed or block.live
            ):
                raise CannotTurn(
                    f"{trees.code(node)} is differentiated, which its block does not "
                    "name"
                )
            targets += [n for n in computed if n not in targets]
        if not g.watched and trees.names_read(g.sources) & set(block.bound):
            raise CannotTurn("a gradient by something computed in its block")
    outs = targets + [n for n in block.live if n not in targets]
    title = rw.fresh("losses_fn" if len(targets) > 1 else f"{outs[0]}_fn")
    gradient = rw.fresh("gradient")
    function = block.function(title, build.tuple_of(outs, parens=False))
    args = [cst.Arg(cst.Name(title))]
    if block.watched:
        args.append(build.keyword("at", _list_of(block.watched)))
    call = cst.Call(rw.objects("vjp"), args)
    rest = list(block.after)
    for g in block.gradients:
        given = [g.target, g.sources, *([g.weights] if g.weights is not None else ())]
        new = cst.Call(cst.Name(gradient), list(map(cst.Arg, given)))
        rest[g.statement] = replace(rest[g.statement], g.node, new)
    left = _pair(build.tuple_of(outs), cst.Name(gradient))
    return [function, *build.spaced([build.assign(left, call), *rest])]


def in_module(rw, block: Block):
    """A gradient by arrays inside a module's own method: `hk.value_and_grad`."""
    if not all(g.watched for g in block.gradients):
        raise CannotTurn("a tape inside a module's own method")
    if len(block.gradients) > 1 or block.gradients[0].weights is not None:
        raise CannotTurn("several gradients inside a module's own method")
    (gradient,) = block.gradients
    _computed(block, gradient)
    late = _order(block, gradient)
    if late is None or _repeated(block.after[gradient.statement], gradient.node):
        raise CannotTurn("what comes between it and the gradient")
    rw.use({"hk", "jnp"})
    # The tape's gradient of what is no scalar is that of its sum.
    total = build.call("jnp.sum", gradient.target)
    outs = list(block.live)
    title = _title(rw, gradient.target)
    function = block.function(
        title, _pair(total, build.tuple_of(outs)) if outs else total
    )
    name = _assigned_to(block.after[gradient.statement], gradient.node)
    name = name or rw.fresh("gradients")
    by = gradient.watched
    keywords = {"has_aux": cst.Name("True")} if outs else {}
    if not gradient.one:
        numbers = [cst.Element(cst.Integer(str(i))) for i in range(len(by))]
        numbers[-1] = numbers[-1].with_changes(comma=cst.Comma())
        keywords = {"argnums": cst.Tuple(numbers), **keywords}
    how = build.call("hk.value_and_grad", cst.Name(title), **keywords)
    call = cst.Call(how, [cst.Arg(cst.Name(n)) for n in by])
    first: cst.BaseExpression = cst.Name("_")
    if outs:
        first = cst.Tuple([cst.Element(first), cst.Element(build.tuple_of(outs))])
    differentiate = build.assign(_pair(first, cst.Name(name)), call)
    return _placed(block, gradient, function, differentiate, late, name)
