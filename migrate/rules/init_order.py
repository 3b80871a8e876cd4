"""Submodules made before `super().__init__()`: Sonnet lets that be, Haiku does not."""

from __future__ import annotations

import libcst as cst

from migrate.analysis import trees


def mark(rw, body: list[cst.CSTNode], scope) -> None:
    """Marks statements of a module's `__init__` that come too early for Haiku."""
    function = scope.node
    if not (
        isinstance(function, cst.FunctionDef)
        and function.name.value == "__init__"
        and scope.side == "module"
        and body
        and any(s is body[0] for s in getattr(function.body, "body", ()))
    ):
        return
    early = []
    for statement in body:
        calls = [n for n in trees.walk(statement) if isinstance(n, cst.Call)]
        if any(_is_super(call) for call in calls):
            break
        if any(_makes_module(rw, call, scope) for call in calls):
            early.append(statement)
    else:
        return  # it never calls it: another matter
    for statement in early:
        rw.pending[id(statement)] = (
            "S2H201",
            "snt.Module",
            "a submodule is made before super().__init__(), which Haiku refuses",
            "call super().__init__() first",
        )


def _is_super(node: cst.Call) -> bool:
    func = node.func
    return (
        isinstance(func, cst.Attribute)
        and func.attr.value == "__init__"
        and isinstance(func.value, cst.Call)
        and trees.dotted(func.value.func) == "super"
    )


def _makes_module(rw, node: cst.Call, scope) -> bool:
    return rw.kinds.class_sort(node.func, scope) == "module"
