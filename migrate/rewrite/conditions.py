"""Whether the condition of a spelling holds for a call, as far as can be told."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import libcst as cst

from compat import dictionary
from compat.dictionary import guards
from compat.dictionary.kinds import Kind
from migrate.analysis import trees
from migrate.rewrite import templates
from migrate.rewrite.binding import Bound


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
            return templates.literal(node) is not templates.NOT_LITERAL or is_display(
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


def is_display(node: cst.BaseExpression) -> bool:
    """Whether an expression is a list or tuple of literals."""
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


def describe(condition: guards.Condition) -> str:
    """A condition in words, for reports."""
    negation = "not " if condition.negated else ""
    if condition.test in ("dtype", "sort", "state"):
        return f"{condition.name} is {negation}{condition.value}"
    if condition.test == "rank":
        return f"{condition.name} has {negation}{condition.value} dimensions"
    word = "among" if condition.test == "among" else "equal to"
    return f"{condition.name} is {negation}{word} {condition.value!r}"
