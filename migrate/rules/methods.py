"""Methods and attributes of tensors: `.numpy()`, `.shape.as_list()` …"""

from __future__ import annotations

import libcst as cst

from compat import dictionary
from migrate import results
from migrate.analysis import trees
from migrate.analysis.sorts import field
from migrate.rewrite import binding, inline
from migrate.rules import variables
from migrate.rules.settings import settings

# Names that nothing but TensorFlow's tensors and shapes have in such code.
_DISTINCT = frozenset(
    {"numpy", "as_list", "get_shape", "set_shape", "assign", "read_value"}
)


def _find(rw, node: cst.Attribute, scope):
    """The dictionary entry for `receiver.name`, and how sure the receiver is."""
    attribute = node.attr.value
    kind = rw.kind(node.value, scope)
    if kind.sort == "shape":
        return dictionary.find(f"TensorShape.{attribute}"), True
    if kind.sort == "variable" and scope.side != "module":
        entry = dictionary.find(f"Variable.{attribute}")
        if entry is not None:
            return entry, True
        return dictionary.find(f"Tensor.{attribute}"), True
    if kind.sort in ("tensor", "variable"):
        return dictionary.find(f"Tensor.{attribute}"), True
    if _names_a_shape(node.value):
        # No other library's shape has methods and attributes of these names.
        return dictionary.find(f"TensorShape.{attribute}"), True
    if kind.sort == "unknown" and attribute in _DISTINCT:
        first = "TensorShape" if attribute == "as_list" else "Tensor"
        return dictionary.find(f"{first}.{attribute}"), False
    return None, False


def _names_a_shape(node: cst.BaseExpression) -> bool:
    """Whether an expression is `….shape` or `….get_shape()`."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return node.func.attr.value == "get_shape"
    return isinstance(node, cst.Attribute) and node.attr.value == "shape"


def call(rw, node, scope):
    """A method call on a tensor."""
    if not isinstance(node.func, cst.Attribute):
        return None
    if rw.kinds.legacy(node.func, scope) is not None:
        return None
    entry, sure = _find(rw, node.func, scope)
    if entry is None or entry.attribute or entry.signature is None:
        if entry is not None and entry.outcome == "manual":
            rw.leave(node.func, "S2H902", entry.name, entry.because, entry.instead)
        return None
    receiver = node.func.value
    first = next(iter(entry.signature.parameters))
    try:
        bound = binding.bind(entry, list(node.args), skip=1)
        bound.given[first] = cst.Arg(receiver)
        bound.order.insert(0, first)

        def transform(expression):
            return rw.expr(expression, scope, cst.Arg(expression), "value")

        found = inline.spell(rw, entry, bound, scope, node, transform)
    except binding.Refused as refused:
        rw.leave(
            node.func, refused.code, entry.name, refused.reason, refused.suggestion
        )
        return None
    safety = found.safety if sure else results.ASSUMED
    message = found.message
    if not sure:
        message += f": exact if {trees.code(receiver)} is a tensor"
    rw.note(node, "S2H105", safety, entry.name, message)
    return rw.spelled(found.node)


def attribute(rw, node, scope):
    """An attribute of a tensor, or of a module's state."""
    found = variables.read(rw, node, scope) or settings(rw, node, scope)
    if found is not None:
        return found
    place = field(rw.kind(node.value, scope), node.attr.value)
    if place is not None:
        value = rw.expr(node.value, scope, node, "value")
        name = f".{node.attr.value}"
        rw.note(node, "S2H105", results.SAFE, "", f"{name} → [{place}], of a tuple")
        index = cst.SubscriptElement(cst.Index(cst.Integer(str(place))))
        return cst.Subscript(value, [index])
    entry, sure = _find(rw, node, scope)
    if entry is None or not sure or not entry.attribute or entry.signature is None:
        return None
    first = next(iter(entry.signature.parameters))
    bound = binding.Bound({first: cst.Arg(node.value)}, [first])

    def transform(expression):
        return rw.expr(expression, scope, cst.Arg(expression), "value")

    try:
        spelled = inline.spell(rw, entry, bound, scope, None, transform)
    except binding.Refused as refused:
        return rw.leave(node, refused.code, entry.name, refused.reason, "")
    if trees.code(spelled.node) == trees.code(node):
        return spelled.node if spelled.node is not node else None
    rw.note(node, "S2H105", spelled.safety, entry.name, spelled.message)
    return rw.spelled(spelled.node)
