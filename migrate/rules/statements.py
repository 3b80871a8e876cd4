"""Patterns of statements: classes, decorators, blocks. One look-up for the engine."""

from __future__ import annotations

import libcst as cst

from compat import dictionary
from migrate import results
from migrate.analysis import trees
from migrate.rewrite import build
from migrate.rules import compiled, init_order, tape, tensor_if, variables

_DROPPED_BLOCKS = frozenset(
    {"tf.name_scope", "tf.device", "tf.control_dependencies", "tf.init_scope"}
)


def restructure(rw, body, scope):
    """Rewrites that span several statements."""
    init_order.mark(rw, body, scope)
    body = tape.restructure(rw, body, scope)
    return tensor_if.restructure(rw, body, scope)


def special(rw, node, scope):
    """The statements that come of a special one, None for any other."""
    pending = rw.pending.pop(id(node), None)
    if pending is not None:
        code, name, message, suggestion = pending
        rw.note(node, code, results.MANUAL, name, message, suggestion, False)
    if isinstance(node, cst.With):
        return _block(rw, node, scope)
    variables.kept_for_later(rw, node, scope)
    update = variables.assigned(rw, node, scope)
    if update is not None:
        return [rw.plain(node, scope), update]
    if isinstance(node, cst.FunctionDef) and scope.klass is not None:
        parts = compiled.split(rw, node, scope)
        if parts is not None:
            for part in parts:
                rw.kinds.scope_of(part, rw.kinds.top, scope.klass)
            return [rw.function(part, scope) for part in parts]
    return None


def _block(rw, node: cst.With, scope):
    """`with tf.name_scope(…):` — its statements stay, the block goes."""
    names = []
    for item in node.items:
        expression = item.item
        if isinstance(expression, cst.Call):
            names.append(rw.kinds.legacy(expression.func, scope))
        elif (
            isinstance(expression, cst.Attribute)
            and expression.attr.value == "name_scope"
        ):
            names.append("tf.name_scope")
        else:
            names.append(None)
    if not all(n in _DROPPED_BLOCKS for n in names):
        return None
    if any(item.asname is not None for item in node.items):
        return None
    if not rw.options.enabled("S2H204"):
        return None
    for item, name in zip(node.items, names, strict=True):
        rw.note(
            item.item,
            "S2H204",
            results.SAFE,
            name,
            f"{name} changes no numbers: its statements stand without it",
        )
    body = rw.body(node.body.body, scope)
    if body and hasattr(body[0], "leading_lines"):
        body[0] = body[0].with_changes(
            leading_lines=[*node.leading_lines, *body[0].leading_lines]
        )
    return body


_ONCE = {"snt.once": "hk.sonnet.once"}


_NO_PART = frozenset(
    {
        "tf.Module.with_name_scope",
        "tf.autograph.experimental.do_not_convert",
        "tfp.experimental.register_composite",
    }
)


def dropped_decorator(rw, node: cst.Decorator, scope) -> bool:
    """Whether a decorator says nothing that Haiku has to know; notes it if so."""
    expression = node.decorator
    inner = expression.func if isinstance(expression, cst.Call) else expression
    name = rw.kinds.legacy(inner, scope)
    entry = dictionary.find(name) if name else None
    drops = entry is not None and entry.rule == "drop_decorator"
    if not drops and name not in _NO_PART:
        return False
    rw.note(node, "S2H204", results.SAFE, name, f"{name} has no part in Haiku: dropped")
    return True


def decorator(rw, node: cst.Decorator, function, scope):
    """A decorator rewritten; None where it goes."""
    expression = node.decorator
    inner = expression.func if isinstance(expression, cst.Call) else expression
    outer = scope.outer
    name = rw.kinds.legacy(inner, outer)
    if name == "tf.function":
        return compiled.decorator(rw, node, function, scope)
    if name in _ONCE:
        new = rw.spelled(build.name(_ONCE[name]))
        rw.use({"hk"})
        rw.note(node, "S2H203", results.SAFE, name, f"{name} → {_ONCE[name]}")
        return node.with_changes(decorator=new)
    if dropped_decorator(rw, node, outer):
        return None
    return trees.rebuild(node, lambda c, p, f: rw.within(c, p, f, outer))


_BASES = {
    "snt.Module": "hk.Module",
    "tf.Module": "hk.Module",
    "snt.RNNCore": "hk.RNNCore",
}


def own_class(name: str | None) -> str | None:
    """The class in `hk.sonnet` of the same name, which has Sonnet's attributes too.

    A subclass may lean on any of them, so it inherits from this one even where a call
    would be spelled with Haiku's own class.
    """
    if name is None or not name.startswith("snt.") or name in _BASES:
        return None
    import haiku_core as hk

    leaf = name.rpartition(".")[2]
    found = getattr(hk.sonnet, leaf, None)
    return f"hk.sonnet.{leaf}" if isinstance(found, type) else None


def bases(rw, node: cst.ClassDef, info, scope):
    """The bases of a class rewritten, None where they stay."""
    out, changed = [], False
    for base in node.bases:
        name = rw.kinds.legacy(base.value, scope)
        if (
            info is not None
            and info.side == "owner"
            and name
            in (
                "snt.Module",
                "tf.Module",
            )
        ):
            rw.note(
                base,
                "S2H201",
                results.SAFE,
                name,
                "a class that trains owns networks and is no module itself",
            )
            changed = True
            continue
        own = own_class(name)
        if own is not None:
            rw.note(base, "S2H201", results.SAFE, name, f"{name} → {own}")
            new = base.with_changes(value=rw.spelled(build.name(own)))
        elif name in _BASES:
            rw.note(base, "S2H201", results.SAFE, name, f"{name} → {_BASES[name]}")
            new = base.with_changes(value=build.name(_BASES[name]))
        else:
            new = rw.within(base, node, "bases", scope)
        changed |= new is not base
        if new is not base and name is not None:
            rw.use({"hk"})
        out.append(new)
    if not changed:
        return None
    if out and isinstance(out[-1].comma, cst.Comma):
        out[-1] = out[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return out
