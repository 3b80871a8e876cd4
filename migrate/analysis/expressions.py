"""The kinds of expressions other than calls, and of what loops over them bind."""

from __future__ import annotations

import functools

import libcst as cst

from compat import dictionary
from compat.dictionary.kinds import (
    BOOL,
    SHAPE,
    TENSOR,
    UNKNOWN,
    Kind,
    seq,
)
from migrate.analysis import trees
from migrate.analysis.imports import Imports
from migrate.analysis.names import Names
from migrate.analysis.project import View
from migrate.analysis.scopes import Scope
from migrate.analysis.sorts import (
    FUNCTION,
    NONE,
    STRING,
    VARIABLES,
    arithmetic,
    dtype_class,
    element_of,
    field,
    merge,
)


class Expressions(Names):
    """Infers the kinds of expressions in one file."""

    def __init__(self, module: cst.Module, imports: Imports, project: View):
        super().__init__(module, imports, project)
        self.functions: dict[str, cst.FunctionDef] = {}

    def of(self, node: cst.CSTNode, scope: Scope) -> Kind:
        """The kind of an expression."""
        method = getattr(self, f"_of_{type(node).__name__}", None)
        return method(node, scope) if method is not None else UNKNOWN

    def _of_Name(self, node, scope):
        if node.value in ("True", "False"):
            return Kind("number", "bool")
        if node.value == "None":
            return NONE
        found = scope.lookup(node.value)
        if found is not None and found != UNKNOWN:
            return found
        if node.value in self.functions and node.value not in scope.shadowed:
            return FUNCTION
        name = self.legacy(node, scope)
        return self._of_legacy_value(name) if name else UNKNOWN

    def _of_legacy_value(self, name: str) -> Kind:
        entry = dictionary.find(name)
        if entry is None:
            return UNKNOWN
        if entry.outcome == "value" and isinstance(entry.returns, Kind):
            if entry.returns.sort == "dtype" or dtype_class(name):
                return Kind("dtype", dtype_class(name))
            return entry.returns
        return FUNCTION if entry.outcome == "op" else UNKNOWN

    def _of_Integer(self, node, scope):
        return Kind("number", "int")

    def _of_Float(self, node, scope):
        return Kind("number", "float")

    def _of_SimpleString(self, node, scope):
        return STRING

    _of_FormattedString = _of_SimpleString
    _of_ConcatenatedString = _of_SimpleString

    def _of_Lambda(self, node, scope):
        return FUNCTION

    def _of_List(self, node, scope):
        kinds = [
            element_of(self.of(e.value, scope))
            if isinstance(e, cst.StarredElement)
            else self.of(e.value, scope)
            for e in node.elements
        ]
        return seq(functools.reduce(merge, kinds) if kinds else UNKNOWN)

    def _of_Tuple(self, node, scope):
        if any(isinstance(e, cst.StarredElement) for e in node.elements):
            return self._of_List(node, scope)
        return Kind(
            "tuple", items=tuple(self.of(e.value, scope) for e in node.elements)
        )

    def _of_ListComp(self, node, scope):
        inner = Scope(scope, None, node)
        loop = node.for_in
        while loop is not None:
            inner.bound |= {
                t.value for t in trees.targets(loop.target) if isinstance(t, cst.Name)
            }
            self.bind_loop(loop.target, loop.iter, inner)
            loop = loop.inner_for_in
        return seq(self.of(node.elt, inner))

    _of_GeneratorExp = _of_ListComp

    def _of_IfExp(self, node, scope):
        return merge(self.of(node.body, scope), self.of(node.orelse, scope))

    def _of_BooleanOperation(self, node, scope):
        return merge(self.of(node.left, scope), self.of(node.right, scope))

    def _of_UnaryOperation(self, node, scope):
        inner = self.of(node.expression, scope)
        if isinstance(node.operator, cst.Not):
            return Kind("number", "bool")
        return TENSOR if inner.sort == "variable" else inner

    def _of_BinaryOperation(self, node, scope):
        left, right = self.of(node.left, scope), self.of(node.right, scope)
        divides = isinstance(node.operator, cst.Divide)
        return arithmetic(left, right, divides)

    def _of_Comparison(self, node, scope):
        kinds = [
            self.of(node.left, scope),
            *(self.of(c.comparator, scope) for c in node.comparisons),
        ]
        operators = [c.operator for c in node.comparisons]
        if any(
            isinstance(o, cst.Is | cst.IsNot | cst.In | cst.NotIn) for o in operators
        ):
            return Kind("number", "bool")
        if any(k.sort in ("tensor", "variable") for k in kinds):
            return BOOL
        if all(k.sort in ("number", "string") for k in kinds):
            return Kind("number", "bool")
        return UNKNOWN

    def _of_Subscript(self, node, scope):
        base = self.of(node.value, scope)
        if base.sort in ("tensor", "variable"):
            return Kind("tensor", base.dtype)
        index = node.slice[0].slice if len(node.slice) == 1 else None
        if base.sort == "tuple" and base.items and isinstance(index, cst.Index):
            try:
                found = base.items[int(trees.code(index.value))]
                return found if isinstance(found, Kind) else UNKNOWN
            except (ValueError, IndexError):
                return UNKNOWN
        if base.sort == "shape":
            return Kind("number", "int") if isinstance(index, cst.Index) else SHAPE
        if base.sort == "seq":
            return base if isinstance(index, cst.Slice) else (base.item or UNKNOWN)
        return UNKNOWN

    def _of_Attribute(self, node, scope):
        name = self.legacy(node, scope)
        if name is not None and name.partition(".")[0] in ("tf", "snt", "trfl", "hk"):
            return self._of_legacy_value(name)
        attribute = node.attr.value
        if scope.is_self(node.value):
            klass = scope.owner_class
            if klass is not None and attribute in klass.attributes:
                return klass.attributes[attribute]
            if klass is not None and klass.side != "module":
                return UNKNOWN
        base = self.of(node.value, scope)
        if attribute in ("trainable_variables", "variables"):
            return VARIABLES if base.sort in ("module", "unknown", "self") else UNKNOWN
        if base.sort == "tuple" and base.detail:
            place = field(base, attribute)
            return base.items[place] if place is not None else UNKNOWN
        if base.sort in ("tensor", "variable"):
            return {
                "shape": SHAPE,
                "dtype": Kind("dtype", base.dtype),
                "T": Kind("tensor", base.dtype),
                "ndim": Kind("number", "int"),
            }.get(attribute, UNKNOWN)
        return UNKNOWN

    # -------------------------------------------------------------------- bindings
    def bind_loop(
        self, target: cst.BaseExpression, iterated: cst.BaseExpression, scope: Scope
    ) -> None:
        """Binds the target of a `for` to the kind of the elements."""
        if isinstance(iterated, cst.Call):
            name = trees.dotted(iterated.func)
            if name in ("zip", "enumerate") and isinstance(target, cst.Tuple):
                parts = [element_of(self.of(a.value, scope)) for a in iterated.args]
                if name == "enumerate":
                    parts = [Kind("number", "int"), *parts[:1]]
                for element, kind in zip(target.elements, parts, strict=False):
                    self.bind(element.value, kind, scope, None)
                return
            if name == "range":
                self.bind(target, Kind("number", "int"), scope, None)
                return
        self.bind(target, element_of(self.of(iterated, scope)), scope, None)

    def bind(
        self,
        target: cst.BaseExpression,
        kind: Kind,
        scope: Scope,
        value: cst.BaseExpression | None,
    ) -> None:
        """Enters the kind of a value with what it is assigned to."""
        if isinstance(target, cst.Tuple | cst.List):
            for i, element in enumerate(target.elements):
                if kind.sort == "tuple" and kind.items and i < len(kind.items):
                    part = kind.items[i]
                    part = part if isinstance(part, Kind) else UNKNOWN
                else:
                    part = element_of(kind)
                self.bind(element.value, part, scope, None)
        elif isinstance(target, cst.Name):
            old = scope.kinds.get(target.value)
            scope.kinds[target.value] = kind if old is None else merge(old, kind)
        elif isinstance(target, cst.Attribute) and scope.is_self(target.value):
            klass = scope.owner_class
            if klass is not None:
                name = target.attr.value
                old = klass.attributes.get(name)
                klass.attributes[name] = kind if old is None else merge(old, kind)
