"""The pass over expressions: names, calls, operators, by the dictionary and rules."""

from __future__ import annotations

import libcst as cst

from compat import dictionary
from migrate import results
from migrate.analysis import trees
from migrate.analysis.imports import LEGACY
from migrate.analysis.scopes import Scope
from migrate.rewrite import binding, build, inline, templates
from migrate.rewrite.state import State
from migrate.rules import calls, methods


class Expressions(State):
    """Rewrites the expressions of one file."""

    def expr(
        self,
        node: cst.BaseExpression,
        scope: Scope,
        parent: cst.CSTNode | None = None,
        field: str = "",
    ) -> cst.BaseExpression:
        """Rewrites an expression."""
        new = self._expr(node, scope, parent, field)
        if new is not node:
            new = build.in_place_of(new, node, parent, field)
        return new

    def _expr(self, node, scope, parent, field):
        cls = type(node)
        if cls is cst.Name or cls is cst.Attribute:
            return self._reference(node, scope, parent, field)
        if cls is cst.Call:
            return self._call(node, scope, parent)
        if cls in _LEAVES:
            return node
        if cls is cst.SimpleString:
            return self._string(node, scope, parent, field)
        if cls is cst.Lambda:
            if id(node) in self.pipelines:
                return self.in_pipeline(node, scope)
            inner = Scope(scope, None, node)
            inner.bound |= {p.name.value for p in node.params.params}
            return trees.rebuild(node, lambda c, p, f: self.within(c, p, f, inner))
        if cls in _COMPREHENSIONS:
            return self._comprehension(node, scope)
        if cls in _OPERATIONS:
            return self._operation(node, scope)
        if cls is cst.FormattedString:
            return self._formatted(node, scope)
        return trees.rebuild(node, lambda c, p, f: self.within(c, p, f, scope))

    def within(self, child, parent, field, scope):
        """Rewrites a part of an expression."""
        cls = type(child)
        if cls is cst.Name and parent_is_label(parent, field):
            return child
        if trees.is_expression(cls):
            return self.expr(child, scope, parent, field)
        if cls in _LEAVES:
            return child
        return trees.rebuild(child, lambda c, p, f: self.within(c, p, f, scope))

    def _comprehension(self, node, scope):
        inner = Scope(scope, None, node)
        loop = node.for_in
        names: set[str] = set()
        while loop is not None:
            names |= {
                t.value for t in trees.targets(loop.target) if isinstance(t, cst.Name)
            }
            self.kinds.bind_loop(loop.target, loop.iter, inner)
            loop = loop.inner_for_in
        inner.bound |= names
        self._loops.append(names)
        try:
            return trees.rebuild(node, lambda c, p, f: self.within(c, p, f, inner))
        finally:
            self._loops.pop()

    def _operation(self, node, scope):
        """Operators: those on variables work on the value."""

        def change(child, parent, field):
            if not isinstance(child, cst.BaseExpression):
                return trees.rebuild(child, change)
            new = self.expr(child, scope, parent, field)
            return self.value_of(child, new, scope)

        return trees.rebuild(node, change)

    def _formatted(self, node, scope):
        new = trees.rebuild(node, lambda c, p, f: self.within(c, p, f, scope))
        if new is node:
            return node
        quote = node.start.lstrip("fFrRbB")
        for part in new.parts:
            if isinstance(part, cst.FormattedStringExpression):
                inside = trees.code(part.expression)
                if quote in inside or "\\" in inside or "#" in inside:
                    self.note(
                        node,
                        "S2H906",
                        results.MANUAL,
                        "",
                        "what is inside this f-string can't be written there",
                        "assign it to a variable first",
                    )
                    return node
        return new

    def _string(self, node, scope, parent, field):
        """Quoted annotations name types."""
        if not (isinstance(parent, cst.Annotation) and "." in node.value):
            return node
        try:
            inside = cst.parse_expression(node.raw_value)
        except cst.ParserSyntaxError:
            return node
        if self.kinds.legacy(inside, scope) is None:
            return node
        new = self.expr(inside, scope, parent, field)
        if new is inside:
            return node
        return cst.SimpleString(
            f"{node.prefix}{node.quote}{trees.code(new)}{node.quote}"
        )

    def value_of(
        self, old: cst.BaseExpression, new: cst.BaseExpression, scope: Scope
    ) -> cst.BaseExpression:
        """`new.value` where `old` was a variable held in a box."""
        if scope.side == "module" or self.in_factory:
            return new
        if self.kinds.of(old, scope).sort != "variable":
            return new
        if isinstance(new, cst.Attribute) and new.attr.value == "value":
            return new
        base = build.fit(new, cst.Attribute(cst.Name("x"), cst.Name("y")), "value")
        return cst.Attribute(base, cst.Name("value"))

    # ------------------------------------------------------------------------ names
    def _reference(self, node, scope, parent, field):
        name = self.kinds.legacy(node, scope)
        if name is None or name.partition(".")[0] not in LEGACY:
            return self._attribute(node, scope, parent, field)
        if name in LEGACY and not isinstance(parent, cst.Arg):
            return node
        entry = dictionary.find(name)
        if entry is None:
            longer = self._value_with_attributes(node, scope)
            if longer is not None:
                return longer
            return self.leave(
                node, "S2H901", name, f"{name} is not known to this tool", ""
            )
        return self._named(node, name, entry, scope, parent)

    def _value_with_attributes(self, node, scope):
        """`tf.float32.max`: an attribute of something the dictionary knows."""
        if not isinstance(node, cst.Attribute):
            return None
        inner = self.kinds.legacy(node.value, scope)
        entry = dictionary.find(inner) if inner else None
        if entry is None or entry.outcome not in ("value", "op", "module"):
            return None
        found = methods.attribute(self, node, scope)
        if found is not None:
            return found
        value = self.expr(node.value, scope, node, "value")
        return node.with_changes(value=value) if value is not node.value else None

    def _named(self, node, name, entry, scope, parent):
        if name in calls.REPLACED:
            return calls.reference(self, node, name, entry, scope, parent)
        if entry.outcome == "value":
            if not self.options.enabled("S2H104"):
                return self.leave(node, "S2H104", name, "left out by option", "")
            new = build.expression(entry.spelling)
            self.use(templates.free_aliases(new, inline.ALIASES))
            new = self.spelled(new)
            safety = results.ASSUMED if entry.because else results.SAFE
            message = f"{name} → {entry.spelling}"
            if entry.because:
                message += f": {entry.because}"
            self.note(node, "S2H104", safety, name, message)
            return new
        if entry.outcome == "structural":
            return calls.reference(self, node, name, entry, scope, parent)
        if entry.outcome in ("op", "module"):
            try:
                found = calls.named(self, node, name, entry, scope, parent)
            except binding.Refused as refused:
                return self.leave(
                    node, refused.code, name, refused.reason, refused.suggestion
                )
            return found
        return self._outcome(node, name, entry)

    def _outcome(self, node, name, entry):
        if entry.outcome == "stays":
            self.note(
                node, "S2H905", results.STAYS, name, entry.because, entry.instead, False
            )
            return node
        return self.leave(node, "S2H902", name, entry.because, entry.instead)

    def _attribute(self, node, scope, parent, field):
        if not isinstance(node, cst.Attribute):
            return node
        found = methods.attribute(self, node, scope)
        if found is not None:
            return found
        value = self.expr(node.value, scope, node, "value")
        return node if value is node.value else node.with_changes(value=value)

    # ------------------------------------------------------------------------ calls
    def _call(self, node, scope, parent):
        name = self.kinds.legacy(node.func, scope)
        if name is not None and name.partition(".")[0] in LEGACY:
            entry = dictionary.find(name)
            if entry is not None:
                return calls.legacy(self, node, name, entry, scope, parent)
        found = calls.other(self, node, scope)
        if found is not None:
            return found
        return self.plain_call(node, scope)

    def plain_call(self, node: cst.Call, scope: Scope) -> cst.Call:
        """The call with its function and arguments rewritten."""
        return trees.rebuild(node, lambda c, p, f: self.within(c, p, f, scope))

    def arguments_only(self, node: cst.Call, scope: Scope) -> cst.Call:
        """The call with its arguments rewritten, its function left."""

        def change(child, parent, field):
            if field == "func" and parent is node:
                return child
            return self.within(child, parent, field, scope)

        return trees.rebuild(node, change)

    def factory(
        self, node: cst.BaseExpression, scope: Scope, assigned: str | None = None
    ) -> cst.BaseExpression:
        """`objects.network(lambda: node)`, names that change bound at once."""
        unstable = self.rebound(scope)
        if assigned is not None:
            unstable.add(assigned)
        read = trees.names_read(node)
        bound = sorted(read & unstable)
        return cst.Call(self.objects("network"), [cst.Arg(build.lam(node, bound))])


_LEAVES = frozenset(
    {cst.Integer, cst.Float, cst.Imaginary, cst.Ellipsis, cst.Dot, cst.Pass}
    | {cst.Add, cst.Subtract, cst.Multiply, cst.Divide, cst.Power, cst.Minus, cst.Not}
    | {cst.Equal, cst.NotEqual, cst.LessThan, cst.GreaterThan, cst.Is, cst.IsNot}
    | {cst.FormattedStringText, cst.Break, cst.Continue}
)
_COMPREHENSIONS = frozenset({cst.ListComp, cst.GeneratorExp, cst.SetComp, cst.DictComp})
_OPERATIONS = frozenset({cst.BinaryOperation, cst.Comparison, cst.UnaryOperation})


def parent_is_label(parent: cst.CSTNode, field: str) -> bool:
    """Whether a name in this place labels something and is no variable."""
    return (
        (isinstance(parent, cst.Arg) and field == "keyword")
        or (isinstance(parent, cst.Attribute) and field == "attr")
        or (isinstance(parent, cst.Param) and field == "name")
        or isinstance(parent, cst.NameItem)
    )
