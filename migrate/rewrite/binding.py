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
      dropped: comments that would be lost.
    """

    given: dict[str, cst.Arg]
    order: list[str]


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
