"""`tf.function`: compiled functions that read and change boxes."""

from __future__ import annotations

import libcst as cst

from migrate import results
from migrate.analysis import trees
from migrate.rewrite import build
from migrate.rules.liveness import free_reads
from migrate.rules.structural import handles


def _is_compiled(rw, node: cst.FunctionDef, scope) -> bool:
    for decorator in node.decorators:
        expression = decorator.decorator
        inner = expression.func if isinstance(expression, cst.Call) else expression
        if rw.kinds.legacy(inner, scope) == "tf.function":
            return True
    return False


def _called(node: cst.FunctionDef):
    """Names of functions and methods of the same file that a function calls."""
    for inner in trees.walk(node.body):
        if isinstance(inner, cst.Call):
            if isinstance(inner.func, cst.Name):
                yield inner.func.value, False
            elif isinstance(inner.func, cst.Attribute) and isinstance(
                inner.func.value, cst.Name
            ):
                yield inner.func.attr.value, True


def draws_data(rw, node: cst.FunctionDef, scope) -> str | None:
    """Why a function can't be compiled as a whole: it draws batches as it goes."""
    for inner in trees.walk(node.body):
        if isinstance(inner, cst.Call) and trees.dotted(inner.func) == "next":
            return f"it draws from {trees.code(inner.args[0].value)}"
        if isinstance(inner, cst.For) and rw.kind(inner.iter, scope).sort == "dataset":
            return f"it goes over the data set {trees.code(inner.iter)}"
    return None


def traced_functions(rw) -> set[int]:
    """Functions that run under a trace: compiled ones and those they call.

    Also decides which compiled functions are to run uncompiled, since they draw data,
    and which of their callees are compiled in their stead (`rw.compile_instead`).
    """
    kinds = rw.kinds
    everything: dict[tuple[str, bool], list[cst.FunctionDef]] = {}
    compiled: list[tuple[cst.FunctionDef, object]] = []
    for name, node in kinds.functions.items():
        everything.setdefault((name, False), []).append(node)
        scope = kinds.scope_of(node, kinds.top)
        if _is_compiled(rw, node, kinds.top):
            compiled.append((node, scope))
    for info in kinds.classes.values():
        for name, node in info.methods.items():
            everything.setdefault((name, True), []).append(node)
            scope = kinds.scope_of(node, kinds.top, info)
            if _is_compiled(rw, node, kinds.top):
                compiled.append((node, scope))
    found: set[int] = set()
    queue = []
    for node, scope in compiled:
        why = draws_data(rw, node, scope)
        if why is None:
            queue.append(node)
            continue
        rw.uncompiled[id(node)] = why
        for key in _called(node):
            for callee in everything.get(key, ()):
                if _has_tape(rw, callee):
                    rw.compile_instead.add(id(callee))
                    queue.append(callee)
    while queue:
        node = queue.pop()
        if id(node) in found:
            continue
        found.add(id(node))
        for key in _called(node):
            queue.extend(everything.get(key, ()))
    return found


def split(rw, node: cst.FunctionDef, scope) -> list[cst.FunctionDef] | None:
    """A compiled method that draws a batch and then learns from it, as two methods.

    What comes after the draw is compiled, and gets what it reads of what came before.
    None where the method is of another kind.
    """
    if id(node) not in rw.uncompiled or not isinstance(node.body, cst.IndentedBlock):
        return None
    body = list(node.body.body)
    draws = [i for i, s in enumerate(body) if _draws(s)]
    if not draws or draws[-1] == len(body) - 1 or _over_data(rw, node):
        return None
    before, after = body[: draws[-1] + 1], body[draws[-1] + 1 :]
    if any(
        isinstance(n, cst.Return | cst.Yield) for s in before for n in trees.walk(s)
    ):
        return None
    parameters = [p.name.value for p in node.params.params]
    if not parameters or node.params.kwonly_params or node.params.posonly_params:
        return None
    own, *others = parameters
    read = free_reads(after)
    bound = [n for s in before for n in trees.names_bound(s)]
    handed = [n for n in dict.fromkeys([*others, *bound]) if n in read]
    title = rw.fresh(f"{node.name.value}_compiled")
    call = build.call(f"{own}.{title}", *map(cst.Name, handed))
    outer = node.with_changes(
        body=node.body.with_changes(body=[*before, build.returns(call)])
    )
    inner = node.with_changes(
        name=cst.Name(title),
        params=cst.Parameters([cst.Param(cst.Name(n)) for n in [own, *handed]]),
        body=node.body.with_changes(body=after),
        leading_lines=[cst.EmptyLine(indent=False)],
    )
    rw.uncompiled[id(outer)] = rw.uncompiled[id(node)]
    rw.traced.add(id(inner))
    rw.kept += [outer, inner]
    return [outer, inner]


def _draws(node: cst.CSTNode) -> bool:
    return any(
        isinstance(n, cst.Call) and trees.dotted(n.func) == "next"
        for n in trees.walk(node)
    )


def _over_data(rw, node: cst.FunctionDef) -> bool:
    return "data set" in rw.uncompiled[id(node)]


def _has_tape(rw, node: cst.FunctionDef) -> bool:
    return any(
        isinstance(n, cst.Attribute) and n.attr.value == "GradientTape"
        for n in trees.walk(node.body)
    )


def decorator(rw, node: cst.Decorator, function: cst.FunctionDef, scope):
    """`@tf.function`, with or without arguments."""
    if scope.side == "module":
        rw.note(
            node,
            "S2H304",
            results.SAFE,
            "tf.function",
            "a module's methods are compiled where the network is called",
        )
        return None
    why = rw.uncompiled.get(id(function))
    if why is not None:
        rw.note(
            node,
            "S2H304",
            results.SAFE,
            "tf.function",
            f"runs uncompiled, since {why}; what it calls after that is compiled",
        )
        return None
    rw.note(node, "S2H304", results.SAFE, "tf.function", "→ objects.jit")
    return node.with_changes(decorator=rw.objects("jit"))


@handles("function")
def call(rw, node, name, entry, scope, parent):
    """`tf.function(f)`."""
    plain = [a for a in node.args if a.keyword is None]
    named = [a for a in node.args if a.keyword and a.keyword.value == "func"]
    first = (plain or named or [None])[0]
    if first is None:
        rw.note(node, "S2H304", results.SAFE, name, "→ objects.jit")
        return rw.objects("jit")
    rw.note(node, "S2H304", results.SAFE, name, "→ objects.jit")
    value = rw.expr(first.value, scope, first, "value")
    return cst.Call(rw.objects("jit"), [cst.Arg(value)])


def added(rw, function: cst.FunctionDef) -> cst.Decorator | None:
    """The decorator for a function compiled in its caller's stead."""
    if id(function) in rw.compile_instead:
        return cst.Decorator(build.name("objects.jit"))
    return None
