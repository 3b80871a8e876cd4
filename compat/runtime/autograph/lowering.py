"""First pass: `return`, `break` and `continue` inside control flow become flags.

After it a function has one `return`, at its end, and no loop has a jump. What followed
a statement that always leaves goes into the other branch; what followed one that may
leave is guarded by the flag.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

RETURNED = "ag_returned"
RESULT = "ag_result"
LOOPS = (ast.For, ast.While)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
JUMPS = (ast.Return, ast.Break, ast.Continue)


def lower(function: ast.FunctionDef) -> None:
    """Lowers a function in place, where it jumps out of control flow."""
    function.body = _Loops().block(function.body)
    inner = [s for s in function.body if not isinstance(s, ast.Return)]
    if not any(_jumps(s, ast.Return) for s in inner):
        return
    body = _returns(function.body)
    function.body = [
        *parsed(f"{RESULT} = None\n{RETURNED} = False"),
        *body,
        *parsed(f"return ag__.result({RESULT})"),
    ]


def parsed(text: str, like: ast.AST | None = None) -> list[ast.stmt]:
    """The statements of a text, located where another statement stands."""
    tree = ast.parse(text)
    if like is not None:
        for node in ast.walk(tree):
            if hasattr(node, "lineno"):
                ast.copy_location(node, like)
    return tree.body


def _jumps(node: ast.AST, *kinds: type) -> bool:
    """Whether a statement may jump out of itself by one of these statements."""
    if isinstance(node, kinds):
        return True
    if isinstance(node, SCOPES):
        return False
    if isinstance(node, LOOPS):
        kinds = tuple(k for k in kinds if k is ast.Return)
    return any(_jumps(child, *kinds) for child in ast.iter_child_nodes(node))


def _always_leaves(stmts: Sequence[ast.stmt]) -> bool:
    """Whether a block never reaches its end."""
    for stmt in stmts:
        if isinstance(stmt, (*JUMPS, ast.Raise)):
            return True
        if isinstance(stmt, ast.If) and stmt.orelse:
            if _always_leaves(stmt.body) and _always_leaves(stmt.orelse):
                return True
        if isinstance(stmt, ast.With) and _always_leaves(stmt.body):
            return True
    return False


def _guard(flags: Sequence[str], rest: list[ast.stmt]) -> list[ast.stmt]:
    if not rest:
        return []
    test = " or ".join(flags)
    guarded = parsed(f"if not ({test}):\n    pass")[0]
    guarded.body = rest
    return [guarded]


def _pushed(stmt: ast.stmt, rest: list[ast.stmt]) -> bool:
    """Puts what follows an `if` into its branch that goes on, if one always leaves."""
    if not isinstance(stmt, ast.If):
        return False
    first, second = _always_leaves(stmt.body), _always_leaves(stmt.orelse)
    if not first and not second:
        return False
    if first and not second:
        stmt.orelse = [*stmt.orelse, *rest]
    elif second and not first:
        stmt.body = [*stmt.body, *rest]
    return True


def _blocks(stmt: ast.stmt) -> list[str]:
    return [f for f in ("body", "orelse", "finalbody") if getattr(stmt, f, None)]


def _returns(stmts: Sequence[ast.stmt]) -> list[ast.stmt]:
    """A block whose `return`s set the result and the flag."""
    out: list[ast.stmt] = []
    for i, stmt in enumerate(stmts):
        rest = list(stmts[i + 1 :])
        if isinstance(stmt, ast.Return):
            value = stmt.value or ast.Constant(None)
            made = parsed(f"{RESULT} = None\n{RETURNED} = True")
            made[0].value = value
            return [*out, *(ast.copy_location(m, stmt) for m in made)]
        if not _jumps(stmt, ast.Return):
            out.append(stmt)
            continue
        if _pushed(stmt, rest):
            rest = []
        _each_block(stmt, _returns)
        out.append(stmt)
        if rest and hasattr(rest[0], "after_return"):
            out.append(rest.pop(0))
        return [*out, *_guard([RETURNED], _returns(rest))]
    return out


def _each_block(stmt: ast.stmt, change) -> None:
    for field in _blocks(stmt):
        setattr(stmt, field, change(getattr(stmt, field)) or [ast.Pass()])
    for handler in getattr(stmt, "handlers", ()):
        handler.body = change(handler.body) or [ast.Pass()]


class _Loops:
    """Lowers the jumps of all loops of a function."""

    def __init__(self) -> None:
        self._count = 0

    def block(self, stmts: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Lowers the loops in a block."""
        out: list[ast.stmt] = []
        for stmt in stmts:
            if isinstance(stmt, SCOPES):
                out.append(stmt)
                continue
            _each_block(stmt, self.block)
            out += self._loop(stmt) if isinstance(stmt, LOOPS) else [stmt]
        return out

    def _loop(self, loop: ast.For | ast.While) -> list[ast.stmt]:
        breaks = any(_jumps(s, ast.Break, ast.Return) for s in loop.body)
        skips = any(_jumps(s, ast.Continue) for s in loop.body)
        if not breaks and not skips:
            after, loop.orelse = loop.orelse, []
            return [loop, *after]
        self._count += 1
        stop, skip = f"ag_break_{self._count}", f"ag_continue_{self._count}"
        flags = [f for f, used in ((stop, breaks), (skip, skips)) if used]
        body = self._jumping(loop.body, stop, skip, flags)
        if skips:
            body = [*parsed(f"{skip} = False"), *body]
        loop.body = body
        before: list[ast.stmt] = parsed("".join(f"{f} = False\n" for f in flags))
        after, loop.orelse = loop.orelse, []
        if breaks:
            loop.stops = stop  # type: ignore[union-attr]  # read by the second pass
            after = _guard([stop], after)
        return [*before, loop, *after]

    def _jumping(
        self, stmts: Sequence[ast.stmt], stop: str, skip: str, flags: list[str]
    ) -> list[ast.stmt]:
        out: list[ast.stmt] = []

        def inner(block: Sequence[ast.stmt]) -> list[ast.stmt]:
            return self._jumping(block, stop, skip, flags)

        for i, stmt in enumerate(stmts):
            rest = list(stmts[i + 1 :])
            if isinstance(stmt, ast.Break):
                return [*out, *parsed(f"{stop} = True")]
            if isinstance(stmt, ast.Continue):
                return [*out, *parsed(f"{skip} = True")]
            if isinstance(stmt, ast.Return):
                return [*out, *parsed(f"{stop} = True"), stmt]
            if isinstance(stmt, LOOPS):
                if _jumps(stmt, ast.Return):  # a return in an inner loop stops this one
                    passed_on = parsed(f"{stop} = {RETURNED}", stmt)[0]
                    passed_on.after_return = True  # this one must not be guarded
                    return [*out, stmt, passed_on, *_guard([stop], inner(rest))]
                out.append(stmt)
                continue
            if not _jumps(stmt, *JUMPS):
                out.append(stmt)
                continue
            if _pushed(stmt, rest):
                rest = []
            _each_block(stmt, inner)
            return [*out, stmt, *_guard(flags, inner(rest))]
        return out
