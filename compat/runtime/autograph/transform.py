"""Second pass: control flow statements become calls of functions.

    if test: A                def body(): nonlocal x; A
    else: B            →      def orelse(): nonlocal x; B
                              ag__.if_stmt(test, body, orelse, get, set, names, where)

The functions share the variables of the function around them, so plain Python values
behave as before; what `get` and `set` carry is what the statement assigns to.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from compat.runtime.autograph.lowering import SCOPES, parsed


class _Scope(ast.NodeVisitor):
    """The names that statements assign to, without those of inner scopes."""

    def __init__(self) -> None:
        self.names: list[str] = []
        # (variable, "attribute" or "item", name or key)
        self.parts: list[tuple[str, str, Any]] = []
        self.declared: dict[str, str] = {}

    def _add(self, name: str) -> None:
        if name not in self.names:
            self.names.append(name)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store | ast.Del):
            self._add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            self._add_part(node.value.id, "attribute", node.attr)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            if isinstance(node.slice, ast.Constant):
                self._add_part(node.value.id, "item", node.slice.value)
        self.generic_visit(node)

    def _add_part(self, *part: Any) -> None:
        if part not in self.parts:
            self.parts.append(part)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if not node.name.startswith("ag_"):
            self._add(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef
    visit_ClassDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        pass

    visit_ListComp = visit_Lambda
    visit_SetComp = visit_Lambda
    visit_DictComp = visit_Lambda
    visit_GeneratorExp = visit_Lambda

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._add((alias.asname or alias.name).split(".")[0])

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        # Python unbinds the name at the handler's end: it is no state.
        for stmt in node.body:
            self.visit(stmt)

    def visit_Global(self, node: ast.Global) -> None:
        self.declared.update(dict.fromkeys(node.names, "global"))

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.declared.update(dict.fromkeys(node.names, "nonlocal"))


def _scope(stmts: Sequence[ast.AST]) -> _Scope:
    scope = _Scope()
    for stmt in stmts:
        scope.visit(stmt)
    return scope


def _shown(part: tuple[str, str, Any]) -> str:
    base, kind, key = part
    return f"{base}.{key}" if kind == "attribute" else f"{base}[{key!r}]"


_STATIC_CALLS = {"isinstance", "hasattr", "callable", "issubclass"}


def _is_static(test: ast.expr) -> bool:
    """Whether a condition can have no tensor in it."""
    if isinstance(test, ast.Constant):
        return True
    if isinstance(test, ast.Compare):
        return all(isinstance(o, ast.Is | ast.IsNot) for o in test.ops)
    if isinstance(test, ast.BoolOp):
        return all(_is_static(v) for v in test.values)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _is_static(test.operand)
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name):
        return test.func.id in _STATIC_CALLS
    return False


class Statements:
    """Turns the statements of one function.

    Args:
      function: after lowering; changed in place by `apply`.
      filename: for messages.
      mangle: the name of the class around it, for private names; or "".
    """

    def __init__(self, function: ast.FunctionDef, filename: str, mangle: str) -> None:
        self._function = function
        self._filename = filename
        self._expressions = _Expressions(mangle)
        whole = _scope(function.body)
        args = function.args
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        every += [a for a in (args.vararg, args.kwarg) if a is not None]
        self._parameters = {a.arg for a in every}
        self._declared = whole.declared
        self._locals = (set(whole.names) | self._parameters) - set(whole.declared)
        self._undefined: list[str] = []
        self._count = 0

    def apply(self) -> None:
        """Rewrites the function's body."""
        body = self._block(self._function.body)
        first = [f"{name} = ag__.UNDEFINED" for name in self._undefined]
        declarations = [s for s in body if isinstance(s, ast.Global | ast.Nonlocal)]
        rest = [s for s in body if s not in declarations]
        self._function.body = [*declarations, *parsed("\n".join(first)), *rest]

    def _block(self, stmts: Sequence[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for stmt in stmts:
            out += self._statement(stmt)
        return out or [ast.Pass()]

    def _statement(self, stmt: ast.stmt) -> list[ast.stmt]:
        if isinstance(stmt, SCOPES):
            return [self._expressions.inner(stmt)]
        if isinstance(stmt, ast.If):
            return self._if(stmt)
        if isinstance(stmt, ast.While):
            return self._while(stmt)
        if isinstance(stmt, ast.For):
            return self._for(stmt)
        if isinstance(stmt, ast.Assert):
            return self._assert(stmt)
        for field in ("body", "orelse", "finalbody"):
            if getattr(stmt, field, None):
                setattr(stmt, field, self._block(getattr(stmt, field)))
        for handler in getattr(stmt, "handlers", ()):
            handler.body = self._block(handler.body)
        return [self._expressions.shallow(stmt)]

    def _state(self, stmts: Sequence[ast.AST]) -> tuple[list[str], list[Any]]:
        """The names that statements assign to, and the attributes and items of names.

        All that may be traced.
        """
        scope = _scope(stmts)
        names = [n for n in scope.names if n in self._locals]
        for name in names:
            if name not in self._parameters and name not in self._undefined:
                self._undefined.append(name)
        parts = [
            (base, kind, self._expressions.mangled(key) if kind == "attribute" else key)
            for base, kind, key in scope.parts
            if base in self._locals and base not in names
        ]
        return names, parts

    def _functions(
        self, kind: str, names: list[str], parts: list[Any], stmt: ast.stmt
    ) -> tuple[str, list[ast.stmt]]:
        """The suffix of a statement's functions; its `get` and `set`."""
        self._count += 1
        mark = f"{kind}_{self._count}"
        values = [f"v{i}" for i in range(len(names) + len(parts))]
        got = [*names, *(f"ag__.{how}({base}, {key!r})" for base, how, key in parts)]
        sets = [f"{n} = {v}" for n, v in zip(names, values, strict=False)]
        sets += [
            f"ag__.set_{how}({base}, {key!r}, {v})"
            for (base, how, key), v in zip(parts, values[len(names) :], strict=True)
        ]
        text = f"def ag_get_{mark}():\n    return [{', '.join(got)}]\n"
        text += f"def ag_set_{mark}(ag_values):\n"
        if names:
            text += f"    nonlocal {', '.join(names)}\n"
        if values:
            text += f"    [{', '.join(values)}] = ag_values\n"
        text += "".join(f"    {s}\n" for s in sets) or "    pass\n"
        return mark, parsed(text, stmt)

    def _nested(
        self, name: str, parameter: str, names: list[str], body: list[ast.stmt]
    ) -> ast.stmt:
        """A function of a statement's block."""
        made = parsed(f"def {name}({parameter}):\n    pass", body[0])[0]
        first = parsed(f"nonlocal {', '.join(names)}") if names else []
        assigned = _scope(body).names
        for declared, how in self._declared.items():
            if declared in assigned:
                first += parsed(f"{how} {declared}")
        kept = [s for s in body if not isinstance(s, ast.Global | ast.Nonlocal)]
        made.body = [*first, *(kept or [ast.Pass()])]
        return made

    def _where(self, stmt: ast.stmt) -> str:
        return f"{self._filename}:{stmt.lineno + self._function.first_line}"

    def _call(self, text: str, stmt: ast.stmt, **nodes: ast.expr) -> ast.stmt:
        """A statement of this text; names in it are replaced by expressions."""
        made = parsed(text, stmt)[0]

        class Fill(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.expr:
                return nodes.get(node.id, node)

        return Fill().visit(made)

    def _if(self, stmt: ast.If) -> list[ast.stmt]:
        if _is_static(stmt.test):
            stmt.body = self._block(stmt.body)
            stmt.orelse = self._block(stmt.orelse) if stmt.orelse else []
            stmt.test = self._expressions.visit(stmt.test)
            return [stmt]
        names, parts = self._state([*stmt.body, *stmt.orelse])
        mark, made = self._functions("if", names, parts, stmt)
        body, orelse = self._block(stmt.body), self._block(stmt.orelse)
        made.append(self._nested(f"ag_body_{mark}", "", names, body))
        made.append(self._nested(f"ag_else_{mark}", "", names, orelse))
        shown = [*names, *map(_shown, parts)]
        made.append(
            self._call(
                f"ag__.if_stmt(TEST, ag_body_{mark}, ag_else_{mark}, "
                f"ag_get_{mark}, ag_set_{mark}, {shown!r}, {self._where(stmt)!r})",
                stmt,
                TEST=self._expressions.visit(stmt.test),
            )
        )
        return made

    def _while(self, stmt: ast.While) -> list[ast.stmt]:
        names, parts = self._state([*stmt.body, stmt.test])
        mark, made = self._functions("while", names, parts, stmt)
        body = self._block(stmt.body)
        test = self._expressions.visit(stmt.test)
        stops = getattr(stmt, "stops", None)
        if stops:
            both = f"ag__.and_(lambda: ag__.not_({stops}), lambda: TEST)"
            test = self._call(both, stmt, TEST=test).value
        made.append(self._nested(f"ag_body_{mark}", "", names, body))
        shown = [*names, *map(_shown, parts)]
        made.append(
            self._call(
                f"ag__.while_stmt(lambda: TEST, ag_body_{mark}, ag_get_{mark}, "
                f"ag_set_{mark}, {shown!r}, {self._where(stmt)!r})",
                stmt,
                TEST=test,
            )
        )
        return made

    def _for(self, stmt: ast.For) -> list[ast.stmt]:
        names, parts = self._state([*stmt.body, stmt.target])
        mark, made = self._functions("for", names, parts, stmt)
        assign = ast.Assign([stmt.target], ast.Name("ag_item", ast.Load()))
        body = [ast.copy_location(assign, stmt), *self._block(stmt.body)]
        made.append(self._nested(f"ag_body_{mark}", "ag_item", names, body))
        stops = getattr(stmt, "stops", None)
        more = f"lambda: ag__.not_({stops})" if stops else "None"
        shown = [*names, *map(_shown, parts)]
        made.append(
            self._call(
                f"ag__.for_stmt(ITER, {more}, ag_body_{mark}, ag_get_{mark}, "
                f"ag_set_{mark}, {shown!r}, {self._where(stmt)!r})",
                stmt,
                ITER=self._expressions.visit(stmt.iter),
            )
        )
        return made

    def _assert(self, stmt: ast.Assert) -> list[ast.stmt]:
        return [
            self._call(
                "ag__.assert_stmt(TEST, lambda: MESSAGE)",
                stmt,
                TEST=self._expressions.visit(stmt.test),
                MESSAGE=self._expressions.visit(stmt.msg or ast.Constant(None)),
            )
        ]


# Calls of these see the caller's frame, or are part of Python's syntax.
_NOT_WRAPPED = {"super", "locals", "globals", "vars", "eval", "exec", "dir", "print"}


class _Expressions(ast.NodeTransformer):
    """Turns `and`, `or`, `not`, `a if b else c` and calls."""

    def __init__(self, mangle: str) -> None:
        self._class = mangle.lstrip("_")

    def mangled(self, name: str) -> str:
        """A private name as the class would write it."""
        private = name.startswith("__") and not name.endswith("__")
        return f"_{self._class}{name}" if private and self._class else name

    def shallow(self, stmt: ast.stmt) -> ast.stmt:
        """The expressions of a statement, not the statements in it."""
        for field, value in ast.iter_fields(stmt):
            if field in ("body", "orelse", "finalbody", "handlers"):
                continue
            if isinstance(value, ast.AST):
                setattr(stmt, field, self.visit(value))
            elif isinstance(value, list):
                changed = [
                    self.visit(v) if isinstance(v, ast.AST) else v for v in value
                ]
                setattr(stmt, field, changed)
        return stmt

    def inner(self, scope: ast.AST) -> ast.AST:
        """An inner function or class: converted when it is called, if at all."""
        scope.decorator_list = [self.visit(d) for d in scope.decorator_list]
        if self._class:
            return _Mangle(self).visit(scope)
        return scope

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return _Mangle(self).visit(node) if self._class else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.mangled(node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        node.attr = self.mangled(node.attr)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        which = "and_" if isinstance(node.op, ast.And) else "or_"
        return _calling(which, [_thunk(v) for v in node.values], node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            return _calling("not_", [node.operand], node)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 or not all(
            isinstance(c, ast.Name | ast.Constant | ast.Attribute)
            for c in node.comparators[:-1]
        ):
            return node
        sides = [node.left, *node.comparators]
        pairs = [
            ast.copy_location(ast.Compare(sides[i], [op], [sides[i + 1]]), node)
            for i, op in enumerate(node.ops)
        ]
        return _calling("and_", [_thunk(p) for p in pairs], node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        thunks = [_thunk(node.body), _thunk(node.orelse)]
        return _calling("if_exp", [node.test, *thunks], node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        plain = isinstance(node.func, ast.Name) and node.func.id in _NOT_WRAPPED
        self.generic_visit(node)
        if not plain:
            node.func = _calling("call", [node.func], node.func)
        return node


class _Mangle(ast.NodeTransformer):
    def __init__(self, owner: _Expressions) -> None:
        self._owner = owner

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        node.attr = self._owner.mangled(node.attr)
        return node


def _thunk(value: ast.expr) -> ast.expr:
    made = ast.parse("lambda: x", mode="eval").body
    made.body = value
    return ast.copy_location(made, value)


def _calling(name: str, args: list[ast.expr], like: ast.AST) -> ast.expr:
    made = ast.parse(f"ag__.{name}()", mode="eval").body
    made.args = args
    for node in (made, made.func, made.func.value):
        ast.copy_location(node, like)
    return made
