"""What expressions are: tensors, variables, modules, sequences of them, and dtypes.

The inference never runs code and never guesses: what it can't tell is UNKNOWN, and an
edit that depends on it is then marked as assumed.
"""

from __future__ import annotations

import libcst as cst

from compat.dictionary.kinds import UNKNOWN, Kind
from migrate.analysis import trees
from migrate.analysis.call_kinds import Calls
from migrate.analysis.imports import Imports
from migrate.analysis.project import View
from migrate.analysis.scopes import ClassInfo, Scope
from migrate.analysis.sorts import arithmetic, merge

_BINDING = frozenset({cst.Assign, cst.AnnAssign, cst.AugAssign, cst.For, cst.With})


class Kinds(Calls):
    """Collects the scopes of a file, and infers kinds in them."""

    def __init__(self, module: cst.Module, imports: Imports, project: View):
        super().__init__(module, imports, project)
        self._collect(module)

    def _collect(self, module: cst.Module) -> None:
        self.top.bound = set(trees.names_bound(module))
        for node in trees.walk(module):
            if isinstance(node, cst.ClassDef) and node.name.value not in self.classes:
                self.classes[node.name.value] = ClassInfo(
                    node.name.value, node, "plain"
                )
        for info in self.classes.values():
            info.side = self.side_of(info)
            for statement in info.node.body.body:
                if isinstance(statement, cst.FunctionDef):
                    info.methods[statement.name.value] = statement
        for statement in module.body:
            if isinstance(statement, cst.FunctionDef):
                self.functions[statement.name.value] = statement
        self._assignments(self.top, module)
        for info in self.classes.values():
            ordered = sorted(info.methods.values(), key=_init_first)
            for method in ordered:
                self.scope_of(method, self.top, info)
        # Attributes known only by now may tell more about locals: once more.
        self.scopes.clear()
        for info in self.classes.values():
            for method in info.methods.values():
                self.scope_of(method, self.top, info)

    def scope_of(
        self, node: cst.FunctionDef, outer: Scope, klass: ClassInfo | None = None
    ) -> Scope:
        """The scope of a function, made at the first question."""
        if id(node) in self.scopes:
            return self.scopes[id(node)]
        scope = Scope(outer, klass, node)
        self.scopes[id(node)] = scope
        parameters = [
            *node.params.posonly_params,
            *node.params.params,
            *node.params.kwonly_params,
        ]
        for p in parameters:
            scope.bound.add(p.name.value)
            scope.kinds[p.name.value] = self._parameter(p, outer)
        for star in (node.params.star_arg, node.params.star_kwarg):
            if isinstance(star, cst.Param):
                scope.bound.add(star.name.value)
        if klass is not None and parameters and not _is_static(node):
            scope.self_name = parameters[0].name.value
            scope.kinds[scope.self_name] = Kind("self")
        scope.bound |= set(trees.names_bound(node.body))
        self._assignments(scope, node.body)
        return scope

    def _parameter(self, p: cst.Param, scope: Scope) -> Kind:
        kind = UNKNOWN
        if p.annotation is not None:
            kind = self.annotation(p.annotation.annotation, scope)
        if kind == UNKNOWN and p.default is not None:
            default = self.of(p.default, scope)
            if default.sort in ("number", "string", "function"):
                kind = default
        return kind

    def _assignments(self, scope: Scope, body: cst.CSTNode) -> None:
        for node in trees.walk_scope(body):
            cls = type(node)
            if cls not in _BINDING:
                continue
            if cls is cst.Assign:
                kind = self.of(node.value, scope)
                for target in node.targets:
                    self.bind(target.target, kind, scope, node.value)
            elif cls is cst.AnnAssign and node.value is not None:
                kind = self.annotation(node.annotation.annotation, scope)
                if kind == UNKNOWN:
                    kind = self.of(node.value, scope)
                self.bind(node.target, kind, scope, node.value)
            elif cls is cst.AugAssign:
                new = arithmetic(
                    self.of(node.target, scope), self.of(node.value, scope)
                )
                if isinstance(node.target, cst.Name):
                    scope.kinds[node.target.value] = merge(
                        scope.kinds.get(node.target.value, new), new
                    )
            elif cls is cst.For:
                self.bind_loop(node.target, node.iter, scope)
            elif cls is cst.With:
                for item in node.items:
                    if item.asname is not None and isinstance(
                        item.asname.name, cst.Name
                    ):
                        kind = self.of(item.item, scope)
                        scope.kinds[item.asname.name.value] = kind


def _init_first(node: cst.FunctionDef) -> tuple[bool, str]:
    return (node.name.value != "__init__", "")


def _is_static(node: cst.FunctionDef) -> bool:
    return any(trees.dotted(d.decorator) == "staticmethod" for d in node.decorators)
