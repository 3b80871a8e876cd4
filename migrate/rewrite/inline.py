"""Turning one legacy call into its spelling: choosing, substituting, telling of it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from compat import dictionary
from compat.dictionary import expressions, guards
from compat.dictionary.kinds import UNKNOWN
from migrate import results
from migrate.analysis import trees
from migrate.rewrite import build, templates
from migrate.rewrite.binding import Bound, Refused, is_star
from migrate.rewrite.conditions import Question, describe
from migrate.rewrite.substitution import prepared, substitute

if TYPE_CHECKING:
    from migrate.analysis.scopes import Scope
    from migrate.rewrite.engine import Rewriter

ALIASES = frozenset({"jax", "jnp", "lax", "np", "hk", "optax", "rlax", "objects"})
_DRAWN = "hk.next_rng_key"  # how spellings in the dictionary write a fresh key


@dataclasses.dataclass
class Spelled:
    """The result: an expression, and how far it is exact."""

    node: cst.BaseExpression
    safety: str
    message: str
    helper: bool = False


def choices(
    entry: dictionary.Entry, bound: Bound, question: Question
) -> Iterator[tuple[dictionary.Spelling, tuple[guards.Condition, ...]]]:
    """The spellings that fit a call, and the conditions each assumes.

    They come in their order, the body itself (where it is one expression) after them,
    and last those that assume what sort of value an argument is.
    """
    candidates = list(entry.spellings)
    doubtful = []
    if (
        entry.outcome == "op"
        and entry.fn is not None
        and expressions.inlinable(entry.fn)
    ):
        candidates.append(dictionary.Spelling(None, entry.fn))
    for spelling in candidates:
        form = templates.template(spelling.fn)
        if form is None or not _carries(entry, spelling, form, bound):
            continue
        answer, unknown = guards.evaluate(spelling.guard, question)
        if answer is False:
            continue
        if any(c.test == "sort" for c in unknown):
            # Of another sort, the value would not even have these methods.
            doubtful.append((spelling, unknown))
        else:
            yield spelling, unknown
    yield from doubtful


def _carries(entry, spelling, form: templates.Template, bound: Bound) -> bool:
    """Whether a spelling takes account of each argument given."""
    for name, argument in bound.given.items():
        if form.uses.get(name):
            continue
        if entry.kinds.get(name) is dictionary.Ignored:
            continue
        if any(c.name == name for c in guards.parse(spelling.guard)):
            continue  # its value is part of the guard
        default = entry.signature.parameters[name].default
        written = templates.literal(argument.value)
        if written is templates.NOT_LITERAL or written != default:
            return False
    return True


def spell(
    rewriter: Rewriter,
    entry: dictionary.Entry,
    bound: Bound,
    scope: Scope,
    call: cst.Call | None,
    transform: Callable[[cst.BaseExpression], cst.BaseExpression],
) -> Spelled:
    """The spelling of a call, arguments transformed and put in.

    Raises:
      Refused: no spelling and no helper carries the call.
    """

    def kind_of(node):
        return rewriter.kinds.of(node, scope)

    question = Question(entry, bound, kind_of, scope.side)
    for spelling, unknown in choices(entry, bound, question):
        form = templates.template(spelling.fn)
        node = substitute(rewriter, entry, form, bound, scope, transform)
        if node is not None:
            node = tidy(_keyed(rewriter, node, scope), call)
            body = _keyed(rewriter, form.body, scope)
            found = _told(rewriter, node, entry, spelling, body, unknown)
            return _assuming(found, bound)
    if entry.outcome == "op" and entry.helper and entry.fn is not None:
        found = _helper(rewriter, entry, bound, scope, call, transform)
        found = _outside_jit(found, entry, question)
        return _assuming(found, bound)
    reason = entry.because or f"no spelling of {entry.name} carries these arguments"
    instead = entry.instead or f"see `sonnet2haiku explain {entry.name}`"
    raise Refused("S2H903", reason, instead)


def _outside_jit(found: Spelled, entry, question: Question) -> Spelled:
    """Says it of a body whose result has a size that depends on values."""
    concrete = entry.concrete
    if isinstance(concrete, str):
        concrete = guards.evaluate(concrete, question)[0] is not False
    if not concrete:
        return found
    message = f"{found.message}: it depends on values, so it cannot run under jit"
    return dataclasses.replace(found, safety=results.ASSUMED, message=message)


def _assuming(found: Spelled, bound: Bound) -> Spelled:
    if not bound.assumed:
        return found
    message = f"{found.message}: exact if {bound.assumed}"
    return dataclasses.replace(found, safety=results.ASSUMED, message=message)


def starred(rewriter: Rewriter, entry: dictionary.Entry, node: cst.Call) -> str | None:
    """The function that takes any arguments of an entry's call just as they are.

    For `snt.BatchNorm(**config)`: a spelling that passes each parameter on under its
    own name, in the same order, to a function that has the same ones.
    """
    positional = any(a.star == "*" for a in node.args)
    for spelling in entry.spellings:
        form = templates.template(spelling.fn)
        if spelling.guard is not None or form is None:
            continue
        function = templates.resolve_function(form.body, form.namespace)
        if function is None:
            continue
        try:
            theirs = inspect.signature(function).parameters
        except (TypeError, ValueError):
            continue
        passed = {
            a.keyword.value if a.keyword else None: trees.code(a.value)
            for a in form.body.args
        }
        if any(k != v for k, v in passed.items() if k is not None):
            continue
        ours = entry.signature.parameters
        alike = all(
            n in theirs and _same_default(p.default, theirs[n].default)
            for n, p in ours.items()
        )
        if alike and (not positional or list(ours) == list(theirs)[: len(ours)]):
            return trees.dotted(form.body.func)
    return None


def _same_default(a, b) -> bool:
    return a is b or (type(a) is type(b) and a == b)


def tidy(node: cst.BaseExpression, call: cst.Call | None) -> cst.BaseExpression:
    """Keeps the call's layout around its arguments, where there still is a call."""
    if call is None or not isinstance(node, cst.Call) or not node.args:
        return node
    if not call.args:
        return node
    last = call.args[-1]
    args = list(node.args)
    args[-1] = args[-1].with_changes(
        comma=last.comma, whitespace_after_arg=last.whitespace_after_arg
    )
    return node.with_changes(
        args=args, whitespace_before_args=call.whitespace_before_args
    )


def _helper(rewriter, entry, bound, scope, call, transform):
    if any(is_star(entry, name) for name in bound.given):
        raise Refused("S2H904", f"{entry.name} with any number of arguments")
    args = []
    dropped = False
    for name in bound.order:
        argument = bound.given[name]
        if entry.kinds.get(name) is dictionary.Ignored:
            dropped = True
            continue
        if dropped and argument.keyword is None:  # its position is another now
            named = build.keyword(name, argument.value)
            argument = argument.with_changes(keyword=named.keyword, equal=named.equal)
        value = prepared(rewriter, entry, name, argument.value, scope, transform)
        wants_array = entry.kinds.get(name) is dictionary.T
        if wants_array and isinstance(value, cst.List | cst.Tuple | cst.ListComp):
            value = build.call("jnp.asarray", value)
            rewriter.use({"jnp"})
        args.append(argument.with_changes(value=value))
    if entry.key is not None:
        args.append(build.keyword(entry.key, rewriter.random_key(scope)))
    title = rewriter.helper(entry)
    node = cst.Call(build.name(title), args)
    if args and isinstance(args[-1].comma, cst.Comma):
        args[-1] = args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        node = node.with_changes(args=args)
    return _written_out(entry, title, tidy(node, call))


def _written_out(entry, title: str, node: cst.BaseExpression) -> Spelled:
    message = f"{entry.name} → {title}, its exact behaviour written out"
    return Spelled(node, results.SAFE, message, helper=True)


def _keyed(rewriter, node: cst.BaseExpression, scope: Scope) -> cst.BaseExpression:
    """A spelling whose draws take their keys from where this place has them."""

    def change(child, parent, field):
        if isinstance(child, cst.Call) and trees.dotted(child.func) == _DRAWN:
            return rewriter.random_key(scope)
        return trees.rebuild(child, change)

    return change(node, None, "")


def _told(rewriter, node, entry, spelling, body, unknown) -> Spelled:
    """A spelling in place, with what it assumes; its module aliases are noted."""
    safety, message = results.SAFE, f"{entry.name} → {trees.code(body)}"
    if unknown:
        safety = results.ASSUMED
        message += ": exact if " + " and ".join(map(describe, unknown))
    if spelling.because:
        safety, message = results.ASSUMED, f"{message}: {spelling.because}"
    rewriter.use(templates.free_aliases(body, ALIASES))
    return Spelled(node, safety, message)


def reference(rewriter: Rewriter, entry: dictionary.Entry, scope: Scope) -> Spelled:
    """An op named without being called: `activation=tf.nn.relu`.

    Raises:
      Refused: no function with the same arguments exists.
    """
    required = [
        p.name
        for p in entry.signature.parameters.values()
        if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    if not required and entry.signature.parameters:
        required = [next(iter(entry.signature.parameters))]
    holes = {n: cst.Arg(cst.Name(n)) for n in required}
    bound = Bound(holes, required)

    question = Question(entry, bound, lambda node: UNKNOWN, scope.side)
    chosen = next(choices(entry, bound, question), None)
    if chosen is None:
        if entry.outcome == "op" and entry.helper and entry.key is None:
            title = rewriter.helper(entry)
            return _written_out(entry, title, build.name(title))
        reason = entry.because or f"{entry.name} can't be named without a call"
        raise Refused("S2H903", reason, entry.instead)
    spelling, unknown = chosen
    form = templates.template(spelling.fn)
    node = substitute(rewriter, entry, form, bound, scope, lambda n: n)
    same_call = (
        isinstance(node, cst.Call)
        and [trees.code(a.value) for a in node.args] == required
        and all(a.keyword is None for a in node.args)
    )
    node = node.func if same_call else build.lam(node, parameters=required)
    return _told(rewriter, node, entry, spelling, form.body, unknown)
