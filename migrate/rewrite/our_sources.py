"""Our source files, as what is written out of them needs to read them."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import types


@dataclasses.dataclass(frozen=True)
class File:
    """One of our source files: its text and what it defines at the top level."""

    module: types.ModuleType
    lines: tuple[bytes, ...]
    defined: dict[str, ast.stmt]
    imports: dict[str, str]  # local name → import statement

    @classmethod
    @functools.cache
    def of(cls, module: types.ModuleType) -> File:
        source = inspect.getsource(module)
        defined: dict[str, ast.stmt] = {}
        imports: dict[str, str] = {}
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                # Spellings are all called `_`, and nobody calls them.
                defined[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = (
                    node.targets if isinstance(node, ast.Assign) else [node.target]
                )
                for target in targets:
                    for name in ast.walk(target):
                        if isinstance(name, ast.Name):
                            defined[name.id] = node
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    one = type(node)(**{**vars(node), "names": [alias]})
                    local = alias.asname or alias.name.partition(".")[0]
                    imports[local] = ast.unparse(one)
        return cls(module, tuple(source.encode().splitlines(True)), defined, imports)

    @property
    def short(self) -> str:
        return self.module.__name__.rpartition(".")[2]


def first_line(node: ast.stmt) -> int:
    """The line a definition begins on, its decorators included."""
    decorators = getattr(node, "decorator_list", None)
    return decorators[0].lineno if decorators else node.lineno


def meant(node: ast.stmt, is_entry: bool) -> list[ast.AST]:
    """The parts of a definition that are written out."""
    if isinstance(node, ast.FunctionDef):
        defaults = [d for d in [*node.args.defaults, *node.args.kw_defaults] if d]
        decorators = [] if is_entry else node.decorator_list
        return [*node.body, *defaults, *decorators]
    if isinstance(node, ast.AnnAssign):
        return [node.value] if node.value else []
    return [node]


def bound_inside(node: ast.stmt) -> set[str]:
    """Names that are local to a definition, so do not refer to its file."""
    if not isinstance(node, ast.FunctionDef):
        return set()
    names = set()
    for part in ast.walk(node):
        if isinstance(part, ast.arg):
            names.add(part.arg)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            names.add(part.id)
        elif isinstance(part, ast.FunctionDef) and part is not node:
            names.add(part.name)
    return names
