"""Where Sonnet's modules cross from the inside of transforms to the outside."""

from __future__ import annotations

import libcst as cst

from compat import dictionary
from migrate import results
from migrate.analysis import trees
from migrate.rewrite import binding, build, inline, substitution
from migrate.rules.structural import handles


def user_module(rw, node, scope):
    """`MyNet(10)` outside a transform becomes a network that holds its variables."""
    if scope.side != "owner" or rw.in_factory:
        return None
    if rw.kinds.class_sort(node.func, scope) != "module":
        return None
    rw.in_factory += 1
    try:
        new = rw.plain_call(node, scope)
    finally:
        rw.in_factory -= 1
    rw.note(
        node,
        "S2H301",
        results.SAFE,
        trees.code(node.func),
        "a module made outside a transform is a network that holds its variables",
    )
    return rw.factory(new, scope)


def inside_factory(rw, node, scope):
    """What stands in `objects.network(lambda: …)` is inside already."""
    name = trees.dotted(node.func) or ""
    if not name.endswith("objects.network"):
        return None
    rw.in_factory += 1
    try:
        return rw.plain_call(node, scope)
    finally:
        rw.in_factory -= 1


def super_init(rw, node, scope):
    """`super().__init__(…)` of a class that inherits from one of Sonnet's."""
    if not (
        isinstance(node.func, cst.Attribute)
        and node.func.attr.value == "__init__"
        and isinstance(node.func.value, cst.Call)
        and trees.dotted(node.func.value.func) == "super"
    ):
        return None
    klass = scope.owner_class
    if klass is None:
        return None
    if klass.side == "owner":
        kept = [a for a in node.args if not (a.keyword and a.keyword.value == "name")]
        if len(kept) == len(node.args):
            return None
        return rw.plain_call(node.with_changes(args=_ends(kept)), scope)
    base = klass.node.bases[0].value if klass.node.bases else None
    name = rw.kinds.legacy(base, rw.kinds.top) if base is not None else None
    entry = dictionary.find(name) if name else None
    if entry is None or entry.outcome != "module":
        return None
    from migrate.rules import statements

    if statements.own_class(name) is not None:
        return None  # it takes Sonnet's arguments

    def transform(expression):
        return rw.expr(expression, scope, cst.Arg(expression), "value")

    try:
        bound = binding.bind(entry, list(node.args))
        found = inline.spell(rw, entry, bound, scope, node, transform)
    except binding.Refused as refused:
        rw.leave(node, refused.code, name, refused.reason, refused.suggestion)
        return rw.plain_call(node, scope)
    if not isinstance(found.node, cst.Call):
        rw.leave(node, "S2H903", name, f"{name} has no class of its own in Haiku", "")
        return rw.plain_call(node, scope)
    rw.note(node, "S2H103", found.safety, name, found.message)
    return node.with_changes(
        args=found.node.args, whitespace_before_args=node.whitespace_before_args
    )


def _ends(args: list[cst.Arg]) -> list[cst.Arg]:
    if args:
        args[-1] = args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return args


def isinstance_of_module(rw, node, scope):
    """`isinstance(x, snt.Module)`: a module, or a network outside of transforms."""
    if trees.dotted(node.func) != "isinstance" or len(node.args) != 2:
        return None
    name = rw.kinds.legacy(node.args[1].value, scope)
    if name not in ("snt.Module", "tf.Module"):
        return None
    rw.note(node, "S2H301", results.SAFE, name, f"{name} is a module here or a network")
    rw.use({"hk"})
    both = cst.Tuple(
        [cst.Element(build.name("hk.Module")), cst.Element(rw.objects("Network"))]
    )
    first = node.args[0].with_changes(
        value=rw.expr(node.args[0].value, scope, node.args[0], "value")
    )
    return node.with_changes(args=[first, node.args[1].with_changes(value=both)])


def optimizer_method(rw, node, scope):
    """`optimizer._initialize(variables)` has a public name."""
    func = node.func
    if not (isinstance(func, cst.Attribute) and func.attr.value == "_initialize"):
        return None
    if rw.kind(func.value, scope).sort != "optimizer":
        return None
    rw.note(node, "S2H305", results.SAFE, "Optimizer._initialize", "→ Optimizer.init")
    return rw.plain_call(
        node.with_changes(func=func.with_changes(attr=cst.Name("init"))), scope
    )


UNROLLS = ("snt.static_unroll", "snt.dynamic_unroll")


def unrolls(rw, node, entry, scope):
    """The network whose core is unrolled outside a transform, None elsewhere."""
    if entry.name not in UNROLLS or scope.side != "owner" or rw.in_factory:
        return None
    from migrate.analysis.call_kinds import argument

    core = argument(entry, node, "core")
    return core if core is not None and substitution.is_simple(core) else None


def inside(rw, network, new, scope):
    """`objects.inside(network, lambda core: …)`: run with the module itself."""
    title = "core" if "core" not in trees.names_read(new) else rw.fresh("core")

    def change(child, parent, field):
        if trees.code(child) == trees.code(network):
            return cst.Name(title)
        if isinstance(child, cst.Attribute):
            value = change(child.value, child, "value")
            return child if value is child.value else child.with_changes(value=value)
        return trees.rebuild(child, change)

    body = change(new, None, "")
    return build.broken_if_long(
        cst.Call(
            rw.objects("inside"),
            [cst.Arg(network), cst.Arg(build.lam(body, parameters=[title]))],
        )
    )


@handles("build")
def build_network(rw, node, name, entry, scope, parent):
    """`snt.build(net, spec)` makes a network's variables."""
    if scope.side == "module":
        rw.leave(
            node.func, "S2H902", name, "Haiku makes variables as it runs", "drop it"
        )
        return rw.arguments_only(node, scope)
    rw.note(node, "S2H308", results.SAFE, name, "snt.build → objects.build")
    new = rw.arguments_only(node, scope)
    return new.with_changes(func=rw.objects("build"))


@handles("drop_decorator")
def dropped(rw, node, name, entry, scope, parent):
    """`snt.allow_empty_variables(module)` is the module."""
    if len(node.args) != 1 or node.args[0].keyword is not None or node.args[0].star:
        rw.leave(node.func, "S2H903", name, f"{name} with these arguments", "")
        return rw.arguments_only(node, scope)
    rw.note(node, "S2H204", results.SAFE, name, f"{name} has no part in Haiku: dropped")
    return rw.expr(node.args[0].value, scope, node.args[0], "value")


@handles("random_seed")
def random_seed(rw, node, name, entry, scope, parent):
    """`tf.random.set_seed` starts the stream of keys."""
    rw.note(
        node,
        "S2H307",
        results.ASSUMED,
        name,
        "objects.set_seed: reproducible runs, with other random numbers than before",
    )
    new = rw.arguments_only(node, scope)
    return new.with_changes(func=rw.objects("set_seed"))
