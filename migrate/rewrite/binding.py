"""Which argument of a legacy call is which parameter."""

from __future__ import annotations

import dataclasses

import libcst as cst

from compat import dictionary


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
      assumed: what has to be so for the arguments to be these; empty if nothing.
    """

    given: dict[str, cst.Arg]
    order: list[str]
    assumed: str = ""


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
    args, counted = _spread(args, names, parameters)
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
    return Bound(given, order, counted)


def _spread(args, names, parameters) -> tuple[list[cst.Arg], str]:
    """`f(x, *bounds)` with `bounds[0], bounds[1]` where only so many can be meant.

    Returns:
      The arguments, and what is assumed of the starred one; empty where none is.
    """
    position = next((i for i, a in enumerate(args) if a.star == "*"), None)
    if position is None or any(a.star for a in args[position + 1 :]):
        return args, ""
    given = {a.keyword.value for a in args if a.keyword is not None}
    missing = [
        p.name
        for p in parameters
        if p.name in names[position:] and p.default is p.empty and p.name not in given
    ]
    star = args[position]
    follows = any(a.keyword is None for a in args[position + 1 :])
    optional = any(
        p.name in names[position + len(missing) :] and p.name not in ("name", *given)
        for p in parameters
    )
    if not (position and missing) or follows or optional:
        return args, ""
    if not isinstance(star.value, cst.Name | cst.Attribute):
        return args, ""
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    spread = [
        cst.Arg(
            cst.Subscript(
                star.value, [cst.SubscriptElement(cst.Index(cst.Integer(str(i))))]
            ),
            comma=comma,
        )
        for i in range(len(missing))
    ]
    spread[-1] = spread[-1].with_changes(comma=star.comma)
    plain = cst.Module([]).code_for_node(star.value)
    return (
        [*args[:position], *spread, *args[position + 1 :]],
        f"{plain} has {len(missing)} elements",
    )


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
