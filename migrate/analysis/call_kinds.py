"""The kinds of what calls return."""

from __future__ import annotations

import dataclasses
import functools

import libcst as cst

from compat import dictionary
from compat.dictionary.kinds import FLOAT, TENSOR, UNKNOWN, ByDtype, Kind, Like
from migrate.analysis import trees
from migrate.analysis.expressions import Expressions
from migrate.analysis.imports import Imports
from migrate.analysis.project import View
from migrate.analysis.scopes import Scope
from migrate.analysis.sorts import DISTRIBUTION, TAPE, element_of, merge


class Calls(Expressions):
    """Infers the kinds of calls in one file."""

    def __init__(self, module: cst.Module, imports: Imports, project: View):
        super().__init__(module, imports, project)
        self.scopes: dict[int, Scope] = {}
        self._returns: dict[int, Kind] = {}

    def _of_Call(self, node, scope):
        func = node.func
        name = self.legacy(func, scope)
        if name is not None:
            if name == "tf.Variable":
                return Kind("variable", self._variable_dtype(node, scope))
            if name == "tf.GradientTape":
                return TAPE
            if name.startswith("tfp.distributions."):
                return DISTRIBUTION
            if name == "tf.function" and node.args:
                return self.of(node.args[0].value, scope)
            if name == "tf.nest.map_structure" or name.endswith("map_structure"):
                return UNKNOWN
            entry = dictionary.find(name)
            if entry is not None and entry.outcome in ("op", "module", "structural"):
                return self.returned(entry, node, scope)
        if self.class_sort(func, scope) == "module":
            return Kind("module", detail=trees.dotted(func))
        plain = trees.dotted(func)
        if plain in ("copy.deepcopy", "deepcopy") and node.args:
            return self.of(node.args[0].value, scope)
        if plain in ("tree.flatten", "list", "tuple", "sorted", "reversed"):
            if node.args:
                inner = self.of(node.args[0].value, scope)
                while (
                    plain == "tree.flatten"
                    and inner.sort == "seq"
                    and (inner.item or UNKNOWN).sort == "seq"
                ):
                    inner = inner.item
                return inner
        if plain in ("float", "int", "bool", "len"):
            return Kind("number", "int" if plain == "len" else plain)
        if isinstance(func, cst.Name) and func.value in self.functions:
            return self._function_returns(self.functions[func.value])
        if isinstance(func, cst.Attribute):
            return self._of_method_call(node, func, scope)
        callee = self.of(func, scope)
        return self.called(callee)

    def _of_method_call(
        self, node: cst.Call, func: cst.Attribute, scope: Scope
    ) -> Kind:
        attribute = func.attr.value
        if scope.is_self(func.value):
            klass = scope.owner_class
            if klass is not None and attribute in klass.methods:
                return self._function_returns(klass.methods[attribute])
            if klass is not None and attribute in klass.attributes:
                return self.called(klass.attributes[attribute])
            return UNKNOWN
        base = self.of(func.value, scope)
        if base == TAPE and attribute == "gradient":
            return Kind("seq", item=TENSOR, detail="gradients")
        if base.sort in ("tensor", "variable"):
            for prefix in ("Variable", "Tensor"):
                entry = dictionary.find(f"{prefix}.{attribute}")
                if entry is not None and isinstance(entry.returns, Kind):
                    return entry.returns
                if entry is not None and isinstance(entry.returns, Like):
                    return Kind("tensor", base.dtype)
        if base.sort == "module":
            return UNKNOWN
        return UNKNOWN

    def called(self, kind: Kind) -> Kind:
        """The kind of what calling a value gives."""
        if kind.sort == "module" and kind.detail:
            leaf = kind.detail.rpartition(".")[2]
            if leaf in self.classes:
                call = self.classes[leaf].methods.get("__call__")
                return self._function_returns(call) if call else UNKNOWN
            if leaf in _FLOAT_MODULES:
                return FLOAT
        return UNKNOWN

    def _function_returns(self, node: cst.FunctionDef) -> Kind:
        if id(node) in self._returns:
            return self._returns[id(node)]
        self._returns[id(node)] = UNKNOWN  # recursion ends here
        found = UNKNOWN
        if node.returns is not None:
            found = self.annotation(node.returns.annotation, self.top)
        scope = self.scopes.get(id(node))
        if found in (UNKNOWN, TENSOR) and scope is not None:
            kinds = [
                self.of(inner.value, scope)
                for inner in trees.walk_scope(node.body)
                if isinstance(inner, cst.Return) and inner.value is not None
            ]
            inferred = functools.reduce(merge, kinds) if kinds else UNKNOWN
            found = inferred if inferred != UNKNOWN else found
        self._returns[id(node)] = found
        return found

    def _variable_dtype(self, node: cst.Call, scope: Scope) -> str | None:
        for argument in node.args:
            if argument.keyword is not None and argument.keyword.value == "dtype":
                return self.of(argument.value, scope).dtype
        if node.args:
            return self.of(node.args[0].value, scope).dtype
        return None

    def returned(self, entry: dictionary.Entry, node: cst.Call, scope: Scope) -> Kind:
        """The kind that a dictionary entry's call returns."""
        found = entry.returns
        if isinstance(found, Kind):
            if found.sort == "tuple" and found.items:
                items = tuple(
                    i if isinstance(i, Kind) else self._like(i, entry, node, scope)
                    for i in found.items
                )
                return dataclasses.replace(found, items=items)
            return found
        if isinstance(found, ByDtype):
            given = argument(entry, node, found.name)
            if given is not None:
                dtype = self.of(given, scope)
                if dtype.sort == "dtype":
                    return Kind("tensor", dtype.dtype)
                return TENSOR
            found = found.default
        if isinstance(found, Like):
            return self._like(found, entry, node, scope)
        return found if isinstance(found, Kind) else UNKNOWN

    def _like(
        self, found: Like, entry: dictionary.Entry, node: cst.Call, scope: Scope
    ) -> Kind:
        for name in found.names:
            given = argument(entry, node, name)
            if given is not None:
                kind = self.of(given, scope)
                if kind.sort in ("seq", "tuple"):
                    if entry.kinds.get(name) is dictionary.Ts:
                        kind = element_of(kind)
                    elif kind.detail == "gradients":
                        return kind
                    else:
                        kind = element_of(kind)
                if kind.dtype is not None:
                    return Kind("tensor", kind.dtype)
        return TENSOR


# Modules of Sonnet that give floats whatever they are given.
_FLOAT_MODULES = frozenset(
    """Linear Bias Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose
    DepthwiseConv2D BatchNorm LayerNorm InstanceNorm GroupNorm MLP Embed ResNet
    ResNet50 Dropout""".split()
)


def argument(
    entry: dictionary.Entry, node: cst.Call, name: str
) -> cst.BaseExpression | None:
    """The expression a call passes for a parameter, by position or by keyword."""
    for given in node.args:
        if given.keyword is not None and given.keyword.value == name:
            return given.value
    if entry.signature is None:
        return None
    order = list(entry.signature.parameters)
    if name in order:
        positional = [a for a in node.args if a.keyword is None and not a.star]
        index = order.index(name)
        if index < len(positional):
            return positional[index].value
    return None
