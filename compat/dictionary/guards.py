"""The small language in which a spelling says when it is exact.

A guard is one or more conditions joined by ` and `:

    x is float          dtype class: float, int, bool, complex, number(int or float)
    x is tensor         sort: tensor, variable, list, literal (a display or constant),
                        shape (a tuple of ints out of one, or a list of such),
                        module, function, string
    x is None           written as None, or omitted with the default None
    x is given          present in the call; `x is omitted`: absent from it
    x is default        omitted, or written as its default
    x == 'SAME'         a literal equal to this literal; `!=` its contrary
    x in (1, 2)         a literal among these; of a dtype, its name among these
    x has -1            a literal list that contains this literal
    len(x) == 2         a literal list of so many
    rank(x) == 2        the number of dimensions, where the analysis knows it
    not <condition>

Each condition is true, false or not known; so is the guard. True makes an edit safe,
not known makes it assumed ("exact if …"), false rules the spelling out.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
from collections.abc import Callable

DTYPES = frozenset({"float", "int", "bool", "complex", "number"})
SORTS = frozenset(
    {"tensor", "variable", "list", "literal", "shape", "module", "function", "string"}
)
STATES = frozenset({"None", "given", "omitted", "default"})


@dataclasses.dataclass(frozen=True)
class Condition:
    """One condition on one parameter.

    Attributes:
      test: 'dtype', 'sort', 'state', 'equal', 'among', 'has', 'len' or 'rank'.
      name: the parameter.
      value: the word or the literal compared with.
      negated: whether the condition is turned round.
    """

    test: str
    name: str
    value: object
    negated: bool = False


_IS = re.compile(r"(\w+) is (\w+)$")
_COMPARE = re.compile(r"(\w+) (==|!=|in|has) (.+)$")
_RANK = re.compile(r"(rank|len)\((\w+)\) == (\d+)$")


@functools.cache
def parse(guard: str | None) -> tuple[Condition, ...]:
    """The conditions of a guard.

    Raises:
      ValueError: the text is not of the language above.
    """
    if guard is None:
        return ()
    return tuple(_condition(part.strip()) for part in guard.split(" and "))


def _condition(text: str) -> Condition:
    negated = text.startswith("not ")
    text = text.removeprefix("not ").strip()
    if match := _RANK.match(text):
        return Condition(match[1], match[2], int(match[3]), negated)
    if match := _IS.match(text):
        name, word = match.groups()
        for test, words in (("dtype", DTYPES), ("sort", SORTS), ("state", STATES)):
            if word in words:
                return Condition(test, name, word, negated)
    elif match := _COMPARE.match(text):
        name, sign, literal = match.groups()
        value = ast.literal_eval(literal)
        if sign == "in":
            return Condition("among", name, tuple(value), negated)
        if sign == "has":
            return Condition("has", name, value, negated)
        return Condition("equal", name, value, negated ^ (sign == "!="))
    raise ValueError(f"guard condition not understood: {text!r}")


def evaluate(
    guard: str | None, known: Callable[[Condition], bool | None]
) -> tuple[bool | None, tuple[Condition, ...]]:
    """Evaluates a guard: (true, false or None for not known; the unknown conditions).

    Args:
      guard: the text, or None for a spelling that is always exact.
      known: answers one condition, its `negated` disregarded.
    """
    unknown = []
    for condition in parse(guard):
        answer = known(condition)
        if answer is None:
            unknown.append(condition)
        elif answer == condition.negated:
            return False, ()
    return (None if unknown else True), tuple(unknown)
