"""What dotted names stand for: legacy names, the user's classes, types."""

from __future__ import annotations

import libcst as cst

from compat.dictionary.kinds import (
    DTYPE,
    OPTIMIZER,
    SHAPE,
    TENSOR,
    UNKNOWN,
    VARIABLE,
    Kind,
    seq,
)
from migrate.analysis import trees
from migrate.analysis.imports import Imports
from migrate.analysis.project import View, trains
from migrate.analysis.scopes import ClassInfo, Scope
from migrate.analysis.sorts import DISTRIBUTION, FUNCTION, STRING


class Names:
    """Resolves dotted names in one file."""

    def __init__(self, module: cst.Module, imports: Imports, project: View):
        self.imports = imports
        self.project = project
        self.top = Scope(node=module)
        self.classes: dict[str, ClassInfo] = {}

    def side_of(self, info: ClassInfo) -> str:
        """'module', 'owner' or 'plain' for a class of the file, by its bases."""
        sorts = []
        for base in info.node.bases:
            sort = self.class_sort(base.value, self.top)
            if sort:
                sorts.append(sort)
        if not sorts:
            return "plain"
        return "owner" if "owner" in sorts or _trains(info.node) else "module"

    def class_sort(self, node: cst.CSTNode, scope: Scope) -> str | None:
        """'module', 'owner' or 'plain' for a class named by an expression."""
        if isinstance(node, cst.Subscript):
            node = node.value
        if isinstance(node, cst.Name) and node.value in self.classes:
            if node.value in scope.shadowed:
                return None
            info = self.classes[node.value]
            if info.side == "plain" and info.node.bases:
                info.side = "pending"
                info.side = self.side_of(info)
            return info.side if info.side in ("module", "owner") else "plain"
        name = self.full_name(node, scope)
        return self.project.sort_of(name) if name else None

    def full_name(self, node: cst.CSTNode, scope: Scope) -> str | None:
        """The dotted name as imported, not yet in usual spelling."""
        name = trees.dotted(node)
        if name is None:
            return None
        first, _, rest = name.partition(".")
        if first in scope.shadowed or first not in self.imports.names:
            return None
        return self.imports.names[first] + ("." + rest if rest else "")

    def legacy(self, node: cst.CSTNode, scope: Scope) -> str | None:
        """The usual spelling of an imported dotted name."""
        return self.imports.resolve(node, scope.shadowed)

    def annotation(self, node: cst.BaseExpression, scope: Scope) -> Kind:
        """The kind that a type annotation promises."""
        if isinstance(node, cst.SimpleString):
            try:
                return self.annotation(cst.parse_expression(node.raw_value), scope)
            except cst.ParserSyntaxError:
                return UNKNOWN
        if isinstance(node, cst.Subscript):
            outer = (trees.dotted(node.value) or "").rpartition(".")[2]
            inner = [
                self.annotation(e.slice.value, scope)
                for e in node.slice
                if isinstance(e.slice, cst.Index)
            ]
            if outer == "Optional" and inner:
                return inner[0]
            if outer in ("Sequence", "List", "list", "Iterable", "Iterator") and inner:
                return seq(inner[0])
            if outer in ("Tuple", "tuple") and inner:
                if trees.code(node.slice[-1].slice) == "...":
                    return seq(inner[0])
                return Kind("tuple", items=tuple(inner))
            if outer == "Callable":
                return FUNCTION
            return UNKNOWN
        name = trees.dotted(node)
        simple = {
            "int": Kind("number", "int"),
            "float": Kind("number", "float"),
            "bool": Kind("number", "bool"),
            "str": STRING,
        }
        if name in simple:
            return simple[name]
        legacy = self.legacy(node, scope)
        if legacy in ("tf.Tensor", "tf.Variable"):
            return VARIABLE if legacy == "tf.Variable" else TENSOR
        if legacy == "tf.data.Dataset":
            return Kind("dataset")
        if (legacy or "").startswith("tfp.distributions."):
            return DISTRIBUTION
        if legacy in ("snt.Optimizer",) or (legacy or "").startswith("snt.optimizers."):
            return OPTIMIZER
        if legacy in ("tf.DType", "tf.dtypes.DType"):
            return DTYPE
        if legacy == "tf.TensorShape":
            return SHAPE
        if self.class_sort(node, scope) == "module":
            return Kind("module", detail=name)
        return UNKNOWN


def _trains(node: cst.ClassDef) -> bool:
    return trains(
        {n.attr.value for n in trees.walk(node) if isinstance(n, cst.Attribute)}
    )
