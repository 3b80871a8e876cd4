"""What expressions are: tensors, variables, modules, sequences of them, and dtypes.

The inference never runs code and never guesses: what it can't tell is UNKNOWN, and an
edit that depends on it is then marked as assumed.
"""

from __future__ import annotations

import dataclasses
import functools

import libcst as cst

from compat import dictionary
from compat.dictionary.kinds import (
    BOOL,
    DTYPE,
    FLOAT,
    INT,
    MODULE,
    NUMBER,
    OPTIMIZER,
    SHAPE,
    TENSOR,
    UNKNOWN,
    VARIABLE,
    ByDtype,
    Kind,
    Like,
    seq,
)
from migrate.analysis import trees
from migrate.analysis.imports import Imports
from migrate.analysis.project import Project

FUNCTION = Kind("function")
STRING = Kind("string")
NONE = Kind("none")
VARIABLES = Kind("seq", item=VARIABLE, detail="variables")
TAPE = Kind("tape")
DISTRIBUTION = Kind("distribution")


@dataclasses.dataclass
class ClassInfo:
    """A class of the file.

    Attributes:
      side: 'module' (becomes a Haiku module), 'owner' (holds networks) or 'plain'.
      attributes: kinds of `self.<name>`, from all its methods.
    """

    name: str
    node: cst.ClassDef
    side: str
    attributes: dict[str, Kind] = dataclasses.field(default_factory=dict)
    methods: dict[str, cst.FunctionDef] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Scope:
    """One function, or the module's top level.

    Attributes:
      kinds: of its own names; `outer` is asked for the others.
      bound: names that are local here, so that they hide imports.
    """

    outer: Scope | None = None
    klass: ClassInfo | None = None
    node: cst.CSTNode | None = None
    self_name: str | None = None
    kinds: dict[str, Kind] = dataclasses.field(default_factory=dict)
    bound: set[str] = dataclasses.field(default_factory=set)

    def lookup(self, name: str) -> Kind | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.kinds:
                return scope.kinds[name]
            if name in scope.bound:
                return UNKNOWN
            scope = scope.outer
        return None

    @functools.cached_property
    def shadowed(self) -> set[str]:
        """Names that are local variables here or in a function around."""
        names: set[str] = set()
        scope: Scope | None = self
        while scope is not None and scope.outer is not None:
            names |= scope.bound
            scope = scope.outer
        return names

    @property
    def side(self) -> str:
        """'module' inside a Haiku module's methods, else 'owner'."""
        scope: Scope | None = self
        while scope is not None:
            if scope.klass is not None:
                return "module" if scope.klass.side == "module" else "owner"
            scope = scope.outer
        return "owner"

    @property
    def owner_class(self) -> ClassInfo | None:
        scope: Scope | None = self
        while scope is not None:
            if scope.klass is not None:
                return scope.klass
            scope = scope.outer
        return None

    def is_self(self, node: cst.CSTNode) -> bool:
        """Whether an expression is the instance of the class around."""
        if not isinstance(node, cst.Name):
            return False
        scope: Scope | None = self
        while scope is not None:
            if scope.self_name is not None:
                return node.value == scope.self_name
            scope = scope.outer
        return False


def dtype_class(name: str) -> str | None:
    """'float', 'int', 'bool' … of a dtype's name such as "tf.int64" or "float32"."""
    leaf = name.rpartition(".")[2]
    for prefix, found in (
        ("float", "float"),
        ("bfloat", "float"),
        ("half", "float"),
        ("double", "float"),
        ("int", "int"),
        ("uint", "int"),
        ("bool", "bool"),
        ("complex", "complex"),
        ("string", "string"),
    ):
        if leaf.startswith(prefix):
            return found
    return None


def merge(a: Kind, b: Kind) -> Kind:
    """What is known of a value that is one or the other."""
    if a == b or b == NONE:
        return a
    if a == NONE:
        return b
    numeric = ("tensor", "number")
    if a.sort in numeric and b.sort in numeric and "tensor" in (a.sort, b.sort):
        return Kind("tensor", a.dtype if a.dtype == b.dtype else None)
    if a.sort == b.sort and a.sort in ("module", "optimizer"):
        return Kind(a.sort)
    return UNKNOWN


_BINDING = frozenset({cst.Assign, cst.AnnAssign, cst.AugAssign, cst.For, cst.With})


class Kinds:
    """Infers kinds in one file."""

    def __init__(self, module: cst.Module, imports: Imports, project: Project):
        self.imports = imports
        self.project = project
        self.top = Scope(node=module)
        self.classes: dict[str, ClassInfo] = {}
        self.functions: dict[str, cst.FunctionDef] = {}
        self.scopes: dict[int, Scope] = {}
        self._returns: dict[int, Kind] = {}
        self._collect(module)

    # ------------------------------------------------------------------- collection
    def _collect(self, module: cst.Module) -> None:
        self.top.bound = set(trees.names_bound(module))
        for node in trees.walk(module):
            if isinstance(node, cst.ClassDef) and node.name.value not in self.classes:
                self.classes[node.name.value] = ClassInfo(
                    node.name.value, node, "plain"
                )
        for info in self.classes.values():
            info.side = self._side(info)
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

    def _side(self, info: ClassInfo) -> str:
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
                info.side = self._side(info)
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

    def _assignments(self, scope: Scope, body: cst.CSTNode) -> None:
        for node in trees.walk_scope(body):
            cls = type(node)
            if cls not in _BINDING:
                continue
            if cls is cst.Assign:
                kind = self.of(node.value, scope)
                for target in node.targets:
                    self._bind(target.target, kind, scope, node.value)
            elif cls is cst.AnnAssign and node.value is not None:
                kind = self.annotation(node.annotation.annotation, scope)
                if kind == UNKNOWN:
                    kind = self.of(node.value, scope)
                self._bind(node.target, kind, scope, node.value)
            elif cls is cst.AugAssign:
                new = self.binary(
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

    def bind_loop(
        self, target: cst.BaseExpression, iterated: cst.BaseExpression, scope: Scope
    ) -> None:
        """Binds the target of a `for` to the kind of the elements."""
        if isinstance(iterated, cst.Call):
            name = trees.dotted(iterated.func)
            if name in ("zip", "enumerate") and isinstance(target, cst.Tuple):
                parts = [self.element(self.of(a.value, scope)) for a in iterated.args]
                if name == "enumerate":
                    parts = [Kind("number", "int"), *parts[:1]]
                for element, kind in zip(target.elements, parts, strict=False):
                    self._bind(element.value, kind, scope, None)
                return
            if name == "range":
                self._bind(target, Kind("number", "int"), scope, None)
                return
        self._bind(target, self.element(self.of(iterated, scope)), scope, None)

    def element(self, kind: Kind) -> Kind:
        """The kind of what iterating over a value of `kind` gives."""
        if kind.sort == "seq":
            return kind.item or UNKNOWN
        if kind.sort == "tensor":
            return kind
        if kind.sort == "tuple" and kind.items:
            return functools.reduce(merge, kind.items)
        return UNKNOWN

    def _bind(
        self,
        target: cst.BaseExpression,
        kind: Kind,
        scope: Scope,
        value: cst.BaseExpression | None,
    ) -> None:
        if isinstance(target, cst.Tuple | cst.List):
            for i, element in enumerate(target.elements):
                if kind.sort == "tuple" and kind.items and i < len(kind.items):
                    part = kind.items[i]
                    part = part if isinstance(part, Kind) else UNKNOWN
                else:
                    part = self.element(kind)
                self._bind(element.value, part, scope, None)
        elif isinstance(target, cst.Name):
            old = scope.kinds.get(target.value)
            scope.kinds[target.value] = kind if old is None else merge(old, kind)
        elif isinstance(target, cst.Attribute) and scope.is_self(target.value):
            klass = scope.owner_class
            if klass is not None:
                name = target.attr.value
                old = klass.attributes.get(name)
                klass.attributes[name] = kind if old is None else merge(old, kind)

    # -------------------------------------------------------------------- inference
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
            self.element(self.of(e.value, scope))
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
        return self.binary(left, right, divides)

    def binary(self, left: Kind, right: Kind, divides: bool = False) -> Kind:
        """The kind of an arithmetic operation."""
        if left.sort == "seq" or right.sort == "seq":
            if left.sort == "seq" and right.sort in ("seq", "tuple"):
                item = merge(self.element(left), self.element(right))
                return Kind("seq", item=item, detail=left.detail or right.detail)
            return left if left.sort == "seq" else right
        left, right = (
            Kind("tensor", k.dtype) if k.sort == "variable" else k
            for k in (left, right)
        )
        if "tensor" in (left.sort, right.sort):
            dtypes = {left.dtype, right.dtype}
            if "float" in dtypes or divides:
                return FLOAT if "complex" not in dtypes else Kind("tensor", "complex")
            known = left.dtype if left.sort == "tensor" else right.dtype
            return Kind("tensor", known)
        if left.sort == right.sort == "number":
            either = {left.dtype, right.dtype}
            return Kind("number", "float" if "float" in either or divides else "int")
        return UNKNOWN

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
        if base.sort in ("tensor", "variable"):
            return {
                "shape": SHAPE,
                "dtype": Kind("dtype", base.dtype),
                "T": Kind("tensor", base.dtype),
                "ndim": Kind("number", "int"),
            }.get(attribute, UNKNOWN)
        return UNKNOWN

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
            if leaf in _FLOAT_MODULES:
                return FLOAT
            if leaf in self.classes and "__call__" in self.classes[leaf].methods:
                return self._function_returns(self.classes[leaf].methods["__call__"])
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
                        kind = self.element(kind)
                    elif kind.detail == "gradients":
                        return kind
                    else:
                        kind = self.element(kind)
                if kind.dtype is not None:
                    return Kind("tensor", kind.dtype)
        return TENSOR


_FLOAT_MODULES = frozenset(
    """Linear Bias Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose
    DepthwiseConv2D BatchNorm LayerNorm InstanceNorm GroupNorm MLP Embed Flatten
    Cifar10ConvNet ResNet ResNet50 Dropout""".split()
) - {"Flatten", "Cifar10ConvNet"}


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


def _init_first(node: cst.FunctionDef) -> tuple[bool, str]:
    return (node.name.value != "__init__", "")


def _is_static(node: cst.FunctionDef) -> bool:
    return any(trees.dotted(d.decorator) == "staticmethod" for d in node.decorators)


def _trains(node: cst.ClassDef) -> bool:
    return any(
        isinstance(n, cst.Attribute) and n.attr.value in ("GradientTape", "optimizers")
        for n in trees.walk(node)
    )


__all__ = [
    "INT",
    "MODULE",
    "NUMBER",
    "ClassInfo",
    "Kinds",
    "Scope",
    "argument",
    "dtype_class",
    "merge",
]
