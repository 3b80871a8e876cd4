"""Calls and names of legacy functions and classes: spelled, handed on, or left."""

from __future__ import annotations

import dataclasses
import inspect

import libcst as cst

from migrate import results
from migrate.analysis import trees
from migrate.rewrite import binding, build, inline, templates
from migrate.rules import boundary, methods, probability, variables
from migrate.rules.structural import HANDLERS

# Why calls of structural names are left, and what to do, by the rule they belong to.
_BY_HAND = {
    "checkpoint": (
        "networks here hold their arrays in dicts, which TensorFlow does not save",
        "save net.params, net.state and optimizer.state.value with "
        "migrate.checkpoint.save, or with orbax; bring old checkpoints with "
        "convert-checkpoint",
    ),
    "autograph": (
        "JAX has no graphs beside eager code",
        "write what either case did",
    ),
}


def legacy(rw, node, name, entry, scope, parent):
    """A call of a name the dictionary knows."""
    if entry.outcome == "structural":
        handler = HANDLERS.get(entry.rule)
        if handler is not None:
            return handler(rw, node, name, entry, scope, parent)
        reason, suggestion = _BY_HAND.get(
            entry.rule,
            (
                f"{name} is turned only in the places that the rules know",
                "move it to one of them, or replace it by hand",
            ),
        )
        rw.leave(node.func, "S2H902", name, reason, suggestion)
        return rw.arguments_only(node, scope)
    if entry.outcome in ("op", "module"):
        return _spell(rw, node, name, entry, scope, parent)
    if entry.outcome == "value":
        return rw.plain_call(node, scope)
    if entry.outcome == "stays":
        rw.note(
            node, "S2H905", results.STAYS, name, entry.because, entry.instead, False
        )
        return rw.arguments_only(node, scope)
    rw.leave(node.func, "S2H902", name, entry.because, entry.instead)
    return rw.arguments_only(node, scope)


def _spell(rw, node, name, entry, scope, parent):
    makes = getattr(entry.returns, "sort", "") if entry.outcome == "module" else ""
    code = "S2H103" if entry.outcome == "module" else "S2H101"
    if not rw.options.enabled(code):
        rw.leave(node.func, code, name, "left out by option", "")
        return rw.arguments_only(node, scope)
    if any(a.star for a in node.args):
        target = inline.starred(rw, entry, node)
        if target is not None:
            return _renamed(rw, node, name, target, makes, scope, parent)
    rates = _rates(rw, node, scope) if makes == "optimizer" else []
    if rates:
        node = _reading(node, rates)
    unrolls = boundary.unrolls(rw, node, entry, scope)
    outside = makes == "module" and scope.side == "owner" and not rw.in_factory
    outside = outside or unrolls is not None
    rw.in_factory += outside
    try:
        bound = binding.bind(entry, list(node.args))

        def transform(expression):
            return rw.expr(expression, scope, cst.Arg(expression), "value")

        found = inline.spell(rw, entry, bound, scope, node, transform)
    except binding.Refused as refused:
        rw.leave(node.func, refused.code, name, refused.reason, refused.suggestion)
        rw.in_factory -= outside
        outside = False
        return rw.arguments_only(node, scope)
    finally:
        rw.in_factory -= outside
    if found.helper:
        code = "S2H102"
    if rates:
        listed = ", ".join(trees.code(r) for r in rates)
        message = f"{name} → an optimizer that reads {listed} at each step"
        found = dataclasses.replace(found, safety=results.SAFE, message=message)
    rw.note(node, code, found.safety, name, found.message)
    new = rw.spelled(found.node)
    if unrolls is not None:
        return boundary.inside(rw, unrolls, new, scope)
    if outside and _is_module(new):
        return rw.factory(new, scope, assigned_name(parent))
    if makes == "optimizer":
        made = build.lam(new) if rates else new
        return cst.Call(rw.objects("Optimizer"), [cst.Arg(made)])
    return new


def _rates(rw, node: cst.Call, scope) -> list[cst.BaseExpression]:
    """Variables among an optimizer's arguments: learning rates that change."""
    return [a.value for a in node.args if rw.kind(a.value, scope).sort == "variable"]


def _reading(node: cst.Call, rates: list[cst.BaseExpression]) -> cst.Call:
    """The call with what boxes hold in the place of the boxes."""
    args = [
        a.with_changes(value=cst.Attribute(a.value, cst.Name("value")))
        if any(a.value is r for r in rates)
        else a
        for a in node.args
    ]
    return node.with_changes(args=args)


def _renamed(rw, node, name, target, makes, scope, parent):
    """The call of a function that takes the same arguments under another name."""
    outside = makes == "module" and scope.side == "owner" and not rw.in_factory
    rw.in_factory += outside
    try:
        new = rw.arguments_only(node, scope)
    finally:
        rw.in_factory -= outside
    function = build.name(target)
    rw.use(templates.free_aliases(function, inline.ALIASES))
    rw.note(node, "S2H103", results.SAFE, name, f"{name} → {target}, all arguments")
    new = new.with_changes(func=rw.spelled(function))
    return rw.factory(new, scope, assigned_name(parent)) if outside else new


def assigned_name(parent: cst.CSTNode | None) -> str | None:
    """The single name that an assignment gives its value to."""
    if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
        target = parent.targets[0].target
        return target.value if isinstance(target, cst.Name) else None
    return None


def _is_module(node: cst.BaseExpression) -> bool:
    """Whether a spelling makes a Haiku module; if in doubt, it does."""
    import haiku_core as hk

    found = templates.resolve_function(node, {"hk": hk, "_hk_sonnet": hk.sonnet})
    # The last two are no modules, yet hold one, which is made inside of transforms.
    kinds = (hk.Module, hk.BatchApply, hk.Deferred)
    return not inspect.isclass(found) or issubclass(found, kinds)


def named(rw, node, name, entry, scope, parent):
    """A function or class named without being called."""
    if not rw.options.enabled("S2H104"):
        return rw.leave(node, "S2H104", name, "left out by option", "")
    if entry.outcome == "module":
        target = class_target(entry)
        if target is None:
            sort = getattr(entry.returns, "sort", "")
            if sort == "optimizer":
                rw.note(node, "S2H104", results.SAFE, name, f"{name} → Optimizer")
                return rw.objects("Optimizer")
            raise binding.Refused(
                "S2H903", f"{name} has no class of the same signature in Haiku"
            )
        rw.use(templates.free_aliases(target, inline.ALIASES))
        rw.note(node, "S2H104", results.SAFE, name, f"{name} → {trees.code(target)}")
        return rw.spelled(target)
    found = inline.reference(rw, entry, scope)
    code = "S2H102" if found.helper else "S2H104"
    rw.note(node, code, found.safety, name, found.message)
    return rw.spelled(found.node)


def class_target(entry) -> cst.BaseExpression | None:
    """The class that a module's spellings construct, if it is one and the same."""
    found = set()
    for spelling in entry.spellings:
        form = templates.template(spelling.fn)
        if form is None or not isinstance(form.body, cst.Call):
            return None
        dotted = trees.dotted(form.body.func)
        if dotted is None or not dotted.startswith("hk."):
            return None
        found.add(dotted)
    return build.name(found.pop()) if len(found) == 1 else None


# Types and functions that are named: (inside a module's methods, elsewhere).
REPLACED = {
    "snt.Module": ("hk.Module", "objects.Network"),
    "tf.Module": ("hk.Module", "objects.Network"),
    "snt.RNNCore": ("hk.RNNCore", "objects.Network"),
    "snt.Optimizer": ("objects.Optimizer", "objects.Optimizer"),
    "tf.Variable": ("jnp.ndarray", "objects.Box"),
    "tf.function": ("objects.jit", "objects.jit"),
}


def reference(rw, node, name, entry, scope, parent):
    """A structural name that is not called: bases, annotations, isinstance."""
    found = REPLACED.get(name)
    if found is None:
        return rw.leave(
            node,
            "S2H902",
            name,
            f"{name} is turned only where it is called or used as the rules know",
            "replace it by hand",
        )
    inside = scope.side == "module" and not isinstance(parent, cst.ClassDef)
    new = found[0] if inside else found[1]
    rw.use(templates.free_aliases(build.name(new), inline.ALIASES))
    rw.note(node, "S2H104", results.SAFE, name, f"{name} → {new}")
    return build.name(new)


def other(rw, node, scope):
    """A call of anything else: the user's classes, methods of tensors."""
    for rule in (
        boundary.user_module,
        boundary.inside_factory,
        boundary.super_init,
        boundary.isinstance_of_module,
        boundary.optimizer_method,
        variables.method,
        probability.sample,
        methods.call,
    ):
        found = rule(rw, node, scope)
        if found is not None:
            return found
    return None
