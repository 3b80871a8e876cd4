"""Turning one legacy call into its spelling: binding, choosing, substituting."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from compat import dictionary
from compat.dictionary import expressions, guards
from compat.dictionary.kinds import Kind
from migrate import results
from migrate.analysis import trees
from migrate.rewrite import build, templates

if TYPE_CHECKING:
    from migrate.analysis.scopes import Scope
    from migrate.rewrite.engine import Rewriter

ALIASES = frozenset({"jax", "jnp", "lax", "np", "hk", "optax", "rlax", "objects"})


class Refused(Exception):
    """The call can't be turned.

    Attributes:
      code: of the finding.
      reason, suggestion: for people.
    """

    def __init__(self, code: str, reason: str, suggestion: str = ""):
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.suggestion = suggestion


@dataclasses.dataclass
class Bound:
    """A call's arguments by parameter name.

    Attributes:
      given: what the user wrote, by name.
      order: the names in the order of the source.
      dropped: comments that would be lost.
    """

    given: dict[str, cst.Arg]
    order: list[str]


@dataclasses.dataclass
class Spelled:
    """The result: an expression, and how far it is exact."""

    node: cst.BaseExpression
    safety: str
    message: str
    helper: bool = False


def bind(entry: dictionary.Entry, args: list[cst.Arg], skip: int = 0) -> Bound:
    """Binds arguments to an entry's parameters.

    Args:
      skip: how many leading parameters are bound elsewhere (the receiver).

    Raises:
      Refused: star arguments, too many, or a name it doesn't have.
    """
    parameters = list(entry.signature.parameters.values())[skip:]
    names = [
        p.name
        for p in parameters
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    star = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    known = {p.name for p in parameters}
    given: dict[str, cst.Arg] = {}
    order: list[str] = []
    for position, argument in enumerate(args):
        if argument.star:
            raise Refused(
                "S2H904",
                f"{entry.name}(…{argument.star}…): which arguments these are is not "
                "known before the program runs",
                "write the arguments out",
            )
        if argument.keyword is not None:
            name = argument.keyword.value
            if name not in known:
                raise Refused("S2H903", f"{entry.name} has no argument {name!r}")
        elif position < len(names):
            name = names[position]
        elif star is not None:
            _gather(given, order, star, argument)
            continue
        else:
            raise Refused("S2H903", f"too many arguments for {entry.name}")
        if name in given:
            raise Refused("S2H903", f"{entry.name}: {name!r} is given twice")
        given[name] = argument
        order.append(name)
    for p in parameters:
        required = p.default is p.empty and p.kind not in (
            p.VAR_POSITIONAL,
            p.VAR_KEYWORD,
        )
        if required and p.name not in given:
            raise Refused("S2H903", f"{entry.name}: argument {p.name!r} is missing")
    return Bound(given, order)


def _gather(
    given: dict[str, cst.Arg], order: list[str], star: str, argument: cst.Arg
) -> None:
    """Adds an argument to the tuple that a parameter like `*inputs` gets."""
    element = cst.Element(argument.value)
    if star in given:
        elements = [*given[star].value.elements, element]
    else:
        order.append(star)
        elements = [element.with_changes(comma=cst.Comma())]
    if len(elements) > 1:
        space = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        *first, last = elements
        plain = cst.MaybeSentinel.DEFAULT
        elements = [e.with_changes(comma=space) for e in first]
        elements.append(last.with_changes(comma=plain))
    given[star] = argument.with_changes(value=cst.Tuple(elements))


def is_star(entry: dictionary.Entry, name: str) -> bool:
    """Whether a parameter is one like `*inputs`."""
    parameter = entry.signature.parameters.get(name)
    return parameter is not None and parameter.kind is parameter.VAR_POSITIONAL


class Question:
    """Answers guard conditions for one call."""

    def __init__(
        self,
        entry: dictionary.Entry,
        bound: Bound,
        kind_of: Callable[[cst.BaseExpression], Kind],
        side: str,
    ):
        self.entry, self.bound, self.kind_of, self.side = entry, bound, kind_of, side

    def _default(self, name: str):
        return self.entry.signature.parameters[name].default

    def __call__(self, condition: guards.Condition) -> bool | None:
        argument = self.bound.given.get(condition.name)
        answer = getattr(self, f"_{condition.test}", None)
        if answer is None:
            return None  # a condition that only running the program can answer
        return answer(condition.name, condition.value, argument)

    def _dtype(self, name, word, argument):
        if argument is None:
            default = self._default(name)
            if default is inspect.Parameter.empty or default is None:
                return None
            found = _python_dtype(default)
        else:
            kind = self.kind_of(argument.value)
            found = kind.dtype
            if kind.sort in ("seq", "tuple"):
                found = _sequence_dtype(kind)
            if kind.sort == "number" and name in self.entry.same:
                found = self._group_dtype(name) or None
        if found is None:
            return None
        return found in ("int", "float") if word == "number" else found == word

    def _group_dtype(self, name):
        for other in self.entry.same:
            if other != name and other in self.bound.given:
                kind = self.kind_of(self.bound.given[other].value)
                if kind.sort in ("tensor", "variable"):
                    return kind.dtype
        return None

    def _sort(self, name, word, argument):
        if argument is None:
            return word == "literal"
        node, kind = argument.value, self.kind_of(argument.value)
        if word == "literal":
            return templates.literal(node) is not templates.NOT_LITERAL or _display(
                node
            )
        if word == "shape":
            return kind.sort == "shape" or self._of_shapes(node)
        if word == "list":
            if isinstance(node, cst.List | cst.Tuple | cst.ListComp):
                return True
            word_sorts = ("seq", "tuple")
        elif word == "variable":
            if self.side == "module" and kind.sort == "variable":
                return False  # there it is an array
            word_sorts = ("variable",)
        elif word == "tensor":
            word_sorts = ("tensor", "variable")
            if isinstance(node, cst.List | cst.Tuple | cst.ListComp | cst.Integer):
                return False
        else:
            word_sorts = (word,)
        if kind.sort in word_sorts:
            return True
        return None if kind.sort in ("unknown", "self") else False

    def _of_shapes(self, node):
        """Whether a display holds shapes, or sizes out of them, and no arrays."""
        if not isinstance(node, cst.List | cst.Tuple):
            return False
        kinds = [self.kind_of(e.value) for e in node.elements]
        sorts = {kind.sort for kind in kinds}
        if sorts == {"number"} and {kind.dtype for kind in kinds} == {"int"}:
            return templates.literal(node) is templates.NOT_LITERAL
        return "shape" in sorts and not sorts & {"tensor", "variable"}

    def _state(self, name, word, argument):
        if word in ("given", "omitted"):
            return (argument is not None) == (word == "given")
        default = self._default(name)
        if argument is None:
            return True if word == "default" else default is None
        written = templates.literal(argument.value)
        if written is not templates.NOT_LITERAL:
            return written is None if word == "None" else written == default
        if word == "None":
            kind = self.kind_of(argument.value)
            computed = isinstance(
                argument.value,
                cst.List | cst.Tuple | cst.Lambda | cst.BinaryOperation | cst.ListComp,
            )
            known = kind.sort not in ("unknown", "function", "self")
            return False if computed or known else None
        return None

    def _equal(self, name, value, argument):
        written = self._written(name, argument)
        return None if written is templates.NOT_LITERAL else written == value

    def _among(self, name, values, argument):
        written = self._written(name, argument)
        return None if written is templates.NOT_LITERAL else written in values

    def _has(self, name, value, argument):
        written = self._written(name, argument)
        if written is templates.NOT_LITERAL:
            return None
        return isinstance(written, list | tuple) and value in written

    def _len(self, name, value, argument):
        written = self._written(name, argument)
        if written is not templates.NOT_LITERAL:
            return isinstance(written, list | tuple) and len(written) == value
        node = argument.value
        plain = isinstance(node, cst.List | cst.Tuple) and not any(
            isinstance(e, cst.StarredElement) for e in node.elements
        )
        return len(node.elements) == value if plain else None

    def _rank(self, name, value, argument):
        written = self._written(name, argument)
        if written is not templates.NOT_LITERAL:
            rank = 0
            while isinstance(written, list | tuple) and written:
                rank, written = rank + 1, written[0]
            return rank == value
        if self.kind_of(argument.value).sort == "number":
            return value == 0
        return None

    def _written(self, name, argument):
        """The literal written, or by default; of a dtype its name."""
        is_dtype = self.entry.kinds.get(name) is dictionary.Dtype
        if argument is None:
            default = self._default(name)
            if not is_dtype or default is None:
                return default
            return getattr(default, "dtype", default).name
        written = templates.literal(argument.value)
        if is_dtype and written is templates.NOT_LITERAL:
            last = (trees.dotted(argument.value) or "").rpartition(".")[2]
            if last.rstrip("0123456789") in ("int", "uint", "float", "bfloat"):
                return last
        return written


def _display(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.List | cst.Tuple) and all(
        templates.literal(e.value) is not templates.NOT_LITERAL for e in node.elements
    )


def _sequence_dtype(kind: Kind) -> str | None:
    items = kind.items if kind.items is not None else (kind.item,)
    found = {i.dtype for i in items if isinstance(i, Kind)}
    return found.pop() if len(found) == 1 else None


def _python_dtype(value) -> str | None:
    if isinstance(value, bool):
        return "bool"
    return {int: "int", float: "float"}.get(type(value))


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
        node = _substitute(rewriter, entry, form, bound, scope, transform)
        if node is not None:
            node = tidy(node, call)
            safety = results.SAFE
            message = f"{entry.name} → {trees.code(form.body)}"
            if unknown:
                safety = results.ASSUMED
                message += ": exact if " + " and ".join(map(describe, unknown))
            if spelling.because:
                safety = results.ASSUMED
                message += f": {spelling.because}"
            rewriter.use(templates.free_aliases(form.body, ALIASES))
            return Spelled(node, safety, message)
    if entry.outcome == "op" and entry.helper and entry.fn is not None:
        return _helper(rewriter, entry, bound, scope, call, transform)
    reason = entry.because or f"no spelling of {entry.name} carries these arguments"
    instead = entry.instead or f"see `sonnet2haiku explain {entry.name}`"
    raise Refused("S2H903", reason, instead)


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


def describe(condition: guards.Condition) -> str:
    """A condition in words, for reports."""
    negation = "not " if condition.negated else ""
    if condition.test in ("dtype", "sort", "state"):
        return f"{condition.name} is {negation}{condition.value}"
    if condition.test == "rank":
        return f"{condition.name} has {negation}{condition.value} dimensions"
    word = "among" if condition.test == "among" else "equal to"
    return f"{condition.name} is {negation}{word} {condition.value!r}"


def is_simple(node: cst.BaseExpression) -> bool:
    """Whether evaluating an expression twice costs and changes nothing."""
    if isinstance(node, cst.Name | cst.Integer | cst.Float | cst.SimpleString):
        return True
    if isinstance(node, cst.Attribute):
        return is_simple(node.value)
    if isinstance(node, cst.UnaryOperation):
        return is_simple(node.expression)
    return _display(node)


def is_impure(node: cst.BaseExpression) -> bool:
    """Whether the moment of an expression's evaluation may matter: it calls."""
    return any(isinstance(n, cst.Call | cst.NamedExpr) for n in trees.walk(node))


def _substitute(rewriter, entry, form, bound, scope, transform):
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
                node = _prepared(
                    rewriter, entry, name, argument.value, scope, transform
                )
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


def _prepared(rewriter, entry, name, node, scope, transform):
    """An argument transformed, and folded as its parameter asks."""
    kind = entry.kinds.get(name)
    new = transform(node)
    if kind is not None and issubclass(kind, dictionary.Static | dictionary.Shape):
        return fold(new)
    several = kind is dictionary.Ts or is_star(entry, name)
    if kind is dictionary.T and not several:
        return rewriter.value_of(node, new, scope)
    if several and isinstance(node, cst.List | cst.Tuple):
        elements = [
            e.with_changes(value=rewriter.value_of(old.value, e.value, scope))
            for e, old in zip(new.elements, node.elements, strict=True)
        ]
        return new.with_changes(elements=elements)
    return new


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
    for name in bound.order:
        if entry.kinds.get(name) is dictionary.Ignored:
            continue
        argument = bound.given[name]
        value = _prepared(rewriter, entry, name, argument.value, scope, transform)
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
    return Spelled(
        tidy(node, call),
        results.SAFE,
        f"{entry.name} → {title}, its exact behaviour written out",
        helper=True,
    )


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

    def kind_of(node):
        return Kind("unknown")

    question = Question(entry, bound, kind_of, scope.side)
    chosen = next(choices(entry, bound, question), None)
    if chosen is None:
        if entry.outcome == "op" and entry.helper and entry.key is None:
            title = rewriter.helper(entry)
            return Spelled(
                build.name(title),
                results.SAFE,
                f"{entry.name} → {title}, its exact behaviour written out",
                helper=True,
            )
        reason = entry.because or f"{entry.name} can't be named without a call"
        raise Refused("S2H903", reason, entry.instead)
    spelling, unknown = chosen
    form = templates.template(spelling.fn)
    node = _substitute(rewriter, entry, form, bound, scope, lambda n: n)
    same_call = (
        isinstance(node, cst.Call)
        and [trees.code(a.value) for a in node.args] == required
        and all(a.keyword is None for a in node.args)
    )
    safety, message = results.SAFE, f"{entry.name} → {trees.code(form.body)}"
    if unknown:
        safety = results.ASSUMED
        message += ": exact if " + " and ".join(map(describe, unknown))
    if spelling.because:
        safety, message = results.ASSUMED, f"{message}: {spelling.because}"
    rewriter.use(templates.free_aliases(form.body, ALIASES))
    if same_call:
        return Spelled(node.func, safety, message)
    return Spelled(build.lam(node, parameters=required), safety, message)
