"""The pass over statements: blocks, functions, classes."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import libcst as cst

from compat import dictionary
from migrate import results
from migrate.analysis import trees
from migrate.analysis.imports import namespace_aliases
from migrate.analysis.scopes import Scope
from migrate.rewrite.expressions import Expressions
from migrate.rules import settings, statements


class Statements(Expressions):
    """Rewrites the statements of one file."""

    def body(self, body: Sequence[cst.CSTNode], scope: Scope) -> list[cst.CSTNode]:
        """Rewrites a list of statements."""
        body = statements.restructure(self, list(body), scope)
        out: list[cst.CSTNode] = []
        for statement in body:
            out.extend(self.statement(statement, scope))
        return out

    def statement(self, node: cst.CSTNode, scope: Scope) -> list[cst.CSTNode]:
        """Rewrites one statement; several, or none, may come of it."""
        outer, self._todos = self._todos, []
        try:
            new = statements.special(self, node, scope)
            if new is None:
                new = [self.plain(node, scope)]
            todos = self._todos
        finally:
            self._todos = outer
        if todos and new:
            new[0] = self.commented(node, new[0], todos)
        return new

    def plain(self, node: cst.CSTNode, scope: Scope) -> cst.CSTNode:
        """Rewrites a statement that no rule knows as a whole."""
        if isinstance(node, cst.FunctionDef):
            return self.function(node, scope)
        if isinstance(node, cst.ClassDef):
            return self.klass(node, scope)
        if isinstance(node, cst.SimpleStatementLine):
            top = scope is self.kinds.top
            if top and namespace_aliases(node, self.imports.names):
                return node  # goes with the imports, once nothing uses it
            return trees.rebuild(node, lambda c, p, f: self.small(c, scope))
        return trees.rebuild(node, lambda c, p, f: self._part(c, p, f, scope))

    def _part(self, child, parent, field, scope):
        """A part of a compound statement: a block, a header expression, a clause."""
        if isinstance(child, cst.IndentedBlock):
            looping = isinstance(parent, cst.For | cst.While)
            with self.loop(parent) if looping else contextlib.nullcontext():
                body = self.body(child.body, scope)
            if len(body) == len(child.body) and all(
                a is b for a, b in zip(body, child.body, strict=True)
            ):
                return child
            if not body:
                body = [cst.SimpleStatementLine([cst.Pass()])]
            return child.with_changes(body=body)
        if isinstance(child, cst.SimpleStatementSuite):
            return trees.rebuild(child, lambda c, p, f: self.small(c, scope))
        if isinstance(parent, cst.For) and field == "target":
            return child
        if isinstance(child, cst.BaseExpression):
            return self.expr(child, scope, parent, field)
        return trees.rebuild(child, lambda c, p, f: self._part(c, p, f, scope))

    def small(self, node: cst.CSTNode, scope: Scope) -> cst.CSTNode:
        """Rewrites an assignment, a return, an import … on a line."""
        if isinstance(node, cst.Import | cst.ImportFrom | cst.Global | cst.Nonlocal):
            return node

        def change(child, parent, field):
            if field == "target" and isinstance(child, cst.BaseExpression):
                return self.target(child, scope)
            if isinstance(child, cst.BaseExpression):
                return self.expr(child, scope, parent, field)
            return trees.rebuild(child, change)

        return trees.rebuild(node, change)

    def target(self, node: cst.BaseExpression, scope: Scope) -> cst.BaseExpression:
        """What is assigned to: only indices inside it are rewritten."""

        def change(child, parent, field):
            if isinstance(parent, cst.Subscript) and field == "slice":
                return self.within(child, parent, field, scope)
            return trees.rebuild(child, change)

        if isinstance(node, cst.Attribute):
            settings.settings(self, node, scope)
        if isinstance(node, cst.Name | cst.Attribute):
            return node
        return trees.rebuild(node, change)

    def function(self, node: cst.FunctionDef, scope: Scope) -> cst.FunctionDef:
        """Rewrites a function: decorators, defaults, annotations, body."""
        if id(node) in self.pipelines:
            return self.in_pipeline(node, scope)
        inner = self.kinds.scope_of(node, scope)
        decorators = []
        for decorator in node.decorators:
            new = statements.decorator(self, decorator, node, inner)
            if new is not None:
                decorators.append(new)
        instead = statements.compiled.added(self, node)
        if instead is not None:
            self.objects("jit")
            decorators.append(instead)
        changes = {}
        if len(decorators) != len(node.decorators) or any(
            a is not b for a, b in zip(decorators, node.decorators, strict=True)
        ):
            changes["decorators"] = decorators
            if not decorators and node.decorators:
                changes["leading_lines"] = [
                    *node.leading_lines,
                    *(
                        line
                        for line in node.lines_after_decorators
                        if line.comment is not None
                    ),
                ]
                changes["lines_after_decorators"] = []

        def header(child, parent, field):
            if isinstance(parent, cst.Param) and field == "name":
                return child
            if isinstance(child, cst.BaseExpression):
                return self.expr(child, scope, parent, field)
            return trees.rebuild(child, header)

        params = header(node.params, node, "params")
        if params is not node.params:
            changes["params"] = params
        if node.returns is not None:
            returns = header(node.returns, node, "returns")
            if returns is not node.returns:
                changes["returns"] = returns
        loops, self._loops = self._loops, []
        body = self._part(node.body, node, "body", inner)
        self._loops = loops
        if body is not node.body:
            changes["body"] = body
        return node.with_changes(**changes) if changes else node

    def in_pipeline(self, node: cst.CSTNode, scope: Scope) -> cst.CSTNode:
        """A function that runs inside TensorFlow's input pipeline: left as it is."""
        for inner in trees.walk(node):
            name = self.kinds.legacy(inner, scope)
            if name is not None and name.partition(".")[0] == "tf" and name != "tf":
                if isinstance(inner, cst.Attribute | cst.Name) and dictionary.find(
                    name
                ):
                    self.note(
                        inner,
                        "S2H905",
                        results.STAYS,
                        name,
                        "it runs inside TensorFlow's input pipeline",
                        "pipelines may stay: they feed JAX as numpy arrays",
                        False,
                    )
        return node

    def klass(self, node: cst.ClassDef, scope: Scope) -> cst.ClassDef:
        """Rewrites a class: its bases, and its methods in their own scopes."""
        info = self.kinds.classes.get(node.name.value)
        inner = Scope(scope, None, node)
        inner.klass = info if info is not None and info.node is node else None
        bases = statements.bases(self, node, info, scope)
        changes = {}
        if bases is not None:
            changes["bases"] = bases
            if not bases:
                changes["lpar"] = cst.MaybeSentinel.DEFAULT
                changes["rpar"] = cst.MaybeSentinel.DEFAULT
        decorators = [
            trees.rebuild(d, lambda c, p, f: self.expr(c, scope, p, f))
            for d in node.decorators
            if not statements.dropped_decorator(self, d, scope)
        ]
        if list(map(id, decorators)) != list(map(id, node.decorators)):
            changes["decorators"] = decorators
            if not decorators:
                changes["lines_after_decorators"] = []
        body = self._part(node.body, node, "body", inner)
        if body is not node.body:
            changes["body"] = body
        return node.with_changes(**changes) if changes else node
